//! The ECR lifecycle language: what a policy is, which ones the service takes, and how ours is made.
//!
//! - `grammar` reads JSON of unknown quality into rules and notes everything that is malformed.
//! - `members` takes single members out of JSON objects for `grammar`.
//! - `rules` applies the laws of the service to what could be read.
//! - `tags` says what may stand in a tag list.
//! - `text` goes between JSON text and values.
//! - `generate` makes a legal policy from a few retention numbers.
//! - `compare` says whether two policies ask for the same thing.
//! - A simulator, which says what a policy would do to a list of images, gets a file of its own here.
//!
//! This room is pure. It may not know the clock, the network, an SDK type, the environment, or who asked;
//! it knows ECR's language and nothing about custom resources, plans or repositories.

mod compare;
mod flaw;
mod generate;
mod grammar;
mod members;
mod rules;
mod tags;
mod text;

pub use flaw::{Flaw, LawId};
pub use generate::{KEEP_ALL, Retention, generate};
pub use grammar::{parse, parse_lenient};
pub use rules::{MAX_RULES, MIN_ARCHIVE_DAYS, TEXT_CHARS};
pub use tags::{MAX_WILDCARDS, pattern_flaw, prefix_flaw};
pub use text::parse_text;

/// A lifecycle policy, as one repository carries it.
///
/// [`parse`] and its siblings return only legal ones, with the rules in priority order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The rules; a lower priority number comes first.
    pub rules: Vec<Rule>,
}

/// One rule: which images, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Unique within the policy, at least 1, gaps allowed; the lowest number is applied first.
    pub priority: u32,
    /// For people only. ECR documents no limit of its own for it, so the size of the whole text is the only one.
    pub description: Option<String>,
    /// The images the rule is about.
    pub selection: Selection,
    /// What happens to the selected images.
    pub action: Action,
}

/// Which images a rule selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The test on an image's tags.
    pub tags: TagSelection,
    /// How many or how old.
    pub count: Count,
    /// The storage class in which the rule looks.
    pub storage: StorageClass,
}

/// The tag test of a rule.
///
/// A list is a conjunction: every entry has to be met by some tag of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagSelection {
    /// Tagged images; each entry is the literal beginning of one of the image's tags.
    Prefixes(Vec<String>),
    /// Tagged images; each entry, where `*` stands for any run of characters, matches one of the image's tags.
    Patterns(Vec<String>),
    /// Images without a tag.
    Untagged,
    /// Every image, tagged or not.
    Any,
}

/// How many or how old: the threshold beyond which a rule acts. Always at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// All but the newest so many images, by time of push.
    ImageCountMoreThan(u32),
    /// Images pushed more than so many days ago.
    SinceImagePushed(u32),
    /// Images last pulled (or, if never, pushed) more than so many days ago.
    SinceImagePulled(u32),
    /// Images moved into the archive more than so many days ago.
    SinceImageTransitioned(u32),
}

/// Where an image is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorageClass {
    /// Ready to be pulled. What a rule means when it names no class.
    #[default]
    Standard,
    /// Cheaper, and to be restored before a pull.
    Archive,
}

/// What a rule does with the images it selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Delete them.
    Expire,
    /// Move them into the archive, the only target there is.
    TransitionToArchive,
}

/// The four values of `countType`, without their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountKind {
    Images,
    Pushed,
    Pulled,
    Transitioned,
}

impl CountKind {
    /// As ECR writes it in `countType`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Images => "imageCountMoreThan",
            Self::Pushed => "sinceImagePushed",
            Self::Pulled => "sinceImagePulled",
            Self::Transitioned => "sinceImageTransitioned",
        }
    }

    /// Whether the number counts days, in which case `countUnit` has to be written.
    pub(crate) fn in_days(self) -> bool {
        self != Self::Images
    }

    pub(crate) fn of(self, number: u32) -> Count {
        match self {
            Self::Images => Count::ImageCountMoreThan(number),
            Self::Pushed => Count::SinceImagePushed(number),
            Self::Pulled => Count::SinceImagePulled(number),
            Self::Transitioned => Count::SinceImageTransitioned(number),
        }
    }
}

impl Count {
    pub(crate) fn kind(self) -> CountKind {
        match self {
            Self::ImageCountMoreThan(_) => CountKind::Images,
            Self::SinceImagePushed(_) => CountKind::Pushed,
            Self::SinceImagePulled(_) => CountKind::Pulled,
            Self::SinceImageTransitioned(_) => CountKind::Transitioned,
        }
    }

    /// The threshold itself: images for the first variant, days for the others.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::ImageCountMoreThan(number)
            | Self::SinceImagePushed(number)
            | Self::SinceImagePulled(number)
            | Self::SinceImageTransitioned(number) => number,
        }
    }
}

impl StorageClass {
    /// As ECR writes it in `storageClass`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Archive => "archive",
        }
    }
}
