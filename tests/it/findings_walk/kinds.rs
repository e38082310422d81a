//! What lies in a repository: images of many tags and of none, indexes, and things that are no images.

use super::*;
use crate::support::forwarding::events::{job, written};
use ecr_steward::event::findings::{Cause, ImageJob, Job};
use ecr_steward::model::image::ManifestKind;
use ecr_steward::model::scan::ScanStatus;

/// The one finding Security Hub holds.
fn only(region: &Region) -> Value {
    let held: Vec<Value> = region.with(|state| state.hub.held.values().map(|held| held.text.clone()).collect());
    assert_eq!(held.len(), 1, "{held:#?}");
    held[0].clone()
}

#[test]
fn an_image_of_many_tags_is_told_once_with_all_of_them() {
    run(async {
        let region = region(&hub_only());
        region.scan(APP, ONE, flaws([1]));
        let event = told::scanned(APP, ONE, &["v1", "latest", "a"], region.now());
        Duty::of(&region).well(&[event]).await;
        let tags = &only(&region)["Resources"][0]["Details"]["AwsEcrContainerImage"]["ImageTags"];
        assert_eq!(*tags, json!(["a", "latest", "v1"]));
        // A tag that moves is no change.
        region.pass(DAY);
        region.imported();
        region.scan(APP, ONE, flaws([1]));
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["v2"], region.now())]).await;
        assert_eq!(region.imported(), 0);
    });
}

#[test]
fn a_tag_that_was_deleted_is_no_longer_told() {
    run(async {
        let region = region(&hub_only());
        region.nudge(APP, ONE, |image| image.tags = vec!["latest".to_owned(), "v1".to_owned()]);
        region.scan(APP, ONE, flaws([1]));
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["latest", "v1"], region.now())]).await;
        region.pass(DAY);
        region.nudge(APP, ONE, |image| image.tags = vec!["v1".to_owned()]);
        Duty::of(&region).well(&[told::deleted(APP, ONE, region.now())]).await;
        assert_eq!(region.remembered(&image(APP, ONE)).unwrap().tags, ["v1"]);
        assert_eq!((region.active(), region.letters().len()), (1, 0));
    });
}

#[test]
fn an_image_without_tags_is_told_with_its_index_and_platform() {
    run(async {
        let region = region(&hub_only());
        region.push_index(APP, 7, &["v7"], &[(2, "linux/amd64"), (ONE, "linux/arm64/v8")]);
        region.nudge(APP, ONE, |image| image.tags.clear());
        region.scan(APP, ONE, flaws([1]));
        Duty::of(&region).well(&[told::scanned(APP, ONE, &[], region.now())]).await;
        let finding = only(&region);
        let fields = &finding["ProductFields"];
        assert_eq!(fields["ecr-steward/index-digest"], digest(7).as_str());
        assert_eq!(fields["ecr-steward/index-tags"], "v7");
        assert_eq!(fields["ecr-steward/platform"], "linux/arm64/v8");
        assert_eq!(finding["Resources"][0]["Details"]["AwsEcrContainerImage"]["Architecture"], "arm64");
        // Known from then on.
        region.pass(DAY);
        region.calls();
        region.scan(APP, ONE, flaws([1]));
        Duty::of(&region).well(&[told::scanned(APP, ONE, &[], region.now())]).await;
        assert_eq!(region.calls().len(), 3);
    });
}

#[test]
fn an_image_of_no_tag_and_no_index_is_told_all_the_same() {
    run(async {
        let region = region(&everywhere());
        region.nudge(APP, ONE, |image| image.tags.clear());
        region.scan(APP, ONE, flaws([4]));
        Duty::of(&region).well(&[told::scanned(APP, ONE, &[], region.now())]).await;
        let subject = region.with(|state| state.topic[0].subject.clone());
        assert!(subject.contains(&format!("{APP}@{}", digest(ONE).short())), "{subject}");
        assert_eq!(only(&region)["ProductFields"].get("ecr-steward/index-digest"), None);
    });
}

