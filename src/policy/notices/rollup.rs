//! A day's items, rolled up by repository and by vulnerability: one line for a vulnerability in a repository, however many
//! images have it.

use super::digest::{DigestFinding, DigestItem, Sums};
use super::letter::{Letter, Line, Section, listed, told};
use crate::model::finding::Severity;
use crate::model::image::ImageRef;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::policy::change::SeverityCounts;
use crate::policy::wording::{count, image_name, line};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Images named for one vulnerability of a repository.
const MOST_IMAGES: usize = 5;

/// All items of a day, rolled up.
pub(super) struct Rollup<'a> {
    /// How many images had changes.
    pub images: usize,
    /// How many are new or count again.
    pub new: SeverityCounts,
    /// How many were mended.
    pub fixed: SeverityCounts,
    /// How many of all these no item holds one by one.
    pub left_out: u32,
    /// By repository, the worst first.
    pub repositories: Vec<RepositorySum<'a>>,
    /// By vulnerability and repository, the worst first.
    pub new_groups: Vec<Group<'a>>,
    /// Likewise, of the mended ones.
    pub fixed_groups: Vec<Group<'a>>,
}

/// One repository's day.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositorySum<'a> {
    account: &'a str,
    region: &'a str,
    repository: &'a RepositoryName,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    images: usize,
    new: SeverityCounts,
    fixed: u32,
}

/// One vulnerability in one repository, in however many images and packages.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group<'a> {
    vulnerability: &'a str,
    severity: Severity,
    exploited: bool,
    fixable: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
    account: &'a str,
    region: &'a str,
    repository: &'a RepositoryName,
    packages: Vec<&'a str>,
    images: Vec<String>,
}

impl<'a> Rollup<'a> {
    pub(super) fn of(items: impl Iterator<Item = &'a DigestItem>) -> Self {
        let items: Vec<&DigestItem> = items.collect();
        let mut new = SeverityCounts::default();
        let mut fixed = SeverityCounts::default();
        for item in &items {
            plus(&mut new, &item.new);
            plus(&mut fixed, &item.fixed);
        }
        let kept: usize = items.iter().map(|item| item.new_findings.len() + item.fixed_findings.len()).sum();
        let kept = u32::try_from(kept).unwrap_or(u32::MAX);
        Self {
            images: items.iter().map(|item| &item.image).collect::<BTreeSet<_>>().len(),
            new,
            fixed,
            left_out: new.total().saturating_add(fixed.total()).saturating_sub(kept),
            repositories: by_repository(&items),
            new_groups: groups(&items, |item| &item.new_findings),
            fixed_groups: groups(&items, |item| &item.fixed_findings),
        }
    }

    /// The message.
    pub(super) fn letter(&self, day: &str) -> Letter {
        let (new, fixed) = (self.new.total(), self.fixed.total());
        let mut summary = vec![
            format!("New: {}. Fixed: {}.", told(self.new), told(self.fixed)),
            format!("{} of {} had changes.", count(self.images, "image"), repositories(self.repositories.len())),
        ];
        if self.left_out > 0 {
            summary.push(format!("{} less bad ones are counted here and not listed below.", self.left_out));
        }
        let exploited: Vec<&Group<'_>> = self.new_groups.iter().filter(|group| group.exploited).collect();
        let sections = [
            Section::of("Newly exploited", exploited.into_iter().map(Group::line)),
            Section::of("By repository", self.repositories.iter().map(RepositorySum::line)),
            Section::of("New, by vulnerability and repository", self.new_groups.iter().map(Group::line)),
            Section::of("Fixed, by vulnerability and repository", self.fixed_groups.iter().map(Group::line)),
        ];
        Letter {
            headline: format!("Findings of {day}: {new} new, {fixed} fixed"),
            summary,
            sections: sections.into_iter().flatten().collect(),
            facts: Vec::new(),
            console: None,
        }
    }

    /// What subscribers of the topic may filter by; repository, account and region where all of it is in one.
    pub(super) fn attributes(&self) -> BTreeMap<String, String> {
        let (groups, change) =
            if self.new.total() > 0 { (&self.new_groups, "new") } else { (&self.fixed_groups, "fixed") };
        let worst = groups.iter().map(|group| group.severity).max().unwrap_or(Severity::Informational);
        let mut attributes = vec![
            ("kind", "findings-digest".to_owned()),
            ("change", change.to_owned()),
            ("severity", worst.to_string()),
            ("exploited", groups.iter().any(|group| group.exploited).to_string()),
            ("fixable", groups.iter().any(|group| group.fixable).to_string()),
        ];
        let only = |of: fn(&RepositorySum<'_>) -> String| {
            let found: BTreeSet<String> = self.repositories.iter().map(of).collect();
            if found.len() == 1 { found.into_iter().next() } else { None }
        };
        attributes.extend(only(|sum| sum.repository.to_string()).map(|value| ("repository", value)));
        attributes.extend(only(|sum| sum.account.to_owned()).map(|value| ("account", value)));
        attributes.extend(only(|sum| sum.region.to_owned()).map(|value| ("region", value)));
        let owner = only(|sum| sum.owner.unwrap_or_default().to_owned());
        attributes.extend(owner.filter(|owner| !owner.is_empty()).map(|value| ("owner", value)));
        attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

impl RepositorySum<'_> {
    fn worst(&self) -> Severity {
        let held = Severity::ALL.into_iter().rev().find(|severity| self.new.of(*severity) > 0);
        held.unwrap_or(Severity::Informational)
    }

    fn line(&self) -> Line {
        let owner = self.owner.map(|owner| format!(", {}", line(owner, 60))).unwrap_or_default();
        let images = count(self.images, "image");
        let text = format!("new: {}; fixed: {}; in {images}{owner}", told(self.new), self.fixed);
        let mut told = Line::new(self.worst(), "", "", "", &text);
        // A repository's name is longer than a vulnerability's, and plain by its grammar.
        told.name = self.repository.to_string();
        told
    }
}

impl Group<'_> {
    fn line(&self) -> Line {
        let mut notes = Vec::new();
        notes.extend(self.exploited.then_some("exploited"));
        notes.extend(self.fixable.then_some("fixable"));
        let packages: Vec<String> = self.packages.iter().map(|package| line(package, 40)).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" – {}", notes.join(", ")) };
        let text = format!("in {}{notes}", listed(&self.images, MOST_IMAGES));
        let mut told = Line::new(self.severity, self.vulnerability, self.url, &listed(&packages, 2), "");
        // Names of images may be long; their number is what must not be lost.
        told.text = line(&text, 600);
        if text.chars().count() > 600 {
            let images = count(self.images.len(), "image");
            told.text = format!("in {images} of {}{notes}", self.repository);
        }
        told
    }
}

