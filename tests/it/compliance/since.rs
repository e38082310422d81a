//! What is otherwise than in the report before.

use super::{MORNING, baseline, check, compose, context, run, second, standing};
use ecr_steward::plan::posture::{Action, Check, Requirement, Standing, Status};
use ecr_steward::report::compliance::{CheckName, Composer, Context, Listed, MOST_LISTED, Previous, Report};

fn one(name: &str, status: Status) -> Standing {
    standing(name, vec![check("everything", Requirement::ScanOnPush, status)])
}

fn names(listed: &Listed<CheckName>) -> Vec<&str> {
    assert_eq!(usize::try_from(listed.count).unwrap(), listed.listed.len());
    listed.listed.iter().map(|check| check.repository.as_str()).collect()
}

#[test]
fn checks_that_turned_and_repositories_that_came_and_went_are_named() {
    use Status::{Exempt, Fail, Pass, Unknown};
    let before = [
        one("aa", Pass),
        one("bb", Fail),
        one("cc", Fail),
        one("dd", Exempt),
        one("ee", Fail),
        one("ff", Unknown),
        one("gone", Fail),
    ];
    let after = [
        one("aa", Fail),
        one("bb", Pass),
        one("cc", Fail),
        one("dd", Fail),
        one("ee", Unknown),
        one("ff", Pass),
        one("new", Fail),
    ];
    let since = second(&before, &after).head.since_last;
    assert_eq!(since.previous.as_deref(), Some("2026-03-02T08:30:00.000Z"));
    assert_eq!(names(&since.newly_failing), ["aa", "dd", "new"]);
    // What could not be read does not pass, and what was unknown did not fail.
    assert_eq!(names(&since.newly_passing), ["bb"]);
    assert_eq!(since.new_repositories.listed, ["new"]);
    assert_eq!(since.gone_repositories.listed, ["gone"]);
    assert_eq!((since.changed_unannounced.count, since.note), (0, None));
}

#[test]
fn the_first_report_compares_with_nothing() {
    let documents = compose(run(), context(&baseline()), &[one("aa", Status::Fail)]);
    let since = Report::read(&documents.json).unwrap().head.since_last;
    assert_eq!(since.previous, None);
    assert_eq!((since.newly_failing.count, since.new_repositories.count), (0, 0));
}

#[test]
fn what_was_mended_passes_now() {
    let mended = Check {
        action: Action::Mended("0011223344556677".into()),
        ..check("everything", Requirement::ScanOnPush, Status::Fail)
    };
    let report = second(&[one("aa", Status::Fail)], &[standing("aa", vec![mended])]);
    assert_eq!(names(&report.head.since_last.newly_passing), ["aa"]);
    assert_eq!((report.head.summary.mended, report.head.summary.checks.passing), (1, 1));
    assert_eq!(report.asff().len(), 1, "the one that is archived");
}

#[test]
fn the_same_requirement_of_two_rules_is_two_checks() {
    let two = |first, second| {
        let scan = |rule, status| check(rule, Requirement::ScanOnPush, status);
        [standing("aa", vec![scan("everything", first), scan("payments", second)])]
    };
    let since = second(&two(Status::Fail, Status::Pass), &two(Status::Pass, Status::Fail)).head.since_last;
    assert_eq!(since.newly_failing.listed[0].rule, "payments");
    assert_eq!(since.newly_passing.listed[0].rule, "everything");
    assert_eq!((since.newly_failing.count, since.newly_passing.count), (1, 1));
}

#[test]
fn changes_that_no_event_announced_are_counted_and_point_at_the_trail() {
    let baseline = baseline();
    let world = |print: &str| {
        ["aa", "bb", "cc", "dd"].map(|name| Standing { fingerprint: print.to_owned(), ..one(name, Status::Pass) })
    };
    let mut before = world("1");
    before[2].fingerprint = String::new();
    let first = compose(run(), context(&baseline), &before);
    let previous = Previous::read(&first.json).unwrap();
    assert_eq!((previous.started(), previous.fingerprint_of("aa")), (MORNING, Some("1")));
    assert_eq!(previous.fingerprint_of("zz"), None);
    let mut composer = Composer::new(run(), Context { previous: Some(previous), ..context(&baseline) });
    let mut after = world("2");
    after[3].fingerprint = String::new();
    let changed: Vec<bool> = after
        .iter()
        .map(|standing| {
            let changed = composer.has_changed(standing);
            composer.add(standing, standing.name.as_str() == "bb");
            changed
        })
        .collect();
    // Where settings could not be read then or cannot be now, nobody knows.
    assert_eq!(changed, [true, true, false, false]);
    let since = Report::read(&composer.finish().json).unwrap().head.since_last;
    assert_eq!(since.changed_unannounced.listed, ["aa"]);
    let note = since.note.unwrap();
    assert!(note.starts_with("1 repository changed") && note.contains("CloudTrail trail"), "{note}");
}

#[test]
fn long_lists_end_with_their_number() {
    let many = |status| (1_000..2_500).map(|at| one(&format!("app-{at}"), status)).collect::<Vec<_>>();
    let since = second(&many(Status::Pass), &many(Status::Fail)).head.since_last;
    assert_eq!((since.newly_failing.count, since.newly_failing.listed.len()), (1_500, MOST_LISTED));
}
