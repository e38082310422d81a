//! Lists of findings for programs and terminals.

use super::{NOON, finding, findings, hostile, hostile_finding, image};
use ecr_steward::model::finding::Finding;
use ecr_steward::policy::record::Waived;
use ecr_steward::report::{Row, RowState, Sheet, WaiverNote, counts, csv, markdown, ocsf, sarif, table};
use proptest::prelude::*;
use serde_json::Value;

pub(super) fn row(repository: &str, number: u32, finding: Finding, state: RowState) -> Row {
    let image = image(repository, number);
    let id = finding.id(&image);
    let tags = if number == 3 { Vec::new() } else { vec!["v41".into()] };
    Row { image, tags, finding, id, state, first_seen: Some(NOON - 86_400_000) }
}

fn note(path: &str, vulnerability: &str, reason: &str) -> WaiverNote {
    WaiverNote {
        path: path.into(),
        vulnerability: vulnerability.into(),
        until: "2026-01-30".into(),
        owner: Some("team-x".into()),
        reason: reason.into(),
    }
}

/// A sheet of every sort of row.
pub(super) fn sheet() -> Sheet {
    let waived = RowState::Waived(Waived {
        reason: "not reachable".into(),
        owner: Some("team-x".into()),
        until: "2027-01-31".into(),
    });
    let mut rows: Vec<Row> =
        findings().into_iter().map(|finding| row("team/app", 1, finding, RowState::Active)).collect();
    rows.push(row("web", 3, findings().remove(0), RowState::Active));
    rows.push(row("web", 3, finding("CVE-2026-0002", "HIGH", "zlib", "1.2.11"), waived));
    rows.push(row("web", 3, finding("CVE-2025-0001", "HIGH", "curl", "8.0"), RowState::Gone));
    let unused = vec![note("Waivers[1]", "CVE-2020-*", "old | base image")];
    let expired = vec![note("Waivers[0]", "CVE-2026-0003", "fixed soon, @team-x says")];
    Sheet::new(NOON, rows).with_waivers(unused, expired)
}

fn jumbled(mut sheet: Sheet) -> Sheet {
    sheet.rows.reverse();
    let (unused, expired) = (sheet.waivers_unused, sheet.waivers_expired);
    Sheet::new(sheet.generated_at, sheet.rows).with_waivers(unused, expired)
}

#[test]
fn as_csv() {
    insta::assert_snapshot!(csv::write(&sheet()).unwrap());
}

