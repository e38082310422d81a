//! The registry policy: `RegistryPolicy`, and the shorthands `ReplicationSources` and `PullThroughCacheAccess`.
//!
//! The policy is one document that all stacks share, so each statement is an entry of its own, known by its Sid. A
//! statement without one is named after what it says, so that two stacks that declare the same one share it.

use super::cache::{PREFIX_LENGTH, prefix_flaw};
use super::check::Placed;
use super::statements::{self, Found};
use super::{Around, arns};
use crate::model::identity::fingerprint;
use crate::model::policy::{
    Document, Kind, MAX_POLICY_CHARACTERS, OWN_SID_PREFIX, Principal, Statement, parse_principal,
};
use crate::model::registry::{Entry, PolicyEntry, ROOT};
use crate::spec::fields::Fields;
use crate::spec::layer::checked_texts;
use serde_json::{Value, json};

const POLICY: &str = "RegistryPolicy";
const SOURCES: &str = "ReplicationSources";
const CACHE: &str = "PullThroughCacheAccess";

/// Reads the three properties.
pub(super) fn read(fields: &Fields<'_>, around: &Around<'_>, allows_public: bool) -> Vec<Placed> {
    let mut found = statements::read(fields, POLICY, Kind::Registry);
    for (path, statement) in &found {
        statements::refuse_public(fields, path, statement, allows_public);
    }
    found.extend(sources(fields, around));
    found.extend(cache(fields, around, allows_public));
    let named: Vec<Found> = found.into_iter().map(|(path, statement)| (path, named(statement))).collect();
    refuse_long(fields, &named);
    let entry = |statement: &Statement| {
        let sid = statement.sid().unwrap_or_default().to_owned();
        Entry::Statement(PolicyEntry { sid, text: statement.text().to_owned() })
    };
    named.iter().map(|(path, statement)| (path.clone(), entry(statement))).collect()
}

/// A statement under its own Sid, or under one that follows from what it says.
fn named(statement: Statement) -> Statement {
    if statement.sid().is_some() {
        return statement;
    }
    let bare = statement.with_sid(String::new());
    let sid = format!("{OWN_SID_PREFIX}{}", fingerprint(bare.text().as_bytes()));
    bare.with_sid(sid)
}

fn refuse_long(fields: &Fields<'_>, found: &[Found]) {
    let statements = found.iter().map(|(_, statement)| statement.clone()).collect();
    let length = Document::from_statements(statements).len_in_characters();
    if length > MAX_POLICY_CHARACTERS {
        let key = if fields.raw(POLICY).is_some() {
            POLICY
        } else if fields.raw(SOURCES).is_some() {
            SOURCES
        } else {
            CACHE
        };
        fields.problem(
            key,
            format!(
                "with what else is declared makes a registry policy of {length} characters; ECR allows \
                 {MAX_POLICY_CHARACTERS}"
            ),
        );
    }
}

/// A repository's ARN in this registry, for a policy.
fn repositories(around: &Around<'_>, names: &str) -> String {
    let (region, account) = (around.region.unwrap_or("*"), around.account.unwrap_or("*"));
    format!("arn:{}:ecr:{region}:{account}:repository/{names}", around.partition)
}

/// `ReplicationSources`: the accounts that may replicate into this registry (ECR user guide, "Granting registry
/// permissions for cross account replication"). A statement for each account, so that stacks share them.
fn sources(fields: &Fields<'_>, around: &Around<'_>) -> Vec<Found> {
    if fields.raw(SOURCES).is_some_and(|given| given.as_array().is_some_and(Vec::is_empty)) {
        fields.problem(SOURCES, "is empty and lets nobody replicate; leave it out");
    }
    let accounts = checked_texts(fields, SOURCES, |text| {
        let account = arns::account(text)?;
        if around.account == Some(text) {
            return Err(format!("{account} is this registry's own account, which needs no permission; remove it"));
        }
        Ok(account)
    });
    let statement = |account: String| {
        built(&json!({
            "Sid": format!("{OWN_SID_PREFIX}Replication{account}"),
            "Effect": "Allow",
            "Principal": {"AWS": Principal::Account(account).written(around.partition)},
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
            "Resource": repositories(around, "*"),
        }))
    };
    let found = accounts.into_iter().flatten().filter_map(statement);
    found.map(|statement| (SOURCES.to_owned(), statement)).collect()
}

/// `PullThroughCacheAccess`: who may have ECR fetch what is not cached yet, and make the repository it goes into (ECR
/// user guide, "Granting registry permissions for pull through cache").
fn cache(fields: &Fields<'_>, around: &Around<'_>, allows_public: bool) -> Vec<Found> {
    if fields.list(CACHE).is_some_and(Vec::is_empty) {
        fields.problem(CACHE, "is empty and grants nothing; leave it out");
    }
    let items = if fields.raw(CACHE).is_some_and(Value::is_array) { fields.maps(CACHE) } else { None };
    let mut found = Vec::new();
    for item in items.into_iter().flatten() {
        let principals = wanted(&item, "Principals", "account ids or ARNs of those who pull", parse_principal);
        let prefixes = wanted(&item, "Prefixes", "those of the pull-through cache rules", |text| {
            let bare = text.strip_suffix('/').unwrap_or(text).to_owned();
            prefix_flaw(text, PREFIX_LENGTH).map_or(Ok(bare), Err)
        });
        item.refuse_unknown();
        let (Some(principals), Some(prefixes)) = (principals, prefixes) else { continue };
        let principals: Vec<String> = principals.iter().map(|one| one.written(around.partition)).collect();
        let names = |prefix: &String| if prefix == ROOT { "*".to_owned() } else { format!("{prefix}/*") };
        let resources: Vec<String> = prefixes.iter().map(|prefix| repositories(around, &names(prefix))).collect();
        let statement = built(&json!({
            "Effect": "Allow",
            "Principal": {"AWS": principals},
            "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
            "Resource": resources,
        }));
        let Some(statement) = statement else { continue };
        statements::refuse_public(fields, &item.path_of("Principals"), &statement, allows_public);
        found.push((item.path().to_owned(), statement));
    }
    found
}

/// A list of at least one text, each as `parse` reads it, sorted: the order makes no other statement.
fn wanted<T: Ord>(
    item: &Fields<'_>,
    key: &'static str,
    what: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    if item.raw(key).is_none_or(|given| given.as_array().is_some_and(Vec::is_empty)) {
        item.problem(key, format!("is required: {what}"));
        return None;
    }
    let mut read = checked_texts(item, key, parse)?;
    read.sort();
    Some(read).filter(|read| !read.is_empty())
}

/// Parts that were read already make a sound statement.
fn built(statement: &Value) -> Option<Statement> {
    Statement::parse_for(Kind::Registry, statement).ok()
}
