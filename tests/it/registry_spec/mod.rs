//! `Custom::EcrRegistry`: what may be said (`meaning`), every mistake at its path (`bad_input`, `bad_access`), what scan
//! filters match and how that is told (`filters`), laws over random declarations (`laws`), and the terminal (`terminal`).

mod bad_access;
mod bad_input;
mod filters;
mod laws;
mod meaning;
mod terminal;

use ecr_steward::model::registry::{Entry, Section};
use ecr_steward::spec::Problem;
use ecr_steward::spec::registry::{Around, RegistryWish, check};
use serde_json::{Value, json};

const AROUND: Around<'_> = Around { partition: "aws", region: Some("eu-west-1"), account: Some("123456789012") };

fn checked(properties: &Value) -> Result<RegistryWish, Vec<Problem>> {
    check(properties.as_object().unwrap(), &AROUND)
}

/// A declaration that must be accepted.
fn wish(properties: &Value) -> RegistryWish {
    checked(properties).unwrap_or_else(|problems| panic!("{properties}: {problems:#?}"))
}

/// Its entries of one section.
fn entries(properties: &Value, section: Section) -> Vec<Entry> {
    let wish = wish(properties);
    wish.entries.into_iter().filter(|(key, _)| key.section == section).map(|(_, entry)| entry).collect()
}

/// Properties that are wrong in one place, where that is, and words the reader needs.
type Wrong = (Value, &'static str, &'static [&'static str]);

/// Each is refused at its path, and told once or twice.
fn assert_refused(table: &[Wrong]) {
    let complaints: Vec<String> =
        table.iter().filter_map(|(wrong, path, words)| complaint(wrong, path, words)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn complaint(wrong: &Value, path: &str, words: &[&str]) -> Option<String> {
    let shown: String = wrong.to_string().chars().take(300).collect();
    let Err(problems) = checked(wrong) else { return Some(format!("{shown} is accepted")) };
    let Some(found) = problems.iter().find(|problem| problem.path == path) else {
        return Some(format!("{shown}: nothing at {path} in {problems:#?}"));
    };
    let missing: Vec<&&str> = words.iter().filter(|word| !found.message.contains(**word)).collect();
    if !missing.is_empty() {
        return Some(format!("{shown}: {missing:?} is not in {found}"));
    }
    (problems.len() > 2).then(|| format!("{shown}: one mistake is told once or twice, not {problems:#?}"))
}

fn scan(frequency: &str, filters: &[&str]) -> Value {
    let filters: Vec<Value> = filters.iter().map(|f| json!({"Filter": f, "FilterType": "WILDCARD"})).collect();
    json!({"ScanFrequency": frequency, "RepositoryFilters": filters})
}

fn replicate(to: &[(&str, &str)], prefixes: &[&str]) -> Value {
    let to: Vec<Value> = to.iter().map(|(region, id)| json!({"Region": region, "RegistryId": id})).collect();
    let mut rule = json!({"Destinations": to});
    if !prefixes.is_empty() {
        let filter = |prefix: &&str| json!({"Filter": prefix, "FilterType": "PREFIX_MATCH"});
        rule["RepositoryFilters"] = prefixes.iter().map(filter).collect();
    }
    rule
}
