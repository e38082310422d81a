//! States of the two best-known modules, recorded with Terraform 1.11.4 and version 5.100.0 of its AWS provider.

use super::{as_map, declared, in_region, names, staying};
use ecr_steward::model::Seen;
use ecr_steward::plan::adopt::terraform::Moving;
use ecr_steward::spec::registry::{Around, check};
use serde_json::Value;

fn recorded(name: &str) -> Moving {
    let path = format!("{}/tests/e2e/terraform/recorded/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    // That version of the provider does not write where the settings of a registry are.
    in_region(&serde_json::from_str::<Value>(&text).unwrap(), "us-east-1")
}

#[test]
fn every_repository_of_the_official_module_is_declared_with_all_that_terraform_says_of_it() {
    let moving = recorded("official");
    assert_eq!(moving.repositories.len(), 20);
    assert_eq!(moving.partition, "aws");
    let of = |name: &str| moving.repositories.iter().find(|one| one.name.as_str() == name).unwrap();
    let service = of("shop/prod/svc-07");
    assert!(matches!(&service.tags, Seen::Present(tags) if tags["Team"] == "shop" && tags["Service"] == "svc-07"));
    assert!(matches!(&service.lifecycle, Seen::Present(text) if text.contains("Keep last 30 images")));
    assert!(
        matches!(&service.policy, Seen::Present(text) if text.contains("PrivateReadOnly") && text.contains("ReadWrite"))
    );
    assert!(service.scan_on_push);
    // Made without either policy.
    let bare = of("shop/prod/web");
    assert_eq!((&bare.lifecycle, &bare.policy, bare.scan_on_push), (&Seen::Missing, &Seen::Missing, false));
    let key = of("shop/prod/kms").encryption.kms_key.as_deref().unwrap();
    assert!(key.ends_with("key/11111111-2222-3333-4444-555555555555"));

    let adoption = declared(&moving);
    assert_eq!(adoption.left_out, []);
    assert_eq!(adoption.declared.iter().map(|one| one.repositories.len()).sum::<usize>(), 20);
    // The module's template grants what has no effect in a policy of a repository, and a declaration is refused for it.
    let kept = staying(&moving);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].starts_with("module.template.aws_ecr_repository_creation_template.this[0]: "), "{kept:?}");
    assert!(kept[0].contains("ecr:GetAuthorizationToken"), "{kept:?}");
}

#[test]
fn settings_of_the_registry_get_the_names_that_cloudformation_has_for_them() {
    insta::assert_json_snapshot!("official_registry", as_map(&recorded("official").registry));
    insta::assert_json_snapshot!("cloudposse_registry", as_map(&recorded("cloudposse").registry));
}

#[test]
fn the_declaration_of_the_registry_passes_the_check_of_such_declarations() {
    let around = Around { partition: "aws", region: Some("us-east-1"), account: Some("123456789012") };
    for (name, entries) in [("official", 7), ("cloudposse", 3)] {
        let wish = check(&as_map(&recorded(name).registry), &around).unwrap();
        assert_eq!(wish.entries.len(), entries, "{:?}", wish.entries.keys());
    }
}

#[test]
fn modules_that_manage_nothing_else_are_forgotten_as_a_whole() {
    let forgotten = recorded("official").forget(&[]);
    assert_eq!(forgotten.instances, 63);
    insta::assert_snapshot!("official_removed", forgotten.to_hcl());
}

#[test]
fn the_other_modules_repositories_come_from_one_call() {
    let moving = recorded("cloudposse");
    assert_eq!(names(&moving), ["nginx", "redis", "tools/builder"]);
    assert_eq!(declared(&moving).left_out, []);
    let forgotten = moving.forget(&[]);
    assert_eq!(forgotten.blocks.keys().collect::<Vec<_>>(), ["module.ecr", "module.scanning"]);
    assert_eq!(forgotten.instances, 11);
}

#[test]
fn what_terraform_does_not_manage_or_is_not_carried_over_is_told() {
    let notes = recorded("official").notes.join("\n");
    assert!(notes.contains("force_delete is set for 16 repositories"), "{notes}");
    assert!(notes.contains("no lifecycle policy for 1 repository (shop/prod/web)"), "{notes}");
}