#[test]
fn as_sarif() {
    insta::assert_snapshot!(sarif::write(&sheet()).replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn as_ocsf() {
    let lines = ocsf::write(&sheet());
    assert_eq!(lines.lines().count(), 8);
    let shown: Vec<String> = lines.lines().step_by(6).map(super::pretty).collect();
    insta::assert_snapshot!(shown.join("\n").replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn as_markdown() {
    insta::assert_snapshot!(markdown::write(&sheet()));
}

#[test]
fn as_a_table() {
    insta::assert_snapshot!(table::write(&sheet()));
}

#[test]
fn nothing_is_shown_as_nothing() {
    let empty = Sheet::new(NOON, Vec::new());
    assert_eq!(table::write(&empty), "0 findings\n");
    assert!(markdown::write(&empty).contains("No findings."));
    assert_eq!(csv::write(&empty).unwrap(), format!("{}\n", csv::HEADER.join(",")));
    assert_eq!(ocsf::write(&empty), "");
    let sarif: Value = serde_json::from_str(&sarif::write(&empty)).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn the_same_rows_in_any_order_are_the_same_text() {
    let (one, two) = (sheet(), jumbled(sheet()));
    assert_eq!(csv::write(&one), csv::write(&two));
    assert_eq!(sarif::write(&one), sarif::write(&two));
    assert_eq!(ocsf::write(&one), ocsf::write(&two));
    assert_eq!(markdown::write(&one), markdown::write(&two));
    assert_eq!(table::write(&one), table::write(&two));
}

#[test]
fn waived_and_gone_ones_are_counted_apart() {
    let counts = counts(&sheet().rows);
    assert_eq!((counts.active.total(), counts.active.critical, counts.exploited), (6, 2, 2));
    assert_eq!((counts.waived, counts.gone, counts.fixable), (1, 1, 3));
}

/// What the schema demands of what is used here (SARIF 2.1.0, sections 3.13 to 3.58).
fn holds_as_sarif(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    for run in log["runs"].as_array().unwrap() {
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "a rule stands once");
        let results = run["results"].as_array().unwrap();
        assert!(results.len() <= sarif::MOST_RESULTS);
        for result in results {
            let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(result["ruleId"], ids[at]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            assert_eq!(result["fingerprints"]["ecrStewardFinding/v1"].as_str().unwrap().len(), 64);
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.chars().all(|c| c.is_ascii_alphanumeric() || "-._/:".contains(c)), "{uri}");
            for suppression in result["suppressions"].as_array().into_iter().flatten() {
                assert_eq!(suppression["kind"], "external");
                assert!(!suppression["justification"].as_str().unwrap().is_empty());
            }
        }
    }
}

#[test]
fn a_long_list_is_several_runs_of_different_categories() {
    let one = finding("CVE-2026-1", "LOW", "a", "1");
    let rows = (10..31).map(|number| row("app", number, one.clone(), RowState::Active)).collect();
    let log = sarif::log(&Sheet::new(NOON, rows), 10);
    holds_as_sarif(&log);
    let runs = log["runs"].as_array().unwrap();
    let sizes: Vec<usize> = runs.iter().map(|run| run["results"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 1]);
    assert_ne!(runs[0]["automationDetails"]["id"], runs[1]["automationDetails"]["id"]);
}

#[test]
fn a_pull_request_gets_the_worst_and_how_many_there_are_besides() {
    let rows =
        (0..200).map(|n| row("app", 1, finding(&format!("CVE-2026-{n:04}"), "HIGH", "a", "1"), RowState::Active));
    let text = markdown::write(&Sheet::new(NOON, rows.collect()));
    let shown = text.lines().filter(|line| line.contains("CVE-")).count();
    assert_eq!(shown, markdown::MOST_ROWS);
    assert!(text.contains("and 150 more"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_findings_break_no_format(
        findings in prop::collection::vec(hostile_finding(), 1..12),
        reason in hostile(),
    ) {
        let state = |number: usize| match number % 3 {
            0 => RowState::Active,
            1 => RowState::Waived(Waived { reason: reason.clone(), owner: Some(reason.clone()), until: reason.clone() }),
            _ => RowState::Gone,
        };
        let number = findings.len();
        let rows: Vec<Row> =
            findings.into_iter().enumerate().map(|(at, one)| row("team/app", 1, one, state(at))).collect();
        let hostile_note = note(&reason, &reason, &reason);
        let sheet = Sheet::new(NOON, rows).with_waivers(vec![hostile_note.clone()], vec![hostile_note]);

        let text = csv::write(&sheet).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let lines: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(lines.len(), number);
        for cell in lines.iter().flatten() {
            prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{}", cell);
            prop_assert!(cell.chars().count() <= 32_767);
        }

        holds_as_sarif(&serde_json::from_str(&sarif::write(&sheet)).unwrap());

        for line in ocsf::write(&sheet).lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            prop_assert_eq!(&event["class_uid"], 2002);
            prop_assert!(event["vulnerabilities"][0]["cve"].is_object() || event["vulnerabilities"][0]["advisory"].is_object());
        }

        let text = table::write(&sheet);
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        prop_assert!(text.lines().take(number + 1).all(|line| line.chars().count() <= 270));

        let text = markdown::write(&sheet);
        prop_assert!(text.len() < 65_536);
        // Every second piece between backticks is a code span, where nothing is markup.
        let plain: String = text.split('`').step_by(2).collect();
        prop_assert!(!plain.replace("<sub>", "").replace("</sub>", "").contains('<'), "{}", plain);
        prop_assert!(!plain.contains("@team"), "{}", plain);
        let rows: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("| Severity | Vuln")).take_while(|line| !line.is_empty()).collect();
        for row in rows {
            prop_assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{}", row);
        }
    }
}
