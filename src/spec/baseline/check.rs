//! From the properties of `Custom::EcrBaseline` to a [`Baseline`], or to every problem at once.

use super::{Baseline, Cap, Exemption, Layer, Match, Mode, Rule, bounds, require};
use crate::spec::fields::{Fields, Problem, nearest, scalar_text, shown};
use crate::spec::terms;
use serde_json::{Map, Value};
use std::cell::RefCell;

/// Most rules of one baseline: each repository is held against all of them.
const MAX_RULES: usize = 100;
/// Most exemptions; likewise.
const MAX_EXEMPTIONS: usize = 1_000;
/// Longest name of a rule.
const MAX_NAME: usize = 128;
/// Most repositories `MaxChangesPerRun` may name: the quota of a registry (ECR service quotas, 100,000 per Region, can
/// be raised tenfold).
const MAX_CHANGES: u32 = 1_000_000;
/// The rule under which differences from a fleet's declaration are reported.
const RESERVED: &str = "declaration";

/// A rule and its place in the list.
type Placed = (usize, Rule);

/// Checks properties; every problem at once.
pub fn check(properties: &Map<String, Value>) -> Result<Baseline, Vec<Problem>> {
    let problems = RefCell::new(Vec::new());
    let fields = Fields::new(properties, String::new(), &problems);
    let mode = mode(&fields).unwrap_or_default();
    let rules = rules(&fields, &problems, mode);
    if let Some(rules) = &rules {
        refuse_out_of_bounds(&fields, rules);
    }
    let exemptions = exemptions(&fields);
    let cap = cap(&fields).unwrap_or_default();
    // CloudFormation's own; nothing here takes long enough to look at it.
    let _ = fields.number("ServiceTimeout", 1..=3_600);
    fields.refuse_unknown();
    let found = problems.take();
    let rules = rules.unwrap_or_default().into_iter().map(|(_, rule)| rule).collect();
    if found.is_empty() { Ok(Baseline { rules, exemptions, cap }) } else { Err(found) }
}

fn mode(fields: &Fields<'_>) -> Option<Mode> {
    fields.choice("Mode", &[("ReportOnly", Mode::ReportOnly), ("Enforce", Mode::Enforce)])
}

/// The sound ones with their places.
fn rules(fields: &Fields<'_>, problems: &RefCell<Vec<Problem>>, default: Mode) -> Option<Vec<Placed>> {
    let key = "Rules";
    if fields.raw(key).is_none() {
        fields.problem(key, "is required: a list of at least one rule, each with Name and Require");
    }
    let given = fields.list(key)?;
    if !(1..=MAX_RULES).contains(&given.len()) {
        fields.problem(key, format!("has {} rules; 1 to {MAX_RULES} are allowed", given.len()));
    }
    let mut names: Vec<(String, String)> = Vec::new();
    let mut rules = Vec::new();
    for item in fields.maps(key)? {
        let before = problems.borrow().len();
        let name = name(&item);
        if let Some(name) = &name {
            match names.iter().find(|(known, _)| known == name) {
                Some((_, first)) => item.problem("Name", format!("repeats that of {first}; names are unique")),
                None => names.push((name.clone(), item.path().to_owned())),
            }
        }
        let matching = match item.raw("Match") {
            Some(_) => matching(&item),
            None => Some(Match { names: vec![super::Glob("*".to_owned())], ..Match::default() }),
        };
        let mode = mode(&item).unwrap_or(default);
        let require = require::read(&item);
        item.refuse_unknown();
        let is_sound = problems.borrow().len() == before;
        if let (Some(name), Some(matching), true) = (name, matching, is_sound) {
            let at = place_of(item.path());
            rules.push((at, Rule { name, matching, mode, require }));
        }
    }
    Some(rules)
}

