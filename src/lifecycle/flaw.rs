//! What can be wrong with a policy, as data.
//!
//! Only names and places live here; which policy breaks which law is decided by `grammar` and `rules`.

/// One thing wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The place, e.g. `rules[2].selection.countUnit`, with the rules numbered from 0 as they were written;
    /// empty for the policy as a whole.
    pub path: String,
    /// The law that is broken.
    pub rule: LawId,
    /// What ECR refuses, and what to write instead.
    pub message: String,
}

impl Flaw {
    pub(crate) fn new(path: impl Into<String>, rule: LawId, message: impl Into<String>) -> Self {
        Self { path: path.into(), rule, message: message.into() }
    }
}

/// The laws of the language. [`LawId::code`] never changes for a law, so reports may store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LawId {
    /// L1: every priority is used once.
    UniquePriority,
    /// L2: an `any` rule has the highest number of its storage class.
    AnyLast,
    /// L3: one `any` rule per storage class.
    OneAny,
    /// L4: one untagged rule per storage class.
    OneUntagged,
    /// L5: no two rules of a storage class have the same set of prefixes.
    DistinctPrefixes,
    /// L6: `tagged` comes with exactly one list, `untagged` and `any` with none.
    TagList,
    /// L7: at most [`MAX_WILDCARDS`](crate::lifecycle::MAX_WILDCARDS) `*` in a pattern.
    Wildcards,
    /// L8: `countUnit` with the day counts, and only with them.
    CountUnit,
    /// L9: `null` is not the same as leaving a member out.
    Null,
    /// L10: the archive with `sinceImageTransitioned`, and only with it.
    StorageOfCount,
    /// L11: `sinceImagePulled` only archives, `sinceImageTransitioned` only expires.
    ActionOfCount,
    /// L12: [`MIN_ARCHIVE_DAYS`](crate::lifecycle::MIN_ARCHIVE_DAYS) in the archive at least.
    ArchiveDays,
    /// L13: no member the language does not have.
    UnknownMember,
    /// A required member is absent.
    Missing,
    /// A value of the wrong JSON type.
    Type,
    /// A value of the right type that is not allowed.
    Value,
    /// `targetStorageClass` beside an action that moves nothing.
    Target,
    /// An empty text in a tag list. ECR is not known to refuse it; this room does, see `rules`.
    EmptyTag,
    /// A character no image tag can have, or more of them than a tag can have.
    TagText,
    /// Fewer than one rule or more than [`MAX_RULES`](crate::lifecycle::MAX_RULES).
    RuleCount,
    /// The text to be sent is shorter or longer than [`TEXT_CHARS`](crate::lifecycle::TEXT_CHARS).
    TextSize,
    /// The text is not JSON.
    Json,
    /// The text names a member twice, of which JSON keeps only one.
    RepeatedMember,
}

impl LawId {
    /// The stable name of the law.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UniquePriority => "L1",
            Self::AnyLast => "L2",
            Self::OneAny => "L3",
            Self::OneUntagged => "L4",
            Self::DistinctPrefixes => "L5",
            Self::TagList => "L6",
            Self::Wildcards => "L7",
            Self::CountUnit => "L8",
            Self::Null => "L9",
            Self::StorageOfCount => "L10",
            Self::ActionOfCount => "L11",
            Self::ArchiveDays => "L12",
            Self::UnknownMember => "L13",
            Self::Missing => "missing",
            Self::Type => "type",
            Self::Value => "value",
            Self::Target => "target-storage-class",
            Self::EmptyTag => "empty-tag",
            Self::TagText => "tag-text",
            Self::RuleCount => "rule-count",
            Self::TextSize => "text-size",
            Self::Json => "json",
            Self::RepeatedMember => "repeated-member",
        }
    }
}
