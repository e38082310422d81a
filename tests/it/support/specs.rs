//! Random declarations: every property that a fleet's plan depends on, in values that are accepted. Boxed, since
//! nested strategies of a debug build would not fit a test's stack.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// Which names, and what is said about them.
pub(crate) fn declarations(names: &'static [&'static str]) -> BoxedStrategy<Value> {
    let names = subsequence(names.to_vec(), 1..=names.len());
    (names, settings(), consent())
        .prop_flat_map(|(names, settings, consent)| {
            let over = select(names.clone()).prop_flat_map(|name| (Just(name), settings_of_one()));
            (Just((names, settings, consent)), proptest::option::of(over)).prop_map(
                |((names, settings, consent), over)| {
                    let mut all = json!({"ProjectName": "shop", "Environment": "dev", "RepositoryNames": names});
                    for part in [settings, consent] {
                        all.as_object_mut().expect("a map").extend(part.as_object().cloned().expect("a map"));
                    }
                    if let Some((name, over)) = over {
                        all["Overrides"] = json!({name: over});
                    }
                    all
                },
            )
        })
        .boxed()
}

/// What may be said for the fleet and for one repository alike; `null` is not said at all.
fn settings() -> BoxedStrategy<Value> {
    let lists = (
        subsequence(vec!["latest", "prod-*", "*-stable", "release-*"], 0..=4),
        subsequence(vec!["v", "release-", "build", "2"], 0..=4),
    );
    let mutability = select(vec![
        json!({}),
        json!({"ImageTagMutability": "IMMUTABLE"}),
        json!({"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "ImageTagMutabilityExclusions": ["latest", "dev-*"]}),
    ]);
    let access = select(vec![
        json!({}),
        json!({"PullPrincipals": ["111122223333", "arn:aws:iam::444455556666:role/ci"]}),
        json!({"PushPrincipals": ["111122223333"], "PolicyMode": "Exclusive"}),
        json!({"LambdaPullArns": ["arn:aws:lambda:eu-west-1:123456789012:function:resize"]}),
        json!({"PullOrganizations": ["o-a1b2c3d4e5"], "PolicyStatements": [{"Sid": "Audit", "Effect": "Allow",
            "Principal": {"AWS": "777788889999"}, "Action": "ecr:DescribeImages"}]}),
    ]);
    let tags = select(vec![json!(null), json!({"team": "web"}), json!([{"Key": "tier", "Value": "1"}])]);
    (lists, mutability, access, tags, settings_of_one())
        .prop_map(|((protected, prefixes), mutability, access, tags, numbers)| {
            let mut all = json!({"ProtectedTagPatterns": protected, "TagPrefixes": prefixes, "Tags": tags});
            for part in [mutability, access, numbers] {
                all.as_object_mut().expect("a map").extend(part.as_object().cloned().expect("a map"));
            }
            all
        })
        .boxed()
}

fn settings_of_one() -> BoxedStrategy<Value> {
    let number = || proptest::option::of(prop_oneof![1..20_u32, Just(2_147_483_647)]);
    let flag = || proptest::option::of(any::<bool>().prop_map(|flag| flag.to_string()));
    (number(), number(), number(), flag()).prop_map(|(images, days, untagged, scan)| {
        json!({"MaxImageCount": images.map(|n| n.to_string()), "ImageRetentionDays": days, "UntaggedRetentionDays": untagged,
            "ScanOnPush": scan})
    })
    .boxed()
}

fn consent() -> BoxedStrategy<Value> {
    let removal = || select(vec!["Delete", "Retain"]);
    (removal(), removal(), any::<bool>(), any::<bool>()).prop_map(|(on_remove, on_delete, adopt, publish)| {
        json!({"OnRemove": on_remove, "OnDelete": on_delete, "AdoptExisting": adopt, "PublishParameters": publish})
    })
    .boxed()
}
