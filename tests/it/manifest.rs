//! Manifests: what is an image, what is a list of them, and what is neither.

use ecr_steward::model::image::ManifestKind;
use ecr_steward::model::manifest::{is_container, parse};
use serde_json::{Value, json};

const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

fn digest(of: char) -> String {
    format!("sha256:{}", String::from(of).repeat(64))
}

fn read(manifest: &Value) -> Result<ManifestKind, String> {
    parse(&manifest.to_string())
}

fn with_config(config: &str, layer: &str) -> Value {
    json!({"schemaVersion": 2, "config": {"mediaType": config, "digest": digest('c'), "size": 2},
        "layers": [{"mediaType": layer, "digest": digest('d'), "size": 2}]})
}

#[test]
fn what_has_a_containers_configuration_and_a_file_system_is_an_image() {
    let docker = "application/vnd.docker.container.image.v1+json";
    let images = [
        with_config(OCI_CONFIG, OCI_LAYER),
        with_config(OCI_CONFIG, "application/vnd.oci.image.layer.nondistributable.v1.tar"),
        with_config(docker, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
        json!({"schemaVersion": 2, "config": {"mediaType": OCI_CONFIG}, "layers": []}),
        json!({"schemaVersion": 1, "name": "shop/web", "fsLayers": [{"blobSum": digest('a')}], "history": []}),
    ];
    for manifest in images {
        assert_eq!(read(&manifest), Ok(ManifestKind::Image), "{manifest}");
    }
    assert!(is_container(docker) && is_container(OCI_CONFIG) && !is_container(OCI_LAYER));
}

#[test]
fn signatures_charts_and_attestations_are_artefacts_by_whatever_tells() {
    let helm = "application/vnd.cncf.helm.config.v1+json";
    let cosign = "application/vnd.dev.cosign.simplesigning.v1+json";
    let empty = "application/vnd.oci.empty.v1+json";
    let typed = |artifact: &str, config: &str| {
        let mut manifest = with_config(config, "application/json");
        manifest["artifactType"] = json!(artifact);
        manifest["subject"] = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest('a')});
        manifest
    };
    let artefacts = [
        (with_config(helm, "application/vnd.cncf.helm.chart.content.v1.tar+gzip"), helm),
        // Cosign puts its signatures behind a container's configuration.
        (with_config(OCI_CONFIG, cosign), cosign),
        (with_config(OCI_CONFIG, "application/vnd.in-toto+json"), "application/vnd.in-toto+json"),
        (typed("application/spdx+json", empty), "application/spdx+json"),
        (typed("", empty), empty),
        (
            json!({"schemaVersion": 2, "manifests": [], "artifactType": "application/vnd.example.bundle"}),
            "application/vnd.example.bundle",
        ),
    ];
    for (manifest, kind) in artefacts {
        assert_eq!(read(&manifest), Ok(ManifestKind::Artifact(kind.to_owned())), "{manifest}");
    }
}

#[test]
fn an_index_lists_its_images_once_and_leaves_out_what_lies_beside_them() {
    let entry = |of: char, platform: Value| json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(of), "size": 1, "platform": platform});
    let linux = |architecture: &str| json!({"os": "linux", "architecture": architecture});
    let unknown = json!({"os": "unknown", "architecture": "unknown"});
    let mut marked = entry('4', linux("amd64"));
    marked["annotations"] =
        json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest('1')});
    let mut signature = entry('5', Value::Null);
    signature["artifactType"] = json!("application/vnd.dev.cosign.artifact.sig.v1+json");
    let mut typed = entry('6', json!({"os": "windows", "architecture": "amd64", "os.version": "10.0"}));
    typed["artifactType"] = json!(OCI_CONFIG);
    typed["annotations"] = json!({"org.example": "x"});
    let index = json!({"schemaVersion": 2, "manifests": [
        entry('1', linux("amd64")),
        entry('2', json!({"os": "linux", "architecture": "arm", "variant": "v7"})),
        entry('3', unknown),
        marked, signature, typed,
        entry('1', linux("386")),
        {"digest": digest('7'), "size": 1},
    ]});
    let Ok(ManifestKind::Index(children)) = read(&index) else { panic!("{index}") };
    let told: Vec<(char, Option<&str>)> =
        children.iter().map(|child| (child.digest.hex().chars().next().unwrap(), child.platform.as_deref())).collect();
    // What has a platform can be pulled for it, whatever it is marked as.
    let amd64 = Some("linux/amd64");
    assert_eq!(
        told,
        [('1', amd64), ('2', Some("linux/arm/v7")), ('4', amd64), ('6', Some("windows/amd64")), ('7', None)]
    );
    assert_eq!(read(&json!({"schemaVersion": 2, "manifests": []})), Ok(ManifestKind::Index(Vec::new())));
}

#[test]
fn what_is_no_manifest_is_said_to_be_none() {
    for (text, why) in [
        ("", "not JSON"),
        ("[]", "neither"),
        ("{}", "neither"),
        (r#"{"config": {"mediaType": ""}}"#, "neither"),
        (r#"{"manifests": [{"platform": {}}]}"#, "no digest"),
        (r#"{"manifests": [{"digest": "sha512:aa"}]}"#, "its digest is not"),
    ] {
        let flaw = parse(text).unwrap_err();
        assert!(flaw.contains(why), "{text}: {flaw}");
    }
}
