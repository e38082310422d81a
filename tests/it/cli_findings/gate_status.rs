//! `gate` for everything an image can turn out to be: closed wherever nobody can tell.

use super::*;

fn verdict(image: Image) -> (i32, Value) {
    let cloud = Cloud::start();
    cloud.state().images.push(image);
    let run = cloud.run(&["gate", "shop/web:v1", "--format", "json"]);
    (run.code, run.json())
}

#[test]
fn no_state_of_a_scan_but_a_whole_read_lets_an_image_pass() {
    for (word, sentence) in [
        ("FAILED", "the scan failed"),
        ("UNSUPPORTED_IMAGE", "the scanner does not know"),
        ("SCAN_ELIGIBILITY_EXPIRED", "is not scanned any more"),
        ("FINDINGS_UNAVAILABLE", "the findings cannot be had"),
        ("LIMIT_EXCEEDED", "a quota of the scanner is used up"),
        ("IMAGE_ARCHIVED", "archive storage class"),
        ("IMAGE_SIZE_EXCEEDED", "larger than the scanner allows"),
        ("IN_PROGRESS", "is being scanned"),
        ("PENDING", "waits to be scanned"),
        ("WONDERING", "not known here"),
    ] {
        let (code, value) = verdict(scanned('a', vec![status(word)]));
        assert_eq!((code, &value["verdict"]), (2, &json!("unknown")), "{word}");
        let reason = value["images"][0]["reason"].as_str().unwrap();
        assert!(reason.contains(sentence), "{word}: {reason}");
    }
    let mut active = scan(&[]);
    active["imageScanStatus"]["status"] = json!("ACTIVE");
    for answer in [scan(&[]), active] {
        assert_eq!(verdict(scanned('a', vec![answer])).0, 0);
    }
}

#[test]
fn what_is_no_scanned_image_does_not_pass_and_says_what_it_is() {
    let artifact = json!({"artifactType": "application/spdx+json", "layers": []});
    for (image, sentence) in [
        (scanned('a', vec![no_scan()]), "never scanned"),
        (
            Image { manifest: artifact, ..scanned('a', vec![no_scan()]) },
            "no image but an artefact of type application/spdx+json",
        ),
        (Image { manifest: json!({"manifests": []}), ..scanned('a', vec![no_scan()]) }, "an index without images"),
        (scanned('a', vec![json!({"__type": "AccessDeniedException", "message": "no"})]), "AccessDeniedException"),
    ] {
        let (code, value) = verdict(image);
        let reason = value["images"][0]["reason"].as_str().unwrap();
        assert!(code == 2 && reason.contains(sentence), "{code} {reason}");
    }
    let cloud = Cloud::start();
    let gone = cloud.run(&["gate", &image("shop/web", 'a').to_string()]);
    assert!(gone.code == 2 && gone.data.contains("there is no such image"), "{}", gone.data);
}

#[test]
fn every_image_of_an_index_must_pass() {
    let entry = |of: char, arch: &str| json!({"digest": digest(of), "platform": {"os": "linux", "architecture": arch}});
    let cloud = Cloud::start();
    let index = json!({"manifests": [entry('a', "amd64"), entry('b', "arm64")]});
    cloud.state().images.push(Image { manifest: index, ..scanned('f', vec![no_scan()]) });
    let child = |of: char, answer: Value| Image { tags: vec![], ..scanned(of, vec![answer]) };
    let bad = || scan(&[("CVE-1", "CRITICAL", "x")]);
    for (one, two, code) in [
        (scan(&[]), scan(&[]), 0),
        (scan(&[]), bad(), 1),
        (scan(&[]), status("PENDING"), 2),
        (status("FAILED"), bad(), 1),
    ] {
        cloud.state().images.truncate(1);
        cloud.state().images.extend([child('a', one), child('b', two)]);
        let run = cloud.run(&["gate", "shop/web:v1"]);
        assert_eq!(run.code, code, "{}", run.data);
        assert!(run.data.contains(&format!("linux/arm64 {}: ", digest('b'))), "{}", run.data);
    }
    cloud.state().images.truncate(2);
    let missing = cloud.run(&["gate", "shop/web:v1"]);
    assert!(missing.code == 2 && missing.data.contains("there is no such image"), "{}", missing.data);
}

#[test]
fn a_scan_that_goes_on_is_waited_for_as_long_as_was_said() {
    for (scans, code) in [
        (vec![status("IN_PROGRESS"), scan(&[])], 0),
        (vec![no_scan(), scan(&[("CVE-1", "CRITICAL", "x")])], 1),
        (vec![status("IN_PROGRESS")], 2),
    ] {
        let cloud = Cloud::start();
        cloud.state().images.push(scanned('a', scans));
        let run = cloud.run(&["gate", "shop/web:v1", "--wait", "1"]);
        assert_eq!(run.code, code, "{}", run.data);
        assert_eq!(cloud.asked("DescribeImageScanFindings"), 2);
    }
}
