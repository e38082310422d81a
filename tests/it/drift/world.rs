//! The world in memory keeps the rules of the services that the drift walk leans on.

use crate::support::overseeing::{End, Script, digest, image_manifest, index_manifest, referrer_manifest};
use crate::support::run;
use crate::support::world::World;
use ecr_steward::event::drift::{Assemble, Job, SweepId, VERSION};
use ecr_steward::fault::FaultKind;
use ecr_steward::flow::Version;
use ecr_steward::flow::drift::{
    Book, Images, Jobs, Notices, PreviewState, Previews, ScanFrequency, Scanning, Switches,
};
use ecr_steward::model::name::RepositoryName;
use serde_json::json;

fn name() -> RepositoryName {
    RepositoryName::parse("app").unwrap()
}

#[test]
fn an_image_that_an_index_lists_stays_until_the_index_is_gone() {
    run(async {
        let world = World::new();
        world.put_strange("app", 0);
        assert!(!world.holds_images(&name()).await.unwrap());
        world.hold("app", 1, &[], 60, image_manifest());
        world.hold("app", 2, &["v1"], 60, index_manifest(&[1]));
        world.hold("app", 3, &[], 60, referrer_manifest("application/spdx+json", 2));
        assert_eq!(world.held("app"), [1, 2, 3]);
        let (untagged, more) = world.stored_page(&name(), true, None).await.unwrap().unwrap();
        assert_eq!((untagged.len(), more), (2, None));
        let refused = world.delete_images(&name(), &[digest(1), digest(9)]).await.unwrap();
        let codes: Vec<&str> = refused.values().map(|(code, _)| code.as_str()).collect();
        assert_eq!(codes, ["ImageReferencedByManifestList", "ImageNotFound"]);
        assert!(world.delete_images(&name(), &[digest(2)]).await.unwrap().is_empty());
        assert!(world.delete_images(&name(), &[digest(1)]).await.unwrap().is_empty());
        assert_eq!(world.held("app"), [3]);
        assert_eq!(world.manifests(&name(), &[digest(1), digest(3)]).await.unwrap().len(), 1);
    });
}

#[test]
fn a_preview_goes_on_for_a_while_and_a_second_one_meanwhile_is_refused() {
    run(async {
        let world = World::new();
        world.put_strange("app", 1);
        let script = Script { going: 2, end: End::Failed("FAILED") };
        world.with(|state| state.overseen.scripts.insert("app".to_owned(), script));
        assert_eq!(world.preview(&name(), None).await, Ok(PreviewState::Absent));
        let refused = world.start_preview(&name(), None).await.unwrap_err();
        assert_eq!(refused.kind, FaultKind::NotFound, "there is no policy to preview");
        world.start_preview(&name(), Some("{}")).await.unwrap();
        assert_eq!(world.start_preview(&name(), Some("{}")).await.unwrap_err().kind, FaultKind::Conflict);
        assert_eq!(world.preview(&name(), None).await, Ok(PreviewState::Going));
        assert_eq!(world.preview(&name(), None).await, Ok(PreviewState::Failed("FAILED".to_owned())));
        assert_eq!(world.with(|state| state.overseen.previews["app"].text.clone()), Some("{}".to_owned()));
        let empty = Script { going: 0, end: End::Complete(Vec::new()) };
        world.with(|state| state.overseen.scripts.insert("app".to_owned(), empty));
        let ended = PreviewState::Ended { page: (Vec::new(), None), expiring: 0, of: Some("{}".to_owned()) };
        assert_eq!(world.preview(&name(), None).await, Ok(ended));
    });
}

#[test]
fn objects_are_written_over_the_version_that_was_read_and_listed_in_pages() {
    run(async {
        let world = World::new();
        world.with(|state| state.page_size = 2);
        let json = "application/json";
        let first = world.write("a/1", b"1".to_vec(), json, Some(&Version::New)).await.unwrap();
        assert_eq!(
            world.write("a/1", b"2".to_vec(), json, Some(&Version::New)).await.unwrap_err().kind,
            FaultKind::Conflict
        );
        world.pass(60);
        world.write("a/1", b"2".to_vec(), json, Some(&first)).await.unwrap();
        assert_eq!(world.write("a/1", b"3".to_vec(), json, Some(&first)).await.unwrap_err().kind, FaultKind::Conflict);
        world.write("a/2", b"2".to_vec(), json, None).await.unwrap();
        world.write("a/3", b"3".to_vec(), json, None).await.unwrap();
        let (page, next) = world.list("a/", None).await.unwrap();
        assert_eq!(page.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["a/1", "a/2"]);
        assert!(page[0].modified > crate::support::overseeing::BEGIN);
        let (rest, end) = world.list("a/", next).await.unwrap();
        assert_eq!((rest.len(), end), (1, None));
        Book::remove(&world, "a/2").await.unwrap();
        assert_eq!(world.keys("a/"), ["a/1", "a/3"]);
        assert_eq!(world.object("a/1"), Some(json!(2)));
    });
}

#[test]
fn the_registrys_rules_say_how_often_and_jobs_letters_and_notices_are_kept() {
    run(async {
        let world = World::new();
        world.put_strange("app", 0);
        assert!(!world.registry_scanning().await.unwrap().has_rules);
        world.with(|state| state.overseen.scan_rules.push(("a*", ScanFrequency::ContinuousScan)));
        assert!(world.registry_scanning().await.unwrap().has_rules);
        let gone = RepositoryName::parse("gone").unwrap();
        let found = world.scanning_of(&[name(), gone]).await.unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(name(), ScanFrequency::ContinuousScan)]);
        let job = Job::Assemble(Assemble { version: VERSION, sweep: SweepId("s".to_owned()) });
        world.send_jobs(std::slice::from_ref(&job), 30).await.unwrap();
        assert_eq!(world.take_jobs(), [job]);
        world.dead_letter(&json!({"a": 1}), "why").await.unwrap();
        world.notify("subject", "body").await.unwrap();
        world.with(|state| assert_eq!((state.overseen.letters.len(), state.overseen.notices.len()), (1, 1)));
        assert_eq!(world.switch().await.1, None);
    });
}
