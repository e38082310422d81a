//! ENHANCED stays while anybody scans continuously, in the name of those who do, and goes back with the last of them.

use super::{Account, BASIC, ENHANCED, billing, continuous, on_push, restoring, says, search, shop, sorted, wish};
use crate::support::{Trouble, When, run};
use ecr_steward::flow::registry::withdraw::Withdrawn;
use ecr_steward::model::identity::Identity;
use ecr_steward::model::registry::Entry;
use proptest::prelude::*;

/// In whose name the scan type is, by stack name.
fn held_by(account: &Account) -> Vec<String> {
    let record = account.record().unwrap();
    let recorded = record.entries.get(&ENHANCED.key());
    recorded.into_iter().flat_map(|recorded| &recorded.owners).map(|owner| owner.stack.name.clone()).collect()
}

/// Two stacks: one declares ENHANCED over BASIC, the other scans continuously.
async fn leaning() -> Account {
    let account = Account::with(&[]);
    account.create(&shop(), &restoring(&[ENHANCED, on_push("ours")])).await;
    account.create(&billing(), &restoring(&[continuous("app")])).await;
    account
}

#[test]
fn what_a_delete_leaves_to_those_who_scan_continuously_goes_back_with_the_last_of_them() {
    run(async {
        let account = leaning().await;
        account.create(&search(), &restoring(&[continuous("lib")])).await;
        let Withdrawn::Restored(merged) = account.delete(&shop()).await else { panic!("it restores") };
        let words = ["scan type ENHANCED stays", "\"app\" of stack billing", "\"lib\" of stack search"];
        says(&merged.remarks.join("; "), &words);
        assert_eq!(held_by(&account), ["billing", "search"]);
        // Whoever wants BASIC is told who has it, and why.
        let reason = account.refused(&shop(), &wish(&[BASIC])).await;
        says(&reason, &["declared by stack billing", "CONTINUOUS_SCAN filters take ENHANCED: \"app\""]);
        // An Update that still scans continuously keeps its hold.
        account.update(&billing(), &restoring(&[continuous("app"), on_push("more")])).await;
        assert_eq!(held_by(&account), ["billing", "search"]);
        account.update(&billing(), &restoring(&[on_push("more")])).await;
        assert_eq!(account.standing(), sorted(&[ENHANCED, continuous("lib"), on_push("more")]));
        assert_eq!(held_by(&account), ["search"]);
        account.delete(&search()).await;
        assert_eq!(account.standing(), sorted(&[BASIC, on_push("more")]));
    });
}

#[test]
fn what_was_left_to_one_who_retains_stays() {
    run(async {
        let account = Account::with(&[]);
        account.create(&shop(), &restoring(&[ENHANCED])).await;
        account.create(&billing(), &wish(&[continuous("app")])).await;
        account.delete(&shop()).await;
        account.delete(&billing()).await;
        assert_eq!(account.standing(), sorted(&[ENHANCED, continuous("app")]));
        assert!(account.record().unwrap().entries.is_empty());
    });
}

#[test]
fn an_update_or_rollback_that_leaves_the_type_out_hands_it_over_and_gets_through() {
    run(async {
        let account = leaning().await;
        let dropped = restoring(&[on_push("ours")]);
        account.stack_is(&shop(), "UPDATE_ROLLBACK_IN_PROGRESS");
        let merged = account.serve(&account.task(&shop()), &dropped).await.unwrap();
        says(&merged.remarks.join("; "), &["scan type ENHANCED stays", "\"app\" of stack billing, resource Registry"]);
        assert_eq!((account.writes(), held_by(&account)), (2, vec!["billing".to_owned()]));
        account.stack_is(&shop(), "UPDATE_COMPLETE");
        // It comes back to it, and away again.
        account.update(&shop(), &restoring(&[ENHANCED, on_push("ours")])).await;
        assert_eq!(held_by(&account), ["billing", "shop"]);
        account.update(&shop(), &dropped).await;
        account.delete(&billing()).await;
        assert_eq!(account.standing(), sorted(&[BASIC, on_push("ours")]));
    });
}

#[test]
fn one_who_scans_continuously_itself_may_leave_the_type_out() {
    run(async {
        let account = Account::with(&[]);
        account.create(&shop(), &restoring(&[ENHANCED, continuous("ours")])).await;
        let merged = account.update(&shop(), &restoring(&[continuous("ours")])).await;
        says(&merged.remarks.join("; "), &["scan type ENHANCED stays, since this resource scans continuously"]);
        assert_eq!((account.writes(), held_by(&account)), (1, vec!["shop".to_owned()]));
        account.delete(&shop()).await;
        assert_eq!(account.standing(), [BASIC]);
    });
}

