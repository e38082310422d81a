//! What only the command line asks: whose account this is, and which stack is meant.

use super::Aws;
use super::fault::fault;
use crate::fault::absent_is_none;
use crate::fault::{Fault, FaultKind};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::collections::BTreeMap;
use std::error::Error;

impl Aws {
    /// The same clients, with a state bucket.
    #[must_use]
    pub fn with_state_bucket(mut self, bucket: &str) -> Self {
        bucket.clone_into(&mut self.state.name);
        self
    }

    /// Is the state bucket there? Reading from one that is not looks like reading what was never written.
    pub async fn has_state_bucket(&self) -> Result<bool, Fault> {
        let call = self.state.s3.get_object().bucket(&self.state.name).key("ledgers/").send().await;
        match call.map_err(|error| explained("s3", "GetObject", &error)) {
            Err(fault) if fault.code == "NoSuchBucket" => Ok(false),
            Err(fault) if fault.kind != FaultKind::NotFound => Err(fault),
            Ok(_) | Err(_) => Ok(true),
        }
    }

    /// The account the credentials belong to, as ECR calls it: the registry id.
    pub async fn account(&self) -> Result<String, Fault> {
        let call = self.ecr.describe_registry().send().await;
        let answer = call.map_err(|error| explained("ecr", "DescribeRegistry", &error))?;
        answer.registry_id.ok_or_else(|| {
            Fault::ours("ecr", "DescribeRegistry", FaultKind::Unexpected, "the answer has no registry id")
        })
    }

    /// The ARN and status of a stack by its name or ARN; `None` where there is none.
    pub async fn find_stack(&self, name_or_arn: &str) -> Result<Option<(String, String)>, Fault> {
        let call = self.cloudformation.describe_stacks().stack_name(name_or_arn).send().await;
        let answer = absent_is_none(call.map_err(|error| explained("cloudformation", "DescribeStacks", &error)))?;
        let stack = answer.and_then(|answer| answer.stacks.unwrap_or_default().into_iter().next());
        Ok(stack.and_then(|stack| {
            let status = stack.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default();
            Some((stack.stack_id?, status))
        }))
    }

    /// The outputs of a stack by its name or ARN; `None` where there is none.
    pub async fn stack_outputs(&self, name_or_arn: &str) -> Result<Option<BTreeMap<String, String>>, Fault> {
        let call = self.cloudformation.describe_stacks().stack_name(name_or_arn).send().await;
        let answer = absent_is_none(call.map_err(|error| explained("cloudformation", "DescribeStacks", &error)))?;
        let stack = answer.and_then(|answer| answer.stacks.unwrap_or_default().into_iter().next());
        Ok(stack.map(|stack| {
            let outputs = stack.outputs.unwrap_or_default().into_iter();
            outputs.filter_map(|output| Some((output.output_key?, output.output_value?))).collect()
        }))
    }

    /// The type of a stack's resource; `None` where the stack has none of this logical id.
    pub async fn resource_type(&self, stack: &str, logical_id: &str) -> Result<Option<String>, Fault> {
        let found = self.stack_resource(stack, logical_id).await?;
        Ok(found.and_then(|detail| detail.resource_type))
    }
}

/// The first call of a run is the one that finds out that there are no credentials.
fn explained<E>(service: &'static str, operation: &'static str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let fault = fault(service, operation, error);
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = source {
        if let Some(trouble) = inner.downcast_ref::<CredentialsError>() {
            return Fault { kind: FaultKind::Denied, message: in_words(trouble), ..fault };
        }
        source = inner.source();
    }
    fault
}

/// Why there are no credentials.
pub(super) fn in_words(trouble: &CredentialsError) -> String {
    if matches!(trouble, CredentialsError::CredentialsNotLoaded(_)) {
        return "no AWS credentials were found; give --profile, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in (aws sso login)".to_owned();
    }
    let why = trouble.source().map_or_else(|| trouble.to_string(), ToString::to_string);
    format!("the AWS credentials could not be loaded: {why}")
}
