//! One repository against the baseline.

use super::layers::{Applied, Held, Rules};
use super::verdict::{Mend, Verdict};
use super::{Action, Check, Judged, Requirement, Status, access, remedies, settings, tags};
use crate::model::Seen;
use crate::model::place::Place;
use crate::model::repository::{Repository, ScanType, Tags};
use crate::spec::baseline::{Baseline, bounds};
use jiff::civil::Date;

/// One repository, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The repository; tags and policies that were not asked for are [`Seen::Unasked`].
    pub repository: &'a Repository,
    /// The registry it is in.
    pub place: &'a Place,
    /// Who scans.
    pub scan_type: &'a Seen<ScanType>,
    /// Do the registry's rules have it scanned at every push, or all the time? [`Seen::Unasked`] where the registry's
    /// configuration was read and has no rules.
    pub scanned_by_registry: &'a Seen<bool>,
}

/// A check in the making.
#[derive(Debug)]
pub(super) struct Draft<'b> {
    pub(super) applied: Applied<'b>,
    pub(super) requirement: Requirement,
    pub(super) verdict: Verdict,
}

/// Judges a repository by every rule that matches it, on a day.
///
/// Of each rule and requirement there is one check at most. Checks that may be mended together share a step: it is the
/// same [`Step`](crate::plan::Step) in the remedy of each, and need be carried out once.
pub fn judge(baseline: &Baseline, subject: Subject<'_>, today: Date) -> Judged {
    let repository = subject.repository;
    let no_tags = Tags::new();
    let tags = match &repository.tags {
        Seen::Present(tags) => Some(tags),
        Seen::Missing => Some(&no_tags),
        Seen::Unreadable(_) | Seen::Unasked => None,
    };
    let rules = Rules::of(baseline, repository.name.as_str(), tags, today);
    let mut drafts = checked_settings(&rules, subject);
    drafts.extend(checked_access(&rules, subject));
    let asked = rules.tags();
    let verdicts = tags::verdicts(&asked, &repository.tags);
    let of_tags = asked.iter().map(|(applied, _)| (*applied, Requirement::RequiredTags)).zip(verdicts);
    drafts.extend(of_tags.map(|((applied, requirement), verdict)| Draft { applied, requirement, verdict }));
    let unsure = rules.unsure();
    drafts.extend(unsure.map(|(applied, requirement)| Draft {
        applied,
        requirement,
        verdict: tags::unsure(&repository.tags),
    }));
    drafts.sort_by_key(|draft| (draft.applied.place, draft.requirement));
    for draft in &mut drafts {
        if draft.verdict.status == Status::Fail && draft.applied.leave().is_some() {
            (draft.verdict.status, draft.verdict.mend) = (Status::Exempt, Mend::Nothing);
        }
    }
    let remedies = remedies::remedies(&drafts, repository);
    Judged { checks: drafts.into_iter().map(check).collect(), remedies }
}

fn drafts<T: ?Sized>(
    held: Vec<Held<'_, T>>,
    requirement: Requirement,
    verdict: impl Fn(&T) -> Verdict,
) -> impl Iterator<Item = Draft<'_>> {
    held.into_iter().map(move |held| {
        let mut verdict = verdict(held.wish);
        verdict.notes.extend(held.ignored);
        Draft { applied: held.applied, requirement, verdict }
    })
}

fn checked_settings<'b>(rules: &Rules<'b>, subject: Subject<'_>) -> Vec<Draft<'b>> {
    use Requirement::{EncryptionType, ImageTagMutability, LifecyclePolicy, ScanOnPush};
    let repository = subject.repository;
    let scanning = rules.held(ScanOnPush, |require| require.scan_on_push.then_some(&()), |(), ()| None);
    let mutability = rules.held(ImageTagMutability, |require| require.mutability.as_ref(), bounds::mutability);
    let lifecycle = rules.held(LifecyclePolicy, |require| require.lifecycle.as_ref(), bounds::lifecycle);
    let encryption = rules.held(EncryptionType, |require| require.encryption.as_deref(), bounds::encryption);
    drafts(scanning, ScanOnPush, |()| settings::scan_on_push(subject))
        .chain(drafts(mutability, ImageTagMutability, |wish| settings::mutability(wish, repository)))
        .chain(drafts(lifecycle, LifecyclePolicy, |wish| settings::lifecycle(wish, repository)))
        .chain(drafts(encryption, EncryptionType, |wish| settings::encryption(wish, repository)))
        .collect()
}

fn checked_access<'b>(rules: &Rules<'b>, subject: Subject<'_>) -> Vec<Draft<'b>> {
    use Requirement::{AllowedAccounts, NoPublicPrincipals};
    let policy = &subject.repository.policy;
    let own = subject.place.account.as_str();
    let public = rules.held(NoPublicPrincipals, |require| require.no_public_principals.then_some(&()), |(), ()| None);
    let accounts = rules.held(AllowedAccounts, |require| require.allowed_accounts.as_ref(), bounds::accounts);
    drafts(public, NoPublicPrincipals, |()| access::no_public_principals(policy))
        .chain(drafts(accounts, AllowedAccounts, |allowed| access::allowed_accounts(allowed, own, policy)))
        .collect()
}

fn check(draft: Draft<'_>) -> Check {
    let Draft { applied, requirement, verdict } = draft;
    let leave = if verdict.status == Status::Exempt { applied.leave() } else { None };
    Check {
        rule: applied.rule.name.clone(),
        requirement,
        status: verdict.status,
        mode: applied.rule.mode,
        found: verdict.found,
        wished: verdict.wished,
        note: verdict.notes.join("; "),
        action: Action::None,
        leave,
    }
}
