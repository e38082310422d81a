//! From the properties of `Custom::EcrPublicRepositories` to a [`Fleet`], or to every problem at once.
//!
//! A public fleet is a fleet like any other but for what ECR Public does not have: there are no settings besides the
//! policy, the tags and what the gallery shows.

mod catalog;
pub(super) mod outputs;

use super::fields::{Fields, Problem};
use super::fleet::{names, removal, return_values};
use super::layer::{checked_texts, policy_statements};
use super::tags;
use super::{DriftMode, Fleet, Gallery, Origin, RepositorySpec, Setting};
use crate::model::Wish;
use crate::model::catalog::{Catalog, Logo};
use crate::model::name::RepositoryName;
use crate::model::policy::{
    Document, Kind, MAX_POLICY_CHARACTERS, Mode, Statement, parse_principal, public_exposure, public_push_statement,
};
use crate::model::repository::{
    Encryption, EncryptionType, MANAGED_BY, MANAGED_BY_TAG, MAX_TAGS, Mutability, MutabilityMode, Tags,
};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The type of the resource.
pub const TYPE: &str = "Custom::EcrPublicRepositories";
/// The one partition that has a public gallery (botocore's endpoints of `api.ecr-public`).
const PARTITION: &str = "aws";
/// Of the tags a repository may carry, ours: `ManagedBy`, owner, stack and released.
const OWN_TAGS: usize = 4;

/// Checks a declaration. On refusal the list holds *all* problems.
pub fn check(properties: &Map<String, Value>, partition: &str) -> Result<Fleet, Vec<Problem>> {
    let problems = RefCell::new(Vec::new());
    if partition != PARTITION {
        let why = format!("is not served here: the partition {partition} has no public gallery, only {PARTITION} has");
        problems.borrow_mut().push(Problem::new(TYPE, why));
    }
    let fields = Fields::new(properties, String::new(), &problems);
    let listed = names(&fields, "names of repositories in the public gallery");
    let parsed = parsed(&fields, &listed);
    let catalogs = catalog::read(&fields, &listed, &problems);
    let said = Said::read(&fields, partition);
    let mut fleet = Fleet {
        project: String::new(),
        environment: String::new(),
        repositories: Vec::new(),
        empty_on_delete: fields.flag("EmptyOnDelete").unwrap_or(false),
        on_remove: removal(&fields, "OnRemove"),
        on_delete: removal(&fields, "OnDelete"),
        adopt_existing: fields.flag("AdoptExisting").unwrap_or(false),
        drift_mode: DriftMode::Off,
        publish_parameters: false,
        propagate_stack_tags: false,
        return_values: return_values(&fields, &outputs::known_keys(&listed)),
        service_timeout: fields.number("ServiceTimeout", 1..=3_600).unwrap_or(3_600),
        gallery: Some(Gallery::default()),
    };
    fields.refuse_unknown();
    let found = problems.take();
    if !found.is_empty() {
        return Err(found);
    }
    let repositories = parsed.into_iter().map(|name| {
        let catalog = catalogs.get(name.as_str()).cloned().unwrap_or_default();
        said.repository(name, catalog, properties)
    });
    fleet.repositories = repositories.collect();
    Ok(fleet)
}

fn parsed(fields: &Fields<'_>, listed: &[String]) -> Vec<RepositoryName> {
    let mut names = Vec::with_capacity(listed.len());
    for (index, text) in listed.iter().enumerate() {
        match RepositoryName::parse_public(text) {
            Ok(name) => names.push(name),
            Err(flaw) => fields.problem(&format!("RepositoryNames[{index}]"), format!("{text:?} {flaw}")),
        }
    }
    names
}

/// What is said for all repositories.
struct Said {
    push_principals: Vec<String>,
    statements: Vec<Statement>,
    policy_mode: Mode,
    tags: Tags,
}

