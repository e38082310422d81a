//! From the properties of `Custom::EcrFindingsPolicy` to a [`FindingsPolicy`], or to every problem at once.

use super::{FindingsPolicy, Gate, openvex, routes, waivers};
use crate::model::finding::Severity;
use crate::spec::fields::{Fields, Problem};
use crate::spec::tags;
use serde_json::{Map, Value};
use std::cell::RefCell;

/// Checks properties; every problem at once. `prefix` is the SSM prefix of the installation.
pub fn check(properties: &Map<String, Value>, prefix: &str) -> Result<FindingsPolicy, Vec<Problem>> {
    let problems = RefCell::new(Vec::new());
    let fields = Fields::new(properties, String::new(), &problems);
    let default = FindingsPolicy::default();
    let secrets = routes::Secrets { prefix, has_owner_tag: fields.raw("OwnerTag").is_some() };
    let routes = routes::read(&fields, &problems, &secrets).unwrap_or(default.routes);
    let mut waivers = waivers::read(&fields);
    waivers.extend(openvex::read(&fields, &problems, waivers.len()));
    let policy = FindingsPolicy {
        routes,
        waivers,
        gate: gate(&fields, default.gate),
        forward_enhanced: fields.flag("ForwardEnhancedToSecurityHub").unwrap_or(default.forward_enhanced),
        owner_tag: owner_tag(&fields),
    };
    // CloudFormation's own; nothing here takes long enough to look at it.
    let _ = fields.number("ServiceTimeout", 1..=3_600);
    fields.refuse_unknown();
    let found = problems.take();
    if found.is_empty() { Ok(policy) } else { Err(found) }
}

/// A severity by its name; a scanner's word that is none is not one here either.
pub(super) fn severity(fields: &Fields<'_>, key: &'static str) -> Option<Severity> {
    fields.choice(key, &Severity::ALL.map(|severity| (severity.as_str(), severity)))
}

fn gate(fields: &Fields<'_>, default: Gate) -> Gate {
    let Some(own) = fields.map("Gate") else { return default };
    let gate = Gate {
        minimum_severity: severity(&own, "MinimumSeverity").unwrap_or(default.minimum_severity),
        only_fixable: own.flag("OnlyFixable").unwrap_or(default.only_fixable),
    };
    own.refuse_unknown();
    gate
}

fn owner_tag(fields: &Fields<'_>) -> Option<String> {
    let key = fields.text("OwnerTag")?;
    if let Some(flaw) = tags::key_flaw(&key) {
        fields.problem("OwnerTag", flaw);
    }
    Some(key)
}
