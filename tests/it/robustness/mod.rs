//! What may happen between CloudFormation, Lambda and ECR, what we do then, and which tests prove it:
//! `docs/robustness.md` is made here, of `rows` and of the tests themselves.
//!
//! A test that proves a row says so in the line above it, in Rust and in Python alike: the word `Rows`, a colon, the
//! numbers, a full stop. No row is without a test but those that say why.
//! `UPDATE_DOCS=1 cargo test --test it robustness` writes the table anew; what stands above it is written by hand.

mod rows;

use rows::{ROWS, Row, What};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAGE: &str = "docs/robustness.md";
/// Folders of tests, in the order the page names them, and what their files end in.
const TESTS: [(&str, &str); 3] = [("tests/it", "rs"), ("tests/e2e", "py"), ("local/tests", "py")];
/// Ends what is written by hand.
const BEGIN: &str =
    "<!-- From here on written by tests/it/robustness: UPDATE_DOCS=1 cargo test --test it robustness -->\n";

/// A test and the rows it proves.
struct Mark {
    rows: Vec<usize>,
    test: String,
    path: String,
}

/// Files below a folder, in order.
fn files(below: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(ROOT).join(below)];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every mark; `Err` says what is wrong with one.
fn marks() -> Result<Vec<Mark>, String> {
    let mut found = Vec::new();
    for (below, extension) in TESTS {
        for file in files(below, extension) {
            let path = file.strip_prefix(ROOT).unwrap().to_string_lossy().into_owned();
            found.extend(marks_of(&path, &fs::read_to_string(&file).unwrap())?);
        }
    }
    Ok(found)
}

fn marks_of(path: &str, text: &str) -> Result<Vec<Mark>, String> {
    let begin = if path.ends_with("rs") { "/// Row" } else { "# Row" };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        // A slip of the finger must not look like any other comment.
        let Some(rest) = line.strip_prefix(begin) else { continue };
        let wrong = |what: &str| format!("{path}:{}: {line:?} {what}", at + 1);
        let numbers = rest.strip_prefix("s: ").and_then(|rest| rest.strip_suffix('.'));
        let numbers = numbers.ok_or_else(|| wrong("is not of the form \"Rows: 5, 41.\""))?;
        let rows: Result<Vec<usize>, _> = numbers.split(", ").map(str::parse).collect();
        let rows = rows.map_err(|_| wrong("has something else than numbers"))?;
        if !rows.is_sorted_by(|one, next| one < next) {
            return Err(wrong("is not in order"));
        }
        let head: Vec<&str> = lines.iter().skip(at + 1).take_while(|line| !line.is_empty()).copied().collect();
        let name = head.iter().find_map(|line| test_name(line)).ok_or_else(|| wrong("stands above no test"))?;
        let is_test = name.starts_with("test_") || head.contains(&"#[test]") || head.contains(&"@STORIES.tell");
        if !is_test {
            return Err(wrong("stands above what is no test"));
        }
        found.push(Mark { rows, test: name, path: path.to_owned() });
    }
    Ok(found)
}

/// The name of the function that begins in this line.
fn test_name(line: &str) -> Option<String> {
    let rest = line.strip_prefix("fn ").or_else(|| line.strip_prefix("def "))?;
    rest.split('(').next().map(str::to_owned)
}

/// Which tests prove each row, as links from the page.
fn proofs(marks: &[Mark]) -> BTreeMap<usize, Vec<String>> {
    let mut proofs: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for mark in marks {
        let link = format!("[`{}`](../{})", mark.test, mark.path);
        for row in &mark.rows {
            proofs.entry(*row).or_default().push(link.clone());
        }
    }
    proofs
}

/// The part of the page that is not written by hand.
fn table(marks: &[Mark]) -> String {
    let proofs = proofs(marks);
    let open: Vec<String> =
        ROWS.iter().filter(|row| !matches!(row.what, What::Does(_))).map(|row| row.number.to_string()).collect();
    let mut text = format!(
        "{BEGIN}\n{} situations, {} tests. What is not needed says why: {}.\n\n",
        ROWS.len(),
        marks.len(),
        open.join(", ")
    );
    text.push_str("| # | situation | what ecr-steward does | proved by |\n|---|---|---|---|\n");
    for Row { number, situation, what } in &ROWS {
        let does = match what {
            What::Does(does) => (*does).to_owned(),
            What::NotNeeded(why) => format!("**Not needed.** {why}"),
        };
        let tests = proofs.get(number).map_or_else(|| "–".to_owned(), |tests| tests.join("<br>"));
        let _ = writeln!(text, "| {number} | {situation} | {does} | {tests} |");
    }
    text
}

#[test]
fn rows_are_numbered_in_order_and_fit_into_a_table() {
    for (at, row) in ROWS.iter().enumerate() {
        assert_eq!(row.number, at + 1);
        for text in [row.situation, row.what.text()] {
            assert!(!text.contains(['|', '\n']), "it would break the table: {text:?}");
        }
    }
}

#[test]
fn every_mark_names_a_row_and_every_row_is_proved_or_says_why_not() {
    let marks = marks().unwrap_or_else(|wrong| panic!("{wrong}"));
    let proofs = proofs(&marks);
    let strange: Vec<_> = proofs.iter().filter(|(row, _)| !(1..=ROWS.len()).contains(*row)).collect();
    assert!(strange.is_empty(), "there are no such rows: {strange:?}");
    let bare = |row: &&Row| matches!(row.what, What::Does(_)) && !proofs.contains_key(&row.number);
    let bare: Vec<_> = ROWS.iter().filter(bare).map(|row| (row.number, row.situation)).collect();
    assert!(bare.is_empty(), "no test proves {bare:#?}");
}

