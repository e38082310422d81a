//! For any registry: everything is declared once or left out for a reason, and declaring it writes our tags alone.

use super::random::{Kind, registries};
use super::{OPTIONS, Scene, declarations, found, run};
use crate::support::reason;
use crate::support::world::Repo;
use ecr_steward::event::reply::Status::Success;
use ecr_steward::model::repository::{OWN_TAG_PREFIX, Tags};
use ecr_steward::plan::Change;
use ecr_steward::plan::adopt::Declared;
use ecr_steward::spec::fleet::{Surroundings, check};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn scene(registry: &BTreeMap<String, Kind>) -> Scene {
    let scene = Scene::new();
    scene.world.with(|state| {
        state.page_size = 7;
        state.repositories = registry.iter().map(|(name, (repo, _))| (name.clone(), repo.clone())).collect();
    });
    scene
}

/// The properties as CloudFormation delivers them: through JSON, with texts for numbers and truth values.
fn delivered(declared: &Declared) -> Value {
    ecr_steward::spec::fields::as_delivered(&Value::Object(declared.as_map()))
}

fn names(declared: &[Declared]) -> Vec<String> {
    declared.iter().flat_map(|one| one.repositories.iter().map(ToString::to_string)).collect()
}

fn is_only_tagged(before: &Repo, after: &Repo) {
    let kept: Tags = after.tags.iter().filter(|(key, _)| before.tags.contains_key(*key)).map(pair).collect();
    assert_eq!(kept, before.tags, "tags that were there keep their values");
    let added = after.tags.keys().filter(|key| !before.tags.contains_key(*key));
    for key in added {
        assert!(["Project", "Environment", "ManagedBy"].contains(&key.as_str()) || key.starts_with(OWN_TAG_PREFIX));
    }
    assert_eq!(&Repo { tags: before.tags.clone(), ..after.clone() }, before, "policies byte for byte");
}

fn pair((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

proptest! {
    #![proptest_config(ProptestConfig{failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(80)})]

    #[test]
    fn what_exists_is_declared_once_and_declaring_it_writes_our_tags_alone(registry in registries()) {
        run(async {
            let adoption = declarations(&found(&scene(&registry).world).await, OPTIONS);
            let left_out: BTreeSet<String> = adoption.left_out.iter().map(|one| one.name.to_string()).collect();
            let beyond: BTreeSet<String> =
                registry.iter().filter(|(_, (_, beyond))| *beyond).map(|(name, _)| name.clone()).collect();
            assert_eq!(left_out, beyond, "{:?}", adoption.left_out);
            let mut declared = names(&adoption.declared);
            declared.sort();
            let rest: Vec<String> = registry.keys().filter(|name| !beyond.contains(*name)).cloned().collect();
            assert_eq!(declared, rest, "each once");
            let around = Surroundings { partition: "aws", parameter_prefix: "/ecr-steward" };
            let ids: BTreeSet<&String> = adoption.declared.iter().map(|one| &one.logical_id).collect();
            assert_eq!(ids.len(), adoption.declared.len());
            for one in &adoption.declared {
                let fleet = check(&one.as_map(), &around).unwrap_or_else(|problems| panic!("{problems:?}"));
                let made: Vec<String> = fleet.repositories.iter().map(|spec| spec.name.to_string()).collect();
                assert_eq!(made, names(std::slice::from_ref(one)), "the very names");
                let scene = scene(&registry);
                reason(&scene.create(&delivered(one)).await, Success, &["adopted"]);
                for (change, _) in scene.world.with(|state| state.journal.clone()) {
                    assert!(matches!(change, Change::TagResource { .. }), "{change:?}");
                }
                for (name, (before, _)) in &registry {
                    let after = scene.world.repo(name).unwrap();
                    if made.contains(name) { is_only_tagged(before, &after) } else { assert_eq!(&after, before) }
                }
                scene.ends_as("CREATE_COMPLETE");
                scene.world.start_counting();
                reason(&scene.update(&delivered(one)).await, Success, &["0 changes"]);
            }
        });
    }

    #[test]
    fn the_same_registry_gives_the_same_declarations_in_any_order(registry in registries(), at in any::<prop::sample::Index>()) {
        run(async {
            let all = found(&scene(&registry).world).await;
            let mut turned = all.clone();
            turned.rotate_left(at.index(all.len()));
            turned.extend(all.first().cloned());
            assert_eq!(declarations(&turned, OPTIONS), declarations(&all, OPTIONS));
        });
    }
}
