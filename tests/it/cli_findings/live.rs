//! `findings --live`: what ECR says now.

use super::*;

#[test]
fn an_image_is_asked_about_in_ecr() {
    let cloud = Cloud::start();
    cloud.state().images.push(scanned('a', vec![scan(&[("CVE-1", "HIGH", "x"), ("CVE-2", "LOW", "y")])]));
    let run = cloud.run(&["findings", "--live", "--image", "shop/web:v1", "--minimum-severity", "HIGH"]);
    assert_eq!(run.code, 1, "{}", run.talk);
    assert!(run.data.contains("CVE-1") && !run.data.contains("CVE-2"), "{}", run.data);
    let document = "{Type: 'Custom::EcrFindingsPolicy', Properties: {}}";
    cloud.state().outputs = None;
    let alone = cloud.run_with(&["findings", "--live", "--image", "shop/web:v1", "--policy", "-"], document);
    assert_eq!(alone.code, 1, "with a policy no installation is needed: {}", alone.talk);
}

#[test]
fn a_repository_is_asked_about_image_by_image() {
    let cloud = Cloud::start();
    let mut state = cloud.state();
    state.images.push(scanned('a', vec![scan(&[("CVE-1", "HIGH", "x")])]));
    state.images.push(Image { tags: vec![], ..scanned('b', vec![status("UNSUPPORTED_IMAGE")]) });
    state.images.push(Image { tags: vec![], ..scanned('c', vec![no_scan()]) });
    let signature = json!({"config": {"mediaType": "application/vnd.oci.image.config.v1+json"},
        "layers": [{"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json"}]});
    state.images.push(Image { manifest: signature, ..scanned('d', vec![no_scan()]) });
    drop(state);
    let run = cloud.run(&["findings", "--live", "--repository", "shop/web", "--format", "json"]);
    assert_eq!(run.code, 1, "{}", run.talk);
    let found = run.json();
    let all: Vec<&Value> = found["findings"].as_array().unwrap().iter().collect();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1]["finding"]["vulnerability"], "ecr-steward/image-not-scanned");
    let unread = found["unread"].as_array().unwrap();
    assert_eq!(unread.len(), 1, "a signature has no findings, and nobody expects any: {unread:?}");
    assert!(unread[0]["reason"].as_str().unwrap().contains("never scanned"), "{unread:?}");
}

#[test]
fn the_whole_registry_is_not_asked_about() {
    for arguments in [&["findings", "--live"][..], &["findings", "--live", "--repository", "a*"]] {
        let cloud = Cloud::start();
        let run = cloud.run(arguments);
        assert_eq!((run.code, run.data.as_str()), (2, ""));
        assert!(run.talk.contains("give one --image, or one --repository without wildcards"), "{}", run.talk);
        assert!(cloud.state().asked.is_empty());
    }
}
