//! Where the work is, and the clients for it.
//!
//! Who only looks is given a [`Looker`]: it can read the registry, stacks and the ledger, and has no way to write.

use super::args::{Global, PlanArgs};
use super::owner;
use super::resolve::Names;
use crate::aws::{Aws, Connection};
use crate::config::{Endpoints, endpoints_from_environment};
use crate::fault::Fault;
use crate::flow::{Page, Read, Recall, Stack, Stacks, Version};
use crate::model::identity::StackId;
use crate::model::name::RepositoryName;
use crate::model::place::Place;
use crate::model::repository::{FoundLifecycle, FoundPolicy, Repository, ScanType, Tags};
use crate::plan::ledger::Ledger;
use crate::plan::snapshot::Snapshot;
use anyhow::{anyhow, bail};
use std::collections::BTreeMap;

/// Where a command works.
#[derive(Clone, Debug)]
pub(super) struct Whereabouts {
    /// Partition, account and Region.
    pub(super) place: Place,
    /// The stack of `--stack`, and its status.
    pub(super) stack: Option<(StackId, String)>,
}

impl Whereabouts {
    /// Pseudo parameters that are known here.
    pub(super) fn names(&self) -> Names {
        let mut names = Names::from([
            ("AWS::AccountId".to_owned(), self.place.account.clone()),
            ("AWS::Partition".to_owned(), self.place.partition.clone()),
            ("AWS::Region".to_owned(), self.place.region.clone()),
        ]);
        if let Some((stack, _)) = &self.stack {
            names.insert("AWS::StackName".to_owned(), stack.name.clone());
            names.insert("AWS::StackId".to_owned(), stack.arn.clone());
        }
        names
    }
}

/// Clients of the declaring half, and what clients of the other half are made from.
pub(super) struct Clients {
    pub(super) connection: Connection,
    pub(super) endpoints: Endpoints,
    pub(super) aws: Aws,
    pub(super) region: String,
}

/// Clients with whatever credentials and Region the AWS CLI would use.
pub(super) async fn clients(global: &Global) -> anyhow::Result<Clients> {
    let endpoints = global
        .endpoint_url
        .as_ref()
        .map_or_else(endpoints_from_environment, |url| Endpoints { all: Some(url.clone()), ..Endpoints::default() });
    let connection = Connection::new();
    let made = Aws::for_terminal(&connection, global.profile.as_deref(), global.region.as_deref(), &endpoints).await;
    let (aws, region) = made.map_err(|why| anyhow!(why))?;
    Ok(Clients { connection, endpoints, aws, region })
}

/// Clients, and where they lead.
pub(super) async fn connect(global: &Global, args: &PlanArgs) -> anyhow::Result<(Aws, Whereabouts)> {
    let Clients { aws, region, .. } = clients(global).await?;
    let aws = aws.with_state_bucket(args.state_bucket.as_deref().unwrap_or_default());
    if let Some(bucket) = &args.state_bucket
        && !aws.has_state_bucket().await?
    {
        bail!("there is no bucket {bucket:?}; the state bucket is the installation's output StateBucketName");
    }
    let whereabouts = if let Some(stack) = &args.stack {
        of_stack(&aws, stack, &region).await?
    } else {
        let partition = owner::partition_of(&region).to_owned();
        Whereabouts { place: Place { partition, region, account: aws.account().await? }, stack: None }
    };
    Ok((aws, whereabouts))
}

async fn of_stack(aws: &Aws, name_or_arn: &str, region: &str) -> anyhow::Result<Whereabouts> {
    let Some((arn, status)) = aws.find_stack(name_or_arn).await? else {
        bail!("there is no stack {name_or_arn:?} in {region}; check --stack, --region and --profile");
    };
    let stack = StackId::parse(&arn).map_err(|why| anyhow!(why))?;
    if stack.place.region != region {
        bail!("the stack {arn} is not in {region}; give --region {}", stack.place.region);
    }
    Ok(Whereabouts { place: stack.place.clone(), stack: Some((stack, status)) })
}

/// Looking, and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Looker {
    aws: Aws,
    keeps_ledgers: bool,
}

impl Looker {
    /// Wraps clients so that nothing can be written through them.
    pub(super) const fn new(aws: Aws, args: &PlanArgs) -> Self {
        Self { aws, keeps_ledgers: args.state_bucket.is_some() }
    }

    /// The type of a stack's resource.
    pub(super) async fn resource_type(&self, stack: &str, logical_id: &str) -> Result<Option<String>, Fault> {
        self.aws.resource_type(stack, logical_id).await
    }
}

impl Recall for Looker {
    /// Without a state bucket there is no record to be found, of this resource or another.
    async fn ledger(&self, key: &str) -> Result<Option<(Ledger, Version)>, Fault> {
        if self.keeps_ledgers { self.aws.ledger(key).await } else { Ok(None) }
    }

    async fn snapshot(&self, key: &str) -> Result<Option<Snapshot>, Fault> {
        if self.keeps_ledgers { self.aws.snapshot(key).await } else { Ok(None) }
    }
}

impl Read for Looker {
    async fn describe(&self, names: &[RepositoryName]) -> Result<Vec<Repository>, Fault> {
        self.aws.describe(names).await
    }

    async fn page(&self, token: Option<String>) -> Result<Page, Fault> {
        self.aws.page(token).await
    }

    async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        self.aws.tags(arn).await
    }

    async fn lifecycle(&self, name: &RepositoryName) -> Result<Option<FoundLifecycle>, Fault> {
        self.aws.lifecycle(name).await
    }

    async fn policy(&self, name: &RepositoryName) -> Result<Option<FoundPolicy>, Fault> {
        self.aws.policy(name).await
    }

    async fn scan_type(&self) -> Result<Option<ScanType>, Fault> {
        self.aws.scan_type().await
    }

    async fn parameters(&self, paths: &[String]) -> Result<BTreeMap<String, String>, Fault> {
        self.aws.parameters(paths).await
    }

    async fn parameter_owner(&self, path: &str) -> Result<Option<String>, Fault> {
        self.aws.parameter_owner(path).await
    }
}

impl Stacks for Looker {
    async fn stack(&self, arn: &str) -> Result<Option<Stack>, Fault> {
        match owner::stand_in(arn) {
            Some(stack) => Ok(Some(stack)),
            None => self.aws.stack(arn).await,
        }
    }

    async fn has_resource(&self, arn: &str, logical_id: &str) -> Result<bool, Fault> {
        self.aws.has_resource(arn, logical_id).await
    }
}
