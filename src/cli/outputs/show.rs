//! Outputs in the words of whoever is to use them.

use crate::cli::args::Format;
use crate::cli::output::{data, written};
use anyhow::bail;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Writes the outputs of fleets to stdout.
pub(super) fn show(format: Format, fleets: &[Value]) -> anyhow::Result<()> {
    match format {
        Format::Env => written(&environment(fleets)?),
        Format::Docker => written(&docker(fleets)),
        Format::Kubernetes => written(&kubernetes(fleets)),
        _ => match fleets {
            [one] => data(format, &table(fleets), one),
            all => data(format, &table(fleets), &Value::Array(all.to_vec())),
        },
    }
}

/// Short name and what is known of it, fleet by fleet.
fn services(fleets: &[Value]) -> impl Iterator<Item = (&Value, &String, &Value)> {
    fleets.iter().flat_map(|fleet| {
        let services = fleet.get("Repositories").and_then(Value::as_object);
        services.into_iter().flatten().map(move |(short, service)| (fleet, short, service))
    })
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
    let mut script = String::new();
    let mut logged_in = Vec::new();
    for login in fleets.iter().map(|fleet| text(fleet, "DockerLoginCommand")) {
        if !logged_in.contains(&login) {
            let _ = writeln!(script, "{login}");
            logged_in.push(login);
        }
    }
    for (fleet, short, _) in services(fleets) {
        let Some(commands) = fleet.get("DockerCommands").and_then(|all| all.get(short)) else { continue };
        let _ = writeln!(script, "\n# {short}");
        for step in ["build", "tag", "push"] {
            let _ = writeln!(script, "{}", text(commands, step));
        }
    }
    script
}

/// A script that makes or renews the secret, and what a pod says of it.
fn kubernetes(fleets: &[Value]) -> String {
    let mut script = String::from(
        "# Makes the image pull secret, or renews it: what is in it lasts for 12 hours. Clusters on EKS whose nodes may pull\n# need none.\n",
    );
    let mut made = Vec::new();
    for command in fleets.iter().map(|fleet| text(fleet, "K8sImagePullSecretCommand")) {
        if !made.contains(&command) {
            let _ = writeln!(script, "{command} --dry-run=client -o yaml | kubectl apply -f -");
            made.push(command);
        }
    }
    for (_, short, service) in services(fleets) {
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
