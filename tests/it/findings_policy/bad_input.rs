//! Every way in which a findings policy can be wrong: refused at its path with what is allowed, all of it at once.

use super::{checked, waiver};
use serde_json::{Value, json};

/// Properties that are wrong in one place, where that is, and words the reader needs.
type Wrong = (Value, &'static str, &'static [&'static str]);

const SECRET: &str = "/ecr-steward/secrets/slack";

fn route(over: &Value) -> Value {
    let mut route = json!({"Sink": "Slack", "SecretParameter": SECRET});
    for (key, value) in over.as_object().unwrap() {
        route[key.as_str()] = value.clone();
    }
    json!({"Routes": [{"Sink": "S3"}, route]})
}

fn secret(name: &str) -> Value {
    route(&json!({"SecretParameter": name}))
}

fn wrong_routes() -> Vec<Wrong> {
    let many: Vec<Value> = (0..51).map(|n| json!({"Sink": "S3", "Repositories": [format!("r{n}")]})).collect();
    vec![
        (json!({"Routes": []}), "Routes", &["leave Routes out for the default"]),
        (json!({"Routes": "S3"}), "Routes", &["must be a list"]),
        (json!({"Routes": many}), "Routes", &["51 routes", "1 to 50"]),
        (json!({"Routes": [{"Sink": "S3"}, "Sns"]}), "Routes[1]", &["must be a map, not text"]),
        (json!({"Routes": [{}]}), "Routes[0].Sink", &["is required", "SecurityHub, Sns, EventBridge"]),
        (json!({"Routes": [{"Sink": "SNS"}]}), "Routes[0].Sink", &["did you mean Sns?"]),
        (json!({"Routes": [{"Sink": "Jira"}]}), "Routes[0].Sink", &["Slack, Teams, Webhook", "\"Jira\""]),
        (json!({"Routes": [{"Sink": "S3"}, {"Sink": "S3"}]}), "Routes[1]", &["repeats Routes[0]", "remove one"]),
        (
            json!({"Routes": [{"Sink": "Sns"}, {"Sink": "S3"},
                {"Sink": "Sns", "MinimumSeverity": "HIGH", "OnlyFixable": "False", "When": "Immediate"}]}),
            "Routes[2]",
            &["repeats Routes[0]"],
        ),
        (route(&json!({"MinimumSeverity": "HIHG"})), "Routes[1].MinimumSeverity", &["did you mean HIGH?"]),
        (route(&json!({"MinimumSeverity": "UNDEFINED"})), "Routes[1].MinimumSeverity", &["INFORMATIONAL, LOW"]),
        (route(&json!({"OnlyFixable": "yes"})), "Routes[1].OnlyFixable", &["true or false"]),
        (route(&json!({"MinSeverity": "HIGH"})), "Routes[1].MinSeverity", &["did you mean MinimumSeverity?"]),
        (route(&json!({"When": "Urgent"})), "Routes[1].When", &["Immediate, Daily"]),
        (json!({"Routes": [{"Sink": "S3", "When": "Daily"}]}), "Routes[0].When", &["only for Sns, Slack", "S3 gets"]),
        (json!({"Routes": [{"Sink": "EventBridge", "When": "Daily"}]}), "Routes[0].When", &["EventBridge gets"]),
        (json!({"Routes": [{"Sink": "SecurityHub", "When": "Immediate"}]}), "Routes[0].When", &["SecurityHub gets"]),
        (route(&json!({"Repositories": []})), "Routes[1].Repositories", &["leave it out for all"]),
        (route(&json!({"Repositories": "shop-*"})), "Routes[1].Repositories", &["must be a list"]),
        (route(&json!({"Repositories": ["shop-*", ""]})), "Routes[1].Repositories[1]", &["0 characters", "1 to 256"]),
        (route(&json!({"Repositories": [{}, "Shop"]})), "Routes[1].Repositories[1]", &["'S'", "lower-case"]),
        (route(&json!({"Repositories": ["shop[12]"]})), "Routes[1].Repositories[0]", &["'['", "* and ?"]),
        (route(&json!({"Tags": ["team"]})), "Routes[1].Tags", &["must be a map"]),
        (route(&json!({"Tags": {"team": ["a"]}})), "Routes[1].Tags.team", &["pattern of the tag's value", "a list"]),
        (route(&json!({"Tags": {"te;am": "a"}})), "Routes[1].Tags.te;am", &["';'"]),
        (route(&json!({"Tags": {"team": "a|b"}})), "Routes[1].Tags.team", &["'|'"]),
        (route(&json!({"Tags": {"team": "v".repeat(257)}})), "Routes[1].Tags.team", &["257", "256"]),
    ]
}

fn wrong_secrets() -> Vec<Wrong> {
    vec![
        (route(&json!({"SecretParameter": null})), "Routes[1].SecretParameter", &["required for Slack", "/secrets/"]),
        (json!({"Routes": [{"Sink": "Teams"}]}), "Routes[0].SecretParameter", &["required for Teams"]),
        (json!({"Routes": [{"Sink": "Webhook"}]}), "Routes[0].SecretParameter", &["required for Webhook"]),
        (
            json!({"Routes": [{"Sink": "Sns", "SecretParameter": SECRET}]}),
            "Routes[0].SecretParameter",
            &["only for Slack, Teams and Webhook", "Sns has no address"],
        ),
        (secret("/ecr-steward/secrets/"), "Routes[1].SecretParameter", &["below /ecr-steward/secrets/"]),
        (secret("/ecr-steward/secrets"), "Routes[1].SecretParameter", &["below /ecr-steward/secrets/"]),
        (secret("/ecr-steward/shop/dev/a/url"), "Routes[1].SecretParameter", &["below /ecr-steward/secrets/"]),
        (secret("/ecr-steward2/secrets/a"), "Routes[1].SecretParameter", &["below /ecr-steward/secrets/"]),
        (secret("/ecr-steward/secrets/a b"), "Routes[1].SecretParameter", &["' '", "letters, digits"]),
        (secret("/ecr-steward/secrets/a:2"), "Routes[1].SecretParameter", &["':'"]),
        (secret("/ecr-steward/secrets/a//b"), "Routes[1].SecretParameter", &["empty path part"]),
        (secret("/ecr-steward/secrets/a/"), "Routes[1].SecretParameter", &["empty path part"]),
        (secret("/ecr-steward/secrets/{owner}"), "Routes[1].SecretParameter", &["{owner}", "OwnerTag"]),
        (secret("/ecr-steward/secrets/{team}"), "Routes[1].SecretParameter", &["{owner} only"]),
        (
            secret(&format!("/ecr-steward/secrets{}", "/a".repeat(14))),
            "Routes[1].SecretParameter",
            &["16 levels", "15"],
        ),
        (secret(&format!("/ecr-steward/secrets/{}", "a".repeat(900))), "Routes[1].SecretParameter", &["921", "900"]),
        (json!({"OwnerTag": ""}), "OwnerTag", &["1 to 128"]),
        (json!({"OwnerTag": "te|am"}), "OwnerTag", &["'|'"]),
        (json!({"OwnerTag": ["team"]}), "OwnerTag", &["must be text"]),
    ]
}

fn waivers(over: &Value) -> Value {
    json!({"Waivers": [waiver(&json!({})), waiver(over)]})
}

fn wrong_waivers() -> Vec<Wrong> {
    let many: Vec<Value> = (0..1_001).map(|n| waiver(&json!({"Package": format!("p{n}")}))).collect();
    vec![
        (json!({"Waivers": {}}), "Waivers", &["must be a list"]),
        (json!({"Waivers": many}), "Waivers", &["1001 waivers", "1000"]),
        (json!({"Waivers": ["CVE-2026-0001"]}), "Waivers[0]", &["must be a map"]),
        (waivers(&json!({"Vulnerability": null})), "Waivers[1].Vulnerability", &["is required", "CVE-2026-0001"]),
        (waivers(&json!({"Vulnerability": "*"})), "Waivers[1].Vulnerability", &["waive everything", "CVE-2026-*"]),
        (waivers(&json!({"Vulnerability": "?*"})), "Waivers[1].Vulnerability", &["waive everything"]),
        (waivers(&json!({"Vulnerability": ""})), "Waivers[1].Vulnerability", &["0 characters"]),
        (waivers(&json!({"Vulnerability": "CVE-1, CVE-2"})), "Waivers[1].Vulnerability", &["' '"]),
        (waivers(&json!({"Package": " "})), "Waivers[1].Package", &["leave it out"]),
        (waivers(&json!({"Package": "p".repeat(513)})), "Waivers[1].Package", &["513", "512"]),
        (waivers(&json!({"Owner": ""})), "Waivers[1].Owner", &["leave it out"]),
        (waivers(&json!({"Owner": "a\nb"})), "Waivers[1].Owner", &["'\\n'"]),
        (waivers(&json!({"Reason": null})), "Waivers[1].Reason", &["is required"]),
        (waivers(&json!({"Reason": "  "})), "Waivers[1].Reason", &["must not be empty"]),
        (waivers(&json!({"Reason": "r".repeat(1_001)})), "Waivers[1].Reason", &["1001", "1000"]),
        (waivers(&json!({"Until": null})), "Waivers[1].Until", &["is required", "2027-01-31"]),
        (waivers(&json!({"Until": "2027-02-29"})), "Waivers[1].Until", &["2027-01-31", "\"2027-02-29\""]),
        (waivers(&json!({"Until": "20270131"})), "Waivers[1].Until", &["such as 2027-01-31"]),
        (waivers(&json!({"Until": "31.01.2027"})), "Waivers[1].Until", &["such as 2027-01-31"]),
        (waivers(&json!({"Until": "2027-01-31T00:00:00Z"})), "Waivers[1].Until", &["such as 2027-01-31"]),
        (waivers(&json!({"Until": "never"})), "Waivers[1].Until", &["such as 2027-01-31"]),
        (waivers(&json!({"Repositories": []})), "Waivers[1].Repositories", &["leave it out"]),
        (waivers(&json!({"Repositories": ["A"]})), "Waivers[1].Repositories[0]", &["lower-case"]),
        (waivers(&json!({"Expires": "2027-01-31"})), "Waivers[1].Expires", &["not a property"]),
    ]
}

fn wrong_rest() -> Vec<Wrong> {
    vec![
        (json!({"Gate": "CRITICAL"}), "Gate", &["must be a map"]),
        (json!({"Gate": {"MinimumSeverity": "critical"}}), "Gate.MinimumSeverity", &["did you mean CRITICAL?"]),
        (json!({"Gate": {"OnlyFixable": 1}}), "Gate.OnlyFixable", &["true or false"]),
        (json!({"Gate": {"OnlyFixible": true}}), "Gate.OnlyFixible", &["did you mean OnlyFixable?"]),
        (json!({"ForwardEnhancedToSecurityHub": "on"}), "ForwardEnhancedToSecurityHub", &["true or false"]),
        (json!({"ServiceTimeout": 0}), "ServiceTimeout", &["1 to 3600"]),
        (json!({"Route": []}), "Route", &["did you mean Routes?"]),
        (json!({"ReturnValues": ["RegistryId"]}), "ReturnValues", &["not a property"]),
    ]
}

fn table() -> Vec<Wrong> {
    [wrong_routes(), wrong_secrets(), wrong_waivers(), wrong_rest()].concat()
}

#[test]
fn each_mistake_is_refused_at_its_path_with_what_is_allowed() {
    for (wrong, path, words) in table() {
        let problems = checked(&wrong).expect_err(&format!("{wrong} is wrong"));
        let found = problems.iter().find(|problem| problem.path == path);
        let found = found.unwrap_or_else(|| panic!("{wrong}: nothing at {path} in {problems:#?}"));
        for word in words {
            assert!(found.message.contains(word), "{wrong}: {word:?} is not in {found}");
        }
        assert!(problems.len() <= 2, "one mistake is told once or twice, not {problems:#?}");
    }
}

/// Somebody who pastes the address itself must not find it in CloudFormation's events.
#[test]
fn an_address_given_instead_of_its_parameter_is_not_repeated() {
    let problems = checked(&secret("https://hooks.slack.com/services/T0/B0/hushhush")).unwrap_err();
    assert!(problems.iter().all(|problem| !problem.message.contains("hush")), "{problems:#?}");
}

#[test]
fn all_mistakes_are_told_together_each_at_its_path() {
    let properties = json!({
        "Routes": [{"Sink": "Slack", "SecretParameter": "/elsewhere/slack", "MinimumSeverity": "HIHG"},
            {"Sink": "S3", "When": "Daily", "Repositories": ["Shop"]}],
        "Waivers": [{"Vulnerability": "*", "Until": "soon"}],
        "VexDocuments": [{"Document": "{", "Until": "2027-01-31"}],
        "Gate": {"MinimumSeverity": "WORST"},
        "ForwardEnhanced": true,
        "OwnerTag": "a;b",
    });
    let told: Vec<String> = checked(&properties).unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    Routes[0].MinimumSeverity: must be one of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL, not "HIHG"; did you mean HIGH?
    Routes[0].SecretParameter: must be the name of an SSM SecureString parameter below /ecr-steward/secrets/; the functions may read no other
    Routes[1].Repositories[0]: contains 'S'; repository names hold lower-case letters, digits and . _ - /, and patterns * and ? too
    Routes[1].When: is only for Sns, Slack, Teams and Webhook; S3 gets every change as it happens
    Waivers[0].Vulnerability: would waive everything, with "*"; name a vulnerability, or a pattern such as CVE-2026-*
    Waivers[0].Reason: is required: why the vulnerability can be lived with
    Waivers[0].Until: must be a date such as 2027-01-31, not "soon"
    VexDocuments[0].Document: is text that is not JSON: EOF while parsing an object at line 1 column 1
    Gate.MinimumSeverity: must be one of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL, not "WORST"
    OwnerTag: contains ';'; tags hold letters, digits, spaces and _ . : / = + - @
    ForwardEnhanced: is not a property of this resource; remove it
    "#);
}
