//! Whether a repository's settings are what they were.

use crate::model::Seen;
use crate::model::identity;
use crate::model::repository::Repository;

/// Differs whenever tag mutability, the scan flag, encryption or a policy does, in 16 hexadecimal digits. Empty where a
/// policy was not read: of such a look nobody can say whether it differs from another. Tags are no part of it, since
/// whether they are read depends on the baseline.
pub fn fingerprint(repository: &Repository) -> String {
    let lifecycle = text(&repository.lifecycle, |found| &found.text);
    let policy = text(&repository.policy, |found| &found.text);
    let (Some(lifecycle), Some(policy)) = (lifecycle, policy) else { return String::new() };
    let parts = (&repository.mutability, repository.scan_on_push, &repository.encryption, lifecycle, policy);
    identity::fingerprint(&serde_json::to_vec(&parts).unwrap_or_default())
}

/// A policy's text, empty where there is none; `None` where nobody knows.
fn text<T>(seen: &Seen<T>, text: impl Fn(&T) -> &String) -> Option<&str> {
    match seen {
        Seen::Present(found) => Some(text(found)),
        Seen::Missing => Some(""),
        Seen::Unreadable(_) | Seen::Unasked => None,
    }
}
