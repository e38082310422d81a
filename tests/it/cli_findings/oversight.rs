//! `preview-lifecycle` and `revert`: what the drift function does, from a terminal.

use super::*;

const ID: &str = "0123456789abcdef";
const POLICY: &str = "rules:
- rulePriority: 1
  description: everything goes after a month
  selection: {tagStatus: any, countType: sinceImagePushed, countUnit: days, countNumber: 30}
  action: {type: expire}
";
const SPEC: &str = "Type: Custom::EcrRepositories
Properties: {ProjectName: shop, Environment: dev, RepositoryNames: [web], NamePattern: '{project}/{name}'}
";

/// A repository of two images, of which ECR's preview says that these would expire.
fn previewed(expiring: &[char]) -> Cloud {
    let cloud = Cloud::start();
    let results: Vec<Value> = expiring
        .iter()
        .map(|of| {
            json!({"imageDigest": digest(*of), "imageTags": ["v1"], "imagePushedAt": 1_795_000_000,
                "appliedRulePriority": 1, "action": {"type": "EXPIRE"}})
        })
        .collect();
    let mut state = cloud.state();
    state.images = vec![scanned('a', Vec::new()), scanned('b', Vec::new())];
    state.fixed.insert("StartLifecyclePolicyPreview", json!({"status": "IN_PROGRESS"}));
    let found = json!({"status": "COMPLETE", "previewResults": results,
        "summary": {"expiringImageTotalCount": expiring.len()}});
    state.fixed.insert("GetLifecyclePolicyPreview", found);
    drop(state);
    cloud
}

const PREVIEW: [&str; 3] = ["preview-lifecycle", "--repository", "shop/web"];

fn preview(cloud: &Cloud, more: &[&str], stdin: &str) -> crate::cli::Run {
    cloud.run_with(&[&PREVIEW, more].concat(), stdin)
}

#[test]
fn a_preview_says_what_would_go_and_exits_by_it() {
    let cloud = previewed(&['a']);
    let run = preview(&cloud, &["--policy", "-"], POLICY);
    assert_eq!(run.code, 1, "{}", run.talk);
    assert_eq!(
        run.data,
        "aaaaaaaaaaaa (v1), pushed 2026-11-18T11:06:40Z: expires by rule 1\nshop/web: 1 of 2 images would expire (50 %)\n"
    );
    let asked = cloud.state().questions[0].clone();
    assert!(asked.0 == "StartLifecyclePolicyPreview" && asked.1["lifecyclePolicyText"].to_string().contains("month"));
    let json = preview(&previewed(&['a']), &["--policy", "-", "--format", "json"], POLICY);
    let value: Value = serde_json::from_str(&json.data).unwrap();
    assert_eq!((&value["expiring"], &value["images"]), (&json!(1), &json!(2)));
    assert_eq!(value["affected"][0]["digest"], digest('a'));
    let nothing = preview(&previewed(&[]), &[], "");
    assert_eq!((nothing.code, nothing.data.as_str()), (0, "shop/web: 0 of 2 images would expire (0 %)\n"));
}

#[test]
fn the_policy_of_a_declaration_or_the_one_in_force_is_previewed() {
    let cloud = previewed(&[]);
    assert_eq!(preview(&cloud, &["--spec", "-"], SPEC).code, 0);
    assert_eq!(preview(&cloud, &[], "").code, 0);
    let state = cloud.state();
    let starts = state.questions.iter().filter(|(operation, _)| operation == "StartLifecyclePolicyPreview");
    let texts: Vec<&Value> = starts.map(|(_, asked)| &asked["lifecyclePolicyText"]).collect();
    assert!(texts[0].to_string().contains("tagPrefixList"), "{}", texts[0]);
    assert_eq!(texts[1], &Value::Null);
}

#[test]
fn what_ecr_would_refuse_is_told_before_it_is_asked_and_what_it_cannot_tell_is_no_clean_bill() {
    let cloud = previewed(&[]);
    let run = preview(&cloud, &["--policy", "-"], "rules: [{rulePriority: 0}]");
    assert!(run.code == 1 && run.data.contains("rules[0]"), "{}{}", run.data, run.talk);
    assert_eq!(cloud.asked("StartLifecyclePolicyPreview"), 0);
    let other = preview(&cloud, &["--spec", "-"], &SPEC.replace("web", "api"));
    assert!(other.code == 2 && other.talk.contains("does not declare the repository shop/web"), "{}", other.talk);
    cloud.state().fixed.insert("GetLifecyclePolicyPreview", json!({"status": "FAILED"}));
    let failed = preview(&cloud, &[], "");
    assert!(failed.code == 2 && failed.talk.contains("FAILED"), "{}", failed.talk);
}

/// A change that turned scanning on, and the repository as it is now.
fn changed(scan_on_push: bool) -> Cloud {
    let cloud = Cloud::start();
    let entry = json!({"version": 1, "id": ID, "repository": "shop/web", "at": "2027-01-10T08:00:00Z",
        "cause": "event-1", "lines": [{"rules": ["all"], "attribute": "ScanOnPush", "before": false, "after": true}]});
    let mut state = cloud.state();
    state.objects.insert(format!("journal/2027-01-10/{ID}.json"), entry.to_string().into_bytes());
    let repository = json!({"repositoryName": "shop/web", "repositoryArn": place().repository_arn(
        &RepositoryName::parse("shop/web").unwrap()), "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": scan_on_push}, "encryptionConfiguration": {"encryptionType": "AES256"}});
    state.fixed.insert("DescribeRepositories", json!({"repositories": [repository]}));
    state.refused.insert("GetLifecyclePolicy", "LifecyclePolicyNotFoundException");
    state.refused.insert("GetRepositoryPolicy", "RepositoryPolicyNotFoundException");
    state.fixed.insert("PutImageScanningConfiguration", json!({}));
    drop(state);
    cloud
}

#[test]
fn a_change_is_put_back_and_that_is_in_the_journal_too() {
    let cloud = changed(true);
    let run = cloud.run(&["revert", ID]);
    assert_eq!(run.code, 0, "{}", run.talk);
    assert!(run.data.starts_with(&format!("ScanOnPush of shop/web put back as before change {ID}")), "{}", run.data);
    assert!(run.talk.contains("mended again"), "{}", run.talk);
    let state = cloud.state();
    let put = state.questions.iter().find(|(operation, _)| operation == "PutImageScanningConfiguration").unwrap();
    // The SDK leaves out what is false.
    assert_eq!(put.1["imageScanningConfiguration"], json!({}));
    assert_eq!(state.objects.keys().filter(|key| key.starts_with("journal/")).count(), 2);
}

#[test]
fn what_cannot_be_put_back_says_why() {
    let already = changed(false).run(&["revert", ID, "--format", "json"]);
    let value: Value = serde_json::from_str(&already.data).unwrap();
    assert_eq!((already.code, &value["outcome"]), (0, &json!("already")));
    let unknown = changed(true).run(&["revert", "ffffffffffffffff"]);
    assert!(unknown.code == 2 && unknown.talk.contains("knows no change"), "{}", unknown.talk);
    let cloud = changed(true);
    cloud.state().fixed.remove("DescribeRepositories");
    cloud.state().refused.insert("DescribeRepositories", "RepositoryNotFoundException");
    let gone = cloud.run(&["revert", ID]);
    assert!(gone.code == 1 && gone.data.contains("does not exist any more"), "{}{}", gone.data, gone.talk);
    let misspelt = changed(true).run(&["revert", "../x"]);
    assert!(misspelt.code == 2 && misspelt.talk.contains("16 hexadecimal digits"), "{}", misspelt.talk);
}
