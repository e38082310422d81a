//! Package URLs, as far as they say of which package or image a statement speaks (purl specification 1.0).
//!
//! `arch`, `distro` and other qualifiers are not compared: findings do not tell them.

use crate::model::image::Digest;
use crate::model::name::RepositoryName;
use std::collections::BTreeMap;

/// A package URL, taken apart and decoded.
pub(super) struct Purl {
    kind: String,
    namespace: Vec<String>,
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
}

/// What a package URL names.
pub(super) enum Named {
    /// A package, as scanners call it, and its version.
    Package(String, Option<String>),
    /// A container image: its repository and, where the URL says so, exactly which.
    Image(RepositoryName, Option<Digest>),
}

/// Takes a package URL apart, or says why it is none.
pub(super) fn parse(text: &str) -> Result<Purl, String> {
    let Some(rest) = text.strip_prefix("pkg:") else {
        return Err("is not a package URL (pkg:deb/debian/openssl@1.1.1); nothing else is understood here".to_owned());
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, rest) = rest.trim_matches('/').split_once('/').unwrap_or_default();
    // A scope that was not encoded (pkg:npm/@angular/core) is no version.
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !version.contains('/') && !path.is_empty() => (path, Some(decoded(version)?)),
        _ => (rest, None),
    };
    let mut namespace: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(decoded).collect::<Result<_, _>>()?;
    let Some(name) = namespace.pop().filter(|_| !kind.is_empty()) else {
        return Err("is a package URL without a type or a name".to_owned());
    };
    let qualifiers = qualifiers
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| Ok((key.to_ascii_lowercase(), decoded(value)?)))
        .collect::<Result<_, String>>()?;
    Ok(Purl {
        kind: kind.to_ascii_lowercase(),
        namespace,
        name,
        version: version.filter(|version| !version.is_empty()),
        qualifiers,
    })
}

impl Purl {
    /// What it names, or why that cannot be told.
    pub(super) fn named(&self) -> Result<Named, String> {
        match self.kind.as_str() {
            "oci" | "docker" => self.image(),
            _ => self.package(),
        }
    }

    fn package(&self) -> Result<Named, String> {
        // Scanners call the packages of these by both names, those of distributions by the last alone.
        let between = match self.kind.as_str() {
            "maven" => Some(":"),
            "npm" | "golang" | "composer" => Some("/"),
            _ => None,
        };
        let name = match between {
            Some(between) if !self.namespace.is_empty() => {
                format!("{}{between}{}", self.namespace.join("/"), self.name)
            }
            _ => self.name.clone(),
        };
        if name.contains(['*', '?']) {
            return Err(format!("names the package {name:?}; a statement is about one package, not about a pattern"));
        }
        Ok(Named::Package(name, self.version.clone()))
    }

    fn image(&self) -> Result<Named, String> {
        let text = self.repository();
        let repository =
            RepositoryName::parse(&text).map_err(|flaw| format!("names the repository {text:?}, which {flaw}"))?;
        match self.version.as_deref() {
            Some(version) if version.starts_with("sha256:") => {
                let digest = Digest::parse(version).map_err(|flaw| format!("has the version {version:?}, which {flaw}"))?;
                Ok(Named::Image(repository, Some(digest)))
            }
            None if !self.qualifiers.contains_key("tag") => Ok(Named::Image(repository, None)),
            // Read without its tag it would waive more than it says.
            _ => Err("names an image by its tag, which may move; name it by its digest (@sha256:…), or leave the tag out to mean the whole repository".to_owned()),
        }
    }

    /// `repository_url` holds the registry alone, or the registry and the whole name; whose registry it is is not looked
    /// at, since images are copied with what was said of them.
    fn repository(&self) -> String {
        let own = || self.namespace.iter().chain([&self.name]).cloned().collect::<Vec<_>>().join("/");
        let Some(url) = self.qualifiers.get("repository_url").filter(|_| self.kind == "oci") else { return own() };
        let bare = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        match bare.trim_end_matches('/').split_once('/') {
            None => own(),
            Some((_, path)) if path.rsplit('/').next() == Some(self.name.as_str()) => path.to_owned(),
            Some((_, path)) => format!("{path}/{}", self.name),
        }
    }
}

/// Percent-encoding taken away.
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || format!("holds {text:?}, which is not percent-encoded text");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(wrong()) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| wrong())?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}
