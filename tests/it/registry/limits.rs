//! What ECR refuses of the whole is refused before anything is written, naming who else is in it.

use super::{
    Account, BASIC, ENHANCED, billing, cache, continuous, on_push, replication, restoring, says, shop, signing, sorted,
    statement, wish,
};
use crate::support::run;
use ecr_steward::flow::registry::withdraw::Withdrawn;
use ecr_steward::model::registry::Entry;

async fn shared(theirs: Vec<Entry>, ours: Vec<Entry>, words: &[&str]) {
    let account = Account::with(&[ENHANCED]);
    account.create(&billing(), &wish(&theirs)).await;
    let reason = account.refused(&shop(), &wish(&ours)).await;
    says(&reason, words);
    // One fewer is taken.
    account.create(&shop(), &wish(&ours[1..])).await;
}

#[test]
fn the_limits_hold_for_all_stacks_together() {
    run(async {
        let made = |count: usize, one: &dyn Fn(usize) -> Entry| (0..count).map(one).collect::<Vec<Entry>>();
        let whose = |ours: usize, theirs: usize| {
            [
                format!("{theirs} of stack billing, resource Registry"),
                format!("{ours} of stack shop, resource Registry"),
            ]
        };
        for (theirs, ours, what) in [
            (
                made(60, &|n| on_push(&format!("a{n}"))),
                made(41, &|n| on_push(&format!("b{n}"))),
                "101 SCAN_ON_PUSH filters",
            ),
            (
                made(6, &|n| replication(&format!("a{n}"), false)),
                made(5, &|n| replication(&format!("b{n}"), true)),
                "11 replication rules",
            ),
            (
                made(30, &|n| cache(&format!("a{n}"), "quay.io", None)),
                made(21, &|n| cache(&format!("b{n}"), "quay.io", None)),
                "51 pull-through cache rules",
            ),
            (made(5, &|n| signing(&format!("a{n}"))), made(6, &|n| signing(&format!("b{n}"))), "11 signing rules"),
        ] {
            let [first, second] = whose(ours.len(), theirs.len());
            shared(theirs, ours, &[what, &first, &second]).await;
        }
        let long = made(30, &|n| statement(&format!("A{n}"), "111122223333"));
        let more = made(40, &|n| statement(&format!("B{n}"), "111122223333"));
        let account = Account::with(&[]);
        account.create(&billing(), &wish(&long)).await;
        let reason = account.refused(&shop(), &wish(&more)).await;
        says(&reason, &["characters long, and ECR takes 10240", "30 of stack billing", "40 of stack shop"]);
    });
}

#[test]
fn basic_is_refused_where_somebody_else_scans_continuously() {
    run(async {
        let account = Account::with(&[]);
        account.create(&shop(), &restoring(&[ENHANCED, on_push("ours")])).await;
        account.create(&billing(), &wish(&[continuous("app"), continuous("lib*")])).await;
        let reason = account.refused(&shop(), &restoring(&[BASIC, on_push("ours")])).await;
        let words = [
            "the scan type BASIC of stack shop, resource Registry takes no CONTINUOUS_SCAN filters",
            "\"app\" of stack billing, resource Registry",
            "\"lib*\" of stack billing",
        ];
        says(&reason, &words);
        // A Delete gets through, and leaves them what they need.
        let Withdrawn::Restored(merged) = account.delete(&shop()).await else { panic!("it restores") };
        says(&merged.remarks.join("; "), &["scan type ENHANCED stays", "\"app\" of stack billing"]);
        assert_eq!(account.standing(), sorted(&[ENHANCED, continuous("app"), continuous("lib*")]));
        // And a filter that BASIC cannot have is refused where nobody declares a type.
        let other = Account::with(&[]);
        let reason = other.refused(&billing(), &wish(&[continuous("app")])).await;
        says(&reason, &["the scan type BASIC of nobody here takes no CONTINUOUS_SCAN filters"]);
    });
}

#[test]
fn what_is_beyond_a_limit_already_may_shrink() {
    run(async {
        let rules: Vec<Entry> = (0..52).map(|n| cache(&format!("r{n}"), "quay.io", None)).collect();
        let account = Account::with(&rules);
        account.create(&shop(), &restoring(&rules[..1])).await;
        account.update(&shop(), &restoring(&[cache("r0", "quay.io", Some("x"))])).await;
        assert_eq!(account.writes(), 1);
        let reason = account.refused(&shop(), &restoring(&[cache("one-more", "quay.io", None)])).await;
        says(&reason, &["53 pull-through cache rules would stand, and ECR takes 50", "52 of nobody here"]);
    });
}
