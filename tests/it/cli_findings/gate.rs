//! `gate`: who may pass, by which policy, and how the image may be called.

use super::*;

fn cloud(scans: Vec<Value>) -> Cloud {
    let cloud = Cloud::start();
    cloud.state().images.push(scanned('a', scans));
    cloud
}

#[test]
fn what_blocks_is_named_and_the_digest_of_a_tag_too() {
    let cloud =
        cloud(vec![scan(&[("CVE-1", "CRITICAL", "openssl"), ("CVE-2", "HIGH", "zlib"), ("CVE-3", "CRITICAL", "a")])]);
    cloud.declare(&json!({"Waivers": [waiver("CVE-3", TO_COME)]}));
    let run = cloud.run(&["gate", "shop/web:v1"]);
    assert_eq!(run.code, 1, "{}", run.talk);
    assert!(run.data.starts_with(&format!("BLOCKED shop/web@{} (v1)\n", digest('a'))), "{}", run.data);
    assert!(run.data.contains("    CRITICAL CVE-1 openssl 1.0 (no fix named)\n"), "{}", run.data);
    assert!(run.data.contains("blocked by 1 of 2 findings: 1 critical, 1 high, 1 waived"), "{}", run.data);
    assert!(run.data.contains("waived until 2999-01-31: CRITICAL CVE-3"), "{}", run.data);
    let value = cloud.run(&["gate", "shop/web:v1", "--format", "json"]).json();
    assert_eq!((&value["verdict"], &value["digest"]), (&json!("blocked"), &json!(digest('a'))));
    assert_eq!(value["images"][0]["blocking"][0]["vulnerability"], "CVE-1");
    let markdown = cloud.run(&["gate", "shop/web:v1", "--format", "markdown"]);
    assert!(markdown.data.starts_with("## 🔴 The image is blocked"), "{}", markdown.data);
    assert!(markdown.data.contains("`CRITICAL CVE-1 openssl 1.0 (no fix named)`"), "{}", markdown.data);
}

#[test]
fn the_policy_decides_and_options_decide_over_it() {
    let cloud = cloud(vec![scan(&[("CVE-1", "HIGH", "openssl")])]);
    let codes = |arguments: &[&str]| {
        let run = cloud.run(&[&["gate", "shop/web:v1"], arguments].concat());
        assert!(run.code != 2, "{}", run.talk);
        run.code
    };
    assert_eq!(codes(&[]), 0, "critical ones block by default");
    assert_eq!(codes(&["--minimum-severity", "high"]), 1);
    assert_eq!(codes(&["--minimum-severity", "high", "--only-fixable=false"]), 1);
    cloud.declare(&json!({"Gate": {"MinimumSeverity": "HIGH"}}));
    assert_eq!(codes(&[]), 1);
    assert_eq!(codes(&["--minimum-severity", "CRITICAL"]), 0);
    let strict = "{Type: 'Custom::EcrFindingsPolicy', Properties: {Gate: {MinimumSeverity: LOW}}}";
    cloud.declare(&json!({}));
    cloud.state().outputs = None;
    let run = cloud.run_with(&["gate", "shop/web:v1", "--policy", "-"], strict);
    assert_eq!(run.code, 1, "and no installation is needed: {}", run.talk);
}

#[test]
fn a_policy_that_cannot_be_used_lets_nothing_pass() {
    let cloud = cloud(vec![scan(&[])]);
    assert_eq!(cloud.run(&["gate", "shop/web:v1"]).code, 0);
    cloud.declare(&json!({"Gate": {"MinimumSeverity": "TERRIBLE"}}));
    let run = cloud.run(&["gate", "shop/web:v1"]);
    assert_eq!((run.code, run.data.as_str()), (2, ""));
    assert!(run.talk.contains("the findings policy") && run.talk.contains("Gate.MinimumSeverity"), "{}", run.talk);
    cloud.state().refused.insert("GetObject", "AccessDenied");
    assert_eq!(cloud.run(&["gate", "shop/web:v1"]).code, 2);
}

#[test]
fn an_image_may_be_called_by_its_whole_uri_and_must_be_of_this_registry() {
    let cloud = cloud(vec![scan(&[])]);
    let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
    for name in [
        format!("{host}/shop/web:v1"),
        format!("{host}/shop/web@{}", digest('a')),
        format!("{host}/shop/web:other@{}", digest('a')),
        format!("123456789012.dkr-ecr.eu-west-1.on.aws/shop/web@{}", digest('a')),
        format!("shop/web@{}", digest('a')),
    ] {
        let run = cloud.run(&["gate", &name]);
        assert_eq!(run.code, 0, "{name}: {}", run.talk);
    }
    for (name, sentence) in [
        (
            host.replace("eu-west-1", "us-east-1") + "/shop/web:v1",
            "the image is in us-east-1, and this works in eu-west-1; give --region us-east-1",
        ),
        (host.replace("1234", "9999") + "/shop/web:v1", "the image belongs to the account 999956789012"),
        ("shop/web".to_owned(), "names neither a tag nor a digest"),
        ("shop/web@sha256:12".to_owned(), "is not an image digest"),
        ("Shop/web:v1".to_owned(), "the repository \"Shop/web\" contains 'S'"),
        ("a.dkr.ecr/shop/web:v1".to_owned(), "is not the name of a registry in ECR"),
        ("shop/web:v9".to_owned(), "there is no such image in 123456789012, eu-west-1"),
    ] {
        let run = cloud.run(&["gate", &name]);
        assert_eq!((run.code, run.data.as_str()), (2, ""), "{name}");
        assert!(run.talk.contains(sentence), "{name}: {}", run.talk);
    }
}
