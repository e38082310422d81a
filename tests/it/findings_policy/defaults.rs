//! What holds where nothing is said.

use super::{checked, day, policy, waiver};
use ecr_steward::model::finding::Severity;
use ecr_steward::spec::findings::{FindingsPolicy, Sink, When};
use serde_json::json;

#[test]
fn an_empty_declaration_is_what_holds_without_one() {
    assert_eq!(policy(&json!({})), FindingsPolicy::default());
    assert_eq!(
        policy(&json!({"Routes": null, "Gate": {}, "Waivers": [], "VexDocuments": []})),
        FindingsPolicy::default()
    );
    assert_eq!(policy(&json!({"ServiceTimeout": "60"})), FindingsPolicy::default());
}

#[test]
fn a_declaration_without_routes_keeps_the_default_ones_and_what_it_says() {
    let policy = policy(&json!({"OwnerTag": "team", "ForwardEnhancedToSecurityHub": "True",
        "Gate": {"MinimumSeverity": "HIGH"}, "Waivers": [waiver(&json!({}))]}));
    assert_eq!(policy.routes, FindingsPolicy::default().routes);
    assert!(policy.routes.iter().all(|route| !route.explicit));
    assert_eq!((policy.owner_tag.as_deref(), policy.forward_enhanced), (Some("team"), true));
    assert_eq!((policy.gate.minimum_severity, policy.gate.only_fixable), (Severity::High, true));
    let [waiver] = policy.waivers.as_slice() else { panic!("{policy:#?}") };
    assert_eq!((waiver.path.as_str(), waiver.until), ("Waivers[0]", day("2027-01-31")));
}

#[test]
fn each_sink_has_its_own_threshold_and_pace() {
    let secret = json!("/ecr-steward/secrets/x");
    let routes = json!([{"Sink": "SecurityHub"}, {"Sink": "Sns"}, {"Sink": "EventBridge"}, {"Sink": "S3"},
        {"Sink": "Slack", "SecretParameter": secret}, {"Sink": "Teams", "SecretParameter": secret},
        {"Sink": "Webhook", "SecretParameter": secret}]);
    let policy = policy(&json!({"Routes": routes}));
    let told: Vec<_> = policy.routes.iter().map(|route| (route.sink, route.minimum_severity, route.when)).collect();
    assert_eq!(
        told,
        [
            (Sink::SecurityHub, Severity::Informational, When::Immediate),
            (Sink::Sns, Severity::High, When::Immediate),
            (Sink::EventBridge, Severity::Informational, When::Immediate),
            (Sink::S3, Severity::Informational, When::Immediate),
            (Sink::Slack, Severity::High, When::Urgent),
            (Sink::Teams, Severity::High, When::Urgent),
            (Sink::Webhook, Severity::Informational, When::Immediate),
        ]
    );
    for route in policy.routes {
        assert!(route.explicit && !route.only_fixable && route.tags.is_empty(), "{route:?}");
        assert_eq!(route.repositories.iter().map(|glob| glob.0.as_str()).collect::<Vec<_>>(), ["*"]);
    }
}

#[test]
fn the_same_route_to_another_place_or_at_another_time_is_another_route() {
    let slack = |name: &str, when: &str| json!({"Sink": "Slack", "SecretParameter": format!("/ecr-steward/secrets/{name}"), "When": when});
    let routes = json!([slack("a", "Immediate"), slack("b", "Immediate"), slack("a", "Daily")]);
    assert_eq!(policy(&json!({"Routes": routes})).routes.len(), 3);
}

#[test]
fn a_secret_may_be_named_by_the_owner_where_a_tag_says_who_that_is() {
    let routes = json!([{"Sink": "Slack", "SecretParameter": "/ecr-steward/secrets/{owner}/slack"}]);
    let policy = policy(&json!({"Routes": routes, "OwnerTag": "team"}));
    assert_eq!(policy.routes[0].secret_parameter.as_deref(), Some("/ecr-steward/secrets/{owner}/slack"));
}

#[test]
fn an_expired_waiver_is_no_mistake() {
    assert_eq!(checked(&json!({"Waivers": [waiver(&json!({"Until": "2001-01-01"}))]})).unwrap().waivers.len(), 1);
}
