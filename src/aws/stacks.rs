//! Asking CloudFormation about a stack: the port `flow::Stacks`.

use super::Aws;
use super::fault::fault;
use crate::fault::Fault;
use crate::fault::absent_is_none;
use crate::flow::{Stack, Stacks};
use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceDetail};

impl Stacks for Aws {
    async fn stack(&self, arn: &str) -> Result<Option<Stack>, Fault> {
        let call = self.cloudformation.describe_stacks().stack_name(arn).send().await;
        let answer = absent_is_none(call.map_err(|error| fault("cloudformation", "DescribeStacks", &error)))?;
        let stack = answer.and_then(|answer| answer.stacks.unwrap_or_default().into_iter().next());
        Ok(stack.map(|stack| Stack {
            status: stack.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            root: stack.root_id,
            tags: stack
                .tags
                .unwrap_or_default()
                .into_iter()
                .filter_map(|tag| Some((tag.key?, tag.value?)))
                .filter(|(key, _)| !key.to_ascii_lowercase().starts_with("aws:"))
                .collect(),
        }))
    }

    async fn has_resource(&self, arn: &str, logical_id: &str) -> Result<bool, Fault> {
        let found = self.stack_resource(arn, logical_id).await?;
        let gone = [ResourceStatus::DeleteComplete, ResourceStatus::DeleteSkipped];
        Ok(found.is_some_and(|detail| detail.resource_status.is_none_or(|status| !gone.contains(&status))))
    }
}

impl Aws {
    /// A stack's resource; `None` where the stack has none of this logical id.
    pub(super) async fn stack_resource(
        &self,
        stack: &str,
        logical_id: &str,
    ) -> Result<Option<StackResourceDetail>, Fault> {
        let call =
            self.cloudformation.describe_stack_resource().stack_name(stack).logical_resource_id(logical_id).send();
        match call.await {
            Ok(answer) => Ok(answer.stack_resource_detail),
            Err(error) => {
                let fault = fault("cloudformation", "DescribeStackResource", &error);
                // CloudFormation has one code for everything it cannot find.
                if fault.message.contains("does not exist") { Ok(None) } else { Err(fault) }
            }
        }
    }
}
