//! One request after the other.

use super::{
    Account, BASIC, ENHANCED, billing, cache, continuous, exclusion, on_push, replication, restoring, says, search,
    shop, sorted, statement, template, wish,
};
use crate::support::{Trouble, When, run};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::registry::withdraw::Withdrawn;
use ecr_steward::flow::task::Stopped;
use ecr_steward::model::registry::Entry;
use ecr_steward::plan::registry::RegistryChange;

#[test]
fn a_contradiction_is_refused_with_the_name_of_the_owner_and_nothing_is_written() {
    run(async {
        let account = Account::with(&[]);
        let theirs =
            [ENHANCED, on_push("app"), replication("a", false), statement("Pull", "111122223333"), template("ci", "x")];
        account.create(&billing(), &wish(&theirs)).await;
        let ours =
            [BASIC, continuous("app"), replication("a", true), statement("Pull", "444455556666"), template("ci", "y")];
        let reason = account.refused(&shop(), &wish(&ours)).await;
        let owner = "is declared by stack billing, resource Registry, and this resource declares";
        assert_eq!(reason.matches(owner).count(), 5, "{reason}");
        says(
            &reason,
            &["scan type ENHANCED is declared", "scan filter \"app\" SCAN_ON_PUSH is declared", "deletions too"],
        );
        assert!(account.record().unwrap().owner(&shop()).is_none());
        // What clashes with nobody goes beside it.
        account.create(&shop(), &wish(&[ENHANCED, on_push("lib")])).await;
        assert!(account.standing().contains(&on_push("lib")) && account.standing().contains(&on_push("app")));
    });
}

#[test]
fn whether_an_owner_is_gone_that_cannot_be_found_out_counts_as_alive_and_is_told() {
    run(async {
        let account = Account::with(&[]);
        account.create(&billing(), &wish(&[ENHANCED])).await;
        account.world.always("DescribeStackResource", Trouble::Fail(When::Before, FaultKind::Denied));
        let reason = account.refused(&shop(), &wish(&[BASIC])).await;
        says(&reason, &["stack billing, resource Registry", "could not be found out", "DescribeStackResource failed"]);
    });
}

#[test]
fn what_stands_there_by_hand_and_contradicts_is_refused_and_what_agrees_is_shared_with_nobody() {
    run(async {
        let by_hand = [
            on_push("app"),
            replication("a", true),
            statement("Pull", "111122223333"),
            cache("hub", "registry-1.docker.io", Some("old")),
            template("ci", "theirs"),
        ];
        let account = Account::with(&by_hand);
        let ours = [
            continuous("app"),
            replication("a", false),
            statement("Pull", "444455556666"),
            cache("hub", "registry-1.docker.io", Some("new")),
            template("ci", "ours"),
            ENHANCED,
        ];
        let reason = account.refused(&shop(), &wish(&ours)).await;
        assert_eq!(reason.matches("stands there, declared by nobody here").count(), 5, "{reason}");
        says(&reason, &["Declare it as it stands, or remove it first"]);
        // As it stands it can be declared: nothing is written, and it stays when the resource goes.
        account.create(&shop(), &restoring(&by_hand)).await;
        assert_eq!(account.writes(), 0);
        account.delete(&shop()).await;
        assert_eq!((account.writes(), account.standing()), (0, sorted(&[by_hand.as_slice(), &[BASIC]].concat())));
    });
}

#[test]
fn equal_entries_are_shared_and_stay_until_the_last_owner_goes() {
    run(async {
        let account = Account::with(&[]);
        let shared = [on_push("app"), exclusion("scanner"), replication("a", false)];
        for who in [shop(), billing(), search()] {
            account.create(&who, &restoring(&shared)).await;
        }
        assert_eq!(account.writes(), 3);
        for who in [billing(), shop()] {
            let Withdrawn::Restored(merged) = account.delete(&who).await else { panic!("it restores") };
            assert_eq!(merged.writes, 0);
            says(&merged.remarks.join("; "), &["stays, since", "declares it too", "stack search, resource Registry"]);
        }
        assert_eq!(account.standing(), sorted(&[shared.as_slice(), &[BASIC]].concat()));
        // By an Update it goes as well.
        account.update(&search(), &restoring(&[exclusion("scanner")])).await;
        assert_eq!(account.standing(), sorted(&[BASIC, exclusion("scanner")]));
        account.delete(&search()).await;
        assert_eq!(account.standing(), [BASIC]);
        let record = account.record().unwrap();
        assert!(record.entries.is_empty() && record.owners.is_empty());
    });
}

