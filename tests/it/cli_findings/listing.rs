//! `findings` of what is remembered.

use super::*;
use ecr_steward::model::image::Parent;

/// Two images, three findings; one of them waived, one gone.
fn cloud() -> Cloud {
    let cloud = Cloud::start();
    let mut web = record(
        &image("shop/web", 'a'),
        vec![fixable(finding("CVE-2026-0001", "CRITICAL", "openssl")), finding("CVE-2026-0002", "LOW", "zlib")],
    );
    let mut gone = finding("CVE-2026-0003", "HIGH", "curl");
    gone.fix = Fix::No;
    let old = record(&web.image, vec![gone]);
    for (id, mut kept) in old.findings {
        kept.gone = Some(1_795_000_000_000);
        web.findings.insert(id, kept);
    }
    cloud.remember(&web);
    let mut batch = record(&image("batch", 'b'), vec![finding("CVE-2026-0004", "MEDIUM", "bash")]);
    batch.tags = Vec::new();
    let parent = Digest::parse(&digest('f')).unwrap();
    batch.parent = Some(Parent { digest: parent, tags: vec!["nightly".to_owned()], platform: None });
    cloud.remember(&batch);
    cloud
}

fn names(found: &Value) -> Vec<&str> {
    found["findings"].as_array().unwrap().iter().map(|one| one["finding"]["vulnerability"].as_str().unwrap()).collect()
}

#[test]
fn all_that_is_remembered_is_listed_the_worst_first() {
    let cloud = cloud();
    let run = cloud.run(&["findings"]);
    assert_eq!((run.code, run.talk.as_str()), (1, ""), "{}", run.data);
    let lines: Vec<&str> = run.data.lines().collect();
    assert!(lines[0].starts_with("SEVERITY"), "{}", run.data);
    assert!(lines[1].contains("CVE-2026-0001") && lines[1].contains("shop/web:v1"), "{}", run.data);
    assert!(
        lines[2].contains("CVE-2026-0004") && lines[2].contains("batch:nightly"),
        "by the index's tag: {}",
        run.data
    );
    assert!(run.data.contains("3 findings: 1 critical, 1 medium, 1 low, 1 fixable"), "{}", run.data);
    assert_eq!(cloud.asked("DescribeStacks"), 1);
    assert_eq!(cloud.asked("DescribeImageScanFindings"), 0);
    let direct = cloud.run(&["findings", "--state-bucket", "state", "--format", "json"]);
    assert_eq!(direct.code, 1);
    assert_eq!(cloud.asked("DescribeStacks"), 1, "what was given is not looked up");
    assert_eq!(names(&direct.json()), ["CVE-2026-0001", "CVE-2026-0004", "CVE-2026-0002"]);
}

#[test]
fn nothing_found_is_clean_and_filters_decide_what_counts() {
    let none = Cloud::start().run(&["findings"]);
    assert_eq!((none.code, none.data.trim()), (0, "0 findings"), "{}", none.talk);
    let cloud = cloud();
    let listed = |arguments: &[&str]| {
        let run = cloud.run(&[&["findings", "--format", "json"], arguments].concat());
        let found = run.json();
        (run.code, names(&found).join(" "))
    };
    assert_eq!(listed(&["--repository", "batch"]), (1, "CVE-2026-0004".to_owned()));
    assert_eq!(listed(&["--repository", "sh*", "--minimum-severity", "high"]), (1, "CVE-2026-0001".to_owned()));
    assert_eq!(listed(&["--repository", "batch", "--minimum-severity", "HIGH"]), (0, String::new()));
    assert_eq!(listed(&["--vulnerability", "cve-2026-000[12]"]), (0, String::new()));
    assert_eq!(listed(&["--vulnerability", "cve-2026-0002"]), (1, "CVE-2026-0002".to_owned()));
    assert_eq!(listed(&["--include", "gone", "--vulnerability", "*3"]), (0, "CVE-2026-0003".to_owned()));
    assert_eq!(listed(&["--include", "gone", "--vulnerability", "*3", "--only-fixable"]), (0, String::new()));
    let one = image("shop/web", 'a').uri();
    assert_eq!(listed(&["--image", &one]), (1, "CVE-2026-0001 CVE-2026-0002".to_owned()));
}

