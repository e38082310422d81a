//! Declarations: CloudFormation turns every scalar into text, and a declaration means the same before and after.
//!
//! Input that begins with `{` is taken as the JSON of a declaration; any other is what one is made from.

#![no_main]

mod declaration;

use arbitrary::Unstructured;
use ecr_steward::lifecycle;
use ecr_steward::model::Wish;
use ecr_steward::spec::fleet::{Surroundings, check};
use ecr_steward::spec::{Fleet, Problem};
use libfuzzer_sys::fuzz_target;
use regex_lite::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

const AROUND: Surroundings<'_> = Surroundings { partition: "aws", parameter_prefix: "/ecr-steward" };

/// ECR's own grammar of a name (ECR API model, `RepositoryName`), with the separators its user guide allows.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let part = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*";
    Regex::new(&format!("^{part}(/{part})*$")).expect("a grammar")
});

fuzz_target!(|bytes: &[u8]| {
    let properties = if bytes.starts_with(b"{") {
        serde_json::from_slice::<Map<String, Value>>(bytes).ok()
    } else {
        declaration::made_from(&mut Unstructured::new(bytes)).ok()
    };
    let Some(properties) = properties else {
        return;
    };
    let delivered = texts_only(&properties);
    match (check(&properties, &AROUND), check(&delivered, &AROUND)) {
        (Ok(fleet), Ok(as_delivered)) => {
            assert_eq!(fleet, as_delivered, "of {}", json!(properties));
            is_sound(&fleet, &properties);
        }
        (Err(problems), Err(as_delivered)) => {
            assert_eq!(paths(&problems), paths(&as_delivered), "of {}", json!(properties));
        }
        (native, as_delivered) => {
            let verdict = |result: Result<Fleet, Vec<Problem>>| result.map(|_| "accepted");
            let both = (verdict(native), verdict(as_delivered));
            panic!("as it is and as delivered: {both:#?} of {}", json!(properties));
        }
    }
});

/// What CloudFormation makes of properties: every number and truth value a text.
fn texts_only(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter().map(|(key, value)| (key.clone(), text_only(value))).collect()
}

fn text_only(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(items) => items.iter().map(text_only).collect(),
        Value::Object(members) => texts_only(members).into(),
        Value::Null | Value::String(_) => value.clone(),
    }
}

/// Where the problems are. Their words may differ: "not text" is told as "not a number" where it was one.
fn paths(problems: &[Problem]) -> Vec<&str> {
    assert!(!problems.is_empty(), "a refusal without a reason");
    for problem in problems {
        assert!(!problem.path.is_empty() && !problem.message.is_empty(), "{problem:?}");
    }
    problems.iter().map(|problem| problem.path.as_str()).collect()
}

fn is_sound(fleet: &Fleet, properties: &Map<String, Value>) {
    let declared = properties.get("RepositoryNames").and_then(Value::as_array).map_or(0, Vec::len);
    assert_eq!(fleet.repositories.len(), declared);
    assert!((1..=1_000).contains(&declared));
    let mut names = BTreeSet::new();
    for repository in &fleet.repositories {
        let name = repository.name.as_str();
        assert!((2..=256).contains(&name.len()) && NAME.is_match(name), "{name:?}");
        assert!(names.insert(name), "two repositories are named {name}");
        let path = fleet.parameter_path(AROUND.parameter_prefix, &repository.short);
        assert!(!fleet.publish_parameters || path.matches('/').count() <= 15, "{path}");
        assert!(repository.tags.len() <= 50, "{:?}", repository.tags);
        assert!(repository.tags.values().all(|value| value.chars().count() <= 256), "{:?}", repository.tags);
        if let Wish::Is(policy) = &repository.lifecycle {
            let text = policy.to_text();
            assert_eq!(lifecycle::parse_text(&text).as_ref(), Ok(policy), "{text} would be refused");
        }
    }
    assert!((1..=3_600).contains(&fleet.service_timeout));
    // The ledger keeps what was declared; what is read back is what was written.
    let stored = serde_json::to_string(fleet).expect("a fleet is stored as JSON");
    assert_eq!(&serde_json::from_str::<Fleet>(&stored).expect("a stored fleet is read"), fleet);
}
