//! Laws over random declarations: nothing is lost, nothing stands twice, limits hold, and nonsense is told.

use super::{checked, replicate, scan};
use ecr_steward::model::policy::{Document, MAX_POLICY_CHARACTERS};
use ecr_steward::model::registry::{Entry, Section};
use ecr_steward::spec::fields::as_delivered;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 8] = ["app", "prod*", "*-release", "a.b", "team/app", "x1", "*", "a*b*c"];
const PREFIXES: [&str; 8] = ["app", "prod", "team/", "x1", "a.b", "team-a", "quay", "k8s"];
const PLACES: [(&str, &str); 4] = [
    ("eu-central-1", "123456789012"),
    ("eu-west-1", "111122223333"),
    ("us-east-1", "444455556666"),
    ("us-east-1", "123456789012"),
];

/// Sound values of one property each, with how many entries they come to.
fn property() -> impl Strategy<Value = (&'static str, Value, usize)> {
    let scan_type = select(vec!["BASIC", "ENHANCED"]).prop_map(|kind| ("ScanType", json!(kind), 1));
    let scan_rules = (subsequence(NAMES.to_vec(), 1..8), 0_usize..8).prop_map(|(filters, at)| {
        let (one, two) = filters.split_at(at.min(filters.len() - 1));
        let rule = |of: &[&str], frequency| if of.is_empty() { vec![] } else { vec![scan(frequency, of)] };
        let rules = [rule(one, "CONTINUOUS_SCAN"), rule(two, "SCAN_ON_PUSH")].concat();
        ("ScanRules", json!(rules), filters.len())
    });
    let replication = proptest::collection::btree_map(
        subsequence(PREFIXES.to_vec(), 0..4),
        subsequence(PLACES.to_vec(), 1..5),
        1..11,
    )
    .prop_map(|rules| {
        let rules: Vec<Value> = rules.iter().map(|(from, to)| replicate(to, from)).collect();
        ("ReplicationRules", json!(rules), rules.len())
    });
    let sources = subsequence(vec!["111122223333", "444455556666", "777788889999"], 1..4)
        .prop_map(|accounts| ("ReplicationSources", json!(accounts), accounts.len()));
    let caches = subsequence(PREFIXES.to_vec(), 1..8).prop_map(|prefixes| {
        let rule = |prefix: &&str| json!({"EcrRepositoryPrefix": prefix, "UpstreamRegistryUrl": "quay.io"});
        ("PullThroughCacheRules", prefixes.iter().map(rule).collect(), prefixes.len())
    });
    let templates = subsequence(PREFIXES.to_vec(), 1..8).prop_map(|prefixes| {
        let template = |prefix: &&str| json!({"Prefix": prefix, "AppliedFor": ["REPLICATION"]});
        ("CreationTemplates", prefixes.iter().map(template).collect(), prefixes.len())
    });
    let policy = subsequence(vec!["ecr:ReplicateImage", "ecr:CreateRepository", "ecr:*"], 1..4).prop_map(|actions| {
        let statement = |action: &&str| {
            json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": action, "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": true}}})
        };
        ("RegistryPolicy", actions.iter().map(statement).collect(), actions.len())
    });
    let mounting = any::<bool>().prop_map(|on| ("BlobMounting", json!(if on { "ENABLED" } else { "DISABLED" }), 1));
    prop_oneof![scan_type, scan_rules, replication, sources, caches, templates, policy, mounting]
}

