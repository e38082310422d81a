//! Requests that come late, again, or while another is at work; and others who write the same documents.

use super::{
    Account, BASIC, ENHANCED, billing, on_push, replication, restoring, says, search, shop, sorted, statement, wish,
};
use crate::support::{Trouble, When, run};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::registry::withdraw::{Withdrawn, withdraw};
use ecr_steward::flow::task::Stopped;
use ecr_steward::model::registry::Section;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

#[test]
fn a_writer_between_our_write_and_the_look_after_it_is_merged_with() {
    run(async {
        let account = Account::with(&[replication("theirs", false)]);
        // They read before we wrote, and write what they made of it.
        let theirs = Trouble::Meanwhile(Arc::new(|state| {
            let rules = vec![replication("theirs", false), replication("new", false)];
            state.registry.entries.insert(Section::Replication, rules);
        }));
        account.world.trouble_on("DescribeRegistry", 2, theirs);
        let merged = account.create(&shop(), &wish(&[replication("ours", false)])).await;
        assert_eq!(merged.writes, 2);
        let all = [BASIC, replication("theirs", false), replication("new", false), replication("ours", false)];
        assert_eq!(account.standing(), sorted(&all));
        assert!(account.record().unwrap().claim.is_none());
    });
}

#[test]
fn somebody_who_always_writes_over_it_is_given_way_to_and_told_of() {
    run(async {
        let account = Account::with(&[]);
        let theirs = Trouble::Meanwhile(Arc::new(|state| {
            state.registry.entries.insert(Section::Replication, vec![replication("theirs", false)]);
        }));
        account.world.always("DescribeRegistry", theirs);
        let came = account.declares(&shop(), "CREATE_IN_PROGRESS", &wish(&[replication("ours", false)])).await;
        let reason = came.unwrap_err().reason();
        says(&reason, &["somebody else writes the same setting", "ecr:PutReplicationConfiguration"]);
        assert_eq!(account.writes(), 3);
        assert!(account.record().unwrap().claim.is_none());
        // The Delete that follows finds nothing of ours.
        account.world.calm();
        account.withdraws(&shop(), "ROLLBACK_IN_PROGRESS").await.unwrap();
        assert_eq!(account.standing(), sorted(&[BASIC, replication("theirs", false)]));
    });
}

#[test]
fn stacks_that_declare_at_the_same_moment_take_turns() {
    run(async {
        let account = Account::with(&[]);
        for who in [shop(), billing(), search()] {
            account.stack_is(&who, "CREATE_IN_PROGRESS");
        }
        let one = |who, entry| {
            let (account, task) = (&account, account.task(&who));
            async move { account.serve(&task, &wish(&[entry, on_push("shared")])).await }
        };
        let (first, second, third) = tokio::join!(
            one(shop(), statement("One", "111122223333")),
            one(billing(), statement("Two", "111122223333")),
            one(search(), statement("Three", "111122223333")),
        );
        for came in [first, second, third] {
            came.unwrap();
        }
        let sids: Vec<String> = account.standing().iter().map(|entry| entry.key().name).collect();
        assert_eq!(sids, ["", "shared", "One", "Three", "Two"]);
        let record = account.record().unwrap();
        assert_eq!((record.entries.len(), record.owners.len()), (4, 3));
    });
}

