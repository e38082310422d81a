//! The compliance report: what it says, that it says the same of the same, and that it holds under hostile words.

mod bounds;
mod formats;
mod hostile;
mod page;
mod since;

use ecr_steward::model::name::RepositoryName;
use ecr_steward::plan::posture::{Action, Check, DECLARATION, Leave, Owner, Requirement, Standing, Status};
use ecr_steward::report::compliance::{Composer, Context, Documents, Previous, Report, Run};
use ecr_steward::spec::DriftMode;
use ecr_steward::spec::baseline::{Baseline, Exemption, Match, Mode, Require, Rule};
use ecr_steward::spec::findings::Glob;
use jiff::civil::{Date, date};

const TODAY: Date = date(2026, 3, 2);
/// 2026-03-02T08:30:00Z
const MORNING: i64 = 1_772_440_200_000;

fn run() -> Run {
    Run {
        sweep: "20260302T083000Z-0badcafe".to_owned(),
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        partition: "aws".to_owned(),
        started: MORNING,
        finished: MORNING + 61_250,
        parts: 3,
        ecr_reads: 1_010,
        ecr_writes: 4,
    }
}

fn rule(name: &str, mode: Mode) -> Rule {
    Rule { name: name.to_owned(), matching: Match::default(), mode, require: Require::default() }
}

fn exemption(path: &str, name: &str, until: Date) -> Exemption {
    Exemption {
        matching: Match { names: vec![Glob(name.to_owned())], ..Match::default() },
        rules: Some(vec!["everything".to_owned()]),
        reason: "being retired, TICKET-1".to_owned(),
        until,
        path: path.to_owned(),
    }
}

/// Three rules, one of which nothing matches; leave that is used, unused and expired.
fn baseline() -> Baseline {
    Baseline {
        rules: vec![
            rule("everything", Mode::Enforce),
            rule("payments", Mode::ReportOnly),
            rule("nobody", Mode::Enforce),
        ],
        exemptions: vec![
            exemption("Exemptions[0]", "quiet-*", date(2027, 1, 31)),
            exemption("Exemptions[1]", "legacy-*", date(2026, 3, 20)),
            exemption("Exemptions[2]", "old-*", date(2026, 3, 1)),
        ],
        ..Baseline::default()
    }
}

fn check(rule: &str, requirement: Requirement, status: Status) -> Check {
    let passes = status == Status::Pass;
    Check {
        rule: rule.to_owned(),
        requirement,
        status,
        mode: Mode::Enforce,
        found: if passes { String::new() } else { "off".to_owned() },
        wished: if passes { String::new() } else { "on".to_owned() },
        note: String::new(),
        action: if status == Status::Fail { Action::Reported } else { Action::None },
        leave: None,
    }
}

fn standing(name: &str, checks: Vec<Check>) -> Standing {
    Standing {
        name: RepositoryName::parse(name).unwrap(),
        owner: None,
        checks,
        notes: Vec::new(),
        fingerprint: format!("{:016x}", name.len()),
    }
}

/// One repository of every sort, in the order of names.
fn world() -> Vec<Standing> {
    use Requirement::{EncryptionType, ImageTagMutability, LifecyclePolicy, NoPublicPrincipals, ScanOnPush};
    let leave =
        Leave { path: "Exemptions[1]".into(), reason: "being retired, TICKET-1".into(), until: "2026-03-20".into() };
    let good = [ScanOnPush, ImageTagMutability].map(|what| check("everything", what, Status::Pass)).to_vec();
    let encryption = Check {
        found: "AES256".into(),
        wished: "KMS or KMS_DSSE".into(),
        note: "ECR cannot change it: create a new repository & copy the images".into(),
        ..check("payments", EncryptionType, Status::Fail)
    };
    let mended = Check {
        found: "MUTABLE".into(),
        wished: "IMMUTABLE".into(),
        action: Action::Mended("00112233aabbccdd".into()),
        ..check("everything", ImageTagMutability, Status::Fail)
    };
    let withheld = Check {
        found: "no policy".into(),
        wished: "<generated>".into(),
        action: Action::Withheld("the preview would expire 7 of 9 images".into()),
        ..check("everything", LifecyclePolicy, Status::Fail)
    };
    let unknown = Check {
        found: "unknown".into(),
        wished: "nobody from outside".into(),
        note: "GetRepositoryPolicy: AccessDeniedException".into(),
        ..check("everything", NoPublicPrincipals, Status::Unknown)
    };
    let owner = Owner {
        stack: "shop".into(),
        resource: "Repositories".into(),
        drift_mode: DriftMode::ReportOnly,
        is_orphan: false,
    };
    let exempt = Check { leave: Some(leave), ..check("everything", ScanOnPush, Status::Exempt) };
    vec![
        standing("aa/good", good),
        standing("legacy-app", vec![exempt, check("everything", ImageTagMutability, Status::Pass)]),
        standing("mended-app", vec![mended, withheld]),
        Standing {
            owner: Some(Owner { is_orphan: true, ..owner.clone() }),
            notes: vec!["its stack is gone: nothing is enforced".into()],
            ..standing("orphan-app", vec![check("everything", ScanOnPush, Status::Fail)])
        },
        standing("payments/card", vec![check("everything", ScanOnPush, Status::Pass), encryption]),
        Standing {
            owner: Some(owner),
            ..standing("shop/web", vec![check(DECLARATION, ScanOnPush, Status::Fail), unknown])
        },
    ]
}

fn context(baseline: &Baseline) -> Context<'_> {
    Context { baseline: Some(baseline), switch: "on", today: TODAY, previous: None, notes: Vec::new() }
}

fn compose(run: Run, context: Context<'_>, world: &[Standing]) -> Documents {
    let mut composer = Composer::new(run, context);
    for standing in world {
        composer.add(standing, false);
    }
    composer.finish()
}

fn usual() -> Documents {
    compose(run(), context(&baseline()), &world())
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The report after a first one of `before`.
fn second(before: &[Standing], after: &[Standing]) -> Report {
    let baseline = baseline();
    let first = compose(run(), context(&baseline), before);
    let context = Context { previous: Some(Previous::read(&first.json).unwrap()), ..context(&baseline) };
    Report::read(&compose(Run { started: MORNING + 86_400_000, ..run() }, context, after).json).unwrap()
}
