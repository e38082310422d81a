//! Laws that hold of every baseline and every repository.

use super::{Case, OWN, TODAY, changes, denied, lifecycle, policy};
use ecr_steward::model::Seen;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, ScanType, Tags};
use ecr_steward::plan::posture::{Check, Requirement, Status, creation_templates};
use ecr_steward::spec::baseline::{Baseline, Mode, check};
use ecr_steward::spec::fields::as_delivered;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const FRIEND: &str = "111122223333";
const STRANGER: &str = "444455556666";

/// Some of these members, together.
fn some_of(members: Vec<(&'static str, Vec<Value>)>) -> BoxedStrategy<Value> {
    let count = members.len();
    (subsequence(members, 1..=count), any::<prop::sample::Index>())
        .prop_map(|(chosen, pick)| {
            chosen
                .into_iter()
                .map(|(key, values)| (key.to_owned(), pick.get(&values).clone()))
                .collect::<Map<_, _>>()
                .into()
        })
        .boxed()
}

fn require() -> BoxedStrategy<Value> {
    let whole = json!({"rules": [{
        "rulePriority": 3,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": "7"},
        "action": {"type": "expire"},
    }]});
    some_of(vec![
        ("ScanOnPush", vec![json!(true)]),
        (
            "ImageTagMutability",
            vec![json!("IMMUTABLE"), json!(["IMMUTABLE", "MUTABLE_WITH_EXCLUSION"]), json!(["MUTABLE"])],
        ),
        ("LifecyclePolicy", vec![json!("Present"), json!("Generated"), whole]),
        ("EncryptionType", vec![json!("KMS"), json!(["AES256", "KMS"])]),
        ("RequiredTags", vec![json!(["owner"]), json!({"owner": "x", "cost": "1"}), json!({"tier": "gold"})]),
        ("NoPublicPrincipals", vec![json!("true")]),
        ("AllowedAccounts", vec![json!([FRIEND]), json!([]), json!([FRIEND, STRANGER])]),
    ])
}

fn matching() -> BoxedStrategy<Value> {
    select(vec![
        json!({"Names": ["*"]}),
        json!({"Names": ["a*"]}),
        json!({"Names": ["*-b", "cc"]}),
        json!({"Tags": {"tier": "g*"}}),
        json!({"Names": ["a-b"], "Tags": {"owner": "?"}}),
    ])
    .boxed()
}

fn rules() -> BoxedStrategy<Value> {
    let rule = (matching(), require(), select(vec!["Enforce", "ReportOnly"]));
    proptest::collection::vec(rule, 1..5)
        .prop_map(|rules| {
            let rules = rules.into_iter().zip(0..).map(|((matching, require, mode), number)| {
                json!({"Name": format!("r{number}"), "Match": matching, "Mode": mode, "Require": require})
            });
            json!({"Rules": rules.collect::<Vec<_>>()})
        })
        .boxed()
}

/// What passes the checker; of what leaves the bounds of a rule for all, the rules before that.
fn accepted(mut declared: Value) -> Baseline {
    loop {
        match check(declared.as_object().unwrap()) {
            Ok(baseline) => return baseline,
            Err(problems) => {
                assert!(problems.iter().all(|problem| problem.message.contains("bounds")), "{problems:#?}");
                declared["Rules"].as_array_mut().unwrap().pop();
            }
        }
    }
}

fn exempted() -> BoxedStrategy<Value> {
    let exemption = (matching(), select(vec!["2026-11-24", "2026-11-25", "2027-01-01"]), any::<bool>());
    proptest::collection::vec(exemption, 0..3)
        .prop_map(|all| {
            let all = all.into_iter().map(|(matching, until, one)| {
                let mut exemption = json!({"Match": matching, "Reason": "r", "Until": until});
                if one {
                    exemption["Rules"] = json!(["r0"]);
                }
                exemption
            });
            all.collect::<Vec<_>>().into()
        })
        .boxed()
}

fn seen<T: Clone + std::fmt::Debug + 'static>(there: Vec<T>) -> BoxedStrategy<Seen<T>> {
    let present = select(there).prop_map(Seen::Present);
    let rest = select(vec![0_u8, 1, 2]).prop_map(|kind| match kind {
        0 => Seen::Missing,
        1 => Seen::Unasked,
        _ => Seen::Unreadable(denied("Anything")),
    });
    prop_oneof![5 => present, 2 => rest].boxed()
}

fn statements() -> BoxedStrategy<String> {
    let of = |principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": "ecr:BatchGetImage"});
    let bounded = |key: &str, value: &str| {
        let mut statement = of(json!("*"));
        statement["Condition"] = json!({"StringEquals": {key: value}});
        statement
    };
    let all = vec![
        of(json!("*")),
        of(json!({"AWS": [FRIEND, STRANGER]})),
        of(json!({"AWS": format!("arn:aws:iam::{OWN}:root")})),
        of(json!({"AWS": [STRANGER], "Service": "lambda.amazonaws.com"})),
        bounded("aws:PrincipalOrgID", "o-abcdefghij"),
        bounded("aws:PrincipalAccount", STRANGER),
        bounded("ecr:ResourceTag/x", "y"),
    ];
    let count = all.len();
    let text = |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    prop_oneof![8 => subsequence(all, 0..=count).prop_map(text), 1 => Just("{\"Statement\": 1}".to_owned())].boxed()
}

