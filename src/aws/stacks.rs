//! Asking CloudFormation about a stack: the port `flow::Stacks`.

use super::Aws;
use super::fault::fault;
use crate::fault::Fault;
use crate::flow::survey::absent_is_none;
use crate::flow::{Stack, Stacks};

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
}
