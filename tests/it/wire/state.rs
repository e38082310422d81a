//! The state bucket.

use super::*;
use ecr_steward::flow::Declarations as _;
use ecr_steward::flow::registry::{KeepRegistryRecord as _, ReadRegistryRecord as _};
use ecr_steward::model::registry::Entry;
use ecr_steward::model::repository::ScanType;
use ecr_steward::plan::registry::record::{Recorded, RegistryRecord};
use ecr_steward::plan::snapshot::Snapshot;
use ecr_steward::policy::declared::{Declared, Declaring, POLICY_KEY};

/// Rows: 15.
#[test]
fn the_ledger_is_written_over_exactly_the_version_that_was_read() {
    run(async {
        let ledger = Ledger::new(identity());
        let tape = Tape::default();
        tape.then(200, &[("etag", "\"one\"")], "");
        tape.then(200, &[("etag", "\"two\"")], "");
        tape.then(412, &[], "<Error><Code>PreconditionFailed</Code></Error>");
        let aws = tape.aws();
        let first = aws.save_ledger(&ledger, &Version::New).await.unwrap();
        assert_eq!(first, Version::Tag("\"one\"".to_owned()));
        aws.save_ledger(&ledger, &first).await.unwrap();
        assert_eq!(aws.save_ledger(&ledger, &first).await.unwrap_err().kind, FaultKind::Conflict);
        let said = tape.said();
        assert_eq!(said[0].headers["if-none-match"], "*");
        assert_eq!(said[1].headers["if-match"], "\"one\"");
        assert!(!said[1].headers.contains_key("if-none-match"));
        assert!(
            said[0].url.contains("/ledgers/11111111-2222-3333-4444-555555555555/Repositories.json"),
            "{}",
            said[0].url
        );
    });
}

/// Rows: 11.
#[test]
fn a_ledger_that_is_absent_is_none_and_one_of_a_newer_version_is_not_touched() {
    run(async {
        let tape = Tape::default();
        tape.then(404, &[], "<Error><Code>NoSuchKey</Code></Error>");
        tape.then(404, &[], "<Error><Code>NoSuchBucket</Code></Error>");
        let newer = Ledger { version: 99, ..Ledger::new(identity()) };
        tape.then(200, &[("etag", "\"x\"")], &serde_json::to_string(&newer).unwrap());
        let aws = tape.aws();
        assert_eq!(aws.ledger("ledgers/x.json").await, Ok(None));
        assert_eq!(
            aws.ledger("ledgers/x.json").await.unwrap_err().kind,
            FaultKind::Invalid,
            "no bucket is not no ledger"
        );
        assert!(aws.ledger("ledgers/x.json").await.unwrap_err().to_string().contains("newer"));
        tape.said();
    });
}

#[test]
fn a_snapshot_that_is_there_already_stays_as_it_is() {
    run(async {
        let tape = Tape::default();
        tape.then(412, &[], "<Error><Code>PreconditionFailed</Code></Error>");
        tape.then(403, &[], "<Error><Code>AccessDenied</Code></Error>");
        let snapshot = Snapshot {
            repository: name("aa"),
            at: "2026-01-01T00:00:00Z".to_owned(),
            mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
            scan_on_push: false,
            tags: Tags::new(),
            lifecycle: None,
            policy: None,
            catalog: None,
        };
        let aws = tape.aws();
        aws.put_snapshot("snapshots/aa.json", &snapshot).await.unwrap();
        assert_eq!(aws.put_snapshot("snapshots/aa.json", &snapshot).await.unwrap_err().kind, FaultKind::Denied);
        assert!(tape.said().iter().all(|said| said.headers["if-none-match"] == "*"));
    });
}

#[test]
fn outputs_are_written_over_whatever_is_there_and_removed_by_their_key() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[], "");
        tape.then(204, &[], "");
        tape.then(204, &[], "");
        let aws = tape.aws();
        aws.put_outputs(&identity(), &json!({"a": 1})).await.unwrap();
        aws.forget_outputs(&identity()).await.unwrap();
        aws.forget_ledger(&identity()).await.unwrap();
        let said = tape.said();
        assert_eq!((said[0].method.as_str(), said[0].json()), ("PUT", json!({"a": 1})));
        assert_eq!(said[0].headers["content-type"], "application/json");
        assert!(!said[0].headers.keys().any(|name| name.starts_with("if-")), "{:?}", said[0].headers);
        let path = |at: usize| said[at].url.split('?').next().unwrap();
        assert_eq!((said[1].method.as_str(), path(1)), ("DELETE", path(0)));
        assert_eq!(said[2].method, "DELETE");
        assert_ne!(path(2), path(1), "the ledger is not the outputs");
    });
}

