//! Adoption: what is declared of what exists, and that declaring it changes nothing.

mod grouping;
mod random;
mod round_trip;

use crate::support::world::World;
use crate::support::{Scene, run};
use ecr_steward::flow::census::census;
use ecr_steward::model::Seen;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::repository::{Encryption, EncryptionType, Mutability, MutabilityMode, Tags};
use ecr_steward::plan::adopt::{Adoption, Declared, Found, Options, declarations};
use serde_json::Value;

const OPTIONS: Options<'_> = Options { project: "adopted", environment: "unspecified", partition: "aws" };

/// Everything in a world, as adoption takes it.
async fn found(world: &World) -> Vec<Found> {
    let seen = census(world, |_| true, |_, _| ()).await.expect("a registry that can be read");
    seen.iter().map(Found::of).collect()
}

/// A repository as ECR makes it where nothing is said.
fn plain(name: &str) -> Found {
    Found {
        name: RepositoryName::parse(name).unwrap(),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        scan_on_push: true,
        encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
        tags: Seen::Present(Tags::new()),
        lifecycle: Seen::Missing,
        policy: Seen::Missing,
    }
}

fn named(declared: &Declared, property: &str) -> Value {
    declared.as_map().get(property).cloned().unwrap_or(Value::Null)
}

/// One declaration for all of these, and nothing left out.
#[track_caller]
fn only(adoption: &Adoption) -> &Declared {
    assert!(adoption.left_out.is_empty(), "{:?}", adoption.left_out);
    let [one] = adoption.declared.as_slice() else { panic!("{:#?}", adoption.declared) };
    one
}
