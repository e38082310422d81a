//! What is refused for good becomes a dead letter that says what, by whom, why, and of which message; everything else goes
//! its way, and a replay brings it once the cause is mended.

use super::*;
use crate::support::forwarding::mishap::Mishap;
use crate::support::forwarding::sinks::UNWELCOME;
use ecr_steward::event::findings::DeadLetter;
use ecr_steward::fault::FaultKind;

fn only_letter(region: &Region) -> DeadLetter {
    let letters = region.letters();
    assert_eq!(letters.len(), 1, "{letters:#?}");
    letters[0].clone()
}

#[test]
fn of_a_hundred_findings_a_poisoned_one_is_a_letter_and_99_are_taken() {
    run(async {
        // In the answer; or of the whole call, which is then halved until it is found.
        for whole in [false, true] {
            let region = region(&hub_only());
            let word = flaw(42).vulnerability;
            region.with(|state| if whole { &mut state.hub.venom } else { &mut state.hub.poison }.insert(word.clone()));
            region.scan(APP, ONE, flaws(0..100));
            let event = told::scanned(APP, ONE, &["v1"], region.now());
            let done = Duty::of(&region).well(std::slice::from_ref(&event)).await;
            assert_eq!(region.active(), 99, "whole: {whole}");
            assert_eq!((done.of_sink("SecurityHub", "Delivered"), done.of_sink("SecurityHub", "Refused")), (99, 1));
            let letter = only_letter(&region);
            assert_eq!(letter.sink.as_deref(), Some("SecurityHub"));
            assert_eq!(letter.event, event);
            let finding = letter.finding.unwrap();
            assert_eq!(finding["vulnerability"], word);
            assert_eq!(finding["id"], flaw(42).id(&image(APP, ONE)).told());
            assert!(letter.reason.contains("Invalid"), "{}", letter.reason);
            if whole {
                let calls = region.with(|state| state.hub.sizes.len());
                assert!(calls <= 20, "{calls} calls to find one of a hundred");
            }

            // It is not tried again by itself …
            region.pass(DAY);
            region.imported();
            scan(&region, flaws(0..100)).await;
            assert_eq!((region.imported(), region.letters().len()), (0, 1));
            // … but when somebody replays it, …
            region.with(|state| {
                state.hub.poison.clear();
                state.hub.venom.clear();
            });
            Duty::of(&region).well(&[told::replayed(image(APP, ONE))]).await;
            assert_eq!((region.active(), region.imported(), region.letters().len()), (100, 1, 1));
            // … and that is all.
            Duty::of(&region).well(&[told::replayed(image(APP, ONE))]).await;
            assert_eq!(region.imported(), 0);
        }
    });
}

#[test]
fn a_refused_finding_is_tried_again_when_it_changes_and_archived_when_it_goes() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..3)).await;
        region.with(|state| state.hub.poison.insert("\"CRITICAL\"".to_owned()));
        let mut worse = flaws(0..3);
        worse[1] = of("CRITICAL", 1);
        region.pass(DAY);
        scan(&region, worse).await;
        assert_eq!((region.letters().len(), region.active()), (1, 3), "the hub still has it as it was");
        region.with(|state| state.hub.poison.clear());
        region.pass(DAY);
        scan(&region, flaws([0, 2])).await;
        assert_eq!(region.states(), states([(0, "ACTIVE"), (1, "ARCHIVED"), (2, "ACTIVE")]));
    });
}

#[test]
fn a_refused_change_of_a_scan_that_is_read_again_does_not_keep_a_finding_alive() {
    run(async {
        let region = region(&hub_only());
        scan(&region, flaws(0..2)).await;
        region.with(|state| state.hub.poison.insert("\"CRITICAL\"".to_owned()));
        region.pass(DAY);
        scan(&region, vec![flaw(0), of("CRITICAL", 1)]).await;
        region.with(|state| state.hub.poison.clear());
        // The same scan says no more of it: every change has one and the same time.
        region.reads(APP, ONE, flaws([0]));
        let look = told::job(image(APP, ONE), ecr_steward::event::findings::Cause::Reconcile);
        let look = told::written(&ecr_steward::event::findings::Job::Image(look));
        for _ in 0..2 {
            Duty::of(&region).well(std::slice::from_ref(&look)).await;
        }
        assert_eq!(region.states(), states([(0, "ACTIVE"), (1, "ARCHIVED")]));
    });
}

#[test]
fn what_only_a_detail_is_wrong_with_is_repaired_and_nobody_is_troubled() {
    run(async {
        let region = region(&hub_only());
        region.with(|state| state.hub.poison.insert("for the 42th time".to_owned()));
        scan(&region, flaws(0..100)).await;
        assert_eq!((region.active(), region.letters().len()), (100, 0));
    });
}