#[test]
fn a_merge_that_died_holds_up_others_for_minutes_and_not_for_ever() {
    run(async {
        let account = Account::with(&[]);
        account.stack_is(&shop(), "CREATE_IN_PROGRESS");
        account.world.trouble_on("PutRegistryScanningConfiguration", 1, Trouble::Kill(When::Before));
        let task = account.task(&shop());
        assert!(account.world.until_killed(account.serve(&task, &wish(&[on_push("ours")]))).await.is_none());
        account.world.calm();
        let begun = tokio::time::Instant::now();
        account.create(&billing(), &wish(&[on_push("theirs")])).await;
        let waited = begun.elapsed();
        assert!((Duration::from_secs(100)..Duration::from_mins(3)).contains(&waited), "{waited:?}");
        // One that has not so much time is told who is at work.
        account.world.trouble_on("PutRegistryScanningConfiguration", 1, Trouble::Kill(When::Before));
        account.stack_is(&shop(), "CREATE_IN_PROGRESS");
        let again = account.task(&shop());
        assert!(account.world.until_killed(account.serve(&again, &wish(&[on_push("ours")]))).await.is_none());
        account.world.calm();
        let mut short = account.task(&search());
        short.steps_until = tokio::time::Instant::now() + Duration::from_secs(20);
        account.stack_is(&search(), "CREATE_IN_PROGRESS");
        let reason = account.serve(&short, &wish(&[on_push("late")])).await.unwrap_err().reason();
        says(&reason, &["nothing was changed", "stack shop, resource Registry is at work on it", "request-3"]);
    });
}

#[test]
fn a_request_that_comes_too_late_changes_nothing() {
    run(async {
        let account = Account::with(&[]);
        account.create(&shop(), &wish(&[on_push("ours")])).await;
        let before = account.picture();
        for status in ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS"] {
            let late = account.declares(&shop(), status, &wish(&[on_push("other")])).await.unwrap_err();
            says(&late.reason(), &["nothing was changed", "too late", status]);
            // What was declared already is answered as it was.
            account.declares(&shop(), status, &wish(&[on_push("ours")])).await.unwrap();
        }
        assert_eq!(account.picture(), before);
        let fresh = account.declares(&billing(), "ROLLBACK_IN_PROGRESS", &wish(&[on_push("x")])).await.unwrap_err();
        says(&fresh.reason(), &["too late"]);
        assert_eq!(account.picture(), before);
    });
}

#[test]
fn an_older_request_never_overwrites_a_newer_one() {
    run(async {
        let account = Account::with(&[]);
        account.create(&shop(), &wish(&[on_push("first")])).await;
        account.stack_is(&shop(), "UPDATE_IN_PROGRESS");
        let (older, newer) = (account.task_issued(&shop(), Some(1_000)), account.task_issued(&shop(), Some(2_000)));
        account.serve(&newer, &wish(&[on_push("newer")])).await.unwrap();
        let came = account.serve(&older, &wish(&[on_push("older")])).await;
        assert_eq!(came.unwrap_err(), Stopped::Superseded { done: 0 });
        let gone = account.task_issued(&shop(), Some(1_500));
        assert_eq!(withdraw(&account.world, &gone).await.unwrap_err(), Stopped::Superseded { done: 0 });
        assert_eq!(account.standing(), sorted(&[BASIC, on_push("newer")]));
        // Nor where they do not say when they were issued, if both have been here.
        let (first, second) = (account.task(&shop()), account.task(&shop()));
        account.serve(&first, &wish(&[on_push("first")])).await.unwrap();
        account.serve(&second, &wish(&[on_push("second")])).await.unwrap();
        account.serve(&first, &wish(&[on_push("first")])).await.unwrap_err();
        assert_eq!(account.standing(), sorted(&[BASIC, on_push("second")]));
    });
}

