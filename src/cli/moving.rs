//! `adopt --from-terraform`: what Terraform manages of ECR, as declarations and as the blocks with which it forgets it.
//! Asks no service anything: all it knows is in the file.

use super::Verdict;
use super::adopt::{picked, wanted};
use super::args::{Format, Global};
use super::args_adopt::AdoptArgs;
use super::declarations::{Resource, spec, template};
use super::output::{counted, talk, written};
use super::template::REGISTRY;
use crate::plan::adopt::terraform::{Forgotten, Moving, Wanted, read};
use crate::plan::adopt::{Adoption, Options, declarations};
use anyhow::{Context as _, bail};
use std::io::Read as _;
use std::path::Path;

/// Public repositories.
const PUBLIC: &str = "Custom::EcrPublicRepositories";

/// Runs `adopt --from-terraform`.
pub(super) fn run(global: &Global, args: &AdoptArgs, path: &Path) -> anyhow::Result<Verdict> {
    let name = if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
    let names = wanted(args);
    let wish = Wanted {
        region: global.region.as_deref(),
        account: args.account.as_deref(),
        names: picked(args).then_some(&names as &dyn Fn(&str) -> bool),
    };
    let moving = match read(&text_of(path, &name)?, &wish) {
        Ok(moving) => moving,
        Err(refusals) => {
            for refusal in refusals {
                talk(&format!("ecr-steward: {name}: {refusal}"));
            }
            return Ok(Verdict::CannotTell);
        }
    };
    let options = Options { project: &args.project, environment: &args.environment, partition: &moving.partition };
    let adoption = declarations(&moving.repositories, options);
    let forgotten = moving.forget(&adoption.left_out);
    let written_to = args.removed_blocks.as_deref().map(|path| blocks(path, &forgotten)).transpose()?;
    show(global, args, &moving, &adoption)?;
    account_for(&moving, &adoption, &forgotten, written_to.as_deref());
    Ok(if forgotten.staying.is_empty() { Verdict::Clean } else { Verdict::Found })
}

/// The text of a file, as the shells of this world write it: PowerShell's redirection makes UTF-16 of it.
fn text_of(path: &Path, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).context("stdin cannot be read")?;
    } else {
        bytes = std::fs::read(path).with_context(|| format!("{name} cannot be read"))?;
    }
    Ok(match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(wide) => {
            let units = wide.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(u16::from_le_bytes);
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        None => String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// Writes the blocks; says where. A file that somebody else wrote is not written over.
fn blocks(path: &Path, forgotten: &Forgotten) -> anyhow::Result<String> {
    let text = forgotten.to_hcl();
    let name = path.display().to_string();
    let first = |text: &str| text.lines().next().map(str::to_owned);
    match std::fs::read_to_string(path) {
        Ok(there) if !there.is_empty() && first(&there) != first(&text) => {
            bail!("{name} is there and holds something else; give --removed-blocks the path of a new file")
        }
        _ => {}
    }
    std::fs::write(path, text).with_context(|| format!("{name} cannot be written"))?;
    Ok(name)
}

/// Writes the declarations.
fn show(global: &Global, args: &AdoptArgs, moving: &Moving, adoption: &Adoption) -> anyhow::Result<()> {
    let mut resources: Vec<Resource<'_>> = adoption.declared.iter().map(Resource::of).collect();
    for (kind, id, properties) in
        [(REGISTRY, "Registry", &moving.registry), (PUBLIC, "PublicRepositories", &moving.public)]
    {
        if !properties.is_empty() {
            let is_taken = resources.iter().any(|other| other.logical_id == id);
            let id = if is_taken { format!("{id}FromTerraform") } else { id.to_owned() };
            resources.push(Resource { logical_id: id, kind, properties });
        }
    }
    if resources.is_empty() {
        return Ok(());
    }
    let text = if global.format == Format::Spec {
        spec(&resources, args.spelling)?
    } else {
        let description = "What Terraform managed of ECR, taken over by ecr-steward as it is; Terraform forgets it by removed \
                           blocks.";
        template(&resources, description, args.spelling)?
    };
    written(&text)
}

/// Says what became of everything.
fn account_for(moving: &Moving, adoption: &Adoption, forgotten: &Forgotten, written_to: Option<&str>) {
    let repositories: usize = adoption.declared.iter().map(|one| one.repositories.len()).sum();
    talk(&format!(
        "ecr-steward: {} in {}, {} of the registry{}",
        counted(repositories, "repository", "repositories"),
        counted(adoption.declared.len(), "declaration", "declarations"),
        counted(moving.registry.len(), "setting", "settings"),
        if moving.public.is_empty() { "" } else { ", and public repositories" },
    ));
    let objects = counted(forgotten.instances, "object", "objects");
    let blocks = counted(forgotten.blocks.len(), "removed block", "removed blocks");
    match written_to {
        Some(path) => talk(&format!(
            "ecr-steward: Terraform (1.7 or later) forgets {objects} by {blocks}, which are in {path}; apply them as it \
             says there, and deploy after that"
        )),
        None => {
            talk(&format!("ecr-steward: Terraform would forget {objects} by {blocks}; --removed-blocks writes them"));
        }
    }
    for address in &forgotten.singly {
        talk(&format!(
            "ecr-steward: {address}: no removed block can name it alone, since other instances stay; use terraform state rm"
        ));
    }
    for note in &moving.notes {
        talk(&format!("ecr-steward: {note}"));
    }
    for one in &forgotten.staying {
        talk(&format!("ecr-steward: stays with Terraform: {}: {}", one.address, one.reason));
    }
}
