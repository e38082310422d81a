//! A process that dies at every single call, before and after its effect. The same request comes again, or CloudFormation
//! turns round; either way the world is the one it would have been.

use super::{
    Account, BASIC, ENHANCED, billing, cache, continuous, exclusion, on_push, replication, restoring, same, shop,
    signing, statement, template,
};
use crate::support::{Trouble, When, run};
use ecr_steward::flow::registry::withdraw::withdraw;
use ecr_steward::model::registry::Entry;
use ecr_steward::spec::registry::RegistryWish;

fn before() -> RegistryWish {
    restoring(&[
        on_push("shared"),
        on_push("ours"),
        replication("a", false),
        statement("Ours", "111122223333"),
        cache("hub", "registry-1.docker.io", Some("old")),
        cache("up", "quay.io", None),
        template("ci", "one"),
        Entry::BlobMounting(true),
    ])
}

fn after() -> RegistryWish {
    restoring(&[
        ENHANCED,
        on_push("shared"),
        continuous("ours"),
        replication("a", true),
        statement("Ours", "444455556666"),
        cache("hub", "registry-1.docker.io", Some("new")),
        cache("up", "public.ecr.aws", None),
        exclusion("scanner"),
        signing("ours"),
    ])
}

/// Somebody else's entries, by hand and declared.
async fn beginning() -> Account {
    let account = Account::with(&[on_push("theirs"), replication("theirs", true), statement("Theirs", "111122223333")]);
    account.create(&billing(), &restoring(&[on_push("shared"), exclusion("theirs")])).await;
    account
}

async fn declared() -> Account {
    let account = beginning().await;
    account.create(&shop(), &before()).await;
    account
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Create,
    Update,
    Delete,
}

impl Kind {
    async fn begin(self) -> Account {
        match self {
            Self::Create => beginning().await,
            Self::Update | Self::Delete => declared().await,
        }
    }

    async fn serve(self, account: &Account) {
        let task = account.task(&shop());
        self.serve_as(account, &task).await;
    }

    async fn serve_as(self, account: &Account, task: &ecr_steward::flow::task::Task) {
        match self {
            Self::Create => drop(account.serve(task, &before()).await.unwrap()),
            Self::Update => drop(account.serve(task, &after()).await.unwrap()),
            Self::Delete => drop(Box::pin(withdraw(&account.world, task)).await.unwrap()),
        }
    }

    fn status(self) -> String {
        format!("{self:?}_IN_PROGRESS").to_uppercase()
    }
}

fn last_call(account: &Account) -> usize {
    account.world.calls()
}

async fn dies_everywhere(kind: Kind) -> usize {
    let undisturbed = kind.begin().await;
    undisturbed.stack_is(&shop(), &kind.status());
    undisturbed.world.start_counting();
    let began = undisturbed.standing();
    kind.serve(&undisturbed).await;
    let (calls, wished) = (last_call(&undisturbed), undisturbed.picture());
    assert!(calls > 10, "{kind:?}: {calls} calls are too few to be the whole way");
    for nth in 1..=calls {
        for when in [When::Before, When::After] {
            let story = format!("{kind:?} after dying {when:?} call {nth} of {calls}");
            // The same request comes again.
            let account = died(kind, nth, when, &story).await;
            let again = ecr_steward::flow::task::Task {
                request_id: format!("request-{}", account.requests.get()),
                ..account.task(&shop())
            };
            kind.serve_as(&account, &again).await;
            let (mut found, wished) = (account.picture(), wished.clone());
            found.0.journal.clone_from(&wished.0.journal);
            assert_eq!(found, wished, "{story}");
            // CloudFormation turns round.
            let account = died(kind, nth, when, &story).await;
            match kind {
                Kind::Create => {
                    account.withdraws(&shop(), "ROLLBACK_IN_PROGRESS").await.unwrap();
                    same(&account.standing(), &began, &story);
                }
                Kind::Update => {
                    account.stack_is(&shop(), "UPDATE_ROLLBACK_IN_PROGRESS");
                    account.serve(&account.task(&shop()), &before()).await.unwrap();
                    same(&account.standing(), &began, &story);
                }
                // A Delete that died is deleted again, by another request.
                Kind::Delete => {
                    account.withdraws(&shop(), "DELETE_IN_PROGRESS").await.unwrap();
                    same(&account.standing(), &undisturbed.standing(), &story);
                }
            }
            let record = account.record().unwrap_or_default();
            assert!(record.claim.is_none(), "{story}");
            assert!(record.entries.values().all(|recorded| recorded.unsettled.is_empty() && !recorded.leaving));
        }
    }
    calls
}

async fn died(kind: Kind, nth: usize, when: When, story: &str) -> Account {
    let account = kind.begin().await;
    account.stack_is(&shop(), &kind.status());
    account.world.trouble_at(nth, Trouble::Kill(when));
    assert!(account.world.until_killed(kind.serve(&account)).await.is_none(), "{story}");
    account.world.calm();
    account
}

#[test]
fn wherever_a_process_dies_the_same_request_or_the_way_back_ends_where_it_should() {
    run(async {
        for kind in [Kind::Create, Kind::Update, Kind::Delete] {
            let calls = dies_everywhere(kind).await;
            println!("{kind:?} of a registry: {calls} calls, {} deaths, each gone on with and taken back", 2 * calls);
        }
    });
}

#[test]
fn a_stack_that_is_deleted_after_its_update_died_leaves_nothing_behind() {
    run(async {
        let undisturbed = declared().await;
        undisturbed.stack_is(&shop(), "UPDATE_IN_PROGRESS");
        undisturbed.world.start_counting();
        Kind::Update.serve(&undisturbed).await;
        let calls = last_call(&undisturbed);
        let wished = beginning().await.standing();
        for nth in 1..=calls {
            for when in [When::Before, When::After] {
                let story = format!("deleted after an Update died {when:?} call {nth} of {calls}");
                let account = died(Kind::Update, nth, when, &story).await;
                account.delete(&shop()).await;
                same(&account.standing(), &wished, &story);
                assert!(account.standing().contains(&BASIC));
            }
        }
    });
}
