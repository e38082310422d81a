//! One setting at a time, through a whole request: what is written, what is refused, what is left alone.

use crate::support::world::{HOST, Param, STACK};
use crate::support::{Scene, Trouble, When, fleet, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::model::repository::{EncryptionType, ScanType};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LAMBDAS_OWN: &str = r#"{"Version":"2008-10-17","Statement":[{"Sid":"LambdaECRImageRetrievalPolicy","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]}]}"#;

fn sids(scene: &Scene, name: &str) -> BTreeSet<String> {
    let text = scene.world.repo(name).unwrap().policy.unwrap_or_else(|| r#"{"Statement":[]}"#.to_owned());
    let policy: Value = serde_json::from_str(&text).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    statements.map(|statement| statement["Sid"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Rows: 22.
#[test]
fn another_encryption_is_refused_before_any_write_and_says_what_to_do() {
    run(async {
        let key = "arn:aws:kms:eu-west-1:123456789012:key/11112222-3333-4444-5555-666677778888";
        let other = "arn:aws:kms:eu-west-1:123456789012:key/99992222-3333-4444-5555-666677778888";
        let kms = |key: &str| json!({"EncryptionType": "KMS", "KmsKey": key});
        let table = [
            (json!({}), json!({"EncryptionType": "KMS"})),
            (json!({}), json!({"Overrides": {"a": {"EncryptionType": "KMS_DSSE"}}})),
            (kms(key), kms(other)),
            (kms(key), json!({"EncryptionType": "AES256"})),
        ];
        for (before, after) in table {
            let scene = Scene::converged(&with(fleet(&["a"]), before)).await;
            let reply = scene.update(&with(with(fleet(&["a"]), after.clone()), json!({"MaxImageCount": 2}))).await;
            reason(&reply, Failed, &["shop-dev-a", "encryption", "new name", "nothing was changed"]);
            assert!(scene.world.attempted_writes().is_empty(), "{after}");
        }
    });
}

#[test]
fn a_key_named_otherwise_is_the_same_key() {
    run(async {
        let id = "11112222-3333-4444-5555-666677778888";
        let arn = format!("arn:aws:kms:eu-west-1:123456789012:key/{id}");
        let kms = |key: &str| with(fleet(&["a"]), json!({"EncryptionType": "KMS", "KmsKey": key}));
        let scene = Scene::converged(&kms(&arn)).await;
        assert_eq!(scene.world.repo("shop-dev-a").unwrap().encryption.kind, EncryptionType::Kms);
        for key in [id, &arn] {
            reason(&scene.update(&kms(key)).await, Success, &["0 changes"]);
        }
    });
}

#[test]
fn an_alias_in_the_place_of_another_key_is_refused_since_it_cannot_be_compared() {
    run(async {
        let kms = |key: &str| with(fleet(&["a"]), json!({"EncryptionType": "KMS", "KmsKey": key}));
        for (before, after) in
            [("arn:aws:kms:eu-west-1:123456789012:key/1111", "alias/images"), ("alias/images", "alias/others")]
        {
            let scene = Scene::converged(&kms(before)).await;
            reason(&scene.update(&kms(before)).await, Success, &["0 changes"]);
            let writes = scene.world.attempted_writes().len();
            reason(&scene.update(&kms(after)).await, Failed, &["shop-dev-a", "KmsKey", "nothing was changed"]);
            assert_eq!(scene.world.attempted_writes().len(), writes, "{after}");
        }
    });
}

/// Rows: 18.
#[test]
fn a_kms_refusal_fails_the_request_by_name_and_the_delete_cleans_up() {
    run(async {
        let scene = Scene::new();
        scene.world.trouble_on("CreateRepository", 2, Trouble::Fail(When::Before, FaultKind::Invalid));
        let properties = with(fleet(&["a", "b"]), json!({"EncryptionType": "KMS"}));
        reason(&scene.create(&properties).await, Failed, &["shop-dev-", "CreateRepository"]);
        assert_eq!(scene.world.names().len(), 1);
        reason(&scene.roll_back_creation(&properties).await, Success, &[]);
        assert!(scene.world.names().is_empty());
        assert!(scene.world.with(|state| state.parameters.is_empty() && state.objects.is_empty()));
    });
}

#[test]
fn under_enhanced_scanning_the_flag_is_set_at_creation_and_never_written() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.world.with(|state| state.scan_type = ScanType::Enhanced);
        let off = with(fleet(&["a", "b"]), json!({"ScanOnPush": "False"}));
        reason(&scene.update(&off).await, Success, &["governed by the registry"]);
        assert_eq!(scene.world.calls_of("PutImageScanningConfiguration"), 0);
        assert!(scene.world.repo("shop-dev-a").unwrap().scan_on_push);
        assert!(!scene.world.repo("shop-dev-b").unwrap().scan_on_push, "set at creation");
        scene.world.with(|state| state.scan_type = ScanType::Basic);
        scene.update(&off).await;
        assert!(!scene.world.repo("shop-dev-a").unwrap().scan_on_push);
    });
}

#[test]
fn an_unreadable_scan_type_stops_only_who_needs_it() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.world.always("GetRegistryScanningConfiguration", Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&scene.update(&with(fleet(&["a"]), json!({"MaxImageCount": 2}))).await, Success, &["1 changes"]);
        let reply = scene.update(&with(fleet(&["a"]), json!({"ScanOnPush": false}))).await;
        reason(&reply, Failed, &["scan type could not be read"]);
    });
}