#[test]
fn a_ledger_comes_back_as_it_was_written_with_the_version_to_write_over() {
    run(async {
        let ledger = Ledger::new(identity());
        let tape = Tape::default();
        tape.then(200, &[("etag", "\"one\"")], "");
        let aws = tape.aws();
        aws.save_ledger(&ledger, &Version::New).await.unwrap();
        let written = tape.one().body;
        tape.then(200, &[("etag", "\"one\"")], &written);
        assert_eq!(aws.ledger("ledgers/x.json").await, Ok(Some((ledger, Version::Tag("\"one\"".to_owned())))));
    });
}

#[test]
fn a_ledger_that_cannot_be_read_is_a_fault_that_names_it_and_never_none() {
    for (headers, body) in [(&[("etag", "\"x\"")][..], "{"), (&[("etag", "\"x\"")], "[]"), (&[], "{}")] {
        run(async {
            let tape = Tape::default();
            tape.then(200, headers, body);
            let fault = tape.aws().ledger("ledgers/x.json").await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unexpected);
            assert!(fault.message.starts_with("ledgers/x.json: "), "{fault}");
            tape.one();
        });
    }
}

#[test]
fn a_declaration_is_written_over_the_version_that_was_read_and_comes_back_as_it_was() {
    run(async {
        let (owner, properties) = (identity(), serde_json::Map::from_iter([("Gate".to_owned(), json!({}))]));
        let by = Declaring { owner: &owner, request_id: "one", issued: Some(7), properties: &properties };
        let declared = Declared::first(by).followed_by(Declaring { request_id: "two", ..by });
        let tape = Tape::default();
        tape.then(404, &[], "<Error><Code>NoSuchKey</Code></Error>");
        tape.then(200, &[("etag", "\"one\"")], "");
        tape.then(412, &[], "<Error><Code>PreconditionFailed</Code></Error>");
        tape.then(204, &[], "");
        let aws = tape.aws();
        assert_eq!(aws.declared(POLICY_KEY).await, Ok(None));
        let version = aws.save_declared(POLICY_KEY, &declared, &Version::New).await.unwrap();
        assert_eq!(aws.save_declared(POLICY_KEY, &declared, &version).await.unwrap_err().kind, FaultKind::Conflict);
        aws.forget_declared(POLICY_KEY).await.unwrap();
        let said = tape.said();
        assert_eq!((&*said[1].headers["if-none-match"], &*said[2].headers["if-match"]), ("*", "\"one\""));
        assert_eq!(said[3].method, "DELETE");
        assert!(said.iter().all(|said| said.url.contains("/declarations/findings-policy.json")));
        tape.then(200, &[("etag", "\"two\"")], &said[1].body);
        assert_eq!(aws.declared(POLICY_KEY).await, Ok(Some((declared.clone(), Version::Tag("\"two\"".to_owned())))));
        let newer = Declared { version: 99, ..declared };
        tape.then(200, &[("etag", "\"x\"")], &serde_json::to_string(&newer).unwrap());
        assert!(aws.declared(POLICY_KEY).await.unwrap_err().to_string().contains("newer ecr-steward"));
        tape.said();
    });
}

/// Every stack that declares a registry writes this one object, so a lost condition would lose another's entries.
#[test]
fn who_owns_what_of_the_registry_is_written_over_the_version_that_was_read_and_comes_back_as_it_was() {
    run(async {
        let mut record = RegistryRecord::default();
        record.take_up(&identity(), "one", Some(7));
        let entry = Entry::ScanType(ScanType::Enhanced);
        let before = Some(Entry::ScanType(ScanType::Basic));
        let recorded =
            Recorded { entry: entry.clone(), owners: vec![identity()], before, unsettled: Vec::new(), leaving: false };
        record.entries.insert(entry.key(), recorded);
        let tape = Tape::default();
        tape.then(404, &[], "<Error><Code>NoSuchKey</Code></Error>");
        tape.then(200, &[("etag", "\"one\"")], "");
        tape.then(412, &[], "<Error><Code>PreconditionFailed</Code></Error>");
        let aws = tape.aws();
        assert_eq!(aws.registry_record().await, Ok(None));
        let version = aws.save_registry_record(&record, &Version::New).await.unwrap();
        assert_eq!(aws.save_registry_record(&record, &version).await.unwrap_err().kind, FaultKind::Conflict);
        let said = tape.said();
        assert_eq!((&*said[1].headers["if-none-match"], &*said[2].headers["if-match"]), ("*", "\"one\""));
        assert!(said.iter().all(|said| said.url.contains("/owners/registry.json")));
        tape.then(200, &[("etag", "\"two\"")], &said[1].body);
        assert_eq!(aws.registry_record().await, Ok(Some((record.clone(), Version::Tag("\"two\"".to_owned())))));
        let newer = RegistryRecord { version: 99, ..record };
        tape.then(200, &[("etag", "\"x\"")], &serde_json::to_string(&newer).unwrap());
        assert!(aws.registry_record().await.unwrap_err().to_string().contains("newer ecr-steward"));
        tape.said();
    });
}
