//! What holds for all policies.

use super::*;

/// A statement as a set of facts, to be written down in more than one way.
#[derive(Clone, Debug)]
struct Facts {
    sid: String,
    allows: bool,
    accounts: BTreeSet<u8>,
    roles: BTreeSet<u8>,
    actions: BTreeSet<u8>,
    organizations: BTreeSet<u8>,
}

const ACTIONS: [&str; 6] =
    ["ecr:PutImage", "ecr:BatchGetImage", "ecr:ListImages", "ecr:Describe*", "ecr:TagResource", "ecr:UntagResource"];

fn facts() -> impl Strategy<Value = Facts> {
    let few = |highest: u8, least: usize| prop::collection::btree_set(0..highest, least..4);
    ("(Theirs|EcrSteward)[ -~äß\\u{1F600}]{0,6}", any::<bool>(), few(9, 1), few(9, 0), few(5, 1), few(9, 0)).prop_map(
        |(sid, allows, accounts, roles, actions, organizations)| Facts {
            sid,
            allows,
            accounts,
            roles,
            actions,
            organizations,
        },
    )
}

/// A run of decisions about spelling, repeated when it is used up.
#[derive(Debug)]
struct Style(Vec<u8>, usize);

impl Style {
    fn below(&mut self, limit: usize) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()]) % limit
    }

    fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
        items
    }

    fn space(&mut self) -> &'static str {
        ["", " ", "\n  ", "\t"][self.below(4)]
    }

    fn case(&mut self, name: &str) -> String {
        [name.to_owned(), name.to_uppercase(), name.to_lowercase()][self.below(3)].clone()
    }

    /// One value alone or in a list; more in any order, with one said twice at times.
    fn list(&mut self, mut values: Vec<String>) -> String {
        if values.len() == 1 && self.below(2) == 0 {
            return Value::from(values.remove(0)).to_string();
        }
        if self.below(2) == 0 {
            values.extend(values.first().cloned());
        }
        let texts: Vec<String> = values.into_iter().map(|value| Value::from(value).to_string()).collect();
        let space = self.space();
        format!("[{space}{}]", self.shuffled(texts).join(&format!("{space},{space}")))
    }

    fn statement(&mut self, facts: &Facts) -> String {
        let mut principals = Vec::new();
        for account in &facts.accounts {
            let id = format!("{account:012}");
            principals.push(if self.below(2) == 0 { id } else { format!("arn:aws:iam::{id}:root") });
        }
        principals.extend(facts.roles.iter().map(|role| format!("arn:aws:iam::111122223333:role/r{role}")));
        let actions = facts.actions.iter().map(|n| self.case(ACTIONS[usize::from(*n)])).collect();
        let effect = if facts.allows { "Allow" } else { "Deny" };
        let mut members = vec![
            format!("\"Sid\":{}", Value::from(facts.sid.as_str())),
            format!("\"Effect\":{}\"{effect}\"", self.space()),
            format!("\"Principal\":{{\"AWS\":{}}}", self.list(principals)),
            format!("\"Action\":{}", self.list(actions)),
        ];
        if !facts.organizations.is_empty() {
            let key = self.case("aws:PrincipalOrgID");
            let ids = facts.organizations.iter().map(|n| format!("o-{n:010}")).collect();
            members.push(format!("\"Condition\":{{\"StringEquals\":{{\"{key}\":{}}}}}", self.list(ids)));
        }
        let space = self.space();
        format!("{{{space}{}{space}}}", self.shuffled(members).join(","))
    }

    fn policy(&mut self, facts: &[Facts]) -> String {
        let statements = facts.iter().map(|facts| self.statement(facts)).collect();
        let statements = self.shuffled(statements).join(",");
        let version = ["\"Version\":\"2012-10-17\",", "\"Version\":\"2008-10-17\",", ""][self.below(3)];
        format!("{{{version}\"Statement\":{}[{statements}]}}", self.space())
    }
}

fn style() -> impl Strategy<Value = Style> {
    prop::collection::vec(any::<u8>(), 1..40).prop_map(|choices| Style(choices, 0))
}