/// Rows: 54.
#[test]
fn stack_tags_are_propagated_under_the_declared_ones_and_taken_back_again() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.world.with(|state| {
            let tags = &mut state.stacks.get_mut(STACK).unwrap().tags;
            tags.insert("cost".to_owned(), "42".to_owned());
            tags.insert("team".to_owned(), "stack".to_owned());
        });
        let yes = with(fleet(&["a"]), json!({"PropagateStackTags": true, "Tags": [{"Key": "team", "Value": "web"}]}));
        reason(&scene.update(&yes).await, Success, &[]);
        let tags = scene.world.repo("shop-dev-a").unwrap().tags;
        assert_eq!((tags["cost"].as_str(), tags["team"].as_str()), ("42", "web"));
        scene.world.nudge("shop-dev-a", |repo| drop(repo.tags.insert("by-hand".to_owned(), "x".to_owned())));
        scene.update(&fleet(&["a"])).await;
        let tags = scene.world.repo("shop-dev-a").unwrap().tags;
        assert!(!tags.contains_key("cost") && !tags.contains_key("team"), "{tags:?}");
        assert_eq!(tags["by-hand"], "x", "a tag of somebody else's stays");
    });
}

/// Rows: 54.
#[test]
fn more_tags_than_a_repository_takes_are_refused_before_any_write() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        scene.world.nudge("shop-dev-a", |repo| {
            repo.tags.extend((0..45).map(|number| (format!("by-hand-{number}"), String::new())));
        });
        let reply = scene.update(&with(fleet(&["a"]), json!({"Tags": {"one": "1"}}))).await;
        reason(&reply, Failed, &["51 tags", "50"]);
        assert!(scene.world.attempted_writes().is_empty());
    });
}

#[test]
fn a_parameter_somebody_else_wrote_is_refused_and_survives_the_delete() {
    run(async {
        let scene = Scene::new();
        let path = "/ecr-steward/shop/dev/a/url";
        let theirs = Param { value: "theirs".to_owned(), owner: None };
        scene.world.with(|state| state.parameters.insert(path.to_owned(), theirs.clone()));
        reason(&scene.create(&fleet(&["a"])).await, Failed, &[path, "PublishParameters"]);
        assert!(scene.world.attempted_writes().is_empty());
        scene.roll_back_creation(&fleet(&["a"])).await;
        assert_eq!(scene.world.with(|state| state.parameters[path].clone()), theirs);
        reason(&scene.create(&with(fleet(&["a"]), json!({"PublishParameters": "false"}))).await, Success, &[]);
    });
}

#[test]
fn parameters_that_are_no_longer_published_go_and_changed_ones_are_put_right() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        let path = "/ecr-steward/shop/dev/a/url";
        scene.world.with(|state| state.parameters.get_mut(path).unwrap().value = "changed".to_owned());
        scene.update(&fleet(&["a"])).await;
        assert_eq!(scene.world.with(|state| state.parameters[path].value.clone()), format!("{HOST}/shop-dev-a"));
        reason(&scene.update(&with(fleet(&["a"]), json!({"PublishParameters": false}))).await, Success, &[]);
        scene.settle_as("UPDATE_COMPLETE").await;
        assert!(scene.world.with(|state| state.parameters.is_empty()));
        assert!(scene.world.repo("shop-dev-a").is_some());
    });
}

#[test]
fn merge_keeps_lambdas_statement_and_exclusive_replaces_it() {
    run(async {
        let pull = with(fleet(&["a"]), json!({"PullPrincipals": ["111122223333"]}));
        let scene = Scene::converged(&pull).await;
        scene.world.nudge("shop-dev-a", |repo| repo.policy = Some(LAMBDAS_OWN.to_owned()));
        reason(&scene.update(&pull).await, Success, &["1 changes"]);
        let both: BTreeSet<String> = ["LambdaECRImageRetrievalPolicy", "EcrStewardPull"].map(str::to_owned).into();
        assert_eq!(sids(&scene, "shop-dev-a"), both);
        reason(&scene.update(&pull).await, Success, &["0 changes"]);
        reason(&scene.update(&with(pull, json!({"PolicyMode": "Exclusive"}))).await, Success, &["1 changes"]);
        assert_eq!(sids(&scene, "shop-dev-a"), ["EcrStewardPull".to_owned()].into());
    });
}

