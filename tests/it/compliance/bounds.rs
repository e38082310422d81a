//! How much memory the documents take, and what a page of very many failures looks like.

use super::{baseline, check, compose, context, run, standing, text};
use ecr_steward::plan::posture::{Check, Requirement, Standing, Status};
use ecr_steward::report::compliance::{Documents, MOST_PER_GROUP, Previous, Report};

/// The requirements of a baseline.
const SEVEN: [Requirement; 7] = [
    Requirement::ScanOnPush,
    Requirement::ImageTagMutability,
    Requirement::LifecyclePolicy,
    Requirement::EncryptionType,
    Requirement::RequiredTags,
    Requirement::NoPublicPrincipals,
    Requirement::AllowedAccounts,
];

/// Every tenth repository fails everything, the others pass.
fn mixed(number: usize) -> impl Iterator<Item = Standing> {
    (0..number).map(|at| {
        let status = if at % 10 == 0 { Status::Fail } else { Status::Pass };
        let checks = SEVEN.iter().map(|requirement| Check {
            found: "a policy of 3 rules that keeps everything".into(),
            wished: "the generated policy".into(),
            ..check("everything", *requirement, status)
        });
        standing(&format!("project-{:03}/service-{at:06}", at % 1_000), checks.collect())
    })
}

/// What is found and wished of each of them.
const WORDS: [(&str, &str); 7] = [
    ("images are not scanned", "scanned at every push"),
    ("MUTABLE", "IMMUTABLE"),
    ("none", "a generated policy that keeps 100 images and untagged ones for 14 days"),
    ("AES256", "KMS or KMS_DSSE"),
    ("owner is missing", "owner, cost-centre"),
    ("statement 2 (AllowPull) lets in everybody", "nobody without a condition"),
    ("arn:aws:iam::210987654321:root", "111122223333"),
];

/// A registry as one might be: some of everything, and a rule that very many fail.
pub(super) fn registry() -> Vec<Standing> {
    let mut all = super::world();
    let teams = ["checkout", "data-platform", "identity-and-access-management", "mobile", "search", "web"];
    all.extend((0..498).map(|at| {
        let name = format!("{}/service-{at:04}", teams[at % teams.len()]);
        let checks = SEVEN.iter().enumerate().map(|(nth, requirement)| {
            let status = match (at * 7 + nth * 3) % 23 {
                0..=2 => Status::Fail,
                3 if nth > 4 => Status::Unknown,
                _ if nth == 3 => Status::Fail,
                _ => Status::Pass,
            };
            let rule = if nth == 3 { "encrypted-with-a-key-of-our-own" } else { "everything" };
            let denied = "GetRepositoryPolicy is denied: AccessDeniedException";
            let note = if status == Status::Unknown { denied } else { "" };
            let (found, wished) = WORDS[nth];
            let found = if note.is_empty() { found } else { "" };
            let full = check(rule, *requirement, status);
            Check { found: found.into(), wished: wished.into(), note: note.into(), ..full }
        });
        Standing { fingerprint: at.to_string(), ..standing(&name, checks.collect()) }
    }));
    all.sort_by(|one, two| one.name.cmp(&two.name));
    all
}

fn size(documents: &Documents) -> usize {
    documents.json.capacity() + documents.csv.capacity() + documents.html.capacity()
}

fn composed(number: usize) -> Documents {
    let baseline = baseline();
    let mut composer = ecr_steward::report::compliance::Composer::new(run(), context(&baseline));
    for standing in mixed(number) {
        composer.add(&standing, true);
    }
    composer.finish()
}

#[test]
fn ten_thousand_repositories_of_seven_checks_fit_into_twenty_megabytes() {
    let documents = composed(10_000);
    let bytes = size(&documents);
    println!("json {} csv {} html {}", documents.json.len(), documents.csv.len(), documents.html.len());
    assert!(bytes < 20_000_000, "{bytes}");
    let report = Report::read(&documents.json).unwrap();
    assert_eq!(report.head.summary.checks.total(), 70_000);
    assert_eq!(text(&documents.csv).lines().count(), 70_001);
    Previous::read(&documents.json).unwrap();
}

/// Of ten times as many, the page is no larger, and the rest is in proportion.
#[test]
fn the_page_does_not_grow_with_the_registry() {
    let (small, large) = (composed(3_000), composed(30_000));
    assert!(large.html.len() < small.html.len() + small.html.len() / 10);
    assert!(large.html.len() < 1_000_000);
    assert!(large.json.len() < small.json.len() * 11);
}

#[test]
fn what_the_page_leaves_out_it_says() {
    let failing: Vec<Standing> = (0..300)
        .map(|at| standing(&format!("app-{at:04}"), vec![check("everything", Requirement::ScanOnPush, Status::Fail)]))
        .collect();
    let documents = compose(run(), context(&baseline()), &failing);
    let page = text(&documents.html);
    assert!(page.contains("300 checks fail in 300 repositories"));
    assert!(page.contains("The first 200 are shown; the CSV has all 300."));
    assert_eq!(page.matches("<td data-label=\"Wished\"").count(), MOST_PER_GROUP);
    assert_eq!(text(&documents.csv).lines().filter(|line| line.contains(",fail,")).count(), 300);
}
