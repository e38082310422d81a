//! Images: which one, and what a registry says of it.

use super::name::RepositoryName;
use super::place::Place;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Length of `sha256:` and 64 hexadecimal digits.
const DIGEST_CHARS: usize = 71;

/// An image's digest: the one name of an image that never moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// Parses `sha256:` and 64 lower-case hexadecimal digits (OCI image specification, "Digests"; ECR knows no other).
    pub fn parse(text: &str) -> Result<Self, String> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        let legal = hex.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        if text.len() != DIGEST_CHARS || !legal {
            return Err("is not an image digest (sha256: and 64 hexadecimal digits)".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// `sha256:…`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hexadecimal digits alone.
    pub fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }

    /// Enough of it for a person to tell images apart.
    pub fn short(&self) -> &str {
        self.hex().get(..12).unwrap_or(self.hex())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

/// One image of one repository of one registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ImageRef {
    /// The registry.
    pub place: Place,
    /// The repository.
    pub repository: RepositoryName,
    /// The image.
    pub digest: Digest,
}

impl ImageRef {
    /// What Security Hub calls an `AwsEcrContainerImage`: the repository's ARN, a slash and the digest.
    pub fn resource_id(&self) -> String {
        format!("{}/{}", self.place.repository_arn(&self.repository), self.digest)
    }

    /// The image as docker would pull it.
    pub fn uri(&self) -> String {
        format!("{}@{}", self.place.repository_uri(&self.repository), self.digest)
    }

    /// Where its snapshot lies in the state bucket.
    pub fn state_key(&self) -> String {
        format!("{}{}.json.gz", state_prefix(&self.place, &self.repository), self.digest.hex())
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{}", self.repository, self.digest)
    }
}

/// Where the snapshots of all images of a registry lie.
pub fn registry_prefix(place: &Place) -> String {
    format!("findings/images/{}/{}/", place.account, place.region)
}

/// The image whose snapshot lies under a key.
pub fn of_state_key(place: &Place, key: &str) -> Option<ImageRef> {
    let name = key.strip_prefix(&registry_prefix(place))?.strip_suffix(".json.gz")?;
    let (repository, hex) = name.rsplit_once('/')?;
    Some(ImageRef {
        place: place.clone(),
        repository: RepositoryName::parse(repository).ok()?,
        digest: Digest::parse(&format!("sha256:{hex}")).ok()?,
    })
}

/// Where the snapshots of a repository's images lie. A repository below this one (`a/b` below `a`) has its own, one
/// slash further.
pub fn state_prefix(place: &Place, repository: &RepositoryName) -> String {
    format!("{}{repository}/", registry_prefix(place))
}

/// What kind of thing a manifest describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestKind {
    /// An image that can be run.
    Image,
    /// A list of images, one per platform.
    Index(Vec<Child>),
    /// Something else that lies in a registry: a signature, an SBOM, an attestation, a chart.
    Artifact(String),
}

/// One image of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The image.
    pub digest: Digest,
    /// `linux/arm64/v8`, where the index says so.
    pub platform: Option<String>,
}

/// The index an image belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The index.
    pub digest: Digest,
    /// Its tags.
    pub tags: Vec<String>,
    /// The image's platform in it.
    pub platform: Option<String>,
}

/// What `DescribeImages` says of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDetail {
    /// The image.
    pub digest: Digest,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// When it was pushed, in seconds since 1970.
    pub pushed_at: Option<i64>,
    /// When it was scanned last, where ECR says so; native basic scanning may not.
    pub scanned_at: Option<i64>,
    /// The manifest's media type.
    pub media_type: String,
    /// What kind of artefact it is, where it is none that can be run.
    pub artifact_type: Option<String>,
}
