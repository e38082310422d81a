//! One request after the other.

use super::{
    BILLING, create, declared, delete, event, in_force, ours, policy, put, request, roll_back, stored, stricter, taken,
    theirs, update,
};
use crate::support::scene::{BUCKET, PREFIX};
use crate::support::world::STACK;
use crate::support::{Scene, Trouble, When, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use ecr_steward::fault::FaultKind;
use ecr_steward::policy::declared::POLICY_KEY;
use ecr_steward::spec::findings::check;
use serde_json::{Value, json};

#[test]
fn a_policy_is_kept_as_declared_and_the_answer_says_where_and_what_runs_out() {
    run(async {
        // Requests of these stories come in November 2026.
        let waiver = |name: &str, until: &str| json!({"Vulnerability": name, "Reason": "r", "Until": until});
        let waivers = [("CVE-1", "2026-11-01"), ("CVE-2", "2026-11-20"), ("CVE-3", "2027-01-31")];
        let properties = with(policy(), json!({"Waivers": waivers.map(|(name, until)| waiver(name, until))}));
        let scene = Scene::new();
        let reply = create(&scene, &with(properties.clone(), json!({"ServiceToken": "arn"}))).await;
        let said = "findings policy as declared: 2 routes, 3 waivers (1 expired: Waivers[0] CVE-1 on 2026-11-01; 1 expiring within 7 days: Waivers[1] CVE-2 on 2026-11-20)";
        assert_eq!(reason(&reply, Success, &[]), said);
        assert_eq!(reply.physical_id, "ecr-steward/11111111-2222-3333-4444-555555555555/Policy");
        let values: Vec<(&str, &str)> = reply.data.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let uri = format!("s3://{BUCKET}/{POLICY_KEY}");
        assert_eq!(values, [("DeclarationUri", uri.as_str()), ("RegistryId", "123456789012")]);
        assert_eq!(in_force(&scene), ours(&properties));
        let plain = declared(&json!({})).await;
        reason(&update(&plain, &json!({})).await, Success, &["3 routes (the default ones), 0 waivers"]);
    });
}

#[test]
fn what_is_declared_already_is_written_by_no_request_whenever_it_comes() {
    run(async {
        let scene = declared(&policy()).await;
        let before = scene.world.picture();
        for status in ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"] {
            let reply = request(&scene, status, "Update", &policy()).await;
            assert_eq!(reply.data.len(), 2, "{}", reason(&reply, Success, &["as declared"]));
        }
        assert!(scene.world.attempted_writes().is_empty(), "{:?}", scene.world.attempted_writes());
        assert_eq!(scene.world.picture(), before);
    });
}

#[test]
fn an_update_replaces_the_policy_in_one_write_and_a_rollback_brings_it_back() {
    run(async {
        let scene = declared(&policy()).await;
        reason(&update(&scene, &stricter()).await, Success, &["2 routes"]);
        assert_eq!(scene.world.attempted_writes(), ["PutObject"]);
        assert_eq!(in_force(&scene), ours(&stricter()));
        reason(&roll_back(&scene, &policy()).await, Success, &["2 routes"]);
        assert_eq!(in_force(&scene), ours(&policy()));
    });
}

#[test]
fn bad_input_is_refused_with_every_problem_and_writes_nothing() {
    run(async {
        let bad = json!({"Routes": [{"Sink": "Carrier"}], "Waivers": [{"Vulnerability": "CVE-1"}], "Gates": 1});
        let words = [
            "4 problems in the properties; nothing was changed.",
            "Routes[0].Sink:",
            "Waivers[0].Reason:",
            "Waivers[0].Until:",
            "Gates:",
            "did you mean",
        ];
        let (fresh, scene) = (Scene::new(), declared(&policy()).await);
        reason(&create(&fresh, &bad).await, Failed, &words);
        reason(&update(&scene, &bad).await, Failed, &words);
        assert!(fresh.world.attempted_writes().is_empty() && scene.world.attempted_writes().is_empty());
        // CloudFormation goes back with what is in force.
        reason(&roll_back(&scene, &policy()).await, Success, &[]);
        assert_eq!(in_force(&scene), ours(&policy()));
        scene.world.trouble_on("GetObject", 1, Trouble::Fail(When::Before, FaultKind::Denied));
        reason(&update(&scene, &bad).await, Failed, &["Gates:", "accepted before could not be found out"]);
    });
}

