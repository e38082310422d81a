//! Where the installation's things are: its stack's outputs, or what was said instead.

use super::args::Global;
use super::args_findings::Where;
use super::args_oversight::Home;
use super::connect::{Clients, clients};
use super::owner;
use crate::aws::{Aws, Forwarder, Installation, Overseer};
use crate::fault::FaultKind;
use crate::model::place::Place;
use anyhow::{anyhow, bail};
use std::collections::BTreeMap;

/// One of its things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// The records and the stored policy.
    StateBucket,
    /// Where jobs go.
    Queue,
    /// What could not be delivered.
    DeadLetters,
}

impl Thing {
    /// The output of the stack that names it.
    const fn output(self) -> &'static str {
        match self {
            Self::StateBucket => "StateBucketName",
            Self::Queue => "FindingsQueueUrl",
            Self::DeadLetters => "FindingsDeadLetterQueueUrl",
        }
    }

    /// The option that names it.
    const fn option(self) -> &'static str {
        match self {
            Self::StateBucket => "--state-bucket",
            Self::Queue => "--queue-url",
            Self::DeadLetters => "--dead-letter-url",
        }
    }

    fn given(self, place: &Where) -> Option<&String> {
        match self {
            Self::StateBucket => place.state_bucket.as_ref(),
            Self::Queue => place.queue_url.as_ref(),
            Self::DeadLetters => place.dead_letter_url.as_ref(),
        }
    }
}

/// Opens the way to the installation, as far as `needs` say. The clients lead to the registry of its account and Region.
pub(super) async fn open(global: &Global, place: &Where, needs: &[Thing]) -> anyhow::Result<Forwarder> {
    let (Clients { connection, endpoints, .. }, place, installation) = found(global, place, needs).await?;
    Ok(Forwarder::for_terminal(&connection, global.profile.as_deref(), &endpoints, place, installation).await)
}

/// The same for what the drift function keeps: its state bucket is found, and nothing else.
pub(super) async fn oversee(global: &Global, home: &Home) -> anyhow::Result<Overseer> {
    let place = Where {
        installation_stack: home.installation_stack.clone(),
        state_bucket: home.state_bucket.clone(),
        queue_url: None,
        dead_letter_url: None,
    };
    overseer(global, &place, &[Thing::StateBucket]).await
}

/// The same for ECR alone: nothing of an installation is needed.
pub(super) async fn oversee_registry(global: &Global) -> anyhow::Result<Overseer> {
    let place = Where { installation_stack: String::new(), state_bucket: None, queue_url: None, dead_letter_url: None };
    overseer(global, &place, &[]).await
}

async fn overseer(global: &Global, place: &Where, needs: &[Thing]) -> anyhow::Result<Overseer> {
    let (clients, place, installation) = found(global, place, needs).await?;
    let Clients { connection, endpoints, .. } = clients;
    let (profile, prefix) = (global.profile.as_deref(), &global.parameter_prefix);
    Ok(Overseer::for_terminal(&connection, profile, &endpoints, place, prefix, installation).await)
}

async fn found(global: &Global, place: &Where, needs: &[Thing]) -> anyhow::Result<(Clients, Place, Installation)> {
    let clients = clients(global).await?;
    let (aws, region) = (&clients.aws, &clients.region);
    let missing: Vec<Thing> = needs.iter().copied().filter(|thing| thing.given(place).is_none()).collect();
    let outputs = if missing.is_empty() { BTreeMap::new() } else { outputs(aws, place, &missing, region).await? };
    let of = |thing: Thing| {
        let found = thing.given(place).or_else(|| outputs.get(thing.output()));
        found.cloned().unwrap_or_default()
    };
    let installation = Installation {
        state_bucket: of(Thing::StateBucket),
        queue_url: of(Thing::Queue),
        dead_letter_url: of(Thing::DeadLetters),
        topic_arn: outputs.get("NotificationTopicArn").cloned().unwrap_or_default(),
        event_bus: outputs.get("EventBusName").cloned().unwrap_or_default(),
    };
    let (partition, region) = (owner::partition_of(region).to_owned(), region.clone());
    let place = Place { partition, region, account: aws.account().await? };
    Ok((clients, place, installation))
}

async fn outputs(
    aws: &Aws,
    place: &Where,
    missing: &[Thing],
    region: &str,
) -> anyhow::Result<BTreeMap<String, String>> {
    let name = &place.installation_stack;
    let options = |things: &[Thing]| things.iter().map(|thing| thing.option()).collect::<Vec<_>>().join(" and ");
    let found = aws.stack_outputs(name).await.map_err(|fault| {
        let allow = if fault.kind == FaultKind::Denied && !fault.code.is_empty() {
            "allow cloudformation:DescribeStacks, or "
        } else {
            ""
        };
        anyhow!("{fault}; the stack {name} was to say where things are: {allow}give {}", options(missing))
    })?;
    let Some(found) = found else {
        bail!(
            "there is no stack {name:?} in {region}, which was to say where things are; give --installation-stack with the name ecr-steward was installed by (or another --region or --profile), or {}",
            options(missing)
        );
    };
    let absent: Vec<Thing> = missing.iter().copied().filter(|thing| !found.contains_key(thing.output())).collect();
    if !absent.is_empty() {
        let names: Vec<&str> = absent.iter().map(|thing| thing.output()).collect();
        bail!(
            "the stack {name} has no output {}: it is not an installation of ecr-steward that has it; give --installation-stack, or {}",
            names.join(", "),
            options(&absent)
        );
    }
    Ok(found)
}
