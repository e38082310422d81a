//! The kill switch, the state bucket, the drift function's queue and the topic: the ports `Switches`, `Book`, `Jobs` and
//! `Notices` of `flow::drift`.

use super::Overseer;
use super::bucket::Over;
use super::fault::fault;
use super::jobs::{bodies, bury, send_all};
use super::topic::{Notice, publish};
use crate::event::drift::Job;
use crate::event::findings::DeadLetter;
use crate::fault::{Fault, absent_is_none};
use crate::flow::Version;
use crate::flow::drift::{Book, Entry, Jobs, Listing, Notices, Switch, Switches};
use serde_json::Value;
use std::collections::BTreeMap;

impl Switches for Overseer {
    async fn switch(&self) -> (Switch, Option<String>) {
        let path = &*self.switch_path;
        let call = self.aws.ssm.get_parameter().name(path).send().await;
        match absent_is_none(call.map_err(|error| fault("ssm", "GetParameter", &error))) {
            Ok(None) => (Switch::On, None),
            Ok(Some(found)) => position(path, found.parameter().and_then(|found| found.value()).unwrap_or_default()),
            Err(fault) => (Switch::ReportOnly, Some(format!("{path} cannot be read: {fault}"))),
        }
    }
}

/// What the switch's word means. Who mistypes it wanted to stop something.
fn position(path: &str, word: &str) -> (Switch, Option<String>) {
    match word.trim().to_ascii_lowercase().as_str() {
        "on" => (Switch::On, None),
        "report-only" => (Switch::ReportOnly, None),
        "off" => (Switch::Off, None),
        _ => (Switch::ReportOnly, Some(format!("{path} says none of on, report-only and off"))),
    }
}

impl Book for Overseer {
    async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, Version)>, Fault> {
        let found = self.aws.state.get_bytes(key).await?;
        Ok(found.map(|(bytes, tag)| (bytes, Version::Tag(tag))))
    }

    async fn write(
        &self,
        key: &str,
        bytes: Vec<u8>,
        content_type: &str,
        over: Option<&Version>,
    ) -> Result<Version, Fault> {
        let over = over.map_or(Over::Anything, Over::of);
        self.aws.state.put_bytes(key, bytes, content_type, over).await.map(Version::Tag)
    }

    async fn remove(&self, key: &str) -> Result<(), Fault> {
        self.aws.state.remove(key).await
    }

    async fn list(&self, prefix: &str, token: Option<String>) -> Result<Listing<Entry>, Fault> {
        let (entries, next) = self.aws.state.list(prefix, None, token).await?;
        let entries = entries.into_iter().map(|entry| Entry { key: entry.key, modified: entry.modified });
        Ok((entries.collect(), next))
    }
}

impl Jobs for Overseer {
    async fn send_jobs(&self, jobs: &[Job], delay_seconds: u32) -> Result<(), Fault> {
        send_all(&self.aws.sqs, &self.installation.queue_url, &bodies(jobs)?, delay_seconds).await
    }

    async fn dead_letter(&self, event: &Value, reason: &str) -> Result<(), Fault> {
        let letter = DeadLetter { finding: None, sink: None, reason: reason.to_owned(), event: event.clone() };
        bury(&self.aws.sqs, &self.installation.dead_letter_url, &letter).await
    }
}

impl Notices for Overseer {
    async fn notify(&self, subject: &str, body: &str) -> Result<(), Fault> {
        let notice = Notice { subject, body, attributes: &BTreeMap::new() };
        publish(&self.sns, &self.installation.topic_arn, &notice).await
    }
}