#[test]
fn a_mark_that_is_written_otherwise_is_found_out() {
    let good =
        marks_of("a.py", "# Rows: 5, 41.\n@pytest.mark.parametrize(\n    \"a\", [1])\ndef test_a(\n    b) -> None:\n");
    assert_eq!(good.unwrap()[0].rows, [5, 41]);
    let good = marks_of("a.rs", "    /// Rows: 7.\n    #[test]\n    fn seven() {\n").unwrap();
    assert_eq!((good[0].test.as_str(), good[0].rows.as_slice()), ("seven", &[7][..]));
    for (path, text) in [
        ("a.py", "# Row: 5.\ndef test_a():\n"),
        ("a.py", "# Rows 5.\ndef test_a():\n"),
        ("a.py", "# Rows: 5\ndef test_a():\n"),
        ("a.py", "# Rows: 5 and 6.\ndef test_a():\n"),
        ("a.py", "# Rows: 6, 5.\ndef test_a():\n"),
        ("a.py", "# Rows: 5, 5.\ndef test_a():\n"),
        ("a.py", "# Rows: 5.\n\ndef test_a():\n"),
        ("a.py", "# Rows: 5.\ndef helper():\n"),
        ("a.rs", "/// Rows: 5.\nfn helper() {\n"),
        ("a.rs", "/// Rows: 5.\n"),
    ] {
        assert!(marks_of(path, text).is_err(), "{text:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "whether a page is written anew is no setting of the program")]
fn is_to_be_written() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

#[test]
fn the_page_says_what_rows_and_tests_say() {
    let page = Path::new(ROOT).join(PAGE);
    let standing = fs::read_to_string(&page).expect("the page");
    let (by_hand, _) = standing.split_once(BEGIN).expect("the line that ends what is written by hand");
    let wished = format!("{by_hand}{}", table(&marks().unwrap_or_else(|wrong| panic!("{wrong}"))));
    if standing == wished {
        return;
    }
    assert!(is_to_be_written(), "{PAGE} is out of date: UPDATE_DOCS=1 cargo test --test it robustness");
    fs::write(&page, wished).unwrap();
}

/// Where a number that the page tells by hand comes from, and how the page tells it.
const TIMES: [(&str, &str, &str); 22] = [
    ("template.yaml", "Timeout: 900", "a run of 900 s"),
    ("src/handler/time.rs", "REPLY_RESERVE: Duration = Duration::from_secs(10)", "given up 10 s before the end"),
    ("src/handler/time.rs", "DRAIN_RESERVE: Duration = Duration::from_secs(5)", "the 5 s before that"),
    ("src/handler/time.rs", "Duration::from_millis(500).min(left / 16)", "half a second before its end"),
    ("src/handler/time.rs", "REPLY_RESERVE.min(left / 4)", "a quarter and an eighth"),
    ("src/handler/watchdog.rs", "SILENCE: Duration = Duration::from_secs(1)", "no sign of life for a second"),
    ("src/handler/case.rs", "REACHING: Duration = Duration::from_secs(20)", "within 20 s"),
    ("src/handler/case.rs", "MOST_PARTS: u32 = 60", "60 runs"),
    ("src/handler/case.rs", "TIME_TO_GO_ON: i64 = 30", "less than 30 s"),
    ("src/handler/custom_resource.rs", "LEAST_TIME: i64 = 5", "5 s at least"),
    ("src/aws/cfn_reply.rs", "TRY: Duration = Duration::from_secs(5)", "Each try takes 5 s at most"),
    ("src/flow/hold.rs", "LOOKOUT: Duration = Duration::from_secs(2)", "every 2 s"),
    ("src/flow/hold.rs", "HANDOVER: i64 = 6", "waits 6 s"),
    ("src/flow/task.rs", "CLAIM_SLACK: i64 = 30", "30 s after the last moment"),
    ("src/event/message.rs", "Self::Continue(_) => Duration::ZERO", "arrives at once"),
    ("template.yaml", "MaximumRetryAttempts: 0", "never tries such a run again"),
    ("template.yaml", "VisibilityTimeout: 960", "after 16 minutes"),
    ("template.yaml", "maxReceiveCount: 2", "tried twice"),
    ("template.yaml", "MaximumRetryAttempts: 2", "two more tries"),
    ("template.yaml", "maxReceiveCount: 5", "five tries"),
    ("template.yaml", "MessageRetentionPeriod: 1209600", "for 14 days"),
    ("template.yaml", "ExpirationInDays: 7", "for a week"),
];

#[test]
fn the_times_that_are_told_are_those_of_the_code() {
    let read = |path: &str| fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    // Lines of the page end where they must.
    let page = read(PAGE).split_whitespace().collect::<Vec<_>>().join(" ");
    for (path, here, told) in TIMES {
        assert!(read(path).contains(here), "{path} has no {here:?} any more; {PAGE} says {told:?}");
        assert!(page.contains(told), "{PAGE} does not say {told:?} ({path}: {here})");
    }
}
