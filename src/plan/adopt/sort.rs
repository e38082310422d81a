//! What can be declared and what cannot: asked of the planner itself, one repository at a time.

use super::settings::{Settings, Unsayable, contract, seen, settings};
use super::{Found, LeftOut, Options};
use crate::model::Seen;
use crate::model::identity::{Identity, StackId};
use crate::model::place::Place;
use crate::model::policy::Document;
use crate::model::repository::{
    FoundLifecycle, FoundPolicy, OWN_TAG_PREFIX, OWNER_TAG, RELEASED_TAG, Repository, STACK_TAG, ScanType, Tags,
};
use crate::plan::Change;
use crate::plan::repository::{Around, compare};
use crate::spec::RepositorySpec;
use crate::spec::fleet::{Surroundings, check};
use serde_json::{Map, json};
use std::collections::BTreeSet;

/// A repository that can be declared.
#[derive(Clone, Debug)]
pub(super) struct Sayable<'a> {
    pub(super) found: &'a Found,
    pub(super) tags: Tags,
    pub(super) settings: Settings,
}

/// Tells the declarable from the rest, each name once, in order.
pub(super) fn sorted<'a>(found: &'a [Found], options: Options<'_>) -> (Vec<Sayable<'a>>, Vec<LeftOut>) {
    let mut ordered: Vec<&Found> = found.iter().collect();
    ordered.sort_by(|one, two| one.name.cmp(&two.name));
    let mut sayable: Vec<Sayable<'a>> = Vec::new();
    let mut left_out: Vec<LeftOut> = Vec::new();
    for one in ordered {
        if sayable.last().is_some_and(|last| last.found.name == one.name) {
            continue;
        }
        match judge(one, options) {
            Ok(good) => sayable.push(good),
            Err(_) if left_out.last().is_some_and(|last| last.name == one.name) => {}
            Err(why) => {
                let (reason, unread) = match why {
                    Unsayable::Unread(reason) => (reason, true),
                    Unsayable::Beyond(reason) => (reason, false),
                };
                left_out.push(LeftOut { name: one.name.clone(), reason, unread });
            }
        }
    }
    (sayable, left_out)
}

fn judge<'a>(found: &'a Found, options: Options<'_>) -> Result<Sayable<'a>, Unsayable> {
    let tags = seen(&found.tags, "tags")?.cloned().unwrap_or_default();
    if let Some(owner) = tags.get(OWNER_TAG) {
        let stack = tags.get(STACK_TAG).map_or("unknown", String::as_str);
        let reason = format!("it is managed already, by stack {stack} (owner tag {owner})");
        return Err(Unsayable::Beyond(reason));
    }
    if tags.contains_key(RELEASED_TAG) {
        let reason = format!("it bears {RELEASED_TAG} and no owner: it was being handed back; remove that tag first");
        return Err(Unsayable::Beyond(reason));
    }
    let settings = settings(found)?;
    match obstacle(found, &tags, &settings, options) {
        Some(reason) => Err(Unsayable::Beyond(reason)),
        None => Ok(Sayable { found, tags, settings }),
    }
}

/// What stands between the repository and a declaration that changes nothing but our own tags.
fn obstacle(found: &Found, tags: &Tags, settings: &Settings, options: Options<'_>) -> Option<String> {
    let spec = match alone(found, settings, options) {
        Ok(spec) => spec?,
        Err(problems) => return Some(format!("it cannot be declared as it is: {problems}")),
    };
    let identity = nobody();
    let kept = tags.keys().filter(|key| !key.starts_with(OWN_TAG_PREFIX)).cloned().collect();
    let around = Around {
        identity: &identity,
        // The strictest: where the registry scans, a repository's own flag is not even compared.
        scanning: &Seen::Present(ScanType::Basic),
        stack_tags: &Tags::new(),
        kept_keys: &kept,
        declared_keys: &BTreeSet::new(),
        encryption_before: None,
    };
    let made = compare(&spec, &as_seen(found), &around);
    if let Some(reason) = made.blocked.into_iter().next() {
        return Some(reason);
    }
    let change = made.steps.iter().find(|step| !matches!(step.change, Change::TagResource { .. }))?;
    Some(format!("no declaration leaves it as it is: {} would follow ({})", change.change.action(), change.why))
}

/// The repository declared alone.
fn alone(found: &Found, settings: &Settings, options: Options<'_>) -> Result<Option<RepositorySpec>, String> {
    let mut properties = Map::from_iter([
        ("ProjectName".to_owned(), json!(options.project)),
        ("Environment".to_owned(), json!(options.environment)),
        ("NamePattern".to_owned(), json!("{name}")),
        ("RepositoryNames".to_owned(), json!([found.name])),
        ("PublishParameters".to_owned(), json!(false)),
    ]);
    for (wanted, base) in settings.iter().zip(&contract()) {
        let said = wanted.over(base).ok_or("no declaration has words for it")?;
        properties.extend(said.into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
    let around = Surroundings { partition: options.partition, parameter_prefix: "" };
    let fleet = check(&properties, &around)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    Ok(fleet.repositories.into_iter().next())
}

fn as_seen(found: &Found) -> Repository {
    let lifecycle =
        |text: &String| FoundLifecycle { text: text.clone(), policy: crate::lifecycle::parse_text(text).ok() };
    let policy = |text: &String| FoundPolicy { text: text.clone(), document: Document::parse_text(text).ok() };
    Repository {
        name: found.name.clone(),
        arn: String::new(),
        mutability: found.mutability.clone(),
        scan_on_push: found.scan_on_push,
        encryption: found.encryption.clone(),
        tags: found.tags.clone(),
        lifecycle: read_as(&found.lifecycle, lifecycle),
        policy: read_as(&found.policy, policy),
        catalog: Seen::Unasked,
    }
}

fn read_as<T>(seen: &Seen<String>, read: impl Fn(&String) -> T) -> Seen<T> {
    seen.present().map_or(Seen::Missing, |text| Seen::Present(read(text)))
}

/// Whoever will own it: only that there is an owner counts here.
fn nobody() -> Identity {
    let place = Place { partition: String::new(), region: String::new(), account: String::new() };
    let stack = StackId { arn: String::new(), place, name: String::new(), guid: String::new() };
    Identity { stack, logical_id: String::new() }
}