#[test]
fn waivers_are_applied_as_they_stand_today_and_those_that_do_nothing_are_named() {
    let cloud = cloud();
    cloud.declare(&json!({"Waivers": [
        waiver("CVE-2026-0001", TO_COME), waiver("CVE-2026-0002", PAST), waiver("CVE-2026-9999", TO_COME)]}));
    let found = cloud.run(&["findings", "--format", "json"]);
    assert_eq!(found.code, 1);
    assert!(found.talk.contains("waived and not shown: 1; --include waived"), "{}", found.talk);
    let value = found.json();
    assert_eq!(names(&value), ["CVE-2026-0004", "CVE-2026-0002"]);
    assert_eq!(value["waiversExpired"][0]["vulnerability"], "CVE-2026-0002");
    assert_eq!(value["waiversUnused"].as_array().unwrap().len(), 1);
    assert_eq!(value["waiversUnused"][0]["path"], "Waivers[2]");
    let part =
        cloud.run(&["findings", "--repository", "shop/*", "--include", "waived,gone", "--format", "json"]).json();
    assert_eq!(part["waiversUnused"], Value::Null, "nobody knows where only a part was looked at");
    assert_eq!(names(&part), ["CVE-2026-0002", "CVE-2026-0001", "CVE-2026-0003"]);
    assert_eq!(part["findings"][1]["state"], "waived");
    let only = cloud.run(&["findings", "--vulnerability", "CVE-2026-0001"]);
    assert_eq!(only.code, 0, "what is waived does not count");
}

#[test]
fn a_file_stands_in_for_the_stored_policy() {
    let cloud = cloud();
    let document = json!({"Type": "Custom::EcrFindingsPolicy", "Properties": {"Waivers": [waiver("CVE-*", TO_COME)]}});
    let run = cloud.run_with(&["findings", "--policy", "-", "--format", "json"], &document.to_string());
    assert_eq!(run.code, 0, "{}", run.talk);
    assert_eq!(run.json()["policy"], "stdin");
    let template = "
Parameters: {Day: {Type: String}}
Resources:
  Fleet: {Type: 'Custom::EcrRepositories', Properties: {ProjectName: !GetAtt A.B}}
  Policy: {Type: 'Custom::EcrFindingsPolicy', Properties: {Waivers: [{Vulnerability: 'CVE-*', Reason: r, Until: !Ref Day}]}}
";
    let run = cloud.run_with(&["findings", "--policy", "-", "--parameter", "Day=2999-01-01"], template);
    assert_eq!(run.code, 0, "{}", run.talk);
    for (text, sentence) in [
        ("Type: Custom::EcrFindingsPolicy\nProperties: {Waivers: [{Vulnerability: '*'}]}", "Waivers[0]"),
        ("Type: Custom::EcrRepositories\nProperties: {}", "stdin declares no Custom::EcrFindingsPolicy"),
    ] {
        let run = cloud.run_with(&["findings", "--policy", "-"], text);
        assert_eq!((run.code, run.data.as_str()), (2, ""));
        assert!(run.talk.contains(sentence), "{}", run.talk);
    }
}

#[test]
fn every_format_is_written() {
    let cloud = cloud();
    for (format, beginning) in [
        ("table", "SEVERITY"),
        ("json", "{"),
        ("yaml", "counts:"),
        ("markdown", "## Findings"),
        ("html", "<!doctype html>"),
        ("csv", "id,account,region"),
        ("sarif", "{"),
        ("ocsf", "{"),
    ] {
        let run = cloud.run(&["findings", "--format", format]);
        assert_eq!(run.code, 1, "{format}: {}", run.talk);
        let text = if format == "yaml" { "counts:" } else { &run.data };
        assert!(text.starts_with(beginning), "{format}: {}", run.data);
        assert!(run.data.contains("CVE-2026-0001"), "{format}: {}", run.data);
    }
}