#[test]
fn the_first_of_two_to_go_restores_or_retains_as_declared() {
    run(async {
        for (wished, left) in [(restoring(&[ENHANCED]), BASIC), (wish(&[ENHANCED]), ENHANCED)] {
            let account = Account::with(&[]);
            account.create(&shop(), &wished).await;
            account.refused(&billing(), &wish(&[BASIC])).await;
            let writes = account.writes();
            account.delete(&shop()).await;
            assert_eq!(account.standing(), std::slice::from_ref(&left));
            assert_eq!(account.writes() > writes, left == BASIC);
            // Then it is free.
            account.create(&billing(), &wish(&[BASIC])).await;
        }
    });
}

#[test]
fn what_stood_before_comes_back_when_an_entry_leaves_or_the_resource_goes() {
    run(async {
        let hub = |secret| cache("hub", "registry-1.docker.io", Some(secret));
        let by_hand = [ENHANCED, Entry::BlobMounting(true), hub("old")];
        let account = Account::with(&by_hand);
        account.create(&shop(), &restoring(&[BASIC, Entry::BlobMounting(false), hub("old")])).await;
        account.update(&shop(), &restoring(&[BASIC, Entry::BlobMounting(false), hub("new")])).await;
        assert_eq!(account.standing().len(), 3);
        account.update(&shop(), &restoring(&[hub("new")])).await;
        assert_eq!(account.standing().first(), Some(&ENHANCED));
        account.delete(&shop()).await;
        assert_eq!(account.standing(), sorted(&by_hand));
        // Only by the documents themselves: no call to Inspector is even known here.
        let last = account.world.with(|state| state.registry.journal.last().cloned());
        let Entry::CacheRule(old) = hub("old") else { panic!("a rule") };
        assert_eq!(last, Some(RegistryChange::UpdateCacheRule(old)));
    });
}

#[test]
fn a_creation_that_is_taken_back_restores_whatever_it_declared() {
    run(async {
        for (status, succeeded) in [
            ("ROLLBACK_IN_PROGRESS", true),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", true),
            ("DELETE_IN_PROGRESS", false),
        ] {
            let account = Account::with(&[on_push("theirs")]);
            let before = account.standing();
            let ours = wish(&[ENHANCED, on_push("ours"), template("ci", "x")]);
            if !succeeded {
                account.world.trouble_on(
                    "CreateRepositoryCreationTemplate",
                    1,
                    Trouble::Fail(When::Before, FaultKind::Denied),
                );
            }
            let came = account.declares(&shop(), "CREATE_IN_PROGRESS", &ours).await;
            assert_eq!(came.is_ok(), succeeded);
            assert_ne!(account.standing(), before);
            account.withdraws(&shop(), status).await.unwrap();
            assert_eq!(account.standing(), before, "{status}");
        }
    });
}

#[test]
fn what_somebody_changed_since_is_left_alone_and_told() {
    run(async {
        let account = Account::with(&[]);
        let ours = [ENHANCED, statement("Pull", "111122223333"), template("ci", "ours"), exclusion("scanner")];
        account.create(&shop(), &restoring(&ours)).await;
        account.by_hand(&[statement("Pull", "444455556666"), template("ci", "theirs")]);
        account.world.with(|state| state.registry.take_by_hand(&exclusion("scanner")));
        let Withdrawn::Restored(merged) = account.delete(&shop()).await else { panic!("it restores") };
        let told = merged.remarks.join("; ");
        assert_eq!(told.matches("is left alone: somebody changed it since").count(), 2, "{told}");
        let left = account.standing();
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(left.contains(&template("ci", "theirs")) && left.contains(&BASIC));
        // Declared again, it is what stands there by hand.
        let reason = account.refused(&billing(), &wish(&[template("ci", "ours")])).await;
        says(&reason, &["declared by nobody here"]);
    });
}

#[test]
fn what_was_changed_by_hand_is_put_right_by_the_next_update() {
    run(async {
        let account = Account::with(&[]);
        let ours = [ENHANCED, template("ci", "ours"), exclusion("scanner")];
        account.create(&shop(), &wish(&ours)).await;
        account.by_hand(&[BASIC, template("ci", "theirs")]);
        account.world.with(|state| state.registry.take_by_hand(&exclusion("scanner")));
        account.update(&shop(), &wish(&ours)).await;
        assert_eq!(account.standing(), sorted(&ours));
    });
}

#[test]
fn what_an_owner_left_that_is_gone_is_taken_over() {
    run(async {
        let theirs = [ENHANCED, template("ci", "theirs"), on_push("app"), exclusion("scanner")];
        let account = Account::with(&[]);
        account.create(&billing(), &wish(&theirs)).await;
        // The stack went without a word to us.
        account.is_gone(&billing());
        let ours = restoring(&[BASIC, template("ci", "ours")]);
        let merged = account.create(&shop(), &ours).await;
        let told = merged.remarks.join("; ");
        assert_eq!(
            told.matches("taken over from stack billing, resource Registry, which is gone").count(),
            2,
            "{told}"
        );
        assert_eq!(account.standing(), sorted(&[BASIC, template("ci", "ours"), on_push("app"), exclusion("scanner")]));
        let record = account.record().unwrap();
        assert!(record.owner(&billing()).is_none() && record.entries.len() == 2);
        // What comes back is what stood before both of them; what nobody took over is nobody's.
        account.delete(&shop()).await;
        assert_eq!(account.standing(), sorted(&[BASIC, on_push("app"), exclusion("scanner")]));
    });
}

