//! The guards that refuse: kill switch, ownership and cap, each with its words; the switch's three positions.

use super::scene::{APP, House, all, call, mended, name, requires, withheld};
use crate::support::overseeing::image_manifest;
use crate::support::run;
use ecr_steward::event::drift::Look;
use ecr_steward::flow::Read;
use ecr_steward::flow::drift::budget::{Budget, Purse};
use ecr_steward::flow::drift::keep::Visit;
use ecr_steward::flow::drift::{ScanFrequency, Switch};
use ecr_steward::model::Seen;
use ecr_steward::plan::posture::{Action, Requirement, Standing};
use serde_json::json;

fn switched(switch: Switch) -> House {
    let house = House::wrong(&all());
    house.world().with(|state| state.overseen.switch = (switch, None));
    house
}

fn nothing_was_written(house: &House) {
    assert_eq!(house.world().writes(), Vec::<&str>::new());
    assert_eq!(house.world().keys("journal/"), Vec::<String>::new());
}

#[test]
fn the_kill_switch_has_three_positions() {
    run(async {
        let off = switched(Switch::Off);
        off.world().start_counting();
        assert_eq!(off.look(&call("event-1")).await, Ok(None));
        assert_eq!(off.world().calls_of("DescribeRepositories"), 0, "nothing is looked at");
        assert_eq!(off.world().keys("drift/"), Vec::<String>::new());

        let report = switched(Switch::ReportOnly);
        let standing = report.looked(&call("event-1")).await;
        assert_eq!(standing.checks.len(), 5);
        for check in &standing.checks {
            assert!(matches!(check.action, Action::Withheld(_)), "{check:#?}");
        }
        insta::assert_snapshot!("kill_switch", withheld(&standing, Requirement::ScanOnPush));
        nothing_was_written(&report);

        let on = switched(Switch::On);
        assert_eq!(mended(&on.looked(&call("event-1")).await).len(), 5);
    });
}

/// What a worker knows of a repository: no tags, since no rule looks at them.
async fn untagged_visit(house: &House) -> Visit {
    let world = house.world();
    let mut found = world.describe(&[name(APP)]).await.unwrap();
    let mut repository = found.remove(0);
    repository.lifecycle = Seen::from_read(world.lifecycle(&repository.name).await);
    repository.policy = Seen::from_read(world.policy(&repository.name).await);
    let frequency: Seen<ScanFrequency> = Seen::Unasked;
    Visit { repository: Seen::Present(repository), frequency, claimed: None, principal: None }
}

#[test]
fn a_worker_reads_tags_before_its_first_write_and_only_then() {
    run(async {
        let mut house = House::wrong(&json!({"ScanOnPush": true}));
        house.world().start_counting();
        let standing = house.visit(untagged_visit(&house).await).await.unwrap().unwrap();
        assert_eq!(mended(&standing), [Requirement::ScanOnPush]);
        assert_eq!(house.world().calls_of("ListTagsForResource"), 1);
        house.world().start_counting();
        house.visit(untagged_visit(&house).await).await.unwrap();
        assert_eq!(house.world().calls_of("ListTagsForResource"), 0);
        house.baseline = Some(requires(&json!({"ScanOnPush": true})));
        if let Some(baseline) = &mut house.baseline {
            baseline.rules[0].mode = ecr_steward::spec::baseline::Mode::ReportOnly;
        }
        house.world().nudge(APP, |repo| repo.scan_on_push = false);
        let standing = house.visit(untagged_visit(&house).await).await.unwrap().unwrap();
        assert_eq!(standing.checks[0].action, Action::Reported);
        assert_eq!(house.world().calls_of("ListTagsForResource"), 0);
    });
}

