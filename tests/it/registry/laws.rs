//! What always holds, whatever three stacks declare in whatever order, over whatever stood there by hand.

use super::{
    Account, BASIC, ENHANCED, billing, cache, exclusion, on_push, replication, search, shop, signing, sorted,
    statement, template,
};
use crate::support::run;
use ecr_steward::model::registry::{Entry, Key, ScanFrequency};
use ecr_steward::spec::registry::{OnDelete, RegistryWish};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Places = BTreeMap<Key, Entry>;

/// Places, each with what may be wished of it.
fn places() -> Vec<[Entry; 2]> {
    let manual = Entry::ScanFilter { frequency: ScanFrequency::Manual, filter: "app".to_owned() };
    vec![
        [BASIC, ENHANCED],
        [on_push("app"), manual],
        [on_push("lib*"), on_push("lib*")],
        [replication("a", false), replication("a", true)],
        [replication("b", false), replication("b", false)],
        [statement("One", "111122223333"), statement("One", "444455556666")],
        [statement("Two", "111122223333"), statement("Two", "111122223333")],
        [cache("hub", "registry-1.docker.io", Some("a")), cache("hub", "registry-1.docker.io", Some("b"))],
        [cache("up", "quay.io", None), cache("up", "public.ecr.aws", None)],
        [template("ci", "one"), template("ci", "two")],
        [exclusion("scanner"), exclusion("scanner")],
        [signing("a*"), signing("a*")],
        [Entry::BlobMounting(true), Entry::BlobMounting(false)],
    ]
}

/// Some of the places; which variant of each. The first is the likelier one, or nothing would ever be shared.
fn some(likely: f64) -> impl Strategy<Value = Places> {
    let one = move || (proptest::bool::weighted(likely), proptest::bool::weighted(0.25));
    proptest::collection::vec(one(), places().len()).prop_map(|chosen| {
        let chosen = places().into_iter().zip(chosen).filter(|(_, (is_in, _))| *is_in);
        let entries = chosen.map(|([first, second], (_, other))| if other { second } else { first });
        entries.map(|entry| (entry.key(), entry)).collect()
    })
}

#[derive(Clone, Debug)]
enum Act {
    Declare(usize, Places, bool),
    Delete(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let declare =
        (0..3_usize, some(0.3), any::<bool>()).prop_map(|(who, wish, restore)| Act::Declare(who, wish, restore));
    let act = prop_oneof![3 => declare, 1 => (0..3_usize).prop_map(Act::Delete)];
    proptest::collection::vec(act, 1..9)
}

/// What must be true, told without looking at how it is done.
#[derive(Clone, Debug)]
struct Oracle {
    /// What stands where nobody declares anything.
    nobodys: Places,
    wishes: [Option<(Places, bool)>; 3],
}

impl Oracle {
    fn declared(&self, key: &Key) -> Option<&Entry> {
        self.wishes.iter().flatten().find_map(|(wish, _)| wish.get(key))
    }

    fn is_scalar(entry: &Entry) -> bool {
        matches!(entry, Entry::ScanType(_) | Entry::BlobMounting(_))
    }

    /// Must this wish be refused?
    fn refuses(&self, who: usize, wish: &Places) -> bool {
        wish.iter().any(|(key, entry)| {
            let others = self.wishes.iter().enumerate().filter(|(other, _)| *other != who);
            let taken = others.filter_map(|(_, wish)| wish.as_ref()?.0.get(key)).any(|other| other != entry);
            let stands = self.nobodys.get(key).filter(|_| self.declared(key).is_none() && !Self::is_scalar(entry));
            taken || stands.is_some_and(|found| found != entry)
        })
    }

    fn standing(&self) -> Places {
        let mut all = self.nobodys.clone();
        for (wish, _) in self.wishes.iter().flatten() {
            all.extend(wish.clone());
        }
        all
    }

