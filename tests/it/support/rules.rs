//! The rules of ECR and SSM that a decision can run into, and what ECR makes of the texts it is given.

use super::world::{Param, Repo, State};
use ecr_steward::fault::{Fault, FaultKind};
use ecr_steward::model::repository::Tags;
use ecr_steward::plan::Change;
use serde_json::{Value, json};

const REPOSITORY_ARN: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/";

pub(super) fn arn_of(name: &str) -> String {
    format!("{REPOSITORY_ARN}{name}")
}

/// A refusal as ECR words it.
pub(super) fn refusal(action: &'static str, kind: FaultKind, code: &str) -> Fault {
    let (service, operation) = action.split_once(':').expect("service:Operation");
    let message = format!("refused as {code}");
    Fault { service, operation, kind, code: code.to_owned(), message, request_id: Some("test-request".to_owned()) }
}

/// Performs one write, or refuses it as the service would.
pub(super) fn perform(state: &mut State, change: &Change) -> Result<(), Fault> {
    let refuse = |kind, code: &str| Err(refusal(change.action(), kind, code));
    match change {
        Change::CreateRepository { name, mutability, scan_on_push, encryption, tags } => {
            if state.repositories.contains_key(name.as_str()) {
                return refuse(FaultKind::Conflict, "RepositoryAlreadyExistsException");
            }
            let repo = Repo {
                mutability: mutability.clone(),
                scan_on_push: *scan_on_push,
                encryption: encryption.clone(),
                tags: tagged(&Tags::new(), tags, change)?,
                lifecycle: None,
                policy: None,
                images: 0,
            };
            state.repositories.insert(name.to_string(), repo);
        }
        Change::DeleteRepository { name, force, .. } => {
            let repo = repo(state, name.as_str(), change)?;
            if repo.images > 0 && !force {
                return refuse(FaultKind::NotEmpty, "RepositoryNotEmptyException");
            }
            state.repositories.remove(name.as_str());
        }
        Change::PutImageTagMutability { name, mutability } => {
            repo(state, name.as_str(), change)?.mutability = mutability.clone();
        }
        Change::PutImageScanningConfiguration { name, scan_on_push } => {
            repo(state, name.as_str(), change)?.scan_on_push = *scan_on_push;
        }
        Change::PutLifecyclePolicy { name, text } => {
            let stored = stored_lifecycle(text, change)?;
            repo(state, name.as_str(), change)?.lifecycle = Some(stored);
        }
        Change::SetRepositoryPolicy { name, text } => {
            let stored = stored_policy(text, change.action())?;
            repo(state, name.as_str(), change)?.policy = Some(stored);
        }
        Change::DeleteLifecyclePolicy { name } => {
            if repo(state, name.as_str(), change)?.lifecycle.take().is_none() {
                return refuse(FaultKind::NotFound, "LifecyclePolicyNotFoundException");
            }
        }
        Change::DeleteRepositoryPolicy { name } => {
            if repo(state, name.as_str(), change)?.policy.take().is_none() {
                return refuse(FaultKind::NotFound, "RepositoryPolicyNotFoundException");
            }
        }
        _ => return perform_on_tags_and_parameters(state, change),
    }
    Ok(())
}

fn perform_on_tags_and_parameters(state: &mut State, change: &Change) -> Result<(), Fault> {
    let refuse = |kind, code: &str| Err(refusal(change.action(), kind, code));
    match change {
        Change::TagResource { arn, tags } => {
            let repo = repo(state, name_of(arn), change)?;
            repo.tags = tagged(&repo.tags, tags, change)?;
        }
        Change::UntagResource { arn, keys } => {
            repo(state, name_of(arn), change)?.tags.retain(|key, _| !keys.contains(key));
        }
        Change::PutParameter { path, value, owner, new } => {
            let before = state.parameters.get(path).cloned();
            if *new && before.is_some() {
                return refuse(FaultKind::Conflict, "ParameterAlreadyExists");
            }
            // Overwrite takes no tags: an owner is written only with a new parameter.
            let owner = if *new { Some(owner.clone()) } else { before.and_then(|before| before.owner) };
            state.parameters.insert(path.clone(), Param { value: value.clone(), owner });
        }
        Change::DeleteParameter { path } => {
            if state.parameters.remove(path).is_none() {
                return refuse(FaultKind::NotFound, "ParameterNotFound");
            }
        }
        other => panic!("{} is not known here", other.action()),
    }
    Ok(())
}

fn name_of(arn: &str) -> &str {
    arn.strip_prefix(REPOSITORY_ARN).expect("the ARN of a repository here")
}

fn repo<'a>(state: &'a mut State, name: &str, change: &Change) -> Result<&'a mut Repo, Fault> {
    let missing = || refusal(change.action(), FaultKind::NotFound, "RepositoryNotFoundException");
    state.repositories.get_mut(name).ok_or_else(missing)
}

pub(super) fn tagged(before: &Tags, added: &Tags, change: &Change) -> Result<Tags, Fault> {
    let mut tags = before.clone();
    tags.extend(added.clone());
    if tags.len() > 50 {
        return Err(refusal(change.action(), FaultKind::Invalid, "TooManyTagsException"));
    }
    Ok(tags)
}

/// Length limits hold, rules come back in the order of their priorities.
fn stored_lifecycle(text: &str, change: &Change) -> Result<String, Fault> {
    let refuse = || refusal(change.action(), FaultKind::Invalid, "InvalidParameterException");
    if !(100..=30_720).contains(&text.chars().count()) {
        return Err(refuse());
    }
    let mut policy: Value = serde_json::from_str(text).map_err(|_| refuse())?;
    let rules = policy["rules"].as_array_mut().ok_or_else(refuse)?;
    rules.sort_by_key(|rule| rule["rulePriority"].as_u64());
    Ok(serde_json::to_string_pretty(&policy).expect("JSON"))
}

/// Account ids come back as ARNs of their roots, lists of one as the one.
pub(super) fn stored_policy(text: &str, action: &'static str) -> Result<String, Fault> {
    let refuse = || refusal(action, FaultKind::Invalid, "InvalidParameterException");
    if text.chars().count() > 10_240 {
        return Err(refuse());
    }
    let mut policy: Value = serde_json::from_str(text).map_err(|_| refuse())?;
    for statement in policy["Statement"].as_array_mut().ok_or_else(refuse)? {
        if let Some(named) = statement.pointer_mut("/Principal/AWS") {
            let list = named.as_array().cloned().unwrap_or_else(|| vec![named.clone()]);
            let written: Vec<String> = list.iter().filter_map(Value::as_str).map(root_of).collect();
            *named = if let [one] = written.as_slice() { json!(one) } else { json!(written) };
        }
    }
    Ok(serde_json::to_string_pretty(&policy).expect("JSON"))
}

fn root_of(principal: &str) -> String {
    let is_account = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { format!("arn:aws:iam::{principal}:root") } else { principal.to_owned() }
}