#[test]
fn a_rollback_or_delete_that_comes_while_its_forerunner_is_at_work_wins() {
    run(async {
        for seconds in [0, 1, 3, 6, 9, 14] {
            for slow in ["PutObject", "PutRegistryScanningConfiguration", "PutReplicationConfiguration"] {
                let story = format!("{slow}, after {seconds} s");
                let account = Account::with(&[]);
                let (old, new) =
                    (wish(&[on_push("old")]), restoring(&[ENHANCED, on_push("new"), replication("a", false)]));
                account.create(&shop(), &old).await;
                let wished = account.standing();
                account.world.trouble_on(slow, 1, Trouble::Slow(Duration::from_secs(5)));
                account.stack_is(&shop(), "UPDATE_IN_PROGRESS");
                let forth = account.task_issued(&shop(), Some(1_000));
                let back = account.task_issued(&shop(), Some(1_001 + i64::try_from(seconds).unwrap()));
                let turned = async {
                    sleep(Duration::from_secs(seconds)).await;
                    account.stack_is(&shop(), "UPDATE_ROLLBACK_IN_PROGRESS");
                    account.serve(&back, &old).await
                };
                let (_, turned) = tokio::join!(account.serve(&forth, &new), turned);
                turned.unwrap();
                assert_eq!(account.standing(), wished, "{story}");

                let account = Account::with(&[]);
                account.world.trouble_on(slow, 1, Trouble::Slow(Duration::from_secs(5)));
                account.stack_is(&shop(), "CREATE_IN_PROGRESS");
                let forth = account.task_issued(&shop(), Some(1_000));
                let back = account.task_issued(&shop(), Some(1_001 + i64::try_from(seconds).unwrap()));
                let turned = async {
                    sleep(Duration::from_secs(seconds)).await;
                    account.stack_is(&shop(), "ROLLBACK_IN_PROGRESS");
                    Box::pin(withdraw(&account.world, &back)).await
                };
                let (_, gone) = tokio::join!(account.serve(&forth, &new), turned);
                gone.unwrap();
                assert_eq!(account.standing(), [BASIC], "{story}");
                assert!(account.record().unwrap_or_default().owners.is_empty(), "{story}");
            }
        }
    });
}

#[test]
fn answers_that_are_lost_are_looked_for() {
    run(async {
        for operation in ["PutObject", "PutRegistryScanningConfiguration"] {
            for nth in [1, 2] {
                let account = Account::with(&[]);
                let lost = Trouble::Fail(When::After, FaultKind::Unavailable);
                account.world.trouble_on(operation, nth, lost);
                let came = account.declares(&shop(), "CREATE_IN_PROGRESS", &restoring(&[on_push("ours")])).await;
                // Of ECR's own answer the client has asked again already; it is told, and the next request goes on.
                if came.is_err() {
                    account.update(&shop(), &restoring(&[on_push("ours")])).await;
                }
                account.world.calm();
                assert_eq!(account.standing(), sorted(&[BASIC, on_push("ours")]), "{operation} {nth}");
                assert_eq!(account.writes(), 1, "{operation} {nth}");
                assert!(matches!(account.delete(&shop()).await, Withdrawn::Restored(_)));
                assert_eq!(account.standing(), [BASIC]);
            }
        }
    });
}

#[test]
fn what_does_not_fit_into_an_invocation_goes_on_in_another() {
    run(async {
        let account = Account::with(&[]);
        account.stack_is(&shop(), "CREATE_IN_PROGRESS");
        account.world.trouble_on("PutReplicationConfiguration", 1, Trouble::Slow(Duration::from_mins(1)));
        let mut task = account.task(&shop());
        task.steps_until = tokio::time::Instant::now() + Duration::from_secs(30);
        let ours = wish(&[on_push("ours"), replication("a", false), statement("Pull", "111122223333")]);
        let came = account.serve(&task, &ours).await.unwrap_err();
        let Stopped::Unfinished { done: 1, left: 2, first } = came else { panic!("{came:?}") };
        says(&first, &["ecr:PutReplicationConfiguration failed"]);
        task.steps_until = tokio::time::Instant::now() + Duration::from_mins(10);
        task.waiting.as_mut().unwrap().part = 2;
        account.serve(&task, &ours).await.unwrap();
        assert_eq!(account.standing().len(), 4);
        // A Delete that came in between has taken it away, and it does not come back.
        account.withdraws(&shop(), "ROLLBACK_IN_PROGRESS").await.unwrap();
        account.stack_is(&shop(), "CREATE_IN_PROGRESS");
        task.waiting.as_mut().unwrap().part = 3;
        assert_eq!(account.serve(&task, &ours).await.unwrap_err(), Stopped::Superseded { done: 0 });
    });
}
