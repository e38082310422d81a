//! The rules of the house that a machine can check, over every source file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Source files by path below the repository's root.
fn sources(below: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![Path::new(ROOT).join(below)];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(short(&path), fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(found.len() > 3, "{below} was found");
    found
}

fn short(path: &Path) -> String {
    let inner: PathBuf = path.strip_prefix(ROOT).unwrap().to_owned();
    inner.to_string_lossy().into_owned()
}

/// The room a file under `src/` belongs to: `flow`, `aws`, `config`, …
fn room(path: &str) -> &str {
    path.strip_prefix("src/").unwrap().split(['/', '.']).next().unwrap()
}

/// Whom each room may name; `src/lib.rs` says why.
const LAW: [(&str, &[&str]); 13] = [
    ("fault", &[]),
    ("config", &[]),
    ("model", &["fault", "lifecycle"]),
    ("lifecycle", &[]),
    ("event", &["model"]),
    ("spec", &["model", "lifecycle"]),
    ("plan", &["model", "lifecycle", "event", "spec", "fault"]),
    ("policy", &["model", "event", "spec"]),
    ("report", &["model", "spec", "plan", "policy"]),
    ("flow", &["model", "lifecycle", "event", "spec", "plan", "policy", "report", "fault"]),
    ("aws", &["model", "lifecycle", "event", "spec", "plan", "policy", "fault", "flow", "config"]),
    ("handler", &["model", "event", "spec", "plan", "policy", "report", "fault", "flow", "config", "aws"]),
    (
        "cli",
        &[
            "model",
            "event",
            "lifecycle",
            "spec",
            "plan",
            "policy",
            "report",
            "fault",
            "flow",
            "config",
            "aws",
            "handler",
        ],
    ),
];

/// Rooms a file names by `crate::`.
fn named_rooms(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut rooms = BTreeSet::new();
    for line in code {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let room: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            assert!(!room.is_empty(), "rooms are named one by one: {line}");
            rooms.insert(room);
        }
    }
    rooms
}

#[test]
fn rooms_know_only_whom_the_law_allows() {
    let law: BTreeMap<&str, &[&str]> = LAW.into();
    let mut broken = Vec::new();
    for (path, text) in sources("src") {
        let own = room(&path);
        if own == "lib" || own == "bin" {
            continue;
        }
        let Some(allowed) = law.get(own) else {
            broken.push(format!("{path}: the room {own} has no law; add it here and to src/lib.rs"));
            continue;
        };
        for other in named_rooms(&text) {
            if other != own && !allowed.contains(&other.as_str()) {
                broken.push(format!("{path} names {other}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Rows: 59.
#[test]
fn only_aws_and_the_entrances_know_the_sdk_and_nobody_below_flow_knows_tokio() {
    let mut broken = Vec::new();
    for (path, text) in sources("src") {
        let own = room(&path);
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let mut forbid = |word: &str, rooms: &[&str]| {
            if code.contains(word) && !rooms.contains(&own) {
                broken.push(format!("{path} has {word}"));
            }
        };
        for sdk in ["aws_sdk_", "aws_smithy_", "aws_config::", "aws_credential_types"] {
            forbid(sdk, &["aws"]);
        }
        forbid("lambda_runtime", &["handler", "bin"]);
        forbid("aws_lambda_events", &["handler"]);
        forbid("tokio::", &["flow", "aws", "handler", "cli", "bin"]);
        forbid("std::env", &["config", "cli"]);
        forbid("anyhow", &["cli", "bin"]);
        for clock in ["SystemTime", "Timestamp::now"] {
            forbid(clock, &["handler", "cli"]);
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_file_is_read_in_one_sitting_and_opens_with_what_it_is_for() {
    let mut broken = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        let lines = text.lines().count();
        if lines > 400 {
            broken.push(format!("{path} has {lines} lines"));
        }
        if !text.starts_with("//! ") {
            broken.push(format!("{path} does not open with a module comment"));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_room_is_a_drawer() {
    let drawers = ["utils", "util", "common", "helpers", "helper", "manager", "prelude", "misc"];
    let parts = |path: &str| path.split(['/', '.', '_']).map(str::to_owned).collect::<Vec<_>>();
    let named: Vec<String> = sources("src")
        .into_keys()
        .chain(sources("tests/it").into_keys())
        .filter(|path| parts(path).iter().any(|part| drawers.contains(&part.as_str())))
        .collect();
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn no_path_of_a_machine_and_no_marker_of_unfinished_work_is_left() {
    let words = ["/home/", "/Users/", "/root/", "/tmp/", concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut broken = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests/it")) {
        if path.ends_with("house_rules.rs") {
            continue;
        }
        broken.extend(words.iter().filter(|word| text.contains(**word)).map(|word| format!("{path} has {word}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_binary_is_a_few_lines_around_the_library() {
    for (path, text) in sources("src").into_iter().filter(|(path, _)| path.starts_with("src/bin/")) {
        assert!(text.lines().count() <= 20, "{path}");
    }
}