#[test]
fn what_somebody_owns_by_its_tags_is_not_changed() {
    run(async {
        for owner in ["aaaaaaaa-0000-0000-0000-000000000000/Images", "cli/shop:dev"] {
            let house = House::wrong(&json!({"ScanOnPush": true}));
            house.world().put_neighbour("theirs");
            house.world().nudge(APP, |repo| {
                repo.tags.insert("ecr-steward:owner".to_owned(), owner.to_owned());
            });
            house.world().start_counting();
            let by_event = house.looked(&call("event-1")).await;
            let by_sweep = house.visit(untagged_visit(&house).await).await.unwrap().unwrap();
            for standing in [by_event, by_sweep] {
                let words = withheld(&standing, Requirement::ScanOnPush);
                assert!(words.contains(owner), "{words}");
                if owner.starts_with("aaaa") {
                    insta::assert_snapshot!("owned_by_another", format!("{words}\n{:#?}", standing.notes));
                }
            }
            nothing_was_written(&house);
        }
    });
}

/// Several repositories, all wrong; how the last of them stands.
async fn last_of(names: &[&str], purse: Purse) -> (House, Standing) {
    let mut house = House::new(Some(requires(&json!({"ScanOnPush": true}))));
    house.budget = Budget { purse, allowed: 2 };
    let mut last = None;
    for (number, app) in names.iter().enumerate() {
        house.put_wrong(app);
        last = Some(house.looked(&Look { repository: name(app), ..call(&format!("event-{number}")) }).await);
    }
    (house, last.unwrap())
}

#[test]
fn no_more_repositories_are_changed_than_the_cap_allows_and_each_counts_once() {
    run(async {
        for (snapshot, purse) in [("cap_of_a_sweep", Purse::Sweep("s-1".to_owned())), ("cap_of_events", Purse::Events)]
        {
            let (house, last) = last_of(&["app", "app", "web"], purse.clone()).await;
            assert_eq!(mended(&last), [Requirement::ScanOnPush]);
            house.put_wrong("third");
            let third = Look { repository: name("third"), ..call("event-9") };
            let standing = house.looked(&third).await;
            insta::assert_snapshot!(snapshot, withheld(&standing, Requirement::ScanOnPush));
            assert!(!house.world().repo("third").unwrap().scan_on_push);
            house.put_wrong("app");
            house.world().pass(60);
            let again = house.looked(&call("event-10")).await;
            assert!(!matches!(again.checks[0].action, Action::Reported), "one that is counted may be changed again");
            house.world().pass(25 * 60 * 60);
            let later = house.looked(&third).await;
            let mended_later = mended(&later) == [Requirement::ScanOnPush];
            assert_eq!(mended_later, purse == Purse::Events, "only the count of events rolls");
        }
    });
}

#[test]
fn a_count_that_others_write_at_the_same_time_is_exact() {
    run(async {
        let mut house = House::new(Some(requires(&json!({"ScanOnPush": true}))));
        house.budget = Budget { purse: Purse::Sweep("s-1".to_owned()), allowed: 5 };
        let names: Vec<String> = (0..12).map(|number| format!("app-{number}")).collect();
        for app in &names {
            house.put_wrong(app);
        }
        let house = &house;
        let looks = names.iter().map(|app| async move {
            let job = Look { repository: name(app), ..call(&format!("event-{app}")) };
            house.looked(&job).await
        });
        let standings = futures_util::future::join_all(looks).await;
        let changed = standings.iter().filter(|standing| !mended(standing).is_empty()).count();
        assert_eq!(changed, 5);
        let scanned = names.iter().filter(|app| house.world().repo(app).unwrap().scan_on_push).count();
        assert_eq!(scanned, 5);
    });
}

#[test]
fn a_look_whose_only_remedy_is_withheld_later_gives_its_place_back() {
    run(async {
        let mut house = House::new(Some(requires(&json!({"LifecyclePolicy": "Generated"}))));
        house.budget.allowed = 1;
        house.put_wrong(APP);
        house.world().hold(APP, 1, &["v1"], 60, image_manifest());
        let script =
            crate::support::overseeing::Script { going: 0, end: crate::support::overseeing::End::Failed("FAILED") };
        house.world().with(|state| state.overseen.scripts.insert(APP.to_owned(), script));
        withheld(&house.looked(&call("event-1")).await, Requirement::LifecyclePolicy);
        house.put_wrong("web");
        let web = house.looked(&Look { repository: name("web"), ..call("event-2") }).await;
        assert_eq!(mended(&web), [Requirement::LifecyclePolicy]);
    });
}
