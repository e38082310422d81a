//! What Terraform manages, turned into declarations, and the blocks with which it forgets it.

mod addresses;
mod files;
mod held;
mod places;
mod recorded;
mod resources;
mod untold;

use ecr_steward::plan::adopt::terraform::{Moving, Refusal, Wanted, read};
use ecr_steward::plan::adopt::{Adoption, Options, declarations};
use serde_json::{Map, Value, json};

const ACCOUNT: &str = "123456789012";
const ALL: Wanted<'_> = Wanted { region: None, account: None, names: None };

/// A state of which these are the resources of the root module.
fn state(resources: &[Value]) -> Value {
    json!({"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": resources}}})
}

/// A resource as `terraform show -json` has it.
fn resource(address: &str, values: Value) -> Value {
    let plain = address.split('[').next().unwrap();
    let mut words = plain.rsplit('.');
    let (name, kind) = (words.next().unwrap(), words.next().unwrap());
    let mut one = json!({"address": address, "mode": "managed", "type": kind, "name": name, "sensitive_values": {}});
    one["values"] = values;
    one
}

fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:ecr:{region}:{ACCOUNT}:repository/{name}")
}

/// A repository with nothing special about it.
fn repository(address: &str, name: &str) -> Value {
    repository_in(address, "eu-west-1", name)
}

fn repository_in(address: &str, region: &str, name: &str) -> Value {
    resource(
        address,
        json!({"name": name, "arn": arn(region, name), "registry_id": ACCOUNT, "image_tag_mutability": "MUTABLE",
               "image_scanning_configuration": [{"scan_on_push": true}], "tags_all": {}, "force_delete": null,
               "encryption_configuration": [{"encryption_type": "AES256", "kms_key": ""}]}),
    )
}

fn lifecycle(address: &str, repository: &str) -> Value {
    let policy = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":3},"action":{"type":"expire"}}]}"#;
    resource(address, json!({"repository": repository, "registry_id": ACCOUNT, "policy": policy}))
}

/// With more members beside those of a value.
fn with(mut value: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more} is no map") };
    value.as_object_mut().unwrap().extend(more);
    value
}

fn taken(state: &Value) -> Moving {
    read(&state.to_string(), &ALL).unwrap()
}

/// What is taken where the caller says the Region.
fn in_region(state: &Value, region: &str) -> Moving {
    read(&state.to_string(), &Wanted { region: Some(region), ..ALL }).unwrap()
}

fn refusals(text: &str) -> String {
    let refused: Vec<Refusal> = read(text, &ALL).unwrap_err();
    refused.iter().map(Refusal::to_string).collect::<Vec<_>>().join("\n")
}

fn declared(moving: &Moving) -> Adoption {
    let options = Options { project: "moved", environment: "all", partition: &moving.partition };
    declarations(&moving.repositories, options)
}

fn names(moving: &Moving) -> Vec<&str> {
    moving.repositories.iter().map(|one| one.name.as_str()).collect()
}

/// `address: reason` of all that stays.
fn staying(moving: &Moving) -> Vec<String> {
    let forgotten = moving.forget(&declared(moving).left_out);
    forgotten.staying.iter().map(|one| format!("{}: {}", one.address, one.reason)).collect()
}

/// The addresses of the blocks.
fn blocks(moving: &Moving) -> Vec<String> {
    moving.forget(&[]).blocks.into_keys().collect()
}

fn as_map(properties: &[(&'static str, Value)]) -> Map<String, Value> {
    properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}