#[test]
fn a_format_a_command_does_not_have_is_refused_before_anything_is_done() {
    let cloud = cloud();
    for (arguments, sentence) in [
        (&["apply", "-", "--format", "sarif"][..], "apply does not write sarif; ask for table, json, yaml"),
        (&["gate", "a:b", "--format", "csv"], "gate does not write csv; ask for table, json, yaml or markdown"),
        (&["replay", "--format", "markdown"], "replay does not write markdown"),
        (&["findings", "--import-since", "2026-01-01", "--format", "html"], "findings --import-since does not write"),
    ] {
        let run = cloud.run(arguments);
        assert_eq!((run.code, run.data.as_str()), (2, ""));
        assert!(run.talk.contains(sentence), "{}", run.talk);
    }
    assert!(cloud.state().asked.is_empty());
}

#[test]
fn what_cannot_be_read_is_named_and_does_not_pass_for_clean() {
    let cloud = Cloud::start();
    cloud.remember(&record(&image("shop/web", 'a'), vec![]));
    let key = image("shop/api", 'c').state_key();
    cloud.state().objects.insert(key, b"not gzip".to_vec());
    let run = cloud.run(&["findings"]);
    assert_eq!(run.code, 2, "{}", run.data);
    assert!(run.talk.contains("shop/api@sha256:ccc") && run.talk.contains("not gzip"), "{}", run.talk);
    cloud.remember(&record(&image("shop/web", 'a'), vec![finding("CVE-1", "LOW", "x")]));
    let run = cloud.run(&["findings", "--format", "json"]);
    assert_eq!(run.code, 1, "what was found outweighs what could not be told");
    assert_eq!(run.json()["unread"].as_array().unwrap().len(), 1);
    assert_eq!(run.json()["waiversUnused"], Value::Null);
    let unknown = cloud.run(&["findings", "--image", &image("shop/new", 'd').to_string()]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.talk.contains("there is no such image"), "{}", unknown.talk);
}

#[test]
fn an_index_is_what_its_images_are() {
    let cloud = Cloud::start();
    let index = json!({"manifests": [{"digest": digest('a')}, {"digest": digest('b')}]});
    cloud.state().images.push(Image { manifest: index, ..scanned('f', vec![]) });
    cloud.remember(&record(&image("shop/web", 'a'), vec![finding("CVE-1", "LOW", "x")]));
    let run = cloud.run(&["findings", "--image", "shop/web:v1"]);
    assert_eq!(run.code, 1, "{}", run.talk);
    assert!(run.data.contains("CVE-1"), "{}", run.data);
    assert!(run.talk.contains("shop/web@sha256:bbb") && run.talk.contains("nothing is remembered"), "{}", run.talk);
}

#[test]
fn where_things_are_is_said_or_asked_for() {
    let cloud = Cloud::start();
    cloud.state().outputs = None;
    let run = cloud.run(&["findings", "--installation-stack", "tools"]);
    assert_eq!((run.code, run.data.as_str()), (2, ""));
    for part in ["there is no stack \"tools\" in eu-west-1", "--installation-stack", "--state-bucket"] {
        assert!(run.talk.contains(part), "{}", run.talk);
    }
    cloud.state().outputs = Some([("ServiceToken".to_owned(), "x".to_owned())].into());
    let run = cloud.run(&["replay"]);
    assert_eq!(run.code, 2);
    for part in ["no output FindingsDeadLetterQueueUrl, FindingsQueueUrl", "--dead-letter-url and --queue-url"] {
        assert!(run.talk.contains(part), "{}", run.talk);
    }
    cloud.state().refused.insert("DescribeStacks", "AccessDenied");
    let run = cloud.run(&["gate", "shop/web:v1"]);
    assert_eq!(run.code, 2);
    assert!(run.talk.contains("allow cloudformation:DescribeStacks, or give --state-bucket"), "{}", run.talk);
}
