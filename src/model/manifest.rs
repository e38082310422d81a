//! Manifests: what kind of thing lies behind a digest (OCI image specification 1.1; Docker's "Image Manifest V 2").

use super::image::{Child, Digest, ManifestKind};
use serde_json::Value;

/// The media types a registry is asked for, so that it answers with what lies there instead of converting it.
pub const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// Configurations of containers: what has one can be run.
const CONTAINER_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// How the media types of a container's layers begin. Signatures and attestations may lie behind a container's
/// configuration too, but their layers are no file systems.
const FILE_SYSTEMS: [&str; 2] = ["application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."];
/// What `BuildKit` marks attestations in an index with.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Is this the media type of a container's configuration, which ECR also calls an image's artefact type?
pub fn is_container(media_type: &str) -> bool {
    CONTAINER_CONFIGS.contains(&media_type)
}

/// Reads a manifest. `Err` says why it is none.
pub fn parse(text: &str) -> Result<ManifestKind, String> {
    let manifest: Value = serde_json::from_str(text).map_err(|error| format!("the manifest is not JSON: {error}"))?;
    if let Some(entries) = manifest.get("manifests").and_then(Value::as_array) {
        let children = children(entries)?;
        return Ok(match word(&manifest, "artifactType") {
            // An index that says it is something else and holds nothing that runs.
            Some(artifact) if children.is_empty() => ManifestKind::Artifact(artifact.to_owned()),
            _ => ManifestKind::Index(children),
        });
    }
    if let Some(artifact) = word(&manifest, "artifactType").filter(|artifact| !is_container(artifact)) {
        return Ok(ManifestKind::Artifact(artifact.to_owned()));
    }
    match manifest.get("config").and_then(|config| word(config, "mediaType")) {
        Some(config) if is_container(config) => Ok(of_layers(&manifest)),
        Some(config) => Ok(ManifestKind::Artifact(config.to_owned())),
        // The first schema, which has no configuration and describes nothing but containers.
        None if manifest.get("fsLayers").is_some() => Ok(ManifestKind::Image),
        None => Err("the manifest has neither a configuration nor manifests".to_owned()),
    }
}

/// A text that is there and says something.
fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|word| !word.is_empty())
}

/// What has a container's configuration is one, unless every layer is something else.
fn of_layers(manifest: &Value) -> ManifestKind {
    let layers = manifest.get("layers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let types = || layers.iter().filter_map(|layer| word(layer, "mediaType"));
    let runs = types().any(|layer| FILE_SYSTEMS.iter().any(|system| layer.starts_with(system)));
    match types().next() {
        Some(other) if !runs => ManifestKind::Artifact(other.to_owned()),
        _ => ManifestKind::Image,
    }
}

/// The images of an index, each once. Attestations and other artefacts are none.
fn children(entries: &[Value]) -> Result<Vec<Child>, String> {
    let mut children: Vec<Child> = Vec::with_capacity(entries.len());
    for entry in entries.iter().filter(|entry| !is_beside(entry)) {
        let digest = word(entry, "digest").ok_or("an image of the index has no digest")?;
        let digest = Digest::parse(digest).map_err(|flaw| format!("an image of the index: its digest {flaw}"))?;
        if children.iter().all(|child| child.digest != digest) {
            children.push(Child { digest, platform: platform(entry) });
        }
    }
    Ok(children)
}

/// Does this entry lie beside the images rather than being one?
fn is_beside(entry: &Value) -> bool {
    let marked = entry.get("annotations").is_some_and(|annotations| annotations.get(REFERENCE_TYPE).is_some());
    let artifact = word(entry, "artifactType").is_some_and(|artifact| !is_container(artifact));
    // Whatever has a platform can be run on it, and is looked at, whatever it calls itself.
    platform(entry).map_or(marked || artifact, |platform| platform.starts_with("unknown/unknown"))
}

/// `linux/arm64/v8`
fn platform(entry: &Value) -> Option<String> {
    let platform = entry.get("platform")?;
    let (os, architecture) = (word(platform, "os")?, word(platform, "architecture")?);
    let variant = word(platform, "variant").map(|variant| format!("/{variant}")).unwrap_or_default();
    Some(format!("{os}/{architecture}{variant}"))
}

/// Is this the media type of an index?
pub fn is_index(media_type: &str) -> bool {
    media_type.ends_with(".image.index.v1+json") || media_type.ends_with(".manifest.list.v2+json")
}

/// Does a manifest belong to another one, as signatures and SBOMs do?
pub fn has_subject(manifest: &Value) -> bool {
    manifest.get("subject").is_some_and(|subject| !subject.is_null())
}

/// Everything an index lists, attestations included; nothing for a manifest that is none. `Err` says what cannot be read.
pub fn listed(manifest: &Value) -> Result<Vec<Digest>, String> {
    let entries = manifest.get("manifests").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let digest = |entry: &Value| {
        let digest = word(entry, "digest").ok_or("an entry of the index has no digest")?;
        Digest::parse(digest).map_err(|flaw| format!("an entry of the index: its digest {flaw}"))
    };
    entries.iter().map(digest).collect()
}
