//! The public gallery of the account in memory: one registry for all Regions, with tags, policies and catalog data, and
//! with nothing else.

use super::rules::{refusal, stored_policy, tagged};
use super::world::{STACK, Shown, State, World};
use ecr_steward::event::message::Message;
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::flow::lease::still_ours;
use ecr_steward::flow::{Galleries, Keep, NAMES_PER_CALL, Page, Postpone, Read, Recall, Stack, Stacks, Version, Write};
use ecr_steward::model::Seen;
use ecr_steward::model::catalog::Catalog;
use ecr_steward::model::identity::Identity;
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::policy::Document;
use ecr_steward::model::repository::{
    Encryption, EncryptionType, FoundLifecycle, FoundPolicy, Mutability, MutabilityMode, Repository, ScanType, Tags,
};
use ecr_steward::plan::Change;
use ecr_steward::plan::ledger::{Claim, Ledger};
use ecr_steward::plan::snapshot::Snapshot;
use serde_json::Value;
use std::collections::BTreeMap;

const ARN: &str = "arn:aws:ecr-public::123456789012:repository/";

/// The world with the gallery in front.
pub(crate) struct GalleryWorld<'a>(&'a World);

impl Galleries for World {
    type Gallery<'a> = GalleryWorld<'a>;

    fn gallery(&self) -> GalleryWorld<'_> {
        GalleryWorld(self)
    }

    async fn gallery_uri(&self) -> Result<Option<String>, Fault> {
        self.call("ecr-public:DescribeRegistries", |state| Ok(state.gallery_uri.clone())).await
    }
}

fn missing(action: &'static str) -> Fault {
    refusal(action, FaultKind::NotFound, "RepositoryNotFoundException")
}

fn described(name: &str) -> Repository {
    Repository {
        name: RepositoryName::parse(name).expect("a legal name"),
        arn: format!("{ARN}{name}"),
        mutability: Mutability { mode: MutabilityMode::Mutable, exclusions: Vec::new() },
        scan_on_push: false,
        encryption: Encryption { kind: EncryptionType::Aes256, kms_key: None },
        tags: Seen::Unasked,
        lifecycle: Seen::Missing,
        policy: Seen::Unasked,
        catalog: Seen::Unasked,
    }
}

impl Read for GalleryWorld<'_> {
    async fn describe(&self, names: &[RepositoryName]) -> Result<Vec<Repository>, Fault> {
        let action = "ecr-public:DescribeRepositories";
        assert!((1..=NAMES_PER_CALL).contains(&names.len()), "ECR Public takes 1 to 100 names, not {}", names.len());
        self.0
            .call(action, |state| {
                let there = |name: &&RepositoryName| state.gallery.contains_key(name.as_str());
                let found: Vec<Repository> = names.iter().filter(there).map(|name| described(name.as_str())).collect();
                if found.len() == names.len() { Ok(found) } else { Err(missing(action)) }
            })
            .await
    }

    async fn page(&self, token: Option<String>) -> Result<Page, Fault> {
        assert_eq!(token, None, "the gallery is told on one page");
        self.0
            .call("ecr-public:DescribeRepositories", |state| {
                Ok((state.gallery.keys().map(|name| described(name)).collect(), None))
            })
            .await
    }

    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        let action = "ecr-public:ListTagsForResource";
        self.0.call(action, |state| Ok(Some(shown(state, name_of(arn), action)?.tags.clone()))).await
    }

    async fn lifecycle(&self, _name: &RepositoryName) -> Result<Option<FoundLifecycle>, Fault> {
        panic!("the gallery has no lifecycle policies to ask for");
    }

    async fn policy(&self, name: &RepositoryName) -> Result<Option<FoundPolicy>, Fault> {
        let action = "ecr-public:GetRepositoryPolicy";
        self.0
            .call(action, |state| {
                let text = shown(state, name.as_str(), action)?.policy.clone();
                Ok(text.map(|text| FoundPolicy { document: Document::parse_text(&text).ok(), text }))
            })
            .await
    }

    async fn catalog(&self, name: &RepositoryName) -> Result<Option<Catalog>, Fault> {
        let action = "ecr-public:GetRepositoryCatalogData";
        self.0.call(action, |state| Ok(shown(state, name.as_str(), action)?.catalog.clone())).await
    }

    async fn scan_type(&self) -> Result<Option<ScanType>, Fault> {
        panic!("nothing is scanned in the gallery");
    }

    async fn parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        self.0.parameters(paths).await
    }

    async fn parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        self.0.parameter_owner(path).await
    }
}

fn name_of(arn: &str) -> &str {
    arn.strip_prefix(ARN).expect("the ARN of a repository in the gallery")
}

