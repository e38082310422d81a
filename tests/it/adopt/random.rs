//! Random registries: a few kinds of repositories, and names as teams give them.

use crate::support::world::{OWNER, Repo};
use ecr_steward::lifecycle::{Retention, generate};
use ecr_steward::model::policy::{Access, Document, Statement, access_statements, parse_principal};
use ecr_steward::model::repository::{
    Encryption, EncryptionType, Mutability, MutabilityMode, OWNER_TAG, RELEASED_TAG, Tags,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A repository, and whether no declaration can be made for it.
pub(super) type Kind = (Repo, bool);

/// Repositories by name.
pub(super) fn registries() -> BoxedStrategy<BTreeMap<String, Kind>> {
    let kinds = prop::collection::vec(kind(), 1..7);
    (kinds, prop::collection::vec((name(), any::<prop::sample::Index>()), 1..40))
        .prop_map(|(kinds, names)| names.into_iter().map(|(name, index)| (name, index.get(&kinds).clone())).collect())
        .boxed()
}

fn name() -> BoxedStrategy<String> {
    let word = || select(vec!["orders", "payment", "a1", "customer-service", "team/api", "test", "base.image", "x_y"]);
    let environment = || select(vec!["dev", "prod", "stg", "blue"]);
    let project = || select(vec!["shop", "my-project", "org/shop", "owners"]);
    prop_oneof![
        (project(), environment(), word()).prop_map(|(p, e, n)| format!("{p}-{e}-{n}")),
        (project(), environment(), word()).prop_map(|(p, e, n)| format!("{p}/{e}/{n}")),
        (project(), environment(), word()).prop_map(|(p, e, n)| format!("{p}_{e}.{n}")),
        (environment(), word()).prop_map(|(e, n)| format!("{e}/{n}")),
        (word(), environment()).prop_map(|(n, e)| format!("{n}-{e}")),
        (word(), 0..20_u32).prop_map(|(n, i)| format!("{n}{i}")),
    ]
    .boxed()
}

fn kind() -> BoxedStrategy<Kind> {
    (mutability(), any::<bool>(), encryption(), lifecycle(), policy(), tags())
        .prop_map(|(mutability, scan_on_push, encryption, (lifecycle, beyond), (policy, strange), (tags, taken))| {
            let repo = Repo { mutability, scan_on_push, encryption, tags, lifecycle, policy, images: 3 };
            (repo, beyond || strange || taken)
        })
        .boxed()
}

fn mutability() -> BoxedStrategy<Mutability> {
    let filters = subsequence(vec!["a*", "dev-*", "latest"], 1..=3);
    (select(MutabilityMode::ALL.to_vec()), filters)
        .prop_map(|(mode, filters)| {
            let filters = filters.into_iter().filter(|_| mode.takes_exclusions());
            Mutability { mode, exclusions: filters.map(str::to_owned).collect() }
        })
        .boxed()
}

fn encryption() -> BoxedStrategy<Encryption> {
    let key = |id: &str| Some(format!("arn:aws:kms:eu-west-1:123456789012:key/{id}"));
    let of = |kind, kms_key| Encryption { kind, kms_key };
    select(vec![
        of(EncryptionType::Aes256, None),
        of(EncryptionType::Kms, key("one")),
        of(EncryptionType::Kms, key("two")),
        of(EncryptionType::Kms, None),
        of(EncryptionType::KmsDsse, key("two")),
    ])
    .boxed()
}

fn retention() -> BoxedStrategy<Retention> {
    let lists = (
        subsequence(vec!["latest", "prod-*"], 0..=2),
        subsequence(vec!["v", "release-", "build"], 0..=3),
        prop_oneof![Just(10_u32), 1..5_u32],
        prop_oneof![Just(30_u32), 1..400_u32],
        prop_oneof![Just(1_u32), 1..9_u32],
    );
    let texts = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
    lists
        .prop_map(move |(protected, prefixes, images, days, untagged)| Retention {
            protected_tag_patterns: texts(protected),
            tag_prefixes: texts(prefixes),
            max_image_count: images,
            image_retention_days: days,
            untagged_retention_days: untagged,
        })
        .boxed()
}

/// As somebody's hand, or another tool, would have written the same.
fn reworded(text: &str) -> String {
    let mut policy: Value = serde_json::from_str(text).unwrap();
    for rule in policy["rules"].as_array_mut().unwrap() {
        rule["description"] = json!("as discussed");
    }
    serde_json::to_string_pretty(&policy).unwrap()
}

fn lifecycle() -> BoxedStrategy<(Option<String>, bool)> {
    let rule = |priority: u32, status: &str, kind: &str, number: u32| {
        let unit = if kind == "imageCountMoreThan" { json!({}) } else { json!({"countUnit": "days"}) };
        let mut selection = json!({"tagStatus": status, "countType": kind, "countNumber": number});
        selection.as_object_mut().unwrap().extend(unit.as_object().cloned().unwrap());
        json!({"rulePriority": priority, "selection": selection, "action": {"type": "expire"}})
    };
    let whole = select(vec![
        json!({"rules": [rule(7, "any", "imageCountMoreThan", 100)]}),
        json!({"rules": [rule(1, "untagged", "sinceImagePushed", 14), rule(2, "any", "imageCountMoreThan", 5)]}),
        json!({"rules": [{"rulePriority": 1, "action": {"type": "transition", "targetStorageClass": "archive"}, "selection":
            {"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 90}}]}),
        // Like a generated one, with gaps between the numbers.
        json!({"rules": [rule(10, "untagged", "sinceImagePushed", 1), rule(20, "any", "sinceImagePushed", 30)]}),
    ]);
    let generated = retention().prop_map(|retention| generate(&retention).to_text());
    prop_oneof![
        2 => Just((None, false)),
        3 => (generated, any::<bool>()).prop_map(|(text, again)| {
            (Some(if again { reworded(&text) } else { text }), false)
        }),
        2 => whole.prop_map(|value| (Some(serde_json::to_string_pretty(&value).unwrap()), false)),
        1 => Just((Some(json!({"rules": [rule(1, "sometimes", "sinceImagePushed", 1)]}).to_string()), true)),
    ]
    .boxed()
}

/// Statements we would write ourselves, with one of somebody else's before them.
fn ours(statements: Vec<Statement>) -> String {
    let theirs = r#"{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"ecr:ListImages"}"#;
    let mut all = vec![Statement::parse(&serde_json::from_str(theirs).unwrap()).unwrap()];
    all.extend(statements);
    Document::from_statements(all).to_text().replace("\"Effect\":", "\n  \"Effect\" : ")
}

fn policy() -> BoxedStrategy<(Option<String>, bool)> {
    let access = Access {
        pull_principals: vec![parse_principal("111122223333").unwrap()],
        push_principals: vec![parse_principal("arn:aws:iam::444455556666:role/ci").unwrap()],
        lambda_pull_arns: vec!["arn:aws:lambda:eu-west-1:123456789012:function:resize".to_owned()],
        pull_organizations: vec!["o-a1b2c3d4e5".to_owned()],
        partition: "aws".to_owned(),
    };
    let statement = |sid: &str, principal: Value, action: &str| {
        let value = json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action});
        Statement::parse(&value).unwrap()
    };
    let one = json!({"AWS": "777788889999"});
    let all = access_statements(&access);
    let altered = ours(all.clone()).replace("ecr:PutImage\"", "ecr:PutImage\",\"ecr:DeleteRepository\"");
    let foreign = "{ \"Version\" : \"2008-10-17\",\n \"Statement\" : { \"Effect\":\"Allow\", \"Principal\":\"*\", \"Action\":[\"ecr:BatchGetImage\"] } }";
    select(vec![
        (None, false),
        (Some(foreign.to_owned()), false),
        (Some(ours(Vec::new())), false),
        (Some(ours(all)), false),
        (Some(ours(vec![statement("EcrStewardUserAudit", one.clone(), "ecr:DescribeImages")])), false),
        (Some(ours(vec![statement("EcrStewardUserWorld", json!("*"), "ecr:BatchGetImage")])), false),
        (Some(ours(vec![statement("EcrStewardSomething", one, "ecr:DescribeImages")])), true),
        (Some(altered), true),
        (Some(foreign.replace("Effect", "Affect")), true),
    ])
    .boxed()
}

fn tags() -> BoxedStrategy<(Tags, bool)> {
    let of = |pairs: &[(&str, &str)]| -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let many = |count: u32| -> Tags { (0..count).map(|n| (format!("tag-{n}"), "x".to_owned())).collect() };
    select(vec![
        (Tags::new(), false),
        (of(&[("team", "web"), ("aws:cloudformation:stack-name", "old")]), false),
        (of(&[("Project", "shop"), ("Environment", "dev")]), false),
        (of(&[("Project", "Our Shop"), ("ManagedBy", "hand")]), false),
        (of(&[("Project", "owners"), ("Environment", "blue")]), false),
        (many(45), false),
        (many(46), true),
        (of(&[(OWNER_TAG, OWNER)]), true),
        (of(&[(RELEASED_TAG, "2026-01-01T00:00:00Z")]), true),
    ])
    .boxed()
}