#[test]
fn an_index_is_looked_at_through_its_images() {
    run(async {
        for status in [None, Some(ScanStatus::UnsupportedImage), Some(ScanStatus::Failed)] {
            let region = Region::new();
            region.declare(&hub_only());
            region.push(APP, 2, &[]);
            region.push(APP, 3, &[]);
            region.push_index(APP, 7, &["v7"], &[(2, "linux/amd64"), (3, "linux/arm64")]);
            region.scan(APP, 2, flaws([2]));
            region.scan(APP, 3, flaws([3]));
            if let Some(status) = status {
                region.scan_is(APP, 7, status, Vec::new());
            }
            Duty::of(&region).well(&[told::scanned(APP, 7, &["v7"], region.now())]).await;
            let queue = region.with(|state| state.queue.clone());
            assert_eq!(queue.len(), 2);
            for ((found, delay), (number, platform)) in queue.iter().zip([(2, "linux/amd64"), (3, "linux/arm64")]) {
                let Job::Image(found) = found else { panic!("{found:?}") };
                let parent = found.parent.as_ref().unwrap();
                assert_eq!((&found.image, *delay), (&image(APP, number), 0));
                assert_eq!((&parent.digest, parent.platform.as_deref()), (&digest(7), Some(platform)));
                assert_eq!(parent.tags, ["v7"]);
            }
            Duty::of(&region).settle().await;
            assert_eq!(region.states(), states([(2, "ACTIVE"), (3, "ACTIVE")]));
            assert_eq!(region.remembered(&image(APP, 7)), None, "the index itself has no findings");
        }
    });
}

#[test]
fn no_kind_of_refusal_makes_an_index_an_image_that_could_not_be_scanned() {
    run(async {
        for status in [ScanStatus::LimitExceeded, ScanStatus::ImageSizeExceeded, ScanStatus::Unknown("ODD".to_owned())]
        {
            let region = Region::new();
            region.declare(&everywhere());
            region.push(APP, 2, &[]);
            region.push_index(APP, 7, &["v7"], &[(2, "linux/amd64")]);
            region.scan_is(APP, 7, status, Vec::new());
            let done = Duty::of(&region).well(&[told::scanned(APP, 7, &["v7"], region.now())]).await;
            assert_eq!((done.metric("ImagesNotScanned"), region.active()), (0, 0));
            assert_eq!(region.remembered(&image(APP, 7)), None);
        }
    });
}

#[test]
fn what_is_no_image_is_skipped_and_never_told_as_failed() {
    run(async {
        let region = Region::new();
        region.declare(&everywhere());
        let kind = ManifestKind::Artifact("application/vnd.dev.cosign.simplesigning.v1+json".to_owned());
        region.push_kind(APP, ONE, &["sha256-1.sig"], kind);
        for scanned in [false, true] {
            if scanned {
                region.scan_is(APP, ONE, ScanStatus::UnsupportedImage, Vec::new());
            }
            let done = Duty::of(&region).well(&[told::scanned(APP, ONE, &[], region.now())]).await;
            assert_eq!(done.metric("ImagesNotScanned"), 0);
        }
        assert_eq!((region.active(), region.letters().len()), (0, 0));
        assert_eq!(region.remembered(&image(APP, ONE)), None);
    });
}

#[test]
fn a_scan_that_is_announced_and_not_there_is_waited_for_and_one_nobody_made_is_nothing() {
    run(async {
        let region = region(&hub_only());
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now())]).await;
        assert_eq!(region.with(|state| std::mem::take(&mut state.queue)).len(), 1);
        let look = ImageJob { tags: Some(Vec::new()), ..job(image(APP, ONE), Cause::Reconcile) };
        Duty::of(&region).well(&[written(&Job::Image(look))]).await;
        assert_eq!(region.with(|state| state.queue.len()), 0);
        assert_eq!((region.active(), region.remembered(&image(APP, ONE))), (0, None));
    });
}

#[test]
fn an_image_that_is_not_there_any_more_is_nothing() {
    run(async {
        let region = region(&everywhere());
        region.delete_image(APP, ONE);
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now())]).await;
        Duty::of(&region).well(&[told::deleted(APP, ONE, region.now())]).await;
        region.delete_repository(APP);
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now())]).await;
        assert_eq!((region.active(), region.letters().len()), (0, 0));
    });
}
