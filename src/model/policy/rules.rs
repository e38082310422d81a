//! What a declared statement may say.
//!
//! Knows the kinds of policies and the names their language has. May not know how a statement is read.

use super::flaw::did_you_mean;
use super::principal::parse_principal;

/// The types of principals there are.
pub(super) const PRINCIPAL_TYPES: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];
const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "Null",
];

/// The policies that statements are declared for. They share a language and differ in what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of a private repository: actions `ecr:…`, no `Resource`.
    Repository,
    /// Of a repository in the public gallery: actions `ecr-public:…`, no `Resource`.
    PublicRepository,
    /// Of a whole private registry: actions `ecr:…`, with a `Resource`.
    Registry,
}

impl Kind {
    /// What the actions of this kind start with.
    fn action_prefix(self) -> &'static str {
        match self {
            Kind::Repository | Kind::Registry => "ecr:",
            Kind::PublicRepository => "ecr-public:",
        }
    }

    /// Why an action cannot stand in a policy of this kind, or `None`.
    pub(super) fn objection_to(self, action: &str) -> Option<String> {
        if action == "*" {
            return None;
        }
        let prefix = self.action_prefix();
        let lower = action.to_ascii_lowercase();
        match lower.strip_prefix(prefix) {
            Some("getauthorizationtoken") => Some(format!(
                "{action:?} is an identity permission without effect here; it belongs into a policy attached to the \
                 user or role itself"
            )),
            Some(name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"*?".contains(&b)) => {
                None
            }
            _ => Some(format!("{action:?} is no action for this policy; expected {prefix}<name> or \"*\"")),
        }
    }
}

/// Why a principal of a type cannot be declared, or `None`.
pub(super) fn objection_to_principal(sort: &str, principal: &str) -> Option<String> {
    let letters = |allowed: fn(char) -> bool| !principal.is_empty() && principal.chars().all(allowed);
    match sort {
        "AWS" => parse_principal(principal).err(),
        "Service" if principal.contains('.') && letters(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-') => None,
        "Service" => {
            Some(format!("{principal:?} is no service principal; expected a name such as lambda.amazonaws.com"))
        }
        "CanonicalUser" if !letters(|c| c.is_ascii_alphanumeric()) => {
            Some(format!("{principal:?} is no canonical user id"))
        }
        _ if !letters(|c| !c.is_whitespace()) => Some(format!("{principal:?} names nobody")),
        _ => None,
    }
}

/// Why a condition operator cannot be declared, or `None`.
pub(super) fn objection_to_operator(operator: &str) -> Option<String> {
    let core = operator.strip_prefix("ForAnyValue:").or_else(|| operator.strip_prefix("ForAllValues:"));
    let core = core.unwrap_or(operator);
    // `Null` already asks whether the key exists.
    let core = core.strip_suffix("IfExists").filter(|core| *core != "Null").unwrap_or(core);
    (!OPERATORS.contains(&core)).then(|| format!("is no condition operator{}", did_you_mean(core, &OPERATORS)))
}
