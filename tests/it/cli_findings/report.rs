//! `report`: what the last sweep wrote, shown in whatever format, and judged.

use super::*;
use ecr_steward::plan::posture::{Action, Check, Requirement, Standing, Status};
use ecr_steward::report::compliance::{Composer, Context, Run as Sweep};
use ecr_steward::spec::baseline::Mode;
use jiff::civil::date;

const LATEST: &str = "reports/latest.json";

/// A report of one repository whose checks stand like this.
fn reported(statuses: &[Status]) -> Vec<u8> {
    let place = place();
    let run = Sweep {
        sweep: "20270110T080000Z-0a0b0c0d".to_owned(),
        account: place.account,
        region: place.region,
        partition: place.partition,
        ..Sweep::default()
    };
    let context = Context { baseline: None, switch: "on", today: date(2027, 1, 10), previous: None, notes: Vec::new() };
    let check = |status: &Status| Check {
        rule: "everything".to_owned(),
        requirement: Requirement::ImageTagMutability,
        status: *status,
        mode: Mode::ReportOnly,
        found: "MUTABLE".to_owned(),
        wished: "IMMUTABLE".to_owned(),
        note: String::new(),
        action: Action::Reported,
        leave: None,
    };
    let standing = Standing {
        name: RepositoryName::parse("shop/web").unwrap(),
        owner: None,
        checks: statuses.iter().map(check).collect(),
        notes: Vec::new(),
        fingerprint: String::new(),
    };
    let mut composer = Composer::new(run, context);
    composer.add(&standing, true);
    composer.finish().json
}

/// A cloud in which a sweep came to that.
fn swept(statuses: &[Status]) -> Cloud {
    let cloud = Cloud::start();
    cloud.state().objects.insert(LATEST.to_owned(), reported(statuses));
    cloud
}

#[test]
fn it_exits_by_what_fails_and_what_is_unknown() {
    let cases: [(&[Status], i32); 5] = [
        (&[Status::Pass, Status::Exempt], 0),
        (&[], 0),
        (&[Status::Pass, Status::Fail], 1),
        (&[Status::Unknown, Status::Fail], 1),
        (&[Status::Pass, Status::Unknown], 2),
    ];
    for (statuses, code) in cases {
        let run = swept(statuses).run(&["report"]);
        assert_eq!(run.code, code, "{statuses:?}: {}", run.talk);
    }
}

#[test]
fn each_format_is_made_again_from_what_was_written() {
    let cloud = swept(&[Status::Fail]);
    let shown = |format: &str| {
        let run = cloud.run(&["report", "--format", format]);
        assert_eq!(run.code, 1, "{format}: {}", run.talk);
        run.data
    };
    for format in ["table", "csv", "html", "yaml"] {
        assert!(shown(format).contains("shop/web"), "{format}");
    }
    assert!(shown("html").starts_with("<!"));
    assert_eq!(
        shown("json").trim_end().as_bytes(),
        String::from_utf8(reported(&[Status::Fail])).unwrap().trim_end().as_bytes()
    );
    let asff: Vec<Value> = serde_json::from_str(&shown("asff")).unwrap();
    assert!(asff.iter().all(|finding| finding["SchemaVersion"] == "2018-10-08") && !asff.is_empty(), "{asff:?}");
}

#[test]
fn what_cannot_be_shown_is_said_and_is_no_clean_bill() {
    let cloud = Cloud::start();
    let run = cloud.run(&["report"]);
    assert!(run.code == 2 && run.talk.contains("the first sweep writes one"), "{}", run.talk);
    for (bytes, word) in [(&b"{}"[..], "compliance report"), (br#"{"version": "99"}"#, "version")] {
        cloud.state().objects.insert(LATEST.to_owned(), bytes.to_vec());
        let run = cloud.run(&["report"]);
        assert!(run.code == 2 && run.talk.contains(word) && run.talk.contains(LATEST), "{}", run.talk);
    }
    cloud.state().refused.insert("GetObject", "AccessDenied");
    let run = cloud.run(&["report", "--state-bucket", "state"]);
    assert!(run.code == 2 && run.talk.contains("AccessDenied"), "{}", run.talk);
    assert_eq!(cloud.asked("DescribeStacks"), 3, "a bucket that is given is not asked for");
}

#[test]
fn formats_that_others_have_are_refused_with_those_it_has() {
    for format in ["markdown", "sarif", "ocsf"] {
        let run = Cloud::start().run(&["report", "--format", format]);
        assert!(run.code == 2 && run.talk.contains("csv, html or asff"), "{}", run.talk);
    }
    let run = Cloud::start().run(&["findings", "--format", "asff"]);
    assert!(run.code == 2 && run.talk.contains("findings does not write asff"), "{}", run.talk);
}
