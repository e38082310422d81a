//! Addresses of Terraform's resources and modules: `module.ecr["a"].aws_ecr_repository.this[0]`.

/// An address as `removed` takes it: without the keys of instances.
///
/// A key is a number or a quoted text in brackets, in which quotes and backslashes are escaped by a backslash.
pub(super) fn without_keys(address: &str) -> String {
    let mut plain = String::with_capacity(address.len());
    let (mut in_key, mut in_quotes, mut escaped) = (false, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' if in_key => in_quotes = !in_quotes,
            ']' if in_key && !in_quotes => in_key = false,
            _ if in_key => {}
            '[' => in_key = true,
            _ => plain.push(c),
        }
    }
    plain
}

/// A module's address without keys, and those of the modules around it, outermost first; nothing for the root module.
pub(super) fn enclosing(module: &str) -> Vec<String> {
    let plain = without_keys(module);
    let mut found: Vec<String> = Vec::new();
    let mut words = plain.split('.');
    while let (Some(word), Some(name)) = (words.next(), words.next()) {
        let outer = found.last().map_or_else(String::new, |outer| format!("{outer}."));
        found.push(format!("{outer}{word}.{name}"));
    }
    found
}

/// An argument for a shell, in single quotes.
pub(super) fn quoted(address: &str) -> String {
    format!("'{}'", address.replace('\'', r"'\''"))
}
