//! What a public fleet returns, and where the rest of it lies.

use crate::support::{Scene, reason, run, with};
use ecr_steward::event::reply::Status::{Failed, Success};
use serde_json::{Value, json};

#[test]
fn addresses_arns_and_pages_are_returned_with_the_accounts_own_alias() {
    run(async {
        let scene = Scene::public();
        let reply = scene.create(&json!({"RepositoryNames": ["shop/web", "api"]})).await;
        reason(&reply, Success, &[]);
        let value = |key: &str| reply.data[key].as_str();
        assert_eq!(value("Url.shop/web"), "public.ecr.aws/a1b2c3d4/shop/web");
        assert_eq!(value("Arn.api"), "arn:aws:ecr-public::123456789012:repository/api");
        assert_eq!((value("RegistryId"), value("RepositoryCount")), ("123456789012", "2"));
        assert_eq!(value("OutputsTruncated"), "false");
        let map = |key: &str| serde_json::from_str::<Value>(value(key)).unwrap();
        assert_eq!(map("RepositoryUrls")["api"], "public.ecr.aws/a1b2c3d4/api");
        assert_eq!(map("RepositoryArns")["shop/web"], "arn:aws:ecr-public::123456789012:repository/shop/web");
        assert_eq!(map("GalleryUrls")["shop/web"], "https://gallery.ecr.aws/a1b2c3d4/shop/web");
        let key = value("OutputsUri").strip_prefix("s3://state/").unwrap();
        let object = scene.world.picture().objects[key].clone();
        assert_eq!(object["GalleryUrls"]["api"], "https://gallery.ecr.aws/a1b2c3d4/api");
        assert_eq!(object["Repositories"]["api"]["Url"], "public.ecr.aws/a1b2c3d4/api");
        assert_eq!(object["Repositories"]["api"]["Settings"]["PolicyMode"]["origin"], "default");
        assert!(object["Repositories"]["api"]["Settings"].get("ScanOnPush").is_none());
    });
}

#[test]
fn what_is_asked_for_is_returned_or_refused_before_the_first_write() {
    run(async {
        let scene = Scene::public();
        let asked = |names: &[String]| json!({"RepositoryNames": names, "ReturnValues": ["Url.*", "GalleryUrls"]});
        let many: Vec<String> = (0..40).map(|number| format!("team/service-{number}")).collect();
        reason(&scene.create(&asked(&many)).await, Failed, &["ReturnValues", "bytes", "nothing was changed"]);
        assert_eq!(scene.world.writes(), Vec::<&str>::new());
        let reply = scene.create(&asked(&many[..2])).await;
        reason(&reply, Success, &[]);
        let keys: Vec<&String> = reply.data.keys().collect();
        assert_eq!(keys, ["GalleryUrls", "Url.team/service-0", "Url.team/service-1"]);
        let all = with(asked(&many), json!({"ReturnValues": null}));
        let reply = scene.update(&all).await;
        reason(&reply, Success, &[]);
        assert_eq!(reply.data["OutputsTruncated"], "true");
    });
}