#[test]
fn every_sink_that_refuses_a_message_leaves_a_letter_that_can_be_replayed() {
    run(async {
        let sinks = [
            ("PutArchive", "S3"),
            ("PutEvents", "EventBridge"),
            ("Publish", "Sns"),
            ("PostSlack", "Slack"),
            ("PostTeams", "Teams"),
            ("PostWebhook", "Webhook"),
        ];
        for (call, sink) in sinks {
            let region = region(&everywhere());
            region.always(call, Mishap::Fail(When::Before, FaultKind::Invalid));
            let done = scan(&region, flaws(0..5)).await;
            assert_eq!((done.of_sink(sink, "Refused"), done.metric("DeadLettered")), (1, 1), "{sink}");
            let letter = only_letter(&region);
            assert_eq!(letter.sink.as_deref(), Some(sink));
            assert!(letter.reason.contains(call), "{}", letter.reason);
            let count = |region: &Region| region.parcels().len() + region.objects("findings/archive/").len();
            assert_eq!((region.active(), count(&region)), (5, 5), "{sink}: everybody else got theirs");
            // Replayed too early, it is a letter again.
            Duty::of(&region).well(std::slice::from_ref(&letter.event)).await;
            assert_eq!(region.letters().len(), 2, "{sink}");
            assert_eq!(region.letters()[1], letter, "{sink}: and the same one");
            region.calm();
            Duty::of(&region).well(&[letter.event]).await;
            assert_eq!((count(&region), region.letters().len()), (6, 2), "{sink}");
        }
    });
}

#[test]
fn of_the_events_of_one_call_only_the_refused_one_is_a_letter() {
    run(async {
        let region = region(&json!({"Routes": [{"Sink": "EventBridge"}]}));
        let mut findings = flaws(0..1_500);
        for finding in &mut findings {
            finding.title = "A title that takes some room. ".repeat(12);
        }
        UNWELCOME.clone_into(&mut findings[700].title);
        scan(&region, findings).await;
        let bus = region.with(|state| state.bus.clone());
        let parts = |at: usize| serde_json::from_str::<Value>(&bus[at].body).unwrap()["parts"].as_u64().unwrap();
        assert!(parts(0) >= 3, "{} parts", parts(0));
        assert_eq!(bus.len() as u64, parts(0) - 1);
        let letter = only_letter(&region);
        assert_eq!((letter.sink.as_deref(), &letter.event["job"]), (Some("EventBridge"), &json!("deliver")));
    });
}

#[test]
fn findings_are_batched_by_bytes_too() {
    run(async {
        let region = region(&hub_only());
        let mut findings = flaws(0..40);
        for finding in &mut findings {
            finding.references = (0..25).map(|n| format!("https://example.org/{n}/{}", "r".repeat(1_990))).collect();
            finding.details.paths = (0..100).map(|n| format!("/{n}/{}", "p".repeat(1_000))).collect();
        }
        scan(&region, findings).await;
        let sizes = region.with(|state| state.hub.sizes.clone());
        assert!(sizes.len() > 1 && region.active() == 40, "{sizes:?}");
    });
}

#[test]
fn a_hub_that_is_not_enabled_is_a_letter_only_for_who_named_it() {
    run(async {
        let region = Region::new();
        region.push(APP, ONE, &["v1"]);
        region.with(|state| state.hub.enabled = false);
        region.calls();
        let done = scan(&region, flaws(0..1_000)).await;
        assert_eq!((region.letters().len(), done.metric("Failed"), region.archive().len()), (0, 0, 1_000));
        let knocks = count(&region.calls(), "BatchImportFindings");
        assert!(knocks <= 4, "{knocks} calls to a hub that is not there");
        let notes = region.objects("findings/notes/");
        assert_eq!(notes.len(), 1, "said once a day: {notes:?}");
        // It is enabled: whatever is looked at next goes there, be it old.
        region.with(|state| state.hub.enabled = true);
        Duty::of(&region).well(&[told::scanned(APP, ONE, &["v1"], region.now() - MINUTE)]).await;
        assert_eq!(region.active(), 1_000);
        // It is taken away again, and so is the image.
        region.with(|state| state.hub.enabled = false);
        region.delete_image(APP, ONE);
        Duty::of(&region).well(&[told::deleted(APP, ONE, region.now())]).await;
        assert_eq!(region.remembered(&image(APP, ONE)), None);

        let named = self::region(&hub_only());
        named.with(|state| state.hub.enabled = false);
        scan(&named, flaws(0..3)).await;
        let letter = only_letter(&named);
        assert!(letter.reason.contains("not enabled") && letter.sink.as_deref() == Some("SecurityHub"), "{letter:?}");
        named.with(|state| state.hub.enabled = true);
        Duty::of(&named).well(&[told::replayed(image(APP, ONE))]).await;
        assert_eq!(named.active(), 3);
    });
}