fn shown<'a>(state: &'a mut State, name: &str, action: &'static str) -> Result<&'a mut Shown, Fault> {
    state.gallery.get_mut(name).ok_or_else(|| missing(action))
}

impl Write for GalleryWorld<'_> {
    async fn perform(&self, change: &Change) -> Result<(), Fault> {
        self.0
            .call(change.public_action(), |state| {
                perform(state, change)?;
                let status = state.stacks.get(STACK).map(|stack| stack.status.clone());
                state.journal.push((change.clone(), status.unwrap_or_default()));
                Ok(())
            })
            .await
    }

    async fn confirm(&self, change: &Change) -> Result<(), Fault> {
        still_ours(self, change).await
    }

    fn action(&self, change: &Change) -> &'static str {
        change.public_action()
    }
}

fn perform(state: &mut State, change: &Change) -> Result<(), Fault> {
    let action = change.public_action();
    match change {
        Change::CreatePublicRepository { name, catalog, tags } => {
            if state.gallery.contains_key(name.as_str()) {
                return Err(refusal(action, FaultKind::Conflict, "RepositoryAlreadyExistsException"));
            }
            let mut made = Shown { tags: tagged(&Tags::new(), tags, change)?, ..Shown::default() };
            if !catalog.is_empty() {
                put(&mut made, catalog);
            }
            state.gallery.insert(name.to_string(), made);
        }
        Change::PutRepositoryCatalogData { name, catalog } => put(shown(state, name.as_str(), action)?, catalog),
        Change::SetRepositoryPolicy { name, text } => {
            let stored = stored_policy(text, action)?;
            shown(state, name.as_str(), action)?.policy = Some(stored);
        }
        Change::DeleteRepositoryPolicy { name } => {
            if shown(state, name.as_str(), action)?.policy.take().is_none() {
                return Err(refusal(action, FaultKind::NotFound, "RepositoryPolicyNotFoundException"));
            }
        }
        Change::TagResource { arn, tags } => {
            let found = shown(state, name_of(arn), action)?;
            found.tags = tagged(&found.tags, tags, change)?;
        }
        Change::UntagResource { arn, keys } => {
            shown(state, name_of(arn), action)?.tags.retain(|key, _| !keys.contains(key));
        }
        Change::DeleteRepository { name, force, .. } => {
            if shown(state, name.as_str(), action)?.images > 0 && !force {
                return Err(refusal(action, FaultKind::NotEmpty, "RepositoryNotEmptyException"));
            }
            state.gallery.remove(name.as_str());
        }
        other => panic!("the gallery has no {}", other.action()),
    }
    Ok(())
}

/// What a write leaves out stays; a picture is taken and never given back; empty and never set read alike.
fn put(found: &mut Shown, catalog: &Catalog) {
    if let Some(logo) = &catalog.logo_image {
        found.logo = Some(logo.bytes.clone().expect("a picture, not its fingerprint alone"));
    }
    let before = found.catalog.take().unwrap_or_default();
    let written = Catalog { logo_image: None, ..catalog.clone() };
    found.catalog = Some(written.or(&before));
}

impl Recall for GalleryWorld<'_> {
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        Recall::ledger(self.0, key).await
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        self.0.snapshot(key).await
    }
}

impl Keep for GalleryWorld<'_> {
    async fn save_ledger(&self, ledger: &Ledger, over: &Version) -> Result<Version, Fault> {
        self.0.save_ledger(ledger, over).await
    }

    async fn forget_ledger(&self, identity: &Identity) -> Result<(), Fault> {
        self.0.forget_ledger(identity).await
    }

    async fn put_outputs(&self, identity: &Identity, document: &Value) -> Result<(), Fault> {
        self.0.put_outputs(identity, document).await
    }

    async fn forget_outputs(&self, identity: &Identity) -> Result<(), Fault> {
        self.0.forget_outputs(identity).await
    }

    async fn put_snapshot(&self, key: &str, snapshot: &Snapshot) -> Result<(), Fault> {
        self.0.put_snapshot(key, snapshot).await
    }

    async fn lease(&self, key: &str) -> Result<Option<(Claim, Version)>, Fault> {
        self.0.lease(key).await
    }

    async fn save_lease(&self, key: &str, claim: &Claim, over: &Version) -> Result<Version, Fault> {
        self.0.save_lease(key, claim, over).await
    }
}

impl Stacks for GalleryWorld<'_> {
    async fn stack(&self, arn: &str) -> Result<Option<Stack>, Fault> {
        self.0.stack(arn).await
    }

    async fn has_resource(&self, arn: &str, logical_id: &str) -> Result<bool, Fault> {
        self.0.has_resource(arn, logical_id).await
    }
}

impl Postpone for GalleryWorld<'_> {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        self.0.send(message).await
    }
}