fn tags() -> BoxedStrategy<Tags> {
    let all = vec![("owner", "x"), ("owner", "yy"), ("tier", "gold"), ("tier", "tin"), ("cost", "1")];
    let many = (0..48).map(|n| (format!("k{n}"), String::new())).collect::<Tags>();
    let some = subsequence(all, 0..=5)
        .prop_map(|tags| tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<Tags>());
    (some, any::<bool>(), Just(many))
        .prop_map(|(mut tags, full, many)| {
            if full {
                tags.extend(many);
            }
            tags
        })
        .boxed()
}

fn case() -> BoxedStrategy<Case> {
    let generated = super::requires(&json!({"LifecyclePolicy": "Generated"}));
    let generated = Case::new("xx").mended(&Case::new("xx").judged(&generated)).repository.lifecycle;
    let texts = [generated, lifecycle("{\"rules\": []}")].into_iter().filter_map(|found| found.present().cloned());
    let mutability =
        (select(MutabilityMode::ALL.to_vec()), subsequence(vec!["a*".to_owned(), "latest".to_owned()], 1..=2))
            .prop_map(|(mode, filters)| Mutability {
                mode,
                exclusions: if mode.takes_exclusions() { filters } else { vec![] },
            });
    let policies = prop_oneof![
        5 => statements().prop_map(|text| policy(&text)),
        2 => seen(vec![()]).prop_map(|seen| match seen {
            Seen::Unreadable(fault) => Seen::Unreadable(fault),
            Seen::Unasked => Seen::Unasked,
            Seen::Present(()) | Seen::Missing => Seen::Missing,
        }),
    ];
    let tags = (tags(), seen(vec![()])).prop_map(|(tags, seen)| match seen {
        Seen::Present(()) => Seen::Present(tags),
        Seen::Missing => Seen::Missing,
        Seen::Unasked => Seen::Unasked,
        Seen::Unreadable(fault) => Seen::Unreadable(fault),
    });
    let around = (seen(vec![ScanType::Basic, ScanType::Enhanced]), seen(vec![true, false]), any::<bool>());
    let settings = (select(EncryptionType::ALL.to_vec()), mutability, seen(texts.collect()));
    (select(vec!["aa", "a-b", "cc", "z/z"]), around, settings, tags, policies)
        .prop_map(|(name, (scan_type, registry, flag), (kind, mutability, lifecycle), tags, policy)| {
            let mut case = Case::new(name);
            (case.scan_type, case.registry) = (scan_type, registry);
            let repository = &mut case.repository;
            (repository.scan_on_push, repository.mutability, repository.lifecycle) = (flag, mutability, lifecycle);
            repository.encryption = Encryption { kind, kms_key: None };
            (repository.tags, repository.policy) = (tags, policy);
            case
        })
        .boxed()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn judging_is_deterministic_and_says_each_thing_once(rules in rules(), exemptions in exempted(), case in case()) {
        let baseline = accepted(with_exemptions(rules, &exemptions));
        let judged = case.judged(&baseline);
        prop_assert_eq!(&judged, &case.judged(&baseline));
        let keys: BTreeSet<_> = judged.checks.iter().map(|check| (&check.rule, check.requirement)).collect();
        prop_assert_eq!(keys.len(), judged.checks.len());
        for check in &judged.checks {
            prop_assert_eq!(check.leave.is_some(), check.status == Status::Exempt);
            prop_assert!(check.status != Status::Unknown || !check.note.is_empty(), "why it is unknown is said");
        }
    }

    #[test]
    fn only_what_fails_without_leave_has_a_remedy_and_afterwards_it_fails_no_more(
        rules in rules(), exemptions in exempted(), case in case()
    ) {
        let mut baseline = accepted(with_exemptions(rules, &exemptions));
        for rule in &mut baseline.rules {
            rule.mode = Mode::Enforce;
        }
        let judged = case.judged(&baseline);
        let remedied: BTreeSet<usize> = judged.remedies.iter().map(|remedy| remedy.check).collect();
        prop_assert_eq!(remedied.len(), judged.remedies.len());
        for index in &remedied {
            prop_assert_eq!(judged.checks[*index].status, Status::Fail);
        }
        let mut mended = case.mended(&judged);
        let after = mended.judged(&baseline);
        if mended.repository.tags == case.repository.tags {
            prop_assert!(changes(&after).is_empty(), "once is enough: {:#?}", after.remedies);
            let same = |check: &&Check, before: &Check| {
                (&check.rule, check.requirement) == (&before.rule, before.requirement)
            };
            for before in remedied.iter().map(|index| &judged.checks[*index]) {
                let check = after.checks.iter().find(|check| same(check, before)).expect("the same rules hold");
                let is_for_people = !before.note.is_empty();
                prop_assert!(check.status == Status::Pass || is_for_people, "{:#?}\n{:#?}", before, check);
            }
        }
        // A tag that is set can make another rule match, once for each.
        for _ in &baseline.rules {
            mended = mended.mended(&mended.judged(&baseline));
        }
        prop_assert!(changes(&mended.judged(&baseline)).is_empty(), "it comes to rest: {:#?}", mended);
    }

    #[test]
    fn what_is_enforced_alone_is_mended_in_one_write_each_for_settings_tags_and_policy(rules in rules(), case in case()) {
        let baseline = accepted(rules);
        let judged = case.judged(&baseline);
        let enforced = |index: usize| judged.checks[index].mode == Mode::Enforce;
        let steps: Vec<_> = judged.remedies.iter().filter(|remedy| enforced(remedy.check)).flat_map(|remedy| &remedy.steps).collect();
        let distinct: BTreeSet<String> = steps.iter().map(|step| format!("{:?}", step.change)).collect();
        let actions: BTreeSet<&str> = steps.iter().map(|step| step.change.action()).collect();
        prop_assert_eq!(distinct.len(), actions.len(), "{:#?}", steps);
        prop_assert!(distinct.len() <= 5);
    }

    #[test]
    fn leave_from_everything_leaves_no_remedy_and_changes_no_finding(rules in rules(), case in case()) {
        let judged = case.judged(&accepted(rules.clone()));
        let all = json!([{"Match": {"Names": ["*"]}, "Reason": "r", "Until": TODAY.to_string()}]);
        let exempt = case.judged(&accepted(with_exemptions(rules, &all)));
        prop_assert!(exempt.remedies.is_empty());
        prop_assert!(exempt.checks.iter().all(|check| check.status != Status::Fail));
        // Tags apart, each requirement is told by the same rule as without leave.
        let told = |judged: &ecr_steward::plan::posture::Judged| -> Vec<_> {
            let others = judged.checks.iter().filter(|check| check.requirement != Requirement::RequiredTags);
            others.map(|check| (check.rule.clone(), check.requirement, check.found.clone())).collect()
        };
        prop_assert_eq!(told(&judged), told(&exempt));
    }

    #[test]
    fn what_could_not_be_read_never_passes_and_is_never_written(rules in rules(), mut case in case()) {
        case.repository.tags = Seen::Unreadable(denied("ListTagsForResource"));
        case.repository.lifecycle = Seen::Unreadable(denied("GetLifecyclePolicy"));
        case.repository.policy = Seen::Unasked;
        case.registry = Seen::Unreadable(denied("BatchGetRepositoryScanningConfiguration"));
        case.repository.scan_on_push = false;
        let judged = case.judged(&accepted(rules));
        for check in &judged.checks {
            let known = [Requirement::ImageTagMutability, Requirement::EncryptionType].contains(&check.requirement);
            prop_assert!(known || check.status == Status::Unknown, "{:#?}", check);
        }
        let written = changes(&judged);
        prop_assert!(written.iter().all(|change| change.action() == "ecr:PutImageTagMutability"), "{:#?}", written);
    }

    #[test]
    fn more_rules_never_accept_more(rules in rules(), more in rules(), case in case()) {
        let mut general = accepted(rules);
        // Those for tags would hold after the ones that are added.
        general.rules.retain(|rule| rule.matching.tags.is_empty());
        let mut both = general.clone();
        both.rules.extend(accepted(more).rules.into_iter().map(|mut rule| {
            rule.matching.tags.clear();
            rule.matching.names = vec![ecr_steward::spec::findings::Glob(case.repository.name.to_string())];
            rule.name = format!("more {}", rule.name);
            rule
        }));
        let bounded = [Requirement::ImageTagMutability, Requirement::EncryptionType, Requirement::AllowedAccounts];
        let (before, after) = (case.judged(&general), case.judged(&both));
        for check in before.checks.iter().filter(|check| bounded.contains(&check.requirement) && check.status == Status::Fail) {
            let same = after.checks.iter().filter(|other| other.requirement == check.requirement);
            prop_assert!(same.clone().count() == 1 && same.clone().all(|other| other.status == Status::Fail), "{:#?}", check);
        }
    }

    #[test]
    fn text_for_everything_is_the_same_baseline_and_templates_come_of_all(rules in rules(), exemptions in exempted()) {
        let declared = with_exemptions(rules, &exemptions);
        let (one, other) = (check(declared.as_object().unwrap()), check(as_delivered(&declared).as_object().unwrap()));
        prop_assert_eq!(&one, &other);
        if let Ok(baseline) = one {
            let made = creation_templates(&baseline);
            let prefixes: BTreeSet<_> = made.templates.iter().map(|template| template["Prefix"].to_string()).collect();
            prop_assert_eq!(prefixes.len(), made.templates.len());
        }
    }
}

fn with_exemptions(mut declared: Value, exemptions: &Value) -> Value {
    declared["Exemptions"] = exemptions.clone();
    declared
}
