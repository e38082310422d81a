//! The `removed` blocks with which Terraform forgets what is declared here, and destroys nothing.
//!
//! `from` takes the address of a resource or of a whole module, without the keys of instances (Terraform documentation,
//! "removed block reference"). So a resource can be forgotten only with all its instances, and a module only with all it
//! manages; single instances are for `terraform state rm`.

use super::super::LeftOut;
use super::address::{enclosing, quoted, without_keys};
use super::{Fate, Managed, Moving};
use crate::model::name::RepositoryName;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Something of ECR's that stays with Terraform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Staying {
    /// Its address, with keys.
    pub address: String,
    /// Why.
    pub reason: String,
}

/// What Terraform is to forget, and what it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Addresses for `removed` blocks, each with what else its module manages.
    pub blocks: BTreeMap<String, BTreeSet<String>>,
    /// Addresses of instances that are declared but can be forgotten only one by one.
    pub singly: Vec<String>,
    /// What stays.
    pub staying: Vec<Staying>,
    /// How many instances the blocks are about.
    pub instances: usize,
}

impl Moving {
    /// What Terraform is to forget, once everything is declared but the repositories that were left out.
    pub fn forget(&self, left_out: &[LeftOut]) -> Forgotten {
        let left_out: BTreeMap<&RepositoryName, &str> =
            left_out.iter().map(|one| (&one.name, one.reason.as_str())).collect();
        let mut forgotten = Forgotten::default();
        let mut resources: BTreeMap<String, Vec<(&Managed, bool)>> = BTreeMap::new();
        for one in &self.managed {
            let reason = stays(one, &left_out);
            resources.entry(without_keys(&one.address)).or_default().push((one, reason.is_none()));
            if let (Some(reason), false) = (reason, one.fate == Fate::Foreign) {
                forgotten.staying.push(Staying { address: one.address.clone(), reason });
            }
        }
        forgotten.staying.sort();
        let whole: BTreeSet<&str> = resources
            .iter()
            .filter(|(_, instances)| instances.iter().all(|(_, goes)| *goes))
            .map(|(address, _)| address.as_str())
            .collect();
        // By module: what it and the modules inside it manage that does not go as a whole.
        let mut keeping: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (address, instances) in &resources {
            for module in instances.first().map(|(one, _)| enclosing(&one.module)).into_iter().flatten() {
                let rest = keeping.entry(module).or_default();
                if !whole.contains(address.as_str()) {
                    rest.insert(address.clone());
                }
            }
        }
        for (address, instances) in &resources {
            let Some((first, _)) = instances.first() else { continue };
            if !whole.contains(address.as_str()) {
                let going = instances.iter().filter(|(_, goes)| *goes);
                forgotten.singly.extend(going.map(|(one, _)| one.address.clone()));
                continue;
            }
            forgotten.instances += instances.len();
            let modules = enclosing(&first.module);
            let outermost = modules.iter().find(|module| keeping.get(*module).is_some_and(BTreeSet::is_empty));
            let (from, rest) = match (outermost, modules.first()) {
                (Some(module), _) => (module.clone(), BTreeSet::new()),
                (None, Some(module)) => (address.clone(), keeping.get(module).cloned().unwrap_or_default()),
                (None, None) => (address.clone(), BTreeSet::new()),
            };
            forgotten.blocks.entry(from).or_insert(rest);
        }
        forgotten
    }
}

/// Why an instance does not go; nothing where it does.
fn stays(one: &Managed, left_out: &BTreeMap<&RepositoryName, &str>) -> Option<String> {
    match &one.fate {
        Fate::Ours(Some(name)) => left_out.get(name).map(|reason| (*reason).to_owned()),
        Fate::Ours(None) | Fate::Setting(_) => None,
        Fate::Stays(reason) => Some(reason.clone()),
        Fate::Foreign => Some("it is nothing of ECR's".to_owned()),
    }
}

impl Forgotten {
    /// The blocks, as a file of Terraform's configuration.
    pub fn to_hcl(&self) -> String {
        let mut text = String::from(
            "# With these blocks Terraform (1.7 or later) forgets what ecr-steward declares, and destroys nothing.\n\
             # 1. Take the resources and module calls that are named here out of the configuration, with what refers to them.\n\
             # 2. Put this file in their place.\n",
        );
        let count = self.instances;
        let _ = writeln!(
            text,
            "# 3. `terraform plan` has to say 0 to destroy, and to name {count} objects it no longer manages."
        );
        for (from, rest) in &self.blocks {
            text.push('\n');
            if !rest.is_empty() {
                let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
                let _ = writeln!(
                    text,
                    "# Its module also manages {}, so the call has to stay: take this resource out of the module's source.\n\
                     # Where that is not yours to edit, leave this block out, switch the resource off by the module's inputs, \
                     and before\n# the next apply run `terraform state rm {}`.",
                    rest.join(", "),
                    quoted(from)
                );
            }
            let _ = writeln!(text, "removed {{\n  from = {from}\n\n  lifecycle {{\n    destroy = false\n  }}\n}}");
        }
        if !self.singly.is_empty() {
            text.push_str(
                "\n# Other instances of these resources stay with Terraform, and a removed block takes no instance key. Take \
                 these out of\n# their count or for_each, and before the next apply run:\n",
            );
            for address in &self.singly {
                let _ = writeln!(text, "#   terraform state rm {}", quoted(address));
            }
        }
        text
    }
}