fn access() -> impl Strategy<Value = Access> {
    let accounts = || prop::collection::vec("[0-9]{12}".prop_map(Principal::Account), 0..3);
    (accounts(), accounts(), prop::collection::vec("o-[a-z0-9]{10}", 0..3)).prop_map(
        |(pull_principals, push_principals, pull_organizations)| Access {
            pull_principals,
            push_principals,
            pull_organizations,
            ..Access::default()
        },
    )
}

proptest! {
    #[test]
    fn spelling_never_changes_the_meaning(
        facts in prop::collection::vec(facts(), 0..4), mut one in style(), mut other in style(),
    ) {
        let (left, right) = (document(&one.policy(&facts)), document(&other.policy(&facts)));
        prop_assert!(left.means_the_same(&right), "{} / {}", left.to_text(), right.to_text());
    }

    #[test]
    fn one_more_of_anything_changes_the_meaning(
        facts in prop::collection::vec(facts(), 1..4), which in any::<prop::sample::Index>(), what in 0..5_u8,
        mut one in style(), mut other in style(),
    ) {
        let mut more = facts.clone();
        let changed = which.get(&facts).clone();
        let at = which.index(facts.len());
        match what {
            0 => more[at].accounts.extend([9]),
            1 => more[at].roles.extend([9]),
            2 => more[at].actions.extend([5]),
            3 => more[at].organizations.extend([9]),
            _ => more.push(Facts { sid: "Another one".into(), ..changed }),
        }
        let (left, right) = (document(&one.policy(&facts)), document(&other.policy(&more)));
        prop_assert!(!left.means_the_same(&right));
        prop_assert!(needs_change(Some(&left), Some(&right)));
    }

    #[test]
    fn what_is_written_reads_back(facts in prop::collection::vec(facts(), 0..4), mut style in style()) {
        let before = document(&style.policy(&facts));
        let text = before.to_text();
        let after = document(&text);
        prop_assert!(before.means_the_same(&after));
        prop_assert_eq!(after.to_text(), text);
    }

    #[test]
    fn merging_twice_is_merging_once(
        facts in prop::collection::vec(facts(), 0..4), access in access(), mut style in style(), exclusive in any::<bool>(),
    ) {
        let stored = document(&style.policy(&facts));
        let ours = access_statements(&access);
        let mode = if exclusive { Mode::Exclusive } else { Mode::Merge };
        let once = desired(Some(&stored), &ours, mode);
        // What the service answers afterwards.
        let answered = once.as_ref().map(|document| Document::parse_text(&document.to_text()).unwrap());
        let twice = desired(answered.as_ref(), &ours, mode);
        prop_assert_eq!(once.as_ref().map(Document::to_text), twice.as_ref().map(Document::to_text));
        prop_assert!(!needs_change(answered.as_ref(), twice.as_ref()));
    }

    #[test]
    fn merging_touches_nobody_elses_statement(
        facts in prop::collection::vec(facts(), 0..4), access in access(), mut style in style(),
    ) {
        let theirs: Vec<Facts> = facts.iter().filter(|facts| facts.sid.starts_with("Theirs")).cloned().collect();
        let stored = document(&style.policy(&facts));
        let merged = desired(Some(&stored), &access_statements(&access), Mode::Merge);
        let kept = merged.unwrap_or_else(|| Document::from_statements(Vec::new())).retaining(|s| !is_ours(s));
        let before: Vec<&str> = stored.statements().iter().filter(|s| !is_ours(s)).map(Statement::text).collect();
        let after: Vec<&str> = kept.statements().iter().map(Statement::text).collect();
        prop_assert_eq!(after.len(), theirs.len());
        prop_assert_eq!(after, before);
    }

    #[test]
    fn no_text_makes_the_reader_fall(text in "[\\[\\]{}:,\"\\\\ a*0-9]{0,40}") {
        if let Ok(read) = Document::parse_text(&text) {
            document(&read.to_text());
        }
    }
}
