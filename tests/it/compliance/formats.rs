//! What the documents say.

use super::{MORNING, TODAY, baseline, check, compose, context, run, standing, text, usual, world};
use crate::findings_told::schema::wrongs;
use ecr_steward::plan::posture::{Requirement, Status};
use ecr_steward::policy::asff::flaws;
use ecr_steward::report::compliance::{Composer, Context, HEADER, LeaveState, Previous, Report, Run};
use ecr_steward::spec::baseline::Baseline;
use serde_json::Value;
use std::collections::BTreeSet;

fn schema() -> Value {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/compliance-report-1.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The numbers that are the world's, counted by hand.
#[test]
fn the_numbers_are_those_of_the_world() {
    let report = Report::read(&usual().json).unwrap();
    let summary = &report.head.summary;
    assert_eq!((summary.repositories, summary.failing_repositories, summary.unknown_repositories), (6, 4, 1));
    let checks = summary.checks;
    assert_eq!((checks.passing, checks.failing, checks.exempt, checks.unknown), (5, 4, 1, 1));
    assert_eq!((summary.mended, summary.withheld, summary.mending_failed, summary.orphans), (1, 1, 0, 1));
    // 5 of 9, rounded down.
    assert_eq!(summary.score, Some(55.5));
    let rules: Vec<(&str, u32, u32)> =
        summary.rules.iter().map(|sum| (sum.rule.as_str(), sum.failing_repositories, sum.checks.failing)).collect();
    assert_eq!(rules, [("declaration", 1, 1), ("everything", 2, 2), ("payments", 1, 1), ("nobody", 0, 0)]);
    let leave: Vec<_> = report.head.exemptions.iter().map(|one| (one.until.as_str(), one.state, one.checks)).collect();
    assert_eq!(
        leave,
        [
            ("2026-03-01", LeaveState::Expired, 0),
            ("2026-03-20", LeaveState::Used, 1),
            ("2027-01-31", LeaveState::Unused, 0)
        ]
    );
}

#[test]
fn the_score_is_full_only_where_nothing_fails() {
    let many = |failing: usize| {
        let checks = (0..2_000).map(|at| if at < failing { Status::Fail } else { Status::Pass });
        let checks = checks.map(|status| check("everything", Requirement::ScanOnPush, status)).collect();
        let documents = compose(run(), context(&baseline()), &[standing("app", checks)]);
        Report::read(&documents.json).unwrap().head.summary.score
    };
    assert_eq!(many(0), Some(100.0));
    assert_eq!(many(1), Some(99.9));
    assert_eq!(many(2_000), Some(0.0));
    let empty = Report::read(&compose(run(), context(&baseline()), &[]).json).unwrap();
    assert_eq!(empty.head.summary.score, None);
}

#[test]
fn the_json_looks_like_this_and_keeps_to_its_schema() {
    let documents = usual();
    let value: Value = serde_json::from_slice(&documents.json).unwrap();
    assert_eq!(wrongs(&schema(), &value), Vec::<String>::new());
    insta::assert_snapshot!(text(&documents.json));
    let without_baseline =
        Context { baseline: None, switch: "report-only", notes: vec!["of the sweep".into()], ..context(&baseline()) };
    let value: Value = serde_json::from_slice(&compose(run(), without_baseline, &[]).json).unwrap();
    assert_eq!(wrongs(&schema(), &value), Vec::<String>::new());
    assert_eq!(value["notes"].as_array().unwrap().len(), 4);
}

#[test]
fn the_csv_looks_like_this() {
    insta::assert_snapshot!(text(&usual().csv));
}

#[test]
fn the_table_looks_like_this() {
    insta::assert_snapshot!(Report::read(&usual().json).unwrap().table());
}

#[test]
fn what_was_written_is_read_back_and_written_the_same() {
    let documents = usual();
    let report = Report::read(&documents.json).unwrap();
    assert_eq!(text(&report.csv()), text(&documents.csv));
    assert_eq!(text(&report.html()), text(&documents.html));
}

#[test]
fn two_reports_of_an_unchanged_world_differ_in_run_and_since_last_alone() {
    let baseline = baseline();
    let first = compose(run(), context(&baseline), &world());
    let later = Run {
        sweep: "20260303T083000Z-1badcafe".into(),
        started: MORNING + 86_400_000,
        finished: MORNING + 86_500_000,
        parts: 5,
        ecr_reads: 17,
        ecr_writes: 0,
        ..run()
    };
    let previous = Some(Previous::read(&first.json).unwrap());
    let second = compose(later, Context { previous, ..context(&baseline) }, &world());
    assert_eq!(text(&first.csv), text(&second.csv));
    // Byte for byte: the lines of the two members are taken out, nothing is parsed.
    let rest = |json: &[u8]| -> String {
        let mut inside = false;
        let mut kept = String::new();
        for line in text(json).lines() {
            inside |= line.starts_with("  \"run\"") || line.starts_with("  \"sinceLast\"");
            if !inside {
                kept.push_str(line);
                kept.push('\n');
            }
            inside &= !line.starts_with("  }");
        }
        kept
    };
    assert_ne!(text(&first.json), text(&second.json));
    assert!(rest(&first.json).len() > 4_000);
    assert_eq!(rest(&first.json), rest(&second.json));
    let again = compose(run(), context(&baseline), &world());
    assert_eq!(first, again);
}

#[test]
fn findings_are_taken_by_security_hub() {
    let report = Report::read(&usual().json).unwrap();
    let findings = report.asff();
    let ids: BTreeSet<&str> = findings.iter().map(|one| one["Id"].as_str().unwrap()).collect();
    assert_eq!((findings.len(), ids.len()), (5, 5), "four fail, one is unknown, each with an id of its own");
    for finding in &findings {
        assert_eq!(flaws(finding), Vec::<String>::new());
        assert_eq!(finding["Resources"][0]["Type"], "AwsEcrRepository");
        assert_eq!(finding["Types"][0], "Software and Configuration Checks/AWS Security Best Practices");
    }
    let of = |status: &str| findings.iter().filter(|one| one["Compliance"]["Status"] == status).count();
    assert_eq!((of("FAILED"), of("WARNING")), (4, 1));
    insta::assert_json_snapshot!(&findings[0]);
}

/// The finding is the same one tomorrow, and closed when the check passes.
#[test]
fn what_passes_again_is_archived_under_the_same_id() {
    let before = [standing("app", vec![check("everything", Requirement::ScanOnPush, Status::Fail)])];
    let after = [standing("app", vec![check("everything", Requirement::ScanOnPush, Status::Pass)])];
    let first = Report::read(&compose(run(), context(&baseline()), &before).json).unwrap().asff();
    let second = super::second(&before, &after).asff();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0]["Id"], second[0]["Id"]);
    assert_eq!((&second[0]["RecordState"], &second[0]["Compliance"]["Status"]), (&"ARCHIVED".into(), &"PASSED".into()));
    assert_eq!(flaws(&second[0]), Vec::<String>::new());
}

#[test]
fn what_is_no_report_is_refused_with_the_reason() {
    for (bytes, why) in [
        (&b"{"[..], "is no compliance report"),
        (b"{\"version\": \"2\"}", "has version \"2\"; this program reads version 1"),
        (b"{\"version\": \"1\"}", "missing field"),
    ] {
        for error in [Report::read(bytes).unwrap_err(), Previous::read(bytes).unwrap_err()] {
            assert!(error.contains(why), "{error}");
        }
    }
}

#[test]
fn a_registry_without_repositories_has_a_report_too() {
    let empty = Baseline::default();
    let context = Context { baseline: Some(&empty), switch: "on", today: TODAY, previous: None, notes: Vec::new() };
    let documents = Composer::new(run(), context).finish();
    assert_eq!(text(&documents.csv).lines().count(), 1);
    assert_eq!(text(&documents.csv).trim_end().split(',').collect::<Vec<_>>(), HEADER);
    let report = Report::read(&documents.json).unwrap();
    assert!(report.repositories.is_empty() && report.table().starts_with("0 repositories: – of checks"));
}