#[test]
fn filters_that_somebody_put_there_by_hand_keep_the_type_with_its_owner() {
    run(async {
        let account = Account::with(&[]);
        account.create(&shop(), &restoring(&[ENHANCED, on_push("ours")])).await;
        account.by_hand(&[continuous("theirs")]);
        account.update(&shop(), &restoring(&[on_push("ours")])).await;
        assert_eq!(held_by(&account), ["shop"]);
        account.world.with(|state| state.registry.take_by_hand(&continuous("theirs")));
        account.delete(&shop()).await;
        assert_eq!(account.standing(), [BASIC]);
    });
}

#[test]
fn a_hand_over_that_dies_anywhere_is_gone_on_with() {
    run(async {
        let undisturbed = leaning().await;
        undisturbed.stack_is(&shop(), "DELETE_IN_PROGRESS");
        undisturbed.world.start_counting();
        undisturbed.delete(&shop()).await;
        let calls = undisturbed.world.calls();
        for nth in 1..=calls {
            for when in [When::Before, When::After] {
                let story = format!("died {when:?} call {nth} of {calls}");
                let account = leaning().await;
                account.world.trouble_at(nth, Trouble::Kill(when));
                assert!(account.world.until_killed(account.delete(&shop())).await.is_none(), "{story}");
                account.world.calm();
                account.delete(&shop()).await;
                assert_eq!(account.standing(), undisturbed.standing(), "{story}");
                account.delete(&billing()).await;
                assert_eq!(account.standing(), [BASIC], "{story}");
            }
        }
    });
}

#[test]
fn basic_over_an_enhanced_that_nobody_declared_says_what_ends() {
    run(async {
        for (rules, what) in [
            (vec![], "continuous scanning of every repository ends"),
            (vec![on_push("app")], "what held until now ends (ENHANCED scans on push: \"app\""),
        ] {
            let account = Account::with(&[ENHANCED]);
            account.by_hand(&rules);
            let before = account.standing();
            let merged = account.create(&shop(), &restoring(&[BASIC])).await;
            says(&merged.remarks.join("; "), &["ENHANCED, set by nobody here, becomes BASIC", what, "puts it back"]);
            let again = account.update(&shop(), &restoring(&[BASIC])).await;
            assert!(!again.remarks.join("; ").contains("becomes BASIC"), "{again:?}");
            account.delete(&shop()).await;
            assert_eq!(account.standing(), before);
        }
        // Nothing ends where it was BASIC before, nor where ENHANCED comes.
        for (standing, wished) in [(BASIC, BASIC), (BASIC, ENHANCED), (ENHANCED, ENHANCED)] {
            let merged = Account::with(&[standing]).create(&shop(), &restoring(&[wished])).await;
            assert!(!merged.remarks.join("; ").contains("becomes"), "{merged:?}");
        }
    });
}

fn some() -> impl Strategy<Value = Vec<Entry>> {
    let one = [ENHANCED, BASIC, continuous("a"), continuous("b"), on_push("c")];
    proptest::sample::subsequence(one.to_vec(), 0..=3)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(60) })]

    /// Whatever restoring stacks declared, dropped and were refused: with the last of them it is as before.
    #[test]
    fn those_who_restore_leave_nothing_behind(
        enhanced in any::<bool>(),
        acts in proptest::collection::vec((0..3_usize, proptest::option::weighted(0.8, some())), 1..10),
        last in Just([0, 1, 2_usize]).prop_shuffle(),
    ) {
        run(async {
            let account = Account::with(if enhanced { &[ENHANCED] } else { &[] });
            let before = account.standing();
            let parties: [Identity; 3] = [shop(), billing(), search()];
            for (who, entries) in acts {
                let who = &parties[who];
                let Some(entries) = entries else {
                    account.delete(who).await;
                    continue;
                };
                let declared = restoring(&entries);
                if account.declares(who, "UPDATE_IN_PROGRESS", &declared).await.is_err() {
                    continue;
                }
                let (writes, record) = (account.writes(), account.record().unwrap().entries);
                account.update(who, &declared).await;
                assert_eq!((account.writes(), account.record().unwrap().entries), (writes, record));
            }
            for who in last {
                account.delete(&parties[who]).await;
            }
            assert_eq!(account.standing(), before);
            assert!(account.record().is_none_or(|record| record.entries.is_empty()));
        });
    }
}