#[test]
fn access_that_is_no_longer_declared_is_withdrawn_and_nobody_elses() {
    run(async {
        let scene = Scene::converged(&with(fleet(&["a", "b"]), json!({"PushPrincipals": ["111122223333"]}))).await;
        let text = scene.world.repo("shop-dev-a").unwrap().policy.unwrap();
        let mut policy: Value = serde_json::from_str(&text).unwrap();
        let lambdas: Value = serde_json::from_str(LAMBDAS_OWN).unwrap();
        policy["Statement"].as_array_mut().unwrap().push(lambdas["Statement"][0].clone());
        scene.world.nudge("shop-dev-a", |repo| repo.policy = Some(policy.to_string()));
        reason(&scene.update(&fleet(&["a", "b"])).await, Success, &["2 changes"]);
        assert_eq!(sids(&scene, "shop-dev-a"), ["LambdaECRImageRetrievalPolicy".to_owned()].into());
        assert_eq!(scene.world.repo("shop-dev-b").unwrap().policy, None);
    });
}

#[test]
fn a_principal_that_iam_has_not_spread_yet_is_waited_for() {
    run(async {
        let scene = Scene::new();
        for nth in 1..=3 {
            scene.world.trouble_on("SetRepositoryPolicy", nth, Trouble::Fail(When::Before, FaultKind::Unsettled));
        }
        let properties = with(fleet(&["a"]), json!({"PullPrincipals": ["arn:aws:iam::123456789012:role/new"]}));
        reason(&scene.create(&properties).await, Success, &[]);
        assert_eq!(scene.world.calls_of("SetRepositoryPolicy"), 4);
        // Not for ever: one that never comes fails the request.
        let scene = Scene::new();
        scene.world.always("SetRepositoryPolicy", Trouble::Fail(When::Before, FaultKind::Unsettled));
        reason(&scene.create(&properties).await, Failed, &["SetRepositoryPolicy"]);
    });
}

#[test]
fn overrides_apply_to_their_repository_alone() {
    run(async {
        let over = json!({"Overrides": {"b": {"MaxImageCount": "3", "ScanOnPush": "false",
            "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "ImageTagMutabilityExclusions": ["latest"],
            "Tags": {"tier": "2"}}}, "Tags": {"tier": "1", "team": "web"}});
        let scene = Scene::converged(&with(fleet(&["a", "b"]), over)).await;
        let [a, b] = ["shop-dev-a", "shop-dev-b"].map(|name| scene.world.repo(name).unwrap());
        assert_eq!((a.scan_on_push, b.scan_on_push), (true, false));
        assert_eq!((a.mutability.exclusions.len(), b.mutability.exclusions), (0, vec!["latest".to_owned()]));
        assert_eq!([&a.tags["tier"], &a.tags["team"], &b.tags["tier"], &b.tags["team"]], ["1", "web", "2", "web"]);
        let count = |text: &Option<String>, number: u32| {
            text.as_ref().unwrap().contains(&format!("\"countNumber\": {number},"))
        };
        assert!(count(&a.lifecycle, 10) && !count(&a.lifecycle, 3));
        assert!(count(&b.lifecycle, 3) && !count(&b.lifecycle, 10));
    });
}

#[test]
fn lifecycle_policy_none_takes_the_policy_away_and_a_whole_one_replaces_it() {
    run(async {
        let scene = Scene::converged(&fleet(&["a"])).await;
        reason(&scene.update(&with(fleet(&["a"]), json!({"LifecyclePolicy": "None"}))).await, Success, &["1 changes"]);
        assert_eq!(scene.world.repo("shop-dev-a").unwrap().lifecycle, None);
        let own = json!({"rules": [{"rulePriority": "5", "selection": {"tagStatus": "any", "countType": "imageCountMoreThan",
            "countNumber": "77"}, "action": {"type": "expire"}}]});
        for written in [own.clone(), Value::String(own.to_string().replace("\"5\"", "5").replace("\"77\"", "77"))] {
            let reply = scene.update(&with(fleet(&["a"]), json!({"LifecyclePolicy": written}))).await;
            reason(&reply, Success, &[]);
            assert!(scene.world.repo("shop-dev-a").unwrap().lifecycle.unwrap().contains("77"));
        }
        assert_eq!(scene.world.calls_of("PutLifecyclePolicy"), 1, "an object and its text are the same policy");
    });
}
