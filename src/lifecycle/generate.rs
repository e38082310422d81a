//! Making a legal policy from a few retention numbers.
//!
//! Knows how rules have to be arranged to protect, to keep and to expire. It may not know defaults, nor how a user
//! spells these wishes beyond the property names that paths are made of.

use std::collections::BTreeSet;

use super::tags::{pattern_law, prefix_law};
use super::{Action, Count, Flaw, LawId, MAX_RULES, Policy, Rule, Selection, StorageClass, TagSelection};

/// The count of a rule that shall never find an image to expire.
///
/// A rule cannot say "keep all", but images that meet its tag test are out of reach of every later rule even when it
/// spares them. So it keeps more than a repository holds: the quota is 100,000 images (ECR service quotas, "Images
/// per repository"), and this leaves room for raised quotas. Its size is one the service is known to take.
pub const KEEP_ALL: u32 = 999_999;

/// Rules of a generated policy besides those of patterns and prefixes: one for untagged images, one for the rest.
const FIXED_RULES: usize = 2;

/// How long and how many: what [`generate`] makes a policy of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Tags whose images never expire; `*` stands for any run of characters. Each is a protection of its own.
    pub protected_tag_patterns: Vec<String>,
    /// Literal beginnings of release tags. Each has a count of its own, and of two that overlap the first decides.
    pub tag_prefixes: Vec<String>,
    /// Newest images kept per release prefix; at least 1.
    pub max_image_count: u32,
    /// Days after its push at which any other image expires; at least 1.
    pub image_retention_days: u32,
    /// Days after its push at which an untagged image expires; at least 1.
    pub untagged_retention_days: u32,
}

impl Retention {
    /// Everything that keeps [`generate`] from making a legal policy, with property names (`TagPrefixes[1]`) as paths.
    ///
    /// A repeated pattern or prefix is no flaw here: the policy is legal, as repetitions are dropped.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        for (i, pattern) in self.protected_tag_patterns.iter().enumerate() {
            let path = format!("ProtectedTagPatterns[{i}]");
            flaws.extend(pattern_law(pattern).map(|(law, message)| Flaw::new(path, law, message)));
        }
        for (i, prefix) in self.tag_prefixes.iter().enumerate() {
            let path = format!("TagPrefixes[{i}]");
            flaws.extend(prefix_law(prefix).map(|(law, message)| Flaw::new(path, law, message)));
        }
        let numbers = [
            ("MaxImageCount", self.max_image_count),
            ("ImageRetentionDays", self.image_retention_days),
            ("UntaggedRetentionDays", self.untagged_retention_days),
        ];
        for (name, _) in numbers.into_iter().filter(|(_, number)| *number == 0) {
            let message = "ECR wants at least 1 here. Write 1 or more.";
            flaws.push(Flaw::new(name, LawId::Value, message));
        }
        let lists = once(&self.protected_tag_patterns).len() + once(&self.tag_prefixes).len();
        if lists + FIXED_RULES > MAX_RULES {
            let message = format!(
                "ECR takes {MAX_RULES} rules in a policy, of which {FIXED_RULES} are for untagged and other images. \
                 ProtectedTagPatterns and TagPrefixes have {lists} entries together; leave {} or fewer, for instance \
                 by joining several protected tags in one pattern.",
                MAX_RULES - FIXED_RULES
            );
            flaws.push(Flaw::new("", LawId::RuleCount, message));
        }
        flaws
    }
}

/// Makes a policy, legal wherever [`Retention::flaws`] finds nothing.
///
/// In this order, since an image is out of reach of every rule after the first whose tag test it meets: one keeper
/// per protected pattern, one "keep the newest" per release prefix (a list in one rule would ask for images that
/// have all the prefixes at once), untagged images by age, and all others by age.
#[must_use]
pub fn generate(retention: &Retention) -> Policy {
    let mut wishes = Vec::new();
    for pattern in once(&retention.protected_tag_patterns) {
        wishes.push((
            format!("keep every image tagged {pattern}"),
            TagSelection::Patterns(vec![pattern.to_owned()]),
            Count::ImageCountMoreThan(KEEP_ALL),
        ));
    }
    let newest = match retention.max_image_count {
        1 => "image".to_owned(),
        count => format!("{count} images"),
    };
    for prefix in once(&retention.tag_prefixes) {
        wishes.push((
            format!("keep the newest {newest} tagged {prefix}*"),
            TagSelection::Prefixes(vec![prefix.to_owned()]),
            Count::ImageCountMoreThan(retention.max_image_count),
        ));
    }
    wishes.push((
        format!("expire untagged images {}", after_push(retention.untagged_retention_days)),
        TagSelection::Untagged,
        Count::SinceImagePushed(retention.untagged_retention_days),
    ));
    wishes.push((
        format!("expire all other images {}", after_push(retention.image_retention_days)),
        TagSelection::Any,
        Count::SinceImagePushed(retention.image_retention_days),
    ));
    let rules = (1..).zip(wishes).map(|(priority, (description, tags, count))| Rule {
        priority,
        description: Some(description),
        selection: Selection { tags, count, storage: StorageClass::Standard },
        action: Action::Expire,
    });
    Policy { rules: rules.collect() }
}

fn after_push(days: u32) -> String {
    match days {
        1 => "1 day after their push".to_owned(),
        days => format!("{days} days after their push"),
    }
}

/// The entries in their order, without the repetitions that would make a second rule of the same reach.
fn once(list: &[String]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    list.iter().map(String::as_str).filter(|entry| seen.insert(*entry)).collect()
}
