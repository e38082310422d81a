//! What the scenario tests stand on: an AWS in memory (`world`, `ports`, `rules`), what can go wrong in it
//! (`trouble`), the CloudFormation in front of it (`scene`), and its bucket for answers (`mailbox`).
//! `registry` is what there is once per account and Region, `lines` hears what is logged, `forwarding` is the Region of the findings walk, and `overseeing` is what the drift walk
//! needs beside the world. It may not know what any test expects.

pub(crate) mod forwarding;
pub(crate) mod gallery;
pub(crate) mod lines;
pub(crate) mod mailbox;
pub(crate) mod overseeing;
mod ports;
pub(crate) mod registry;
mod rules;
pub(crate) mod scene;
pub(crate) mod specs;
pub(crate) mod trouble;
pub(crate) mod world;

pub(crate) use mailbox::Mailbox;
pub(crate) use scene::{Scene, fleet, reason, run, with};
pub(crate) use trouble::{Trouble, When};
