//! The replication rules, read from and written as ECR's own JSON.
//!
//! `deleteReplication` is younger than the SDK's model, which would leave it out of what is read, and so out of the whole
//! document that the next write replaces: images deleted here would no longer be deleted there, without a word.

use super::Aws;
use super::ecr_write::incomplete;
use super::fault::fault;
use super::registry_read::{strange, unknown_filter};
use crate::fault::Fault;
use crate::model::registry::{Destination, Entry, ReplicationRule};
use aws_sdk_ecr::types::ReplicationConfiguration;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const READ: &str = "DescribeRegistry";
/// The only kind of filter there is.
const PREFIX_MATCH: &str = "PREFIX_MATCH";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    replication_configuration: Option<Rules>,
}

#[derive(Deserialize)]
struct Rules {
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    destinations: Vec<To>,
    #[serde(default)]
    repository_filters: Option<Vec<Filter>>,
    #[serde(default)]
    delete_replication: Option<Switch>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct To {
    region: String,
    registry_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter: String,
    filter_type: String,
}

#[derive(Deserialize)]
struct Switch {
    enabled: bool,
}

/// Keeps the body of the answer that the SDK has read.
#[derive(Debug, Default)]
struct Body(Arc<Mutex<Vec<u8>>>);

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let bytes = context.response().body().bytes().unwrap_or_default().to_vec();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
        Ok(())
    }
}

impl Aws {
    pub(super) async fn replication_entries(&self) -> Result<Vec<Entry>, Fault> {
        let body = Arc::new(Mutex::default());
        let call = self.ecr.describe_registry().customize().interceptor(Body(Arc::clone(&body)));
        call.send().await.map_err(|error| fault("ecr", READ, &error))?;
        let bytes = std::mem::take(&mut *body.lock().unwrap_or_else(PoisonError::into_inner));
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|error| strange(READ, error.to_string()))?;
        let rules = answer.replication_configuration.map(|found| found.rules).unwrap_or_default();
        rules.into_iter().map(|rule| read(rule).map(Entry::Replication)).collect()
    }

    pub(super) async fn put_replication(&self, rules: &[ReplicationRule]) -> Result<(), Fault> {
        const OPERATION: &str = "PutReplicationConfiguration";
        let rules: Vec<Value> = rules.iter().map(written).collect();
        let body = json!({"replicationConfiguration": {"rules": rules}}).to_string();
        let empty = ReplicationConfiguration::builder().set_rules(Some(Vec::new()));
        let call = self.ecr.put_replication_configuration();
        let call = call.replication_configuration(empty.build().map_err(|error| incomplete(&error))?);
        // Before the request is signed.
        let call = call.customize().mutate_request(move |request| {
            *request.body_mut() = SdkBody::from(body.clone());
            request.headers_mut().insert("content-length", body.len().to_string());
        });
        call.send().await.map(|_| ()).map_err(|error| fault("ecr", OPERATION, &error))
    }
}

fn read(rule: Rule) -> Result<ReplicationRule, Fault> {
    // Null is what is not there.
    if let Some((name, _)) = rule.others.iter().find(|(_, value)| !value.is_null()) {
        return Err(strange(READ, format!("a replication rule has the unknown member {name}")));
    }
    let prefixes = rule.repository_filters.into_iter().flatten().map(|filter| match filter.filter_type.as_str() {
        PREFIX_MATCH => Ok(filter.filter),
        other => Err(unknown_filter(READ, other, &filter.filter)),
    });
    Ok(ReplicationRule {
        prefixes: prefixes.collect::<Result<_, _>>()?,
        destinations: rule
            .destinations
            .into_iter()
            .map(|to| Destination { region: to.region, registry_id: to.registry_id })
            .collect(),
        delete_replication: rule.delete_replication.is_some_and(|switch| switch.enabled),
    })
}

/// What is not used is left out: an empty list of filters is refused.
fn written(rule: &ReplicationRule) -> Value {
    let to = |to: &Destination| json!({"region": to.region, "registryId": to.registry_id});
    let mut value = json!({"destinations": rule.destinations.iter().map(to).collect::<Vec<_>>()});
    let mut add = |name: &str, member: Value| {
        value.as_object_mut().map(|members| members.insert(name.to_owned(), member));
    };
    if !rule.prefixes.is_empty() {
        let filter = |prefix: &String| json!({"filter": prefix, "filterType": PREFIX_MATCH});
        add("repositoryFilters", rule.prefixes.iter().map(filter).collect());
    }
    if rule.delete_replication {
        add("deleteReplication", json!({"enabled": true}));
    }
    value
}
