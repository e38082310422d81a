//! Scanning, mutability, lifecycle and encryption.

use super::{Case, denied, lifecycle, requires};
use ecr_steward::model::Seen;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, ScanType};
use ecr_steward::plan::Change;
use ecr_steward::plan::posture::{Requirement, Status, fingerprint};
use serde_json::json;

#[test]
fn scanning_is_met_by_the_flag_under_basic_and_by_the_registry_alone_under_enhanced() {
    use Seen::{Missing, Present, Unasked};
    use Status::{Fail, Pass, Unknown};
    let (basic, enhanced) = (|| Present(ScanType::Basic), || Present(ScanType::Enhanced));
    let no_type = || Seen::Unreadable(denied("GetRegistryScanningConfiguration"));
    let no_rules = || Seen::Unreadable(denied("BatchGetRepositoryScanningConfiguration"));
    let cases = [
        (basic(), Present(false), true, Pass, 0, ""),
        (basic(), Present(false), false, Fail, 1, ""),
        // The registry was read and has no rules, so nobody asked further.
        (basic(), Unasked, false, Fail, 1, ""),
        (basic(), Present(true), false, Pass, 0, ""),
        (basic(), no_rules(), true, Pass, 0, ""),
        (basic(), no_rules(), false, Unknown, 0, "BatchGetRepositoryScanningConfiguration failed: not allowed"),
        (enhanced(), Present(true), false, Pass, 0, ""),
        (enhanced(), Present(false), true, Fail, 0, "add a rule whose filter matches"),
        (enhanced(), Missing, false, Fail, 0, "ENHANCED"),
        (enhanced(), no_rules(), true, Unknown, 0, "not allowed"),
        (no_type(), Unasked, true, Pass, 0, "scan type could not be read"),
        (no_type(), Unasked, false, Unknown, 0, "GetRegistryScanningConfiguration failed"),
        (Unasked, Unasked, false, Unknown, 0, "nobody read"),
        (no_type(), Present(true), false, Pass, 0, ""),
    ];
    for (scan_type, registry, flag, status, writes, note) in cases {
        let case = Case::new("a/b").with(|case| {
            (case.scan_type, case.registry, case.repository.scan_on_push) = (scan_type, registry, flag);
        });
        let (check, changes) = case.only(&requires(&json!({"ScanOnPush": true})));
        assert_eq!((check.status, changes.len()), (status, writes), "{case:?} {check:?}");
        assert!(check.note.contains(note), "{case:?} {check:?}");
        if let [change] = changes.as_slice() {
            let name = case.repository.name.clone();
            assert_eq!(*change, Change::PutImageScanningConfiguration { name, scan_on_push: true });
        }
    }
}

#[test]
fn mutability_accepts_a_list_and_sets_its_first() {
    use MutabilityMode::{Immutable, ImmutableWithExclusion, Mutable, MutableWithExclusion};
    let plain = json!({"ImageTagMutability": ["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"]});
    let some = json!({"ImageTagMutability": ["IMMUTABLE_WITH_EXCLUSION", "IMMUTABLE"], "ImageTagMutabilityExclusions": ["dev-*", "latest"]});
    let kept =
        json!({"ImageTagMutability": ["MUTABLE_WITH_EXCLUSION"], "ImageTagMutabilityExclusions": ["v*", "prod"]});
    let cases: [(_, _, &[&str], _); 13] = [
        (&plain, Mutable, &[], Some((Immutable, vec![]))),
        (&plain, MutableWithExclusion, &["v*"], Some((Immutable, vec![]))),
        (&plain, Immutable, &[], None),
        (&plain, ImmutableWithExclusion, &["anything"], None),
        (&some, Mutable, &[], Some((ImmutableWithExclusion, vec!["dev-*", "latest"]))),
        (&some, Immutable, &[], None),
        (&some, ImmutableWithExclusion, &["latest"], None),
        (&some, ImmutableWithExclusion, &["latest", "*"], Some((ImmutableWithExclusion, vec!["dev-*", "latest"]))),
        (&kept, MutableWithExclusion, &["prod", "v*"], None),
        // More tags that stay are welcome, fewer are not.
        (&kept, MutableWithExclusion, &["a", "prod", "v*"], None),
        (&kept, MutableWithExclusion, &["v*"], Some((MutableWithExclusion, vec!["prod", "v*"]))),
        (&kept, Immutable, &[], Some((MutableWithExclusion, vec!["prod", "v*"]))),
        (&kept, ImmutableWithExclusion, &["prod", "v*"], Some((MutableWithExclusion, vec!["prod", "v*"]))),
    ];
    for (require, mode, exclusions, wanted) in cases {
        let texts = |filters: &[&str]| filters.iter().map(|filter| (*filter).to_owned()).collect::<Vec<_>>();
        let found = Mutability { mode, exclusions: texts(exclusions) };
        let case = Case::new("aa").with(|case| case.repository.mutability = found);
        let (check, changes) = case.only(&requires(require));
        assert_eq!(check.status == Status::Pass, wanted.is_none(), "{case:?} {check:?}");
        let name = case.repository.name.clone();
        let wanted = wanted.map(|(mode, filters)| {
            let mutability = Mutability { mode, exclusions: texts(&filters) };
            Change::PutImageTagMutability { name, mutability }
        });
        assert_eq!(changes, Vec::from_iter(wanted));
    }
}

type Nudge = fn(&mut Case);