#[test]
fn a_second_stack_is_refused_by_the_name_of_the_first() {
    run(async {
        let scene = taken().await;
        let words = ["nothing was changed", "stack billing, resource Rules", "one per account and Region"];
        reason(&create(&scene, &stricter()).await, Failed, &words);
        reason(&create(&scene, &policy()).await, Failed, &words);
        // The clean-up of the refused Create.
        let gone = request(&scene, "ROLLBACK_IN_PROGRESS", "Delete", &stricter()).await;
        reason(&gone, Success, &["nothing to delete", "stack billing, resource Rules"]);
        for operation in ["DescribeStackResource", "DescribeStacks"] {
            scene.world.always(operation, Trouble::Fail(When::Before, FaultKind::Denied));
            reason(&create(&scene, &policy()).await, Failed, &["stack billing", "could not be found out", operation]);
        }
        scene.world.calm();
        assert!(scene.world.attempted_writes().is_empty(), "{:?}", scene.world.attempted_writes());
        assert_eq!(in_force(&scene), theirs());
    });
}

#[test]
fn a_policy_whose_owner_is_gone_or_that_was_put_there_by_hand_is_taken_over() {
    run(async {
        type Nudge = fn(&Scene);
        let losses: [Nudge; 3] = [
            |scene| scene.world.with(|state| drop(state.stacks.remove(BILLING))),
            |scene| scene.world.stack_is(BILLING, "DELETE_COMPLETE"),
            |scene| scene.world.with(|state| state.resources.clear()),
        ];
        for lose in losses {
            let scene = taken().await;
            lose(&scene);
            reason(&create(&scene, &stricter()).await, Success, &["taken over from stack billing, resource Rules"]);
            assert_eq!(in_force(&scene), ours(&stricter()));
            assert!(stored(&scene).unwrap().previous.is_empty(), "what others declared was never accepted of us");
        }
        let scene = Scene::new();
        put(&scene, &json!({"version": 1, "properties": policy()}));
        reason(&create(&scene, &policy()).await, Success, &["put there by hand was replaced"]);
        assert_eq!(in_force(&scene), ours(&policy()));
    });
}

#[test]
fn a_delete_removes_what_is_ours_and_never_asks_the_properties() {
    run(async {
        for properties in [policy(), json!({"Routes": 7, "Nonsense": []}), json!([]), Value::Null] {
            let scene = declared(&policy()).await;
            reason(&delete(&scene, &properties).await, Success, &["deleted"]);
            assert_eq!(in_force(&scene), Value::Null);
            reason(&delete(&scene, &properties).await, Success, &["nothing to delete"]);
            assert_eq!(scene.world.attempted_writes(), ["DeleteObject"]);
            reason(&create(&scene, &policy()).await, Success, &[]);
        }
        let scene = taken().await;
        reason(&delete(&scene, &policy()).await, Success, &["nothing to delete", "stack billing"]);
        assert_eq!(in_force(&scene), theirs());
        // After a Create whose answer was lost, the Delete comes under an id CloudFormation made up.
        let scene = declared(&policy()).await;
        let mut gone = event(&scene, "Delete", &policy());
        gone["PhysicalResourceId"] = json!("shop-Policy-1ABC");
        scene.ends_as("ROLLBACK_IN_PROGRESS");
        assert_eq!(scene.send(&gone).await.physical_id, "shop-Policy-1ABC");
        assert_eq!(in_force(&scene), Value::Null);
    });
}

#[test]
fn what_was_accepted_before_is_not_refused_for_its_form_by_a_newer_checker() {
    run(async {
        let old = json!({"Routes": [{"Sink": "Pager"}]});
        let scene = declared(&policy()).await;
        // Declared when that was a sink.
        let mut kept = stored(&scene).unwrap();
        kept.properties = old.as_object().unwrap().clone();
        assert!(check(&kept.properties, PREFIX).is_err());
        put(&scene, &serde_json::to_value(&kept).unwrap());
        reason(&update(&scene, &old).await, Success, &["declared before", "cannot use it", "Routes[0].Sink:"]);
        reason(&update(&scene, &stricter()).await, Success, &[]);
        reason(&update(&scene, &policy()).await, Success, &[]);
        reason(&roll_back(&scene, &old).await, Success, &["declared before", "Routes[0].Sink:"]);
        assert_eq!(in_force(&scene), ours(&old));
        // Of nobody else was it accepted.
        let other = taken().await;
        reason(&create(&other, &old).await, Failed, &["1 problem"]);
        scene.world.with(|state| drop(state.stacks.remove(STACK)));
        scene.world.stack_is(BILLING, "CREATE_IN_PROGRESS");
        let mut event = event(&scene, "Create", &old);
        event["StackId"] = json!(BILLING);
        reason(&scene.send(&event).await, Failed, &["1 problem"]);
    });
}

#[test]
fn a_type_that_is_not_served_is_told_which_are() {
    run(async {
        let scene = Scene::new();
        let mut event = event(&scene, "Create", &policy());
        event["ResourceType"] = json!("Custom::EcrFindingPolicy");
        let words =
            ["Custom::EcrFindingPolicy", "Custom::EcrFindingsPolicy, Custom::EcrBaseline, Custom::EcrRegistry are"];
        reason(&scene.send(&event).await, Failed, &words);
    });
}
