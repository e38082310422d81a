//! What the public gallery shows of a repository beside its images.

use super::identity::fingerprint;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A logo. ECR Public shows it and never gives it back, so all that can be compared is what was written.
#[derive(Clone, Serialize, Deserialize)]
pub struct Logo {
    /// Fingerprint of the picture.
    pub fingerprint: String,
    /// The picture itself; not kept in the state bucket, where every declaration would repeat it.
    #[serde(skip)]
    pub bytes: Option<Vec<u8>>,
}

impl Logo {
    /// A picture at hand.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { fingerprint: fingerprint(&bytes), bytes: Some(bytes) }
    }
}

impl PartialEq for Logo {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Logo {}

impl fmt::Debug for Logo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Logo({})", self.fingerprint)
    }
}

/// Catalog data: of a wish, `None` is not mentioned; of what was seen, not set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Catalog {
    /// The line below the name; at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is, in Markdown; at most 25,600 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about_text: Option<String>,
    /// How it is used, in Markdown; at most 25,600 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_text: Option<String>,
    /// `ARM`, `x86-64`, …, sorted; at most 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architectures: Option<Vec<String>>,
    /// `Linux`, `Windows`, …, sorted; at most 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_systems: Option<Vec<String>>,
    /// The logo; never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_image: Option<Logo>,
}

impl Catalog {
    /// Is nothing mentioned?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Every member but the logo is said, as empty where it was not: what is left out of a write may stay as it was.
    #[must_use]
    pub fn said_whole(&self) -> Self {
        Self {
            description: Some(self.description.clone().unwrap_or_default()),
            about_text: Some(self.about_text.clone().unwrap_or_default()),
            usage_text: Some(self.usage_text.clone().unwrap_or_default()),
            architectures: Some(self.architectures.clone().unwrap_or_default()),
            operating_systems: Some(self.operating_systems.clone().unwrap_or_default()),
            logo_image: self.logo_image.clone(),
        }
    }

    /// Do both show the same, the logo apart? What is empty and what was never set look alike.
    pub fn shows_the_same(&self, other: &Self) -> bool {
        let without_logo = |catalog: &Self| Self { logo_image: None, ..catalog.said_whole() };
        without_logo(self) == without_logo(other)
    }

    /// This wish over what stands there: what is mentioned; empty what was mentioned `once` and is no longer; otherwise
    /// as `found`. Without a logo.
    #[must_use]
    pub fn over(&self, found: &Self, once: &Self) -> Self {
        Self {
            description: settled(self.description.as_ref(), found.description.as_ref(), once.description.as_ref()),
            about_text: settled(self.about_text.as_ref(), found.about_text.as_ref(), once.about_text.as_ref()),
            usage_text: settled(self.usage_text.as_ref(), found.usage_text.as_ref(), once.usage_text.as_ref()),
            architectures: settled(
                self.architectures.as_ref(),
                found.architectures.as_ref(),
                once.architectures.as_ref(),
            ),
            operating_systems: settled(
                self.operating_systems.as_ref(),
                found.operating_systems.as_ref(),
                once.operating_systems.as_ref(),
            ),
            logo_image: None,
        }
    }

    /// Everything that one of the two mentions.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            description: self.description.or_else(|| other.description.clone()),
            about_text: self.about_text.or_else(|| other.about_text.clone()),
            usage_text: self.usage_text.or_else(|| other.usage_text.clone()),
            architectures: self.architectures.or_else(|| other.architectures.clone()),
            operating_systems: self.operating_systems.or_else(|| other.operating_systems.clone()),
            logo_image: self.logo_image.or_else(|| other.logo_image.clone()),
        }
    }
}

fn settled<T: Clone + Default>(wished: Option<&T>, found: Option<&T>, once: Option<&T>) -> Option<T> {
    match (wished, once) {
        (Some(wished), _) => Some(wished.clone()),
        (None, Some(_)) => Some(T::default()),
        (None, None) => found.cloned(),
    }
}