    fn delete(&mut self, who: usize) {
        if let Some((wish, restores)) = self.wishes[who].take()
            && !restores
        {
            // What was retained stays, whoever else declares it.
            self.nobodys.extend(wish);
        }
    }
}

/// The account stands as the oracle says: what is declared by meaning, what nobody declared to the letter.
fn compare(account: &Account, oracle: &Oracle, story: &str) {
    let standing: Places = account.standing().into_iter().map(|entry| (entry.key(), entry)).collect();
    let mut wished = oracle.standing();
    let blob = Entry::BlobMounting(false);
    if !wished.contains_key(&blob.key()) && standing.get(&blob.key()) == Some(&blob) {
        // ECR cannot forget an account setting; it can only say what holds without it.
        wished.insert(blob.key(), blob);
    }
    let keys = |places: &Places| places.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&standing), keys(&wished), "{story}");
    for (key, entry) in &wished {
        let found = &standing[key];
        assert!(found.agrees_with(entry), "{story}: {found:?}, not {entry:?}");
        if oracle.declared(key).is_none() && oracle.nobodys.get(key) == Some(entry) {
            assert!(found.agrees_with(entry), "{story}: {key:?}");
        }
    }
}

async fn play(by_hand: Places, acts: Vec<Act>) {
    let hand: Vec<Entry> = by_hand.values().cloned().collect();
    let account = Account::with(&hand);
    let mut nobodys: Places = account.standing().into_iter().map(|entry| (entry.key(), entry)).collect();
    nobodys.extend(by_hand);
    let mut oracle = Oracle { nobodys, wishes: [None, None, None] };
    let parties = [shop(), billing(), search()];
    for (turn, act) in acts.iter().enumerate() {
        let story = format!("after act {turn}: {act:?}");
        match act {
            Act::Declare(who, wish, restore) => {
                let on_delete = if *restore { OnDelete::Restore } else { OnDelete::Retain };
                let declared = RegistryWish { entries: wish.clone(), on_delete };
                if oracle.refuses(*who, wish) {
                    account.refused(&parties[*who], &declared).await;
                } else {
                    account.update(&parties[*who], &declared).await;
                    oracle.wishes[*who] = Some((wish.clone(), *restore));
                    let (writes, record) = (account.writes(), account.record());
                    account.update(&parties[*who], &declared).await;
                    assert_eq!(account.writes(), writes, "{story}: converged, and written to");
                    assert_eq!(account.record().map(|record| record.entries), record.map(|record| record.entries));
                }
            }
            Act::Delete(who) => {
                account.delete(&parties[*who]).await;
                oracle.delete(*who);
            }
        }
        compare(&account, &oracle, &story);
        let record = account.record().unwrap_or_default();
        assert!(record.claim.is_none(), "{story}");
        assert!(record.entries.values().all(|recorded| recorded.unsettled.is_empty() && !recorded.leaving), "{story}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn what_stands_is_what_the_living_declare_over_what_is_nobodys(by_hand in some(0.25), acts in acts()) {
        run(play(by_hand, acts));
    }

    #[test]
    fn a_record_reads_back_as_it_was_written(acts in acts()) {
        run(async {
            let account = Account::with(&[]);
            for act in acts {
                let Act::Declare(who, entries, _) = act else { continue };
                let who = [shop(), billing(), search()][who].clone();
                let _ = account.declares(&who, "UPDATE_IN_PROGRESS", &RegistryWish { entries, ..RegistryWish::default() }).await;
            }
            if let Some(record) = account.record() {
                let text = serde_json::to_string(&record).unwrap();
                assert_eq!(serde_json::from_str::<ecr_steward::plan::registry::record::RegistryRecord>(&text).unwrap(), record);
            }
        });
    }
}

#[test]
fn what_is_in_nobodys_name_is_written_back_to_the_letter() {
    run(async {
        let by_hand =
            [on_push("theirs"), replication("theirs", true), statement("Theirs", "111122223333"), signing("theirs")];
        let account = Account::with(&by_hand);
        let ours = [on_push("ours"), replication("ours", false), statement("Ours", "111122223333"), signing("ours")];
        account.create(&shop(), &super::restoring(&ours)).await;
        for entry in &by_hand {
            // ECR itself writes account ids as ARNs, so statements are compared by meaning.
            assert!(account.standing().iter().any(|found| found.agrees_with(entry)), "{entry:?}");
        }
        assert_eq!(account.writes(), 4);
        account.delete(&shop()).await;
        let left: Vec<Entry> = account.standing().into_iter().filter(|entry| *entry != BASIC).collect();
        assert!(sorted(&by_hand).iter().zip(&left).all(|(one, two)| one.agrees_with(two)), "{left:?}");
        assert_eq!(left.len(), by_hand.len());
    });
}
