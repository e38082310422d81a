//! What is remembered of the report before, and what has become otherwise since.

use super::line::{Line, StatusWord};
use super::told::{CheckName, SinceLast, repositories};
use crate::plan::posture::{Requirement, Status};
use crate::policy::text::time;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The report before this one: what failed in it, and what each repository looked like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previous {
    started: i64,
    was: Remembered,
}

/// Repositories by name. A rule's name is kept once, and a check as its place among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Remembered {
    rules: Vec<String>,
    repositories: BTreeMap<Box<str>, Was>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Was {
    fingerprint: Box<str>,
    failing: Box<[(usize, Requirement)]>,
}

impl Previous {
    /// Reads a report's JSON; says what is wrong where it is none.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Whole {
            run: Began,
            repositories: Remembered,
        }
        #[derive(Deserialize)]
        struct Began {
            started: String,
        }
        super::read::check_version(json)?;
        let whole: Whole = serde_json::from_slice(json).map_err(|error| format!("is no compliance report: {error}"))?;
        let started: jiff::Timestamp =
            whole.run.started.parse().map_err(|error| format!("is no compliance report: run.started {error}"))?;
        Ok(Self { started: started.as_millisecond(), was: whole.repositories })
    }

    /// What a repository's settings were, where it was there.
    pub fn fingerprint_of(&self, name: &str) -> Option<&str> {
        self.was.repositories.get(name).map(|was| &*was.fingerprint)
    }

    /// When its sweep began, in milliseconds since 1970.
    pub const fn started(&self) -> i64 {
        self.started
    }
}

impl<'de> Deserialize<'de> for Remembered {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Remembered;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of repositories")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Remembered, A::Error> {
                let mut all = Remembered::default();
                while let Some(one) = list.next_element::<Seen<'de>>()? {
                    all.add(one);
                }
                Ok(all)
            }
        }
        from.deserialize_seq(Reader)
    }
}

/// Of a repository, as much as matters.
#[derive(Deserialize)]
struct Seen<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    fingerprint: Cow<'a, str>,
    #[serde(borrow, default)]
    checks: Vec<SeenCheck<'a>>,
}

#[derive(Deserialize)]
struct SeenCheck<'a> {
    #[serde(borrow)]
    rule: Cow<'a, str>,
    requirement: Requirement,
    #[serde(with = "StatusWord")]
    status: Status,
}

impl Remembered {
    fn add(&mut self, seen: Seen<'_>) {
        let failing = seen.checks.iter().filter(|check| check.status == Status::Fail);
        let failing = failing.map(|check| (self.rule(&check.rule), check.requirement)).collect();
        let was = Was { fingerprint: seen.fingerprint.into(), failing };
        self.repositories.insert(seen.name.into(), was);
    }

    /// A rule's place. There are few, and most checks that fail are of the first ones.
    fn rule(&mut self, name: &str) -> usize {
        self.place(name).unwrap_or_else(|| {
            self.rules.push(name.to_owned());
            self.rules.len() - 1
        })
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.rules.iter().position(|known| known == name)
    }
}

/// Compares repository by repository; what is never met is gone.
#[derive(Debug)]
pub(super) struct Since {
    previous: Option<Previous>,
    told: SinceLast,
}

impl Since {
    pub(super) fn new(previous: Option<Previous>) -> Self {
        let before = previous.as_ref().map(|previous| time(previous.started));
        Self { previous, told: SinceLast { previous: before, ..SinceLast::default() } }
    }

    pub(super) fn fingerprint_of(&self, name: &str) -> Option<&str> {
        self.previous.as_ref().and_then(|previous| previous.fingerprint_of(name))
    }

    pub(super) fn add(&mut self, line: &Line<'_>, announced: bool) {
        let Some(previous) = &mut self.previous else { return };
        let was = previous.was.repositories.remove(&*line.name);
        if was.is_none() {
            self.told.new_repositories.push(|| line.name.to_string());
        }
        let changed = was.as_ref().is_some_and(|was| is_other(&was.fingerprint, &line.fingerprint));
        if changed && !announced {
            self.told.changed_unannounced.push(|| line.name.to_string());
        }
        let failed = was.map(|was| was.failing).unwrap_or_default();
        for (rule, requirement, status) in line.all() {
            let before = previous.was.place(rule).is_some_and(|rule| failed.contains(&(rule, requirement)));
            let list = match status {
                Status::Fail if !before => &mut self.told.newly_failing,
                Status::Pass if before => &mut self.told.newly_passing,
                _ => continue,
            };
            list.push(|| CheckName { repository: line.name.to_string(), rule: rule.to_owned(), requirement });
        }
    }

    pub(super) fn finish(mut self) -> SinceLast {
        for name in self.previous.into_iter().flat_map(|previous| previous.was.repositories.into_keys()) {
            self.told.gone_repositories.push(|| name.into());
        }
        let unannounced = self.told.changed_unannounced.count;
        self.told.note = (unannounced > 0).then(|| {
            format!(
                "{} changed and no event told of it; a CloudTrail trail that logs management events may be missing in \
                 this Region, or its logging may be off",
                repositories(unannounced),
            )
        });
        self.told
    }
}

/// Are these two known, and not the same?
pub(super) fn is_other(before: &str, now: &str) -> bool {
    !before.is_empty() && !now.is_empty() && before != now
}
