//! Repository policies: statements of others are left to stand; those that bear our Sids are said as they once were.
//!
//! An account that was managed before may hold such statements: a repository that is handed back keeps its policy. Where
//! they are not declared, planning would remove them.

use super::settings::Said;
use crate::model::policy::{Document, Statement, USER_SID_PREFIX, is_ours, public_exposure};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a declaration says of the statements that are ours: every property, with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Access(Said);

impl Access {
    /// What the contract says where nobody says anything.
    pub(super) fn contract() -> Self {
        Self::new(&[Vec::new(), Vec::new(), Vec::new(), Vec::new()], Vec::new(), false)
    }

    fn new([pull, push, functions, organizations]: &[Vec<String>; 4], own: Vec<Value>, public: bool) -> Self {
        Self(vec![
            ("PullPrincipals", json!(pull)),
            ("PushPrincipals", json!(push)),
            ("LambdaPullArns", json!(functions)),
            ("PullOrganizations", json!(organizations)),
            ("PolicyStatements", Value::Array(own)),
            ("AllowPublicPrincipals", json!(public)),
        ])
    }

    /// From the text ECR holds. Whether the properties make the same statements is for the plan to say.
    pub(super) fn read(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::contract()) };
        let document = Document::parse_text(text).map_err(|flaws| {
            let first = flaws.first().map_or_else(String::new, |flaw| format!(" ({} {})", flaw.path, flaw.message));
            format!("its repository policy is beyond this version of ecr-steward{first}")
        })?;
        let mut lists: [Vec<String>; 4] = Default::default();
        let mut own = Vec::new();
        let mut public = false;
        for statement in document.statements().iter().filter(|statement| is_ours(statement)) {
            let value = serde_json::from_str(statement.text()).unwrap_or(Value::Null);
            let [pull, push, functions, organizations] = &mut lists;
            match statement.sid().unwrap_or_default() {
                "EcrStewardPull" => pull.extend(texts(&value, "/Principal/AWS")),
                "EcrStewardPush" => push.extend(texts(&value, "/Principal/AWS")),
                "EcrStewardLambdaPull" => functions.extend(functions_of(&value)),
                "EcrStewardPullOrganization" => {
                    organizations.extend(texts(&value, "/Condition/StringEquals/aws:PrincipalOrgID"));
                }
                sid if sid.starts_with(USER_SID_PREFIX) => own.push(value),
                _ => {}
            }
            public |= exposes(statement);
        }
        Ok(Self::new(&lists, own, public))
    }

    /// What has to be said where `base` is said already.
    pub(super) fn over(&self, base: &Self) -> Said {
        self.0.iter().zip(&base.0).filter(|(one, two)| one != two).map(|(one, _)| one.clone()).collect()
    }
}

fn exposes(statement: &Statement) -> bool {
    public_exposure(statement).is_some()
}

/// A text, or a list of them.
fn texts(value: &Value, pointer: &str) -> Vec<String> {
    match value.pointer(pointer) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Functions, without the patterns of their versions that are written beside them.
fn functions_of(value: &Value) -> Vec<String> {
    let all: BTreeSet<String> = texts(value, "/Condition/ArnLike/aws:SourceArn").into_iter().collect();
    let made = |arn: &&String| !arn.strip_suffix(":*").is_some_and(|function| all.contains(function));
    all.iter().filter(made).cloned().collect()
}