fn by_repository<'a>(items: &[&'a DigestItem]) -> Vec<RepositorySum<'a>> {
    let mut found: BTreeMap<(&Place, &RepositoryName), Vec<&'a DigestItem>> = BTreeMap::new();
    for item in items {
        found.entry((&item.image.place, &item.image.repository)).or_default().push(item);
    }
    let sum = |((place, repository), items): ((&'a Place, &'a RepositoryName), Vec<&'a DigestItem>)| {
        let mut new = SeverityCounts::default();
        let mut fixed = SeverityCounts::default();
        for item in &items {
            plus(&mut new, &item.new);
            plus(&mut fixed, &item.fixed);
        }
        RepositorySum {
            account: &place.account,
            region: &place.region,
            repository,
            owner: items.iter().find_map(|item| item.owner.as_deref()),
            images: items.iter().map(|item| &item.image).collect::<BTreeSet<_>>().len(),
            new,
            fixed: fixed.total(),
        }
    };
    let mut sums: Vec<RepositorySum<'a>> = found.into_iter().map(sum).collect();
    // Stable: what is equally bad stays in the order of place and name.
    sums.sort_by_key(|sum| {
        let new = &sum.new;
        Reverse((new.critical, new.high, new.medium, new.low, new.informational, sum.fixed))
    });
    sums
}

/// One finding of one item.
type Held<'a> = (&'a DigestItem, &'a DigestFinding);

fn groups<'a>(items: &[&'a DigestItem], of: impl Fn(&'a DigestItem) -> &'a Vec<DigestFinding>) -> Vec<Group<'a>> {
    let mut found: BTreeMap<(&str, &Place, &RepositoryName), Vec<Held<'a>>> = BTreeMap::new();
    for item in items {
        for finding in of(item) {
            let key = (finding.vulnerability.as_str(), &item.image.place, &item.image.repository);
            found.entry(key).or_default().push((item, finding));
        }
    }
    let mut groups: Vec<Group<'a>> = found.into_values().filter_map(|held| group(&held)).collect();
    // Stable: what is equally bad stays in the order of vulnerability, place and repository.
    groups.sort_by_key(|group| Reverse((group.severity, group.exploited, group.fixable, group.images.len())));
    groups
}

/// What has one vulnerability and one repository.
fn group<'a>(held: &[Held<'a>]) -> Option<Group<'a>> {
    let (item, finding) = held.first()?;
    let packages: BTreeSet<&str> = held.iter().map(|(_, finding)| finding.package.as_str()).collect();
    // By image first: two may bear the same name by now, and stay two.
    let images: BTreeMap<&ImageRef, String> =
        held.iter().map(|(item, _)| (&item.image, image_name(&item.image, &item.tags))).collect();
    let mut images: Vec<String> = images.into_values().collect();
    images.sort();
    let any = |holds: fn(&DigestFinding) -> bool| held.iter().any(|(_, finding)| holds(finding));
    Some(Group {
        vulnerability: &finding.vulnerability,
        severity: held.iter().map(|(_, finding)| finding.severity).max().unwrap_or_default(),
        exploited: any(|finding| finding.exploited),
        fixable: any(|finding| finding.fixable),
        url: held.iter().map(|(_, finding)| finding.url.as_str()).find(|url| !url.is_empty()).unwrap_or_default(),
        account: &item.image.place.account,
        region: &item.image.place.region,
        repository: &item.image.repository,
        packages: packages.into_iter().filter(|package| !package.is_empty()).collect(),
        images,
    })
}

fn plus(counts: &mut SeverityCounts, sums: &Sums) {
    for (severity, number) in sums {
        let count = match severity {
            Severity::Critical => &mut counts.critical,
            Severity::High => &mut counts.high,
            Severity::Medium => &mut counts.medium,
            Severity::Low => &mut counts.low,
            Severity::Informational => &mut counts.informational,
        };
        *count = count.saturating_add(*number);
    }
}

fn repositories(number: usize) -> String {
    if number == 1 { "1 repository".to_owned() } else { format!("{number} repositories") }
}
