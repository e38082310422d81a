//! Outputs in the words of whoever is to use them.

use crate::cli::args::Format;
use crate::cli::output::{data, talk, written};
use crate::spec::outputs::docker_commands;
use anyhow::bail;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Logs in to the public gallery, whatever the Region: ECR Public has its tokens in us-east-1 alone.
const PUBLIC_LOGIN: &str = "aws ecr-public get-login-password --region us-east-1 | docker login --username AWS --password-stdin public.ecr.aws";

/// Writes the outputs of fleets to stdout.
pub(super) fn show(format: Format, fleets: &[Value]) -> anyhow::Result<()> {
    match format {
        Format::Env => written(&environment(fleets)?),
        Format::Docker => script(&docker(fleets)),
        Format::Kubernetes => script(&kubernetes(fleets)),
        _ => match fleets {
            [one] => data(format, &table(fleets), one),
            all => data(format, &table(fleets), &Value::Array(all.to_vec())),
        },
    }
}

/// Writes a script, if anything is in it.
fn script(text: &str) -> anyhow::Result<()> {
    if text.is_empty() { Ok(()) } else { written(text) }
}

/// Short name and what is known of it, fleet by fleet.
fn services<'v>(
    fleets: impl IntoIterator<Item = &'v Value>,
) -> impl Iterator<Item = (&'v Value, &'v String, &'v Value)> {
    fleets.into_iter().flat_map(|fleet| {
        let services = fleet.get("Repositories").and_then(Value::as_object);
        services.into_iter().flatten().map(move |(short, service)| (fleet, short, service))
    })
}

/// Do its repositories stand in the public gallery?
fn is_public(fleet: &Value) -> bool {
    fleet.get("GalleryUrls").is_some()
}

/// The fleets that have such a command, each with it; says which have none.
fn commanded<'v>(
    fleets: &'v [Value],
    format: &str,
    command: impl Fn(&'v Value) -> Result<&'v str, String>,
) -> Vec<(&'v Value, &'v str)> {
    let asked = fleets.iter().filter_map(|fleet| match command(fleet) {
        Ok(command) => Some((fleet, command)),
        Err(why) => {
            let names: Vec<&str> = services([fleet]).map(|(_, short, _)| short.as_str()).collect();
            talk(&format!("ecr-steward: nothing in the words of {format} for {}: {why}", names.join(", ")));
            None
        }
    });
    asked.collect()
}

/// A command that the outputs hold.
fn held<'v>(fleet: &'v Value, key: &str) -> Result<&'v str, String> {
    let command = Some(text(fleet, key)).filter(|command| !command.is_empty());
    command.ok_or_else(|| format!("its outputs have no {key}; update the stack, which writes them anew"))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn table(fleets: &[Value]) -> String {
    let width = services(fleets).map(|(_, short, _)| short.chars().count()).max().unwrap_or_default();
    let lines = services(fleets).map(|(_, short, service)| format!("{short:<width$}  {}", text(service, "Url")));
    lines.collect::<Vec<_>>().join("\n")
}

/// Assignments that a POSIX shell, and whatever reads `.env` files, understands.
fn environment(fleets: &[Value]) -> anyhow::Result<String> {
    let mut assigned: BTreeMap<String, &str> = BTreeMap::new();
    let mut lines = Vec::new();
    for (_, short, service) in services(fleets) {
        let name = format!("{}_REPOSITORY_URL", variable(short));
        if let Some(other) = assigned.insert(name.clone(), short) {
            bail!("{other} and {short} would both be {name}; take --format json, or one of them with --logical-id");
        }
        lines.push(format!("{name}={}", quoted(text(service, "Url"))));
    }
    Ok(lines.join("\n"))
}

/// `customer-service` → `CUSTOMER_SERVICE`; what begins with a digit is no name in a shell.
fn variable(short: &str) -> String {
    let word: String =
        short.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) { format!("_{word}") } else { word }
}

/// As one word, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A script: one login for each registry, then three commands for each service.
fn docker(fleets: &[Value]) -> String {
    let login = |fleet| if is_public(fleet) { Ok(PUBLIC_LOGIN) } else { held(fleet, "DockerLoginCommand") };
    let shown = commanded(fleets, "docker", login);
    let mut script = String::new();
    let mut logged_in = Vec::new();
    for (_, login) in &shown {
        if !logged_in.contains(login) {
            let _ = writeln!(script, "{login}");
            logged_in.push(*login);
        }
    }
    for (fleet, short, service) in services(shown.iter().map(|(fleet, _)| *fleet)) {
        let commands = match fleet.get("DockerCommands").and_then(|all| all.get(short)) {
            Some(commands) => commands.clone(),
            None => docker_commands(short, text(service, "Url")),
        };
        let _ = writeln!(script, "\n# {short}");
        for step in ["build", "tag", "push"] {
            let _ = writeln!(script, "{}", text(&commands, step));
        }
    }
    script
}

/// A script that makes or renews the secret, and what a pod says of it.
fn kubernetes(fleets: &[Value]) -> String {
    let secret = |fleet| {
        if is_public(fleet) {
            return Err(
                "images of the public gallery are pulled without a secret, by the addresses of --format env".to_owned()
            );
        }
        held(fleet, "K8sImagePullSecretCommand")
    };
    let shown = commanded(fleets, "kubernetes", secret);
    if shown.is_empty() {
        return String::new();
    }
    let mut script = String::from(
        "# Makes the image pull secret, or renews it: what is in it lasts for 12 hours. Clusters on EKS whose nodes may pull\n# need none.\n",
    );
    let mut made = Vec::new();
    for (_, command) in &shown {
        if !made.contains(command) {
            let _ = writeln!(script, "{command} --dry-run=client -o yaml | kubectl apply -f -");
            made.push(*command);
        }
    }
    for (_, short, service) in services(shown.iter().map(|(fleet, _)| *fleet)) {
        // A container's name is a DNS label.
        let container: String = short.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let _ = write!(
            script,
            "\n# Pods of {short}:\n#   imagePullSecrets:\n#     - name: ecr-secret\n#   containers:\n#     - name: {container}\n#       image: {}:latest\n",
            text(service, "Url")
        );
    }
    script
}