impl Said {
    fn read(fields: &Fields<'_>, partition: &str) -> Self {
        let principals = checked_texts(fields, "PushPrincipals", parse_principal).unwrap_or_default();
        let user = policy_statements(fields, Kind::PublicRepository).unwrap_or_default();
        let push = public_push_statement(&principals, partition);
        check_exposure(fields, push.as_ref(), &user);
        let statements: Vec<Statement> = push.into_iter().chain(user).collect();
        let length = Document::from_statements(statements.clone()).len_in_characters();
        if length > MAX_POLICY_CHARACTERS {
            let why = format!(
                "together with PushPrincipals makes a repository policy of {length} characters; ECR Public allows {MAX_POLICY_CHARACTERS}"
            );
            fields.problem("PolicyStatements", why);
        }
        let modes = [("Merge", Mode::Merge), ("Exclusive", Mode::Exclusive)];
        Self {
            push_principals: principals.iter().map(|principal| principal.written(partition)).collect(),
            statements,
            policy_mode: fields.choice("PolicyMode", &modes).unwrap_or_default(),
            tags: own_tags(fields),
        }
    }

    fn repository(&self, name: RepositoryName, catalog: Catalog, properties: &Map<String, Value>) -> RepositorySpec {
        let mut tags = Tags::from([(MANAGED_BY_TAG.to_owned(), MANAGED_BY.to_owned())]);
        tags.extend(self.tags.clone());
        RepositorySpec {
            short: name.to_string(),
            settings: self.settings(name.as_str(), &catalog, properties),
            name,
            mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
            scan_on_push: false,
            encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
            lifecycle: Wish::Absent,
            max_untagged_images: 0,
            statements: self.statements.clone(),
            policy_mode: self.policy_mode,
            tags,
            catalog: Some(catalog),
        }
    }

    /// Every effective value and who said it.
    fn settings(&self, name: &str, catalog: &Catalog, properties: &Map<String, Value>) -> BTreeMap<String, Setting> {
        let said = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
        let origin = |said: bool| if said { Origin::Property } else { Origin::Default };
        let in_catalog = said(properties.get("Catalog").and_then(|catalog| catalog.get(name)));
        let mode = match self.policy_mode {
            Mode::Merge => "Merge",
            Mode::Exclusive => "Exclusive",
        };
        let sids: Vec<&str> = self.statements.iter().filter_map(Statement::sid).collect();
        let of_fleet = [
            ("PushPrincipals", json!(self.push_principals)),
            ("PolicyStatements", json!(sids)),
            ("PolicyMode", json!(mode)),
            ("Tags", json!(self.tags)),
        ];
        let own = Setting { value: json!(catalog), origin: origin(in_catalog) };
        let of_fleet = of_fleet.into_iter().map(|(property, value)| {
            (property.to_owned(), Setting { value, origin: origin(said(properties.get(property))) })
        });
        of_fleet.chain([("Catalog".to_owned(), own)]).collect()
    }
}

/// Everybody may pull from the gallery already; what a policy could let everybody do besides is to write.
fn check_exposure(fields: &Fields<'_>, push: Option<&Statement>, user: &[Statement]) {
    let places = user.iter().enumerate().map(|(index, statement)| (format!("PolicyStatements[{index}]"), statement));
    for (place, statement) in push.map(|push| ("PushPrincipals".to_owned(), push)).into_iter().chain(places) {
        if let Some(exposure) = public_exposure(statement) {
            let why = format!(
                "{exposure}; in the public gallery everybody may pull without a policy, and nobody needs more. Name principals, or restrict it by a condition such as aws:PrincipalOrgID"
            );
            fields.problem(&place, why);
        }
    }
}

fn own_tags(fields: &Fields<'_>) -> Tags {
    let tags = tags::read(fields).unwrap_or_default();
    let count = tags.keys().filter(|key| *key != MANAGED_BY_TAG).count();
    let room = MAX_TAGS.saturating_sub(OWN_TAGS);
    if count > room {
        let why = format!(
            "has {count} keys; ECR Public allows {MAX_TAGS} tags and ecr-steward needs {OWN_TAGS}, which leaves {room}"
        );
        fields.problem("Tags", why);
    }
    tags
}

/// Gives a fleet that was kept without its pictures those of the properties it was made from.
pub fn with_pictures(mut fleet: Fleet, properties: &Map<String, Value>) -> Fleet {
    for spec in &mut fleet.repositories {
        let Some(logo) = spec.catalog.as_mut().and_then(|catalog| catalog.logo_image.as_mut()) else { continue };
        let text = properties.get("Catalog").and_then(|all| all.get(&spec.short)?.get("LogoImage")?.as_str());
        if let Some(picture) = text.and_then(catalog::decoded).map(Logo::of).filter(|picture| picture == logo) {
            *logo = picture;
        }
    }
    fleet
}
