//! The same plan for people and for programs: one line per write, then what is to be said and what stands in the way.

use super::{RegistryPlan, RegistryStep};
use crate::plan::Risk;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A plan as text, without a trailing newline.
pub fn text(plan: &RegistryPlan) -> String {
    let mut lines = String::new();
    for step in &plan.changes {
        let _ = writeln!(lines, "{} {}: {}", sign(step), step.change.action(), step.why);
    }
    for remark in &plan.remarks {
        let _ = writeln!(lines, "note: {remark}");
    }
    for blocked in &plan.blocked {
        let _ = writeln!(lines, "{}: blocked: {}", blocked.subject, blocked.reason);
    }
    let _ = write!(lines, "{}", summary(plan));
    lines
}

/// One line: how many writes of which kind.
pub fn summary(plan: &RegistryPlan) -> String {
    if plan.is_converged() {
        return "nothing to change".to_owned();
    }
    let count = |risk: Risk| plan.changes.iter().filter(|step| step.change.risk() == risk).count();
    format!(
        "{} to add, {} to change, {} to remove, {} blocked",
        count(Risk::Additive),
        count(Risk::Altering),
        count(Risk::Destructive),
        plan.blocked.len()
    )
}

/// A plan as JSON.
pub fn json(plan: &RegistryPlan) -> Value {
    let step = |step: &RegistryStep| {
        json!({
            "action": step.change.action(),
            "risk": format!("{:?}", step.change.risk()),
            "why": step.why,
        })
    };
    json!({
        "fingerprint": plan.fingerprint(),
        "steps": plan.changes.iter().map(step).collect::<Vec<_>>(),
        "remarks": plan.remarks,
        "blocked": plan.blocked.iter().map(|blocked| json!({"subject": blocked.subject, "reason": blocked.reason})).collect::<Vec<_>>(),
        "summary": summary(plan),
    })
}

const fn sign(step: &RegistryStep) -> char {
    match step.change.risk() {
        Risk::Additive => '+',
        Risk::Altering => '~',
        Risk::Destructive => '-',
    }
}
