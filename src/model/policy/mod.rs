//! Access policies of a repository: who may pull and push.
//!
//! Holds what there is to know about IAM policy documents as ECR stores them: reading them, comparing them by
//! meaning, telling our statements from everybody else's, building the statements a declaration asks for, and
//! finding the ones that let the whole world in.
//!
//! This room may not know how a policy is fetched or written, which repository it belongs to, what the time is,
//! or what a declaration looks like beyond the lists handed to it.

mod access;
mod conditions;
mod document;
mod exposure;
mod flaw;
mod meaning;
mod ownership;
mod principal;
mod reach;
mod reading;
mod rules;
mod statement;
mod text;

pub use access::{
    Access, access_statements, authorization_policy, parse_lambda_arn, parse_organization_id, public_push_statement,
};
pub use document::Document;
pub use exposure::public_exposure;
pub use flaw::Flaw;
pub use ownership::{
    Mode, desired, is_ours, needs_change, user_statement, user_statement_for, user_statements, version_conflict,
};
pub use principal::{Principal, parse_principal};
pub use reach::{Reach, reach, without_accounts};
pub use rules::Kind;
pub use statement::Statement;

/// The longest policy text ECR takes, in characters: the service model's `RepositoryPolicyText` and
/// `RegistryPolicyText` both say 0 to 10,240.
pub const MAX_POLICY_CHARACTERS: usize = 10_240;

/// What the Sid of every statement we own starts with. Ownership hangs on this and on nothing else.
pub const OWN_SID_PREFIX: &str = "EcrSteward";

/// What the Sid of a statement starts with that we write on a user's behalf, word for word. It begins with
/// [`OWN_SID_PREFIX`], so such a statement is ours to replace and remove.
pub const USER_SID_PREFIX: &str = "EcrStewardUser";
