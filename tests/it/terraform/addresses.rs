//! `removed` blocks: what they cover, and what they must not.

use super::{blocks, declared, lifecycle, repository, resource, state, taken};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::plan::adopt::LeftOut;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A module's name and its key.
type Step = (String, Option<String>);

/// A state with the resources at their modules.
fn nested(resources: Vec<(Vec<Step>, Value)>) -> Value {
    let mut all = state(&[]);
    for (steps, mut one) in resources {
        let mut module = &mut all["values"]["root_module"];
        let mut prefix = String::new();
        for (name, key) in steps {
            let key = key.map_or_else(String::new, |key| format!("[{}]", Value::from(key)));
            prefix = format!("{prefix}{}module.{name}{key}", if prefix.is_empty() { "" } else { "." });
            if module["child_modules"].is_null() {
                module["child_modules"] = json!([]);
            }
            let children = module["child_modules"].as_array_mut().unwrap();
            let place = children.iter().position(|child| child["address"] == prefix.as_str()).unwrap_or_else(|| {
                children.push(json!({"address": prefix, "resources": []}));
                children.len() - 1
            });
            module = &mut children[place];
        }
        if !prefix.is_empty() {
            one["address"] = format!("{prefix}.{}", one["address"].as_str().unwrap()).into();
        }
        module["resources"].as_array_mut().unwrap().push(one);
    }
    all
}

fn step(name: &str, key: Option<&str>) -> Step {
    (name.to_owned(), key.map(str::to_owned))
}

#[test]
fn a_module_is_forgotten_as_a_whole_only_if_all_it_manages_is_declared() {
    let role = || resource("aws_iam_role.templates", json!({"name": "templates"}));
    let mixed = taken(&nested(vec![
        (vec![], repository("aws_ecr_repository.top[0]", "team/top")),
        (vec![step("ecr", Some("a"))], repository("aws_ecr_repository.this[0]", "team/a")),
        (vec![step("ecr", Some("b"))], repository("aws_ecr_repository.this[0]", "team/b")),
        (vec![step("mixed", None)], role()),
        (vec![step("mixed", None), step("inner", Some("x"))], repository("aws_ecr_repository.this", "team/c")),
        (vec![step("other", None)], role()),
        (vec![step("other", None)], repository("aws_ecr_repository.this", "team/d")),
    ]));
    assert_eq!(
        blocks(&mixed),
        ["aws_ecr_repository.top", "module.ecr", "module.mixed.module.inner", "module.other.aws_ecr_repository.this"]
    );
    let text = mixed.forget(&[]).to_hcl();
    assert!(text.contains("Its module also manages module.other.aws_iam_role.templates"), "{text}");
    assert!(text.contains("terraform state rm 'module.other.aws_ecr_repository.this'"), "{text}");
    assert_eq!(text.matches("destroy = false").count(), 4);
    assert!(text.contains("name 5 objects"), "{text}");
}

#[test]
fn instances_of_which_others_stay_are_forgotten_one_by_one() {
    let mut elsewhere = repository("aws_ecr_repository.this[\"it's\"]", "team/b");
    elsewhere["tainted"] = true.into();
    let moving = taken(&state(&[repository("aws_ecr_repository.this[\"a[0]'\\\"]\"]", "team/a"), elsewhere]));
    let forgotten = moving.forget(&[]);
    assert!(forgotten.blocks.is_empty());
    let text = forgotten.to_hcl();
    assert!(text.contains(r#"terraform state rm 'aws_ecr_repository.this["a[0]'\''\"]"]'"#), "{text}");
    assert!(!text.contains("removed {"));
}

#[test]
fn what_is_left_out_of_the_declarations_stays_with_its_policies() {
    let moving = taken(&state(&[
        repository("aws_ecr_repository.a", "team/a"),
        lifecycle("aws_ecr_lifecycle_policy.a", "team/a"),
        repository("aws_ecr_repository.b", "team/b"),
    ]));
    assert_eq!(declared(&moving).left_out, []);
    let reason = "it is owned by a stack".to_owned();
    let left = [LeftOut { name: RepositoryName::parse("team/a").unwrap(), reason, unread: false }];
    let forgotten = moving.forget(&left);
    assert_eq!(forgotten.blocks.keys().collect::<Vec<_>>(), ["aws_ecr_repository.b"]);
    assert_eq!(forgotten.staying.len(), 2);
    assert!(forgotten.staying.iter().all(|one| one.reason == "it is owned by a stack"));
}

/// Keys as people choose them, and as nobody should.
fn key() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), "[a-c]".prop_map(Some), "[a-z.\\[\\]\"'\\\\ ]{0,6}".prop_map(Some)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(("[a-b]", key()), 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn blocks_cover_every_declared_resource_and_nothing_else(
        modules in proptest::collection::vec((steps(), key(), any::<bool>()), 1..8),
    ) {
        let mut ours = Vec::new();
        let mut foreign = Vec::new();
        let mut all = Vec::new();
        for (place, (steps, key, is_ours)) in modules.into_iter().enumerate() {
            let modules = steps.iter().fold(String::new(), |outer, (name, _)| outer + "module." + name + ".");
            let kind = if is_ours { "aws_ecr_repository" } else { "aws_iam_role" };
            // One of each kind per module, so that an instance never stands beside one of the other sort.
            let plain = format!("{modules}{kind}.this");
            let key = key.map_or_else(String::new, |key| format!("[{}]", Value::from(key)));
            let mut one = repository("aws_ecr_repository.this", &format!("team/r{place}"));
            one["address"] = format!("{kind}.this{key}").into();
            one["type"] = kind.into();
            all.push((steps, one));
            if is_ours { ours.push(plain) } else { foreign.push(plain) }
        }
        prop_assume!(!ours.is_empty());
        let forgotten = taken(&nested(all)).forget(&[]);
        let blocks: BTreeSet<&String> = forgotten.blocks.keys().collect();
        let covers = |block: &str, address: &str| address == block || address.starts_with(&format!("{block}."));
        for address in &ours {
            prop_assert_eq!(blocks.iter().filter(|block| covers(block, address)).count(), 1, "{} in {:?}", address, blocks);
        }
        for address in &foreign {
            prop_assert!(!blocks.iter().any(|block| covers(block, address)), "{} in {:?}", address, blocks);
        }
        prop_assert_eq!(forgotten.instances, ours.len());
        prop_assert!(forgotten.staying.is_empty() && forgotten.singly.is_empty());
    }
}
