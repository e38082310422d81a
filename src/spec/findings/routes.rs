//! The `Routes` of a findings policy.

use super::check::severity;
use super::{Route, Sink, When};
use crate::model::finding::Severity;
use crate::spec::fields::{Fields, Problem};
use crate::spec::terms;
use std::cell::RefCell;

/// Most routes of one policy: each finding is held against all of them.
const MAX_ROUTES: usize = 50;
/// Longest SSM parameter name, with room for the ARN in front of it (SSM `PutParameter`: 1,011 together).
const MAX_SECRET_NAME: usize = 900;
/// Deepest SSM hierarchy (SSM `PutParameter`).
const MAX_SECRET_LEVELS: usize = 15;
/// What stands for the value of the owner tag.
const OWNER: &str = "{owner}";

/// What the name of a secret is held against.
pub(super) struct Secrets<'a> {
    /// The SSM prefix of the installation.
    pub(super) prefix: &'a str,
    /// Is there an `OwnerTag`?
    pub(super) has_owner_tag: bool,
}

/// Reads the property; `None` where it is absent.
pub(super) fn read(fields: &Fields<'_>, problems: &RefCell<Vec<Problem>>, secrets: &Secrets<'_>) -> Option<Vec<Route>> {
    let key = "Routes";
    let given = fields.list(key)?.len();
    if given == 0 {
        fields.problem(
            key,
            "is empty, and findings would go nowhere; leave Routes out for the default ones, or name at least one",
        );
    } else if given > MAX_ROUTES {
        fields.problem(key, format!("has {given} routes; 1 to {MAX_ROUTES} are allowed"));
    }
    let mut routes: Vec<(String, Route)> = Vec::new();
    for item in fields.maps(key)? {
        let before = problems.borrow().len();
        let Some(route) = route(&item, secrets) else { continue };
        let is_sound = problems.borrow().len() == before;
        let twin = routes.iter().find(|(_, other)| *other == route).map(|(path, _)| path.clone());
        match twin {
            // What could not be read of a route may be just what tells it apart.
            Some(twin) if is_sound => problems.borrow_mut().push(Problem::new(
                item.path(),
                format!("repeats {twin}, and everything would be told twice; remove one"),
            )),
            _ if is_sound => routes.push((item.path().to_owned(), route)),
            _ => {}
        }
    }
    Some(routes.into_iter().map(|(_, route)| route).collect())
}

fn route(fields: &Fields<'_>, secrets: &Secrets<'_>) -> Option<Route> {
    let sink = sink(fields);
    let minimum_severity = severity(fields, "MinimumSeverity");
    let only_fixable = fields.flag("OnlyFixable").unwrap_or(false);
    let repositories = terms::names(fields, "Repositories");
    let tags = terms::tags(fields);
    let secret_parameter = secret(fields, sink, secrets);
    let when = when(fields, sink);
    fields.refuse_unknown();
    let sink = sink?;
    Some(Route {
        sink,
        secret_parameter,
        minimum_severity: minimum_severity.unwrap_or_else(|| default_severity(sink)),
        only_fixable,
        repositories,
        tags,
        when: when.unwrap_or_else(|| default_when(sink)),
        explicit: true,
    })
}

fn sink(fields: &Fields<'_>) -> Option<Sink> {
    let key = "Sink";
    if fields.raw(key).is_none() {
        fields.problem(key, format!("is required: one of {}", Sink::ALL.map(Sink::as_str).join(", ")));
    }
    fields.choice(key, &Sink::ALL.map(|sink| (sink.as_str(), sink)))
}

/// People are told of what is bad; programs are told of everything and choose themselves.
const fn default_severity(sink: Sink) -> Severity {
    match sink {
        Sink::Sns | Sink::Slack | Sink::Teams => Severity::High,
        Sink::SecurityHub | Sink::S3 | Sink::EventBridge | Sink::Webhook => Severity::Informational,
    }
}

const fn default_when(sink: Sink) -> When {
    match sink {
        Sink::Slack | Sink::Teams => When::Urgent,
        Sink::Sns | Sink::Webhook | Sink::SecurityHub | Sink::S3 | Sink::EventBridge => When::Immediate,
    }
}

fn when(fields: &Fields<'_>, sink: Option<Sink>) -> Option<When> {
    let key = "When";
    fields.raw(key)?;
    if let Some(sink @ (Sink::SecurityHub | Sink::S3 | Sink::EventBridge)) = sink {
        fields.problem(
            key,
            format!("is only for Sns, Slack, Teams and Webhook; {} gets every change as it happens", sink.as_str()),
        );
        return None;
    }
    fields.choice(key, &[("Immediate", When::Immediate), ("Daily", When::Daily)])
}

/// The name of the secret. What is wrong is never shown: somebody may have put the address itself here.
fn secret(fields: &Fields<'_>, sink: Option<Sink>, secrets: &Secrets<'_>) -> Option<String> {
    let key = "SecretParameter";
    let below = format!("{}/secrets/", secrets.prefix);
    match (fields.raw(key), sink) {
        (None, Some(sink)) if sink.needs_secret() => {
            fields.problem(
                key,
                format!(
                    "is required for {}: the name of an SSM SecureString parameter below {below} that holds the address",
                    sink.as_str()
                ),
            );
            return None;
        }
        (Some(_), Some(sink)) if !sink.needs_secret() => {
            fields.problem(
                key,
                format!("is only for Slack, Teams and Webhook; {} has no address, remove it", sink.as_str()),
            );
            return None;
        }
        _ => {}
    }
    let name = fields.text(key)?;
    if let Some(flaw) = secret_flaw(&name, &below, secrets.has_owner_tag) {
        fields.problem(key, flaw);
    }
    Some(name)
}

fn secret_flaw(name: &str, below: &str, has_owner_tag: bool) -> Option<String> {
    let Some(rest) = name.strip_prefix(below).filter(|rest| !rest.is_empty()) else {
        return Some(format!(
            "must be the name of an SSM SecureString parameter below {below}; the functions may read no other"
        ));
    };
    if rest.contains(OWNER) && !has_owner_tag {
        return Some(format!("contains {OWNER}, which stands for the value of a tag; say which with OwnerTag"));
    }
    let filled = rest.replace(OWNER, "owner");
    if filled.contains(['{', '}']) {
        return Some(format!("knows the placeholder {OWNER} only; another brace is left"));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if let Some(bad) = filled.chars().find(|c| !legal(*c)) {
        return Some(format!("contains {bad:?}; names of SSM parameters hold letters, digits and . _ - /"));
    }
    if filled.split('/').any(str::is_empty) {
        return Some("has an empty path part; a slash must stand between two names".to_owned());
    }
    let levels = name.matches('/').count();
    (name.len() > MAX_SECRET_NAME || levels > MAX_SECRET_LEVELS).then(|| {
        format!(
            "has {levels} levels and {} characters; SSM allows {MAX_SECRET_LEVELS} levels and about {MAX_SECRET_NAME} characters",
            name.len()
        )
    })
}