/// The number in `Rules[12]`; items that are no maps are not among those that are read.
fn place_of(path: &str) -> usize {
    let digits: String = path.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

fn name(fields: &Fields<'_>) -> Option<String> {
    let key = "Name";
    let name = fields.required(key, "what the rule is called in the report and in exemptions")?;
    let length = name.chars().count();
    if name.trim() != name || length == 0 || length > MAX_NAME || name.chars().any(char::is_control) {
        fields.problem(
            key,
            format!(
                "must have 1 to {MAX_NAME} characters, none of them a control character, and no space at either end"
            ),
        );
        return None;
    }
    if name == RESERVED {
        fields.problem(
            key,
            format!(
                "{RESERVED:?} is what differences from a fleet's declaration are reported under; choose another name"
            ),
        );
        return None;
    }
    Some(name)
}

fn matching(fields: &Fields<'_>) -> Option<Match> {
    let own = fields.map("Match")?;
    let is_empty = own.raw("Names").is_none() && own.object("Tags").is_none_or(Map::is_empty);
    let matching = Match { names: terms::names(&own, "Names"), tags: terms::tags(&own) };
    own.refuse_unknown();
    if is_empty && own.raw("Tags").is_none_or(Value::is_object) {
        fields.problem("Match", "names nothing; give Names or Tags, such as {Names: [\"team-*\"]}");
    }
    Some(matching)
}

/// Rules for all repositories bound every other one that holds after them, whatever the repository.
fn refuse_out_of_bounds(fields: &Fields<'_>, rules: &[Placed]) {
    let mut order: Vec<&Placed> = rules.iter().collect();
    order.sort_by_key(|(at, rule)| (rule.matching.layer(), *at));
    let check = Bounds { fields, order };
    check.hold("ImageTagMutability", |rule| rule.require.mutability.as_ref(), bounds::mutability);
    check.hold("LifecyclePolicy", |rule| rule.require.lifecycle.as_ref(), bounds::lifecycle);
    check.hold("EncryptionType", |rule| rule.require.encryption.as_deref(), bounds::encryption);
    check.hold("AllowedAccounts", |rule| rule.require.allowed_accounts.as_ref(), bounds::accounts);
}

struct Bounds<'f, 'r> {
    fields: &'f Fields<'f>,
    /// The rules in the order in which they hold.
    order: Vec<&'r Placed>,
}

impl<'r> Bounds<'_, 'r> {
    fn hold<T: ?Sized + 'r>(
        &self,
        property: &str,
        wish: impl Fn(&'r Rule) -> Option<&'r T>,
        flaw: impl Fn(&T, &T) -> Option<String>,
    ) {
        let mut general: Option<(&Placed, &T)> = None;
        for placed in self.order.iter().copied() {
            let (at, rule) = placed;
            let Some(special) = wish(rule) else { continue };
            if let Some(((first, earlier), accepted)) = general
                && let Some(flaw) = flaw(accepted, special)
            {
                self.fields.problem(
                    &format!("Rules[{at}].Require.{property}"),
                    format!(
                        "leaves the bounds of Rules[{first}], {:?}, which is for all repositories and holds first: {flaw}. Accept less here, or more there",
                        earlier.name
                    ),
                );
            } else if rule.matching.layer() == Layer::Everything {
                general = Some((placed, special));
            }
        }
    }
}

fn exemptions(fields: &Fields<'_>) -> Vec<Exemption> {
    let key = "Exemptions";
    let given = fields.list(key).map_or(0, Vec::len);
    if given > MAX_EXEMPTIONS {
        fields.problem(key, format!("has {given} exemptions; at most {MAX_EXEMPTIONS} are allowed"));
    }
    let items = if given == 0 { None } else { fields.maps(key) };
    let names = names_of_rules(fields);
    items.into_iter().flatten().filter_map(|item| exemption(&item, &names)).collect()
}

/// Also of rules that are not sound: an exemption from one of them is no second mistake.
fn names_of_rules(fields: &Fields<'_>) -> Vec<String> {
    let rules = fields.raw("Rules").and_then(Value::as_array).into_iter().flatten();
    rules.filter_map(|rule| scalar_text(rule.get("Name")?)).collect()
}

fn exemption(fields: &Fields<'_>, names: &[String]) -> Option<Exemption> {
    if fields.raw("Match").is_none() {
        fields.problem("Match", "is required: the repositories that are exempt, such as {Names: [\"legacy-*\"]}");
    }
    let matching = matching(fields);
    let rules = exempt_rules(fields, names);
    let reason = terms::reason(fields, "why these repositories need not keep to the rules");
    let until = terms::until(fields);
    fields.refuse_unknown();
    Some(Exemption { matching: matching?, rules, reason: reason?, until: until?, path: fields.path().to_owned() })
}

fn exempt_rules(fields: &Fields<'_>, names: &[String]) -> Option<Vec<String>> {
    let key = "Rules";
    let rules = fields.texts(key)?;
    if rules.is_empty() && fields.list(key).is_some_and(Vec::is_empty) {
        fields.problem(key, "is empty and exempts from nothing; leave it out to exempt from all rules");
    }
    for (index, rule) in rules.iter().enumerate() {
        if !names.contains(rule) {
            let hint = nearest(rule, names.iter().map(String::as_str));
            let hint = hint.map_or_else(String::new, |name| format!("; did you mean {name}?"));
            let rule = shown(&Value::String(rule.clone()));
            fields.problem(&format!("{key}[{index}]"), format!("names no rule of this baseline: {rule}{hint}"));
        }
    }
    Some(rules)
}

fn cap(fields: &Fields<'_>) -> Option<Cap> {
    let key = "MaxChangesPerRun";
    let raw = fields.raw(key)?;
    let Some(percent) = raw.as_str().and_then(|text| text.trim().strip_suffix('%')) else {
        return fields.number(key, 0..=MAX_CHANGES).map(Cap::Count);
    };
    let found = percent.trim_end().parse().ok().filter(|percent| *percent <= 100);
    if found.is_none() {
        fields
            .problem(key, format!("must be a number of repositories, or a share from 0% to 100%, not {}", shown(raw)));
    }
    found.map(Cap::Percent)
}