#[test]
fn what_stood_before_an_owner_that_is_gone_comes_back() {
    run(async {
        let hub = |secret| cache("hub", "registry-1.docker.io", Some(secret));
        let account = Account::with(&[ENHANCED, Entry::BlobMounting(true), hub("first")]);
        account.create(&billing(), &restoring(&[BASIC, Entry::BlobMounting(true), hub("first")])).await;
        account.update(&billing(), &restoring(&[BASIC, Entry::BlobMounting(true), hub("theirs")])).await;
        account.is_gone(&billing());
        // What somebody changed since is not what the one who is gone had put there.
        account.by_hand(&[Entry::BlobMounting(false)]);
        account.create(&shop(), &restoring(&[ENHANCED, Entry::BlobMounting(false), hub("ours")])).await;
        account.delete(&shop()).await;
        assert_eq!(account.standing(), sorted(&[ENHANCED, Entry::BlobMounting(false), hub("first")]));
    });
}

#[test]
fn what_one_owner_retained_stays_when_the_other_restores_or_is_taken_back() {
    run(async {
        let hub = cache("hub", "registry-1.docker.io", Some("a"));
        let shared = [ENHANCED, on_push("app"), statement("Pull", "111122223333"), hub, template("ci", "x")];
        for (status, on_delete) in [("DELETE_IN_PROGRESS", true), ("ROLLBACK_IN_PROGRESS", false)] {
            let account = Account::with(&[]);
            account.create(&shop(), &wish(&shared)).await;
            let theirs = [shared.as_slice(), &[exclusion("scanner")]].concat();
            account.create(&billing(), &if on_delete { restoring(&theirs) } else { wish(&theirs) }).await;
            assert!(matches!(account.delete(&shop()).await, Withdrawn::Retained(5)));
            let writes = account.writes();
            account.withdraws(&billing(), status).await.unwrap();
            let left = account.standing();
            assert!(left.len() == 5 && sorted(&shared).iter().zip(&left).all(|(one, two)| one.agrees_with(two)));
            assert_eq!(account.writes(), writes + 1, "{status}: only what was its own goes");
        }
    });
}

#[test]
fn the_last_living_owner_takes_a_shared_entry_along() {
    run(async {
        let account = Account::with(&[]);
        for who in [billing(), shop()] {
            account.create(&who, &restoring(&[on_push("app")])).await;
        }
        account.is_gone(&billing());
        account.delete(&shop()).await;
        assert_eq!(account.standing(), [BASIC]);
    });
}

#[test]
fn what_cannot_be_read_blocks_only_what_touches_it() {
    run(async {
        let account = Account::with(&[]);
        account.world.always("GetRegistryPolicy", Trouble::Fail(When::Before, FaultKind::Unexpected));
        account.create(&shop(), &wish(&[ENHANCED, exclusion("scanner")])).await;
        let reason = account.refused(&billing(), &wish(&[statement("Pull", "111122223333"), on_push("app")])).await;
        says(&reason, &["registry policy: what stands there could not be read", "GetRegistryPolicy failed"]);
    });
}

#[test]
fn one_write_that_fails_does_not_keep_the_others_from_being_done() {
    run(async {
        let account = Account::with(&[]);
        account.world.always("PutReplicationConfiguration", Trouble::Fail(When::Before, FaultKind::Denied));
        let ours = wish(&[ENHANCED, replication("a", false), exclusion("scanner")]);
        let came = account.declares(&shop(), "CREATE_IN_PROGRESS", &ours).await.unwrap_err();
        let Stopped::Partial { failures, done } = came else { panic!("{came:?}") };
        assert_eq!((failures.len(), done), (1, 2), "{failures:?}");
        assert!(account.record().unwrap().claim.is_none(), "nobody has to wait for it");
        account.world.calm();
        account.update(&shop(), &ours).await;
        assert_eq!(account.standing(), sorted(&[ENHANCED, replication("a", false), exclusion("scanner")]));
        assert_eq!(account.writes(), 3);
    });
}

#[test]
fn a_principal_that_iam_has_not_spread_yet_is_waited_for() {
    run(async {
        let account = Account::with(&[]);
        account.world.trouble_on("PutRegistryPolicy", 1, Trouble::Fail(When::Before, FaultKind::Unsettled));
        account.create(&shop(), &wish(&[statement("Pull", "111122223333")])).await;
        assert_eq!(account.writes(), 1);
    });
}
