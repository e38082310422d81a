//! `revert`: puts back what a change of the drift function made of a repository.

use super::Verdict;
use super::args::Global;
use super::args_oversight::RevertArgs;
use super::installation::oversee;
use super::output::{data, talk};
use crate::flow::drift::revert::{Occasion, Reverted, revert};
use anyhow::bail;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Longest time for the reads and writes of one repository.
const PATIENCE: Duration = Duration::from_mins(5);

/// Runs `revert`.
pub(super) async fn run(global: &Global, args: &RevertArgs) -> anyhow::Result<Verdict> {
    let overseer = oversee(global, &args.home).await?;
    let now = Timestamp::now().as_millisecond();
    let occasion = Occasion { principal: None, now, until: Instant::now() + PATIENCE };
    let id = &args.change;
    let (verdict, text, value) = match revert(&overseer, id, occasion).await? {
        Reverted::Unknown => bail!(
            "the journal of this installation knows no change {id}; check --installation-stack, --region and --profile"
        ),
        Reverted::Already(entry) => {
            let text = format!("{} is as it was before change {id} already; nothing was changed", entry.repository);
            (Verdict::Clean, text, told(id, entry.repository.as_str(), "already", json!({})))
        }
        Reverted::Refused(entry, whys) => {
            let lines: Vec<String> = whys.iter().map(|why| format!("  {why}")).collect();
            let text = format!("{} was not put back; nothing was changed:\n{}", entry.repository, lines.join("\n"));
            (Verdict::Found, text, told(id, entry.repository.as_str(), "refused", json!({"reasons": whys})))
        }
        Reverted::Done { entry, change, attributes, failures } if failures.is_empty() => {
            talk(
                "What a rule in Enforce mode asks for is mended again at the next look: change the rule, or add an exemption.",
            );
            let text = format!(
                "{} of {} put back as before change {id} ({}); this is change {change}",
                attributes.join(", "),
                entry.repository,
                entry.at
            );
            let rest = json!({"attributes": attributes, "ownChange": change});
            (Verdict::Clean, text, told(id, entry.repository.as_str(), "done", rest))
        }
        Reverted::Done { entry, change, attributes, failures } => {
            let lines: Vec<String> = failures.iter().map(|failure| format!("  {failure}")).collect();
            let text = format!(
                "{} was put back in part only (change {change}); the same command again goes on:\n{}",
                entry.repository,
                lines.join("\n")
            );
            let rest = json!({"attributes": attributes, "ownChange": change, "failures": failures});
            (Verdict::CannotTell, text, told(id, entry.repository.as_str(), "partial", rest))
        }
    };
    data(global.format, &text, &value)?;
    Ok(verdict)
}

fn told(id: &str, repository: &str, outcome: &str, rest: Value) -> Value {
    let mut value = json!({"change": id, "repository": repository, "outcome": outcome});
    if let (Value::Object(value), Value::Object(rest)) = (&mut value, rest) {
        value.extend(rest);
    }
    value
}