fn whole(days: u32) -> serde_json::Value {
    json!({"rules": [{
        "rulePriority": 1,
        "description": "untagged",
        "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days},
        "action": {"type": "expire"},
    }]})
}

#[test]
fn a_lifecycle_policy_is_compared_by_meaning_and_generated_ones_replace_nobodys() {
    use Status::{Fail, Pass, Unknown};
    let mut reworded = whole(14);
    reworded["rules"][0]["description"] = json!("in other words");
    let unheard =
        json!({"rules": [{"rulePriority": 1, "selection": {"tagStatus": "signed"}, "action": {"type": "expire"}}]});
    let generated = super::baseline(&json!({"Rules": [{"Name": "r", "Require": {"LifecyclePolicy": "Generated"}}]}));
    let ecr_steward::spec::baseline::LifecycleWish::Generated(policy, _) =
        generated.rules[0].require.lifecycle.clone().unwrap()
    else {
        panic!("it is generated");
    };
    let there = |value: &serde_json::Value| lifecycle(&value.to_string());
    let no = || Seen::Unreadable(denied("GetLifecyclePolicy"));
    let cases = [
        (json!("Present"), Seen::Missing, Fail, 0),
        (json!("Present"), there(&unheard), Pass, 0),
        (json!("Present"), no(), Unknown, 0),
        (json!("Present"), Seen::Unasked, Unknown, 0),
        (json!("Generated"), Seen::Missing, Fail, 1),
        (json!("Generated"), lifecycle(&policy.to_text()), Pass, 0),
        (json!("Generated"), there(&whole(14)), Fail, 0),
        (json!("Generated"), there(&unheard), Fail, 0),
        (json!("Generated"), no(), Unknown, 0),
        (whole(14), Seen::Missing, Fail, 1),
        (whole(14), there(&reworded), Pass, 0),
        (whole(14), there(&whole(15)), Fail, 1),
        (whole(14), there(&unheard), Fail, 1),
        (whole(14), no(), Unknown, 0),
    ];
    for (wish, found, status, writes) in cases {
        let case = Case::new("aa").with(|case| case.repository.lifecycle = found);
        let baseline = requires(&json!({"LifecyclePolicy": wish}));
        let (check, changes) = case.only(&baseline);
        assert_eq!((check.status, changes.len()), (status, writes), "{wish} {case:?} {check:?}");
        if status != Pass && writes == 0 {
            assert!(!check.note.is_empty(), "why it is not mended is said: {check:?}");
        }
        let after = case.mended(&case.judged(&baseline));
        assert_eq!(after.only(&baseline).0.status, if writes == 1 { Pass } else { status });
    }
}

#[test]
fn encryption_is_reported_with_the_way_out() {
    let baseline = requires(&json!({"EncryptionType": ["KMS", "KMS_DSSE"]}));
    let (check, changes) = Case::new("aa").only(&baseline);
    assert_eq!((check.status, changes.len()), (Status::Fail, 0));
    assert_eq!((check.found.as_str(), check.wished.as_str()), ("AES256", "KMS or KMS_DSSE"));
    for word in ["cannot change", "new name with KMS", "copy the images", "switch over"] {
        assert!(check.note.contains(word), "{}", check.note);
    }
    let kms = Encryption { kind: EncryptionType::KmsDsse, kms_key: Some("arn:aws:kms:eu-west-1:1:key/k".to_owned()) };
    let (check, _) = Case::new("aa").with(|case| case.repository.encryption = kms).only(&baseline);
    assert_eq!(check.status, Status::Pass);
}

#[test]
fn what_is_not_mentioned_is_not_looked_at() {
    let judged = Case::new("aa").judged(&requires(&json!({"ScanOnPush": true})));
    let looked: Vec<Requirement> = judged.checks.iter().map(|check| check.requirement).collect();
    assert_eq!(looked, [Requirement::ScanOnPush]);
    let nothing = Case::new("aa").judged(&ecr_steward::spec::baseline::Baseline::default());
    assert_eq!((nothing.checks.len(), nothing.remedies.len()), (0, 0));
}

#[test]
fn a_fingerprint_differs_with_every_setting_and_is_empty_where_a_policy_is_not_known() {
    let case = Case::new("aa");
    let one = fingerprint(&case.repository);
    assert_eq!(one.len(), 16);
    let nudges: [Nudge; 5] = [
        |case| case.repository.scan_on_push = true,
        |case| case.repository.mutability.mode = MutabilityMode::Immutable,
        |case| case.repository.encryption.kind = EncryptionType::Kms,
        |case| case.repository.lifecycle = lifecycle("{}"),
        |case| case.repository.policy = super::policy("{}"),
    ];
    let mut all = vec![one.clone()];
    all.extend(nudges.map(|nudge| fingerprint(&Case::new("aa").with(nudge).repository)));
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "{all:?}");
    let tagged = fingerprint(&Case::new("aa").tagged(&[("x", "y")]).repository);
    let untold = fingerprint(&Case::new("aa").with(|case| case.repository.tags = Seen::Unasked).repository);
    assert_eq!([&tagged, &untold], [&one, &one], "whether tags are read is up to the baseline");
    for unknown in [Seen::Unasked, Seen::Unreadable(denied("GetRepositoryPolicy"))] {
        assert_eq!(fingerprint(&Case::new("aa").with(|case| case.repository.policy = unknown).repository), "");
    }
}
