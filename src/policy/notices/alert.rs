//! What became of one image, as a route wants to hear of it.

use super::letter::{Letter, Line, Section, console, listed, told};
use crate::model::finding::{Finding, Severity};
use crate::policy::change::{Change, ChangeKind, ImageChange};
use crate::policy::wording::{count, image_name, line, worst_first};
use std::collections::BTreeMap;

/// An image's change, and what of it a route wants.
#[derive(Clone, Debug)]
pub struct Alert<'a> {
    /// The change.
    pub change: &'a ImageChange<'a>,
    /// What of it passes the route's filters.
    pub picked: Vec<&'a Change<'a>>,
}

impl<'a> Alert<'a> {
    /// Of all that changed.
    pub fn of_all(change: &'a ImageChange<'a>) -> Self {
        Self { change, picked: change.changes.iter().collect() }
    }

    /// Is there something new, or something that counts again?
    pub fn has_new(&self) -> bool {
        self.picked.iter().any(|change| is_new(change.kind))
    }

    /// Was something mended?
    pub fn has_fixed(&self) -> bool {
        self.count(ChangeKind::Fixed) > 0
    }

    /// How many of a kind were picked.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.picked.iter().filter(|change| change.kind == kind).count()
    }

    /// Those that are new or count again, the worst first.
    pub(super) fn new_ones(&self) -> Vec<&'a Change<'a>> {
        self.sorted(is_new)
    }

    /// Those that were mended, the worst first.
    pub(super) fn fixed_ones(&self) -> Vec<&'a Change<'a>> {
        self.sorted(|kind| kind == ChangeKind::Fixed)
    }

    /// By what the image is called: its own tags, or those of the index it belongs to.
    pub(super) fn tags(&self) -> &'a [String] {
        match self.change.parent {
            Some(parent) if self.change.tags.is_empty() => &parent.tags,
            _ => self.change.tags,
        }
    }

    fn sorted(&self, wanted: impl Fn(ChangeKind) -> bool) -> Vec<&'a Change<'a>> {
        let mut found: Vec<&Change<'a>> = self.picked.iter().copied().filter(|change| wanted(change.kind)).collect();
        found.sort_by(|one, two| worst_first(one.finding, two.finding).then_with(|| one.id.cmp(two.id)));
        found
    }

    /// The message.
    pub(super) fn letter(&self) -> Letter {
        let name = image_name(self.change.image, self.tags());
        let (new, fixed) = (self.new_ones(), self.fixed_ones());
        let headline = if new.is_empty() {
            format!("{} fixed in {name}", count(fixed.len(), "finding"))
        } else {
            format!("{} in {name}", count(new.len(), "new finding"))
        };
        let again = |change: &Change<'_>| if change.kind == ChangeKind::Reactivated { "again" } else { "" };
        let sections = [
            Section::of("New", new.iter().map(|change| Line::of(change.finding, again(change)))),
            Section::of("Fixed", fixed.iter().map(|change| Line::of(change.finding, ""))),
        ];
        Letter {
            headline,
            summary: vec![self.delta(), format!("Open in this image now: {}.", told(self.change.active))],
            sections: sections.into_iter().flatten().collect(),
            facts: self.facts(),
            console: console(self.change.image),
        }
    }

    /// `+3 new, −5 fixed since 0123456789ab (latest); 1 changed, 2 waived`
    fn delta(&self) -> String {
        let again = self.count(ChangeKind::Reactivated);
        let mut told = format!("+{} new", self.count(ChangeKind::New));
        if again > 0 {
            told = format!("{told}, +{again} again");
        }
        told = format!("{told}, −{} fixed", self.count(ChangeKind::Fixed));
        if let Some(previous) = self.change.previous {
            told = format!("{told} since {} ({})", previous.digest.short(), line(previous.tag, 80));
        }
        let aside: Vec<String> = [ChangeKind::Changed, ChangeKind::Waived]
            .into_iter()
            .filter(|kind| self.count(*kind) > 0)
            .map(|kind| format!("{} {}", self.count(kind), kind.as_str()))
            .collect();
        if aside.is_empty() { told } else { format!("{told}; {}", aside.join(", ")) }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let image = self.change.image;
        let mut facts = vec![("Image", image.uri())];
        let tags = self.tags();
        if !tags.is_empty() {
            facts.push(("Tags", listed(tags, 10)));
        }
        if let Some(parent) = self.change.parent {
            let platform = parent.platform.as_deref().map(|platform| format!("{} of ", line(platform, 60)));
            facts.push(("Index", format!("{}{}", platform.unwrap_or_default(), parent.digest.short())));
        }
        if let Some(owner) = self.owner() {
            facts.push(("Owner", owner));
        }
        facts.push(("Account", format!("{} {}", image.place.account, image.place.region)));
        facts
    }

    /// The owner in one line.
    pub(super) fn owner(&self) -> Option<String> {
        self.change.owner.map(|owner| line(owner, 100)).filter(|owner| !owner.is_empty())
    }

    /// What subscribers of the topic may filter by; nine at most, since Amazon SNS delivers no more than ten raw.
    pub(super) fn attributes(&self) -> BTreeMap<String, String> {
        let new = self.new_ones();
        let fixed = self.fixed_ones();
        let (told, change) = if new.is_empty() { (&fixed, "fixed") } else { (&new, "new") };
        let worst = told.iter().map(|change| change.finding.severity).max().unwrap_or(Severity::Informational);
        let any = |holds: fn(&Finding) -> bool| told.iter().any(|change| holds(change.finding)).to_string();
        let image = self.change.image;
        let mut attributes = BTreeMap::from(
            [
                ("kind", "findings".to_owned()),
                ("change", change.to_owned()),
                ("severity", worst.to_string()),
                ("exploited", any(Finding::is_exploited)),
                ("fixable", any(Finding::is_fixable)),
                ("repository", image.repository.to_string()),
                ("account", image.place.account.clone()),
                ("region", image.place.region.clone()),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        attributes.extend(self.owner().map(|owner| ("owner".to_owned(), owner)));
        attributes
    }
}

/// Does it call for somebody?
const fn is_new(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::New | ChangeKind::Reactivated)
}