fn whole(parts: &[(&'static str, Value, usize)]) -> (Map<String, Value>, usize) {
    let by_name: BTreeMap<&str, &(&str, Value, usize)> = parts.iter().map(|part| (part.0, part)).collect();
    let count = by_name.values().map(|part| part.2).sum();
    (by_name.values().map(|part| (part.0.to_owned(), part.1.clone())).collect(), count)
}

fn assert_limits(entries: &[&Entry]) -> Result<(), TestCaseError> {
    let count = |section: Section| entries.iter().filter(|entry| entry.key().section == section).count();
    prop_assert!(count(Section::Replication) <= 10 && count(Section::PullThroughCache) <= 50);
    let mut places = BTreeSet::new();
    let mut statements = Vec::new();
    for entry in entries {
        match entry {
            Entry::Replication(rule) => {
                prop_assert!(!rule.destinations.is_empty() && rule.prefixes.len() <= 100);
                places.extend(&rule.destinations);
            }
            Entry::Statement(statement) => statements.push(statement.text.clone()),
            Entry::Template(template) => prop_assert!(!template.applied_for.is_empty()),
            _ => {}
        }
    }
    prop_assert!(places.len() <= 25);
    let policy = format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}", statements.join(","));
    let policy = Document::parse_text(&policy).expect("the statements make a policy");
    prop_assert!(policy.len_in_characters() <= MAX_POLICY_CHARACTERS);
    let sids: BTreeSet<_> = policy.statements().iter().filter_map(|statement| statement.sid()).collect();
    prop_assert_eq!(sids.len(), statements.len());
    Ok(())
}

fn nonsense() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z*:/ .{}-]{0,12}".prop_map(Value::from),
        select(vec!["ROOT", "quay", "WILDCARD", "arn:aws:iam::123456789012:role/x", "123456789012", "🦀"])
            .prop_map(Value::from),
    ];
    let key = select(vec![
        "Filter",
        "FilterType",
        "RepositoryFilters",
        "ScanFrequency",
        "Destinations",
        "Region",
        "RegistryId",
        "Prefix",
        "EcrRepositoryPrefix",
        "UpstreamRegistry",
        "UpstreamRegistryUrl",
        "CredentialArn",
        "AppliedFor",
        "Statement",
        "Effect",
        "Principal",
        "Principals",
        "Prefixes",
        "LifecyclePolicy",
        "ResourceTags",
        "EncryptionConfiguration",
        "SigningProfileArn",
        "DeleteReplication",
        "",
        "x",
    ]);
    leaf.prop_recursive(4, 40, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(100) })]

    /// Each thing declared is one entry under its own key, whatever CloudFormation made texts of, and within the limits.
    #[test]
    fn what_is_accepted_is_whole_and_within_the_limits(parts in proptest::collection::vec(property(), 1..8)) {
        let (properties, count) = whole(&parts);
        let declared = Value::from(properties.clone());
        let is_mixed = properties.get("ScanType") == Some(&json!("BASIC"))
            && declared["ScanRules"].to_string().contains("CONTINUOUS_SCAN");
        let wish = match checked(&declared) {
            Ok(wish) => wish,
            Err(problems) => {
                prop_assert!(is_mixed, "{declared}: {problems:#?}");
                return Ok(());
            }
        };
        prop_assert!(!is_mixed, "BASIC knows no continuous scan");
        prop_assert_eq!(wish.entries.len(), count, "{}", declared);
        for (key, entry) in &wish.entries {
            prop_assert_eq!(key, &entry.key());
        }
        assert_limits(&wish.entries.values().collect::<Vec<_>>())?;
        prop_assert_eq!(checked(&as_delivered(&declared)).unwrap(), wish.clone());
        // A property comes to the same entries whatever else is declared.
        for (name, value, _) in &parts {
            if properties.get(*name) == Some(value) {
                let alone = checked(&json!({*name: value})).unwrap();
                prop_assert!(alone.entries.iter().all(|(key, entry)| wish.entries.get(key) == Some(entry)), "{name}");
            }
        }
    }

    /// Whatever stands there, it is read or refused, and each problem has a place and words.
    #[test]
    fn nonsense_is_told_and_nothing_breaks(
        name in select(vec![
            "ScanType", "ScanRules", "ReplicationRules", "RegistryPolicy", "ReplicationSources", "PullThroughCacheAccess",
            "PullThroughCacheRules", "CreationTemplates", "PullTimeUpdateExclusions", "SigningRules", "BlobMounting",
        ]),
        value in nonsense(),
    ) {
        for problem in checked(&json!({name: value})).err().into_iter().flatten() {
            prop_assert!(problem.path == "Properties" || problem.path.starts_with(name), "{problem}");
            prop_assert!(!problem.message.is_empty());
        }
    }

    /// What ECR's own patterns make is taken: the API model's, cut to the lengths it allows.
    #[test]
    fn what_ecrs_own_patterns_make_is_taken(
        scanning in "[a-z0-9*]([._/a-z0-9*-]?[a-z0-9*]{1,3}){0,9}",
        replication in "([a-z0-9]{1,3}([._-][a-z0-9]{0,3}){0,2}/){0,2}[a-z0-9]{2,4}([._-][a-z0-9]{0,3}){0,2}",
        signing in "([a-z0-9*]{1,3}([._-][a-z0-9*]{1,3}){0,2}/){0,2}[a-z0-9*]{1,4}([._-][a-z0-9*]{1,3}){0,2}",
        prefix in "[a-z0-9]{2,4}((\\.|_|__|-{1,3})[a-z0-9]{1,2}){0,2}(/[a-z0-9]{1,3}((\\.|_|__|-{1,2})[a-z0-9]{1,2}){0,1}){0,1}/?",
    ) {
        let profile = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/images";
        let declared = json!({
            "ScanRules": [scan("SCAN_ON_PUSH", &[&scanning])],
            "ReplicationRules": [replicate(&PLACES[..1], &[&replication])],
            "SigningRules": [{"SigningProfileArn": profile,
                "RepositoryFilters": [{"Filter": signing, "FilterType": "WILDCARD_MATCH"}]}],
            "PullThroughCacheRules": [{"EcrRepositoryPrefix": prefix, "UpstreamRegistry": "quay"}],
            "CreationTemplates": [{"Prefix": prefix, "AppliedFor": ["REPLICATION"]}],
        });
        let wish = checked(&declared);
        prop_assert!(wish.is_ok(), "{declared}: {wish:#?}");
        let bare = prefix.trim_end_matches('/');
        let templates = wish.unwrap().entries.into_keys().filter(|key| key.section == Section::CreationTemplates);
        prop_assert_eq!(templates.map(|key| key.name).collect::<Vec<_>>(), [bare]);
    }
}
