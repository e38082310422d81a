//! The sweep beside public fleets: it settles what they released and is otherwise none of their business.

use super::life::{converged, shown};
use crate::support::{reason, run};
use crate::sweep::{Sweeps, report, sweep};
use ecr_steward::event::message::Message;
use ecr_steward::event::reply::Status::Success;
use serde_json::json;

#[test]
fn a_sweep_leaves_public_fleets_alone_and_asks_for_what_they_released_to_be_settled() {
    run(async {
        let scene = converged(&json!({"RepositoryNames": ["api", "web"]})).await;
        reason(&scene.update(&json!({"RepositoryNames": ["api"]})).await, Success, &["released: web"]);
        scene.ends_as("UPDATE_COMPLETE");
        // The message was lost.
        scene.world.with(|state| state.queue.clear());
        // A private repository of that name is nobody's, and no repository is missing.
        scene.world.put_strange("api", 1);
        scene.world.start_counting();
        Sweeps::of(&scene.world).run(&sweep(1)).await;
        let report = report(&scene.world);
        let named: Vec<(&str, bool)> =
            report.repositories.iter().map(|line| (&*line.name, line.owner.is_none())).collect();
        assert_eq!(named, [("api", true)]);
        assert_eq!(scene.world.writes(), Vec::<&str>::new());
        assert_eq!(scene.world.calls_to("ecr-public"), 0);
        assert!(matches!(scene.world.with(|state| state.queue.clone()).as_slice(), [Message::Settle(_)]));
        scene.settle_as("UPDATE_COMPLETE").await;
        assert!(shown(&scene, "web").is_none() && shown(&scene, "api").is_some());
    });
}
