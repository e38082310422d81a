//! ECR's own preview of lifecycle policies: the port `flow::drift::Previews`.

use super::Overseer;
use super::fault::fault;
use crate::fault::{Fault, FaultKind, absent_is_none};
use crate::flow::drift::{Expiring, PreviewState, Previews};
use crate::model::image::Digest;
use crate::model::name::RepositoryName;
use aws_sdk_ecr::types;

/// Largest page of a preview (ECR API model, `LifecyclePreviewMaxResults`).
const LARGEST_PAGE: i32 = 100;

impl Previews for Overseer {
    async fn start_preview(&self, repository: &RepositoryName, text: Option<&str>) -> Result<(), Fault> {
        let call = self
            .aws
            .ecr
            .start_lifecycle_policy_preview()
            .repository_name(repository.as_str())
            .set_lifecycle_policy_text(text.map(str::to_owned));
        call.send().await.map(|_| ()).map_err(|error| fault("ecr", "StartLifecyclePolicyPreview", &error))
    }

    async fn preview(&self, repository: &RepositoryName, token: Option<String>) -> Result<PreviewState, Fault> {
        let call = self
            .aws
            .ecr
            .get_lifecycle_policy_preview()
            .repository_name(repository.as_str())
            .max_results(LARGEST_PAGE)
            .set_next_token(token);
        let answer = call.send().await.map_err(|error| fault("ecr", "GetLifecyclePolicyPreview", &error));
        let Some(answer) = absent_is_none(answer)? else {
            return Ok(PreviewState::Absent);
        };
        match answer.status() {
            Some(types::LifecyclePolicyPreviewStatus::InProgress) => Ok(PreviewState::Going),
            Some(types::LifecyclePolicyPreviewStatus::Complete) => {
                let found = answer.preview_results().iter().map(expiring).collect::<Result<_, _>>()?;
                let summary =
                    answer.summary().and_then(types::LifecyclePolicyPreviewSummary::expiring_image_total_count);
                // Without its total a preview says nothing of how much would go.
                let total = summary.and_then(|total| u64::try_from(total).ok());
                let expiring = total.ok_or_else(|| strange("the preview does not say how many images would expire"))?;
                let of = answer.lifecycle_policy_text;
                Ok(PreviewState::Ended { page: (found, answer.next_token), expiring, of })
            }
            Some(other) => Ok(PreviewState::Failed(other.as_str().to_owned())),
            None => Err(strange("the preview has no status")),
        }
    }
}

fn expiring(found: &types::LifecyclePolicyPreviewResult) -> Result<Expiring, Fault> {
    let digest = Digest::parse(found.image_digest().unwrap_or_default())
        .map_err(|flaw| strange(&format!("an image's digest {flaw}")))?;
    let action = found.action().and_then(|action| action.r#type());
    Ok(Expiring {
        digest,
        tags: found.image_tags().to_vec(),
        pushed_at: found.image_pushed_at().map(aws_smithy_types::DateTime::secs),
        priority: found.applied_rule_priority().and_then(|priority| u32::try_from(priority).ok()).unwrap_or_default(),
        // What is not said to be harmless is taken for the worst.
        action: action.map_or("EXPIRE", types::ImageActionType::as_str).to_owned(),
    })
}

fn strange(what: &str) -> Fault {
    Fault::ours("ecr", "GetLifecyclePolicyPreview", FaultKind::Unexpected, what)
}
