//! The nouns: names, places, owners, repositories and their settings, images and what scans find in them.
//!
//! A value in here was parsed once and may be trusted after. This room knows nobody else but `fault` (inside
//! [`Seen::Unreadable`]) and the lifecycle language: no requests, no plans, no clients, no clock.

pub mod catalog;
pub mod finding;
pub mod identity;
pub mod image;
pub mod manifest;
pub mod name;
pub mod place;
pub mod policy;
pub mod registry;
pub mod repository;
pub mod scan;

use crate::fault::Fault;

/// What looking at something showed.
///
/// Denied is not empty, and a thing nobody looked at is neither: the planner must never read one as the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen<T> {
    /// It is there.
    Present(T),
    /// The service said that it is not there.
    Missing,
    /// Looking failed.
    Unreadable(Fault),
    /// Nobody wishes anything about it, so nobody looked.
    #[default]
    Unasked,
}

impl<T> Seen<T> {
    /// The thing, where it is there.
    pub const fn present(&self) -> Option<&T> {
        match self {
            Self::Present(thing) => Some(thing),
            Self::Missing | Self::Unreadable(_) | Self::Unasked => None,
        }
    }

    /// From a read whose "not there" is already a value.
    pub fn from_read(read: Result<Option<T>, Fault>) -> Self {
        match read {
            Ok(Some(thing)) => Self::Present(thing),
            Ok(None) => Self::Missing,
            Err(fault) => Self::Unreadable(fault),
        }
    }
}

/// What a declaration wishes about one thing. What is not mentioned is never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wish<T> {
    /// Not mentioned.
    #[default]
    Leave,
    /// It must not exist.
    Absent,
    /// It must be exactly this.
    Is(T),
}
