//! The grammar: from JSON of unknown quality to rules, with everything malformed noted on the way.
//!
//! Knows which members there are, their types and their words. It may not know how rules relate to each other or
//! which combinations the service refuses: those are the laws in `rules`, which it asks at the end.

use serde_json::Value;

use super::members::{Numbers, Object, Read, Reader, Shape};
use super::{Action, CountKind, Flaw, LawId, Policy, Rule, Selection, StorageClass, TagSelection, rules};

/// Reads a policy, and accepts only what ECR itself would.
///
/// Rules may be written in any order. An empty tag list counts as absent, since nothing empty is ever sent.
///
/// # Errors
/// Every flaw there is: first those of the grammar in the order of the rules, then those against the service's laws.
pub fn parse(value: &Value) -> Result<Policy, Vec<Flaw>> {
    read(value, Numbers::Strict)
}

/// Reads a policy as [`parse`] does, but takes digits in quotes (`"10"`, `"010"`) where a number is wanted,
/// for policies that came through `CloudFormation`, which turns every scalar into text.
///
/// # Errors
/// As [`parse`].
pub fn parse_lenient(value: &Value) -> Result<Policy, Vec<Flaw>> {
    read(value, Numbers::Lenient)
}

/// What could be read of one rule. A `None` has already been reported, except that of `description`.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) priority: Option<u32>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Option<TagSelection>,
    pub(crate) count_kind: Option<CountKind>,
    pub(crate) count_number: Option<u32>,
    pub(crate) storage: Option<StorageClass>,
    pub(crate) action: Option<Action>,
}

impl Draft {
    fn finish(self) -> Option<Rule> {
        Some(Rule {
            priority: self.priority?,
            description: self.description,
            selection: Selection {
                tags: self.tags?,
                count: self.count_kind?.of(self.count_number?),
                storage: self.storage?,
            },
            action: self.action?,
        })
    }
}

fn read(value: &Value, numbers: Numbers) -> Result<Policy, Vec<Flaw>> {
    let mut reader = Reader::new(numbers);
    let drafts = reader.policy(value);
    let mut flaws = reader.flaws;
    let Ok(drafts) = drafts else {
        return Err(flaws);
    };
    rules::check(&drafts, &mut flaws);
    let Some(mut rules) = drafts.into_iter().map(Draft::finish).collect::<Option<Vec<_>>>() else {
        return Err(flaws);
    };
    rules.sort_by_key(|rule| rule.priority);
    let policy = Policy { rules };
    rules::check_size(&policy.to_text(), &mut flaws);
    if flaws.is_empty() { Ok(policy) } else { Err(flaws) }
}

/// The members of each object of the language, by the name under which a rule knows the object.
const POLICY: Shape = ("the policy", &["rules"]);
const RULE: Shape = ("the rule", &["rulePriority", "description", "selection", "action"]);
const SELECTION: Shape = (
    "`selection`",
    &["tagStatus", "tagPatternList", "tagPrefixList", "storageClass", "countType", "countUnit", "countNumber"],
);
const ACTION: Shape = ("`action`", &["type", "targetStorageClass"]);

enum Status {
    Tagged,
    Untagged,
    Any,
}

enum Verb {
    Expire,
    Transition,
}

impl Reader {
    fn policy(&mut self, value: &Value) -> Read<Vec<Draft>> {
        let policy = self.object(value, String::new(), POLICY)?;
        let rules = self.required(&policy, "rules")?;
        let Value::Array(rules) = rules else {
            return self.wrong_type(policy.path_of("rules"), "a list of rules", rules);
        };
        let drafts = rules.iter().enumerate();
        Ok(drafts.map(|(i, rule)| self.rule(rule, format!("rules[{i}]"))).collect())
    }

    fn rule(&mut self, value: &Value, path: String) -> Draft {
        let mut draft = Draft::default();
        let Ok(rule) = self.object(value, path, RULE) else {
            return draft;
        };
        draft.priority = self.integer(&rule, "rulePriority").ok();
        draft.description = self.text(&rule, "description").ok().flatten();
        let selection = self.required(&rule, "selection");
        if let Ok(value) = selection
            && let Ok(selection) = self.object(value, rule.path_of("selection"), SELECTION)
        {
            draft.tags = self.tags(&selection).ok();
            draft.storage = self.storage(&selection).ok();
            draft.count_kind = self.count_kind(&selection).ok();
            draft.count_number = self.integer(&selection, "countNumber").ok();
        }
        let action = self.required(&rule, "action");
        if let Ok(value) = action
            && let Ok(action) = self.object(value, rule.path_of("action"), ACTION)
        {
            draft.action = self.action(&action).ok();
        }
        draft
    }

    fn tags(&mut self, selection: &Object<'_>) -> Read<TagSelection> {
        let words = [("tagged", Status::Tagged), ("untagged", Status::Untagged), ("any", Status::Any)];
        let status = self.required_word(selection, "tagStatus", words);
        let prefixes = self.texts(selection, "tagPrefixList");
        let patterns = self.texts(selection, "tagPatternList");
        match (status?, prefixes?, patterns?) {
            (Status::Tagged, Some(list), None) => Ok(TagSelection::Prefixes(list)),
            (Status::Tagged, None, Some(list)) => Ok(TagSelection::Patterns(list)),
            (Status::Untagged, None, None) => Ok(TagSelection::Untagged),
            (Status::Any, None, None) => Ok(TagSelection::Any),
            (Status::Tagged, _, _) => self.note(
                &selection.path,
                LawId::TagList,
                "ECR wants exactly one of `tagPrefixList` and `tagPatternList` beside tagStatus `tagged`. Write one of \
                 them, with at least one entry.",
            ),
            (Status::Untagged | Status::Any, _, _) => self.note(
                &selection.path,
                LawId::TagList,
                "ECR allows `tagPrefixList` and `tagPatternList` only beside tagStatus `tagged`. Remove the list, or \
                 write `tagged`.",
            ),
        }
    }

    fn storage(&mut self, selection: &Object<'_>) -> Read<StorageClass> {
        let words = [StorageClass::Standard, StorageClass::Archive].map(|class| (class.word(), class));
        Ok(self.word(selection, "storageClass", words)?.unwrap_or_default())
    }

    fn count_kind(&mut self, selection: &Object<'_>) -> Read<CountKind> {
        use CountKind::{Images, Pulled, Pushed, Transitioned};
        let words = [Images, Pushed, Pulled, Transitioned].map(|kind| (kind.word(), kind));
        let kind = self.required_word(selection, "countType", words);
        let unit = self.word(selection, "countUnit", [("days", ())]);
        let kind = kind?;
        // A unit that does not fit is noted, yet the kind is known and the other laws can be applied to it.
        let message = match unit {
            Ok(None) if kind.in_days() => "ECR wants a `countUnit` beside this count. Write `\"countUnit\": \"days\"`.",
            Ok(Some(())) if !kind.in_days() => "ECR refuses a `countUnit` beside `imageCountMoreThan`. Remove it.",
            _ => return Ok(kind),
        };
        let path = selection.path_of("countUnit");
        self.flaws.push(Flaw::new(path, LawId::CountUnit, message));
        Ok(kind)
    }

    fn action(&mut self, action: &Object<'_>) -> Read<Action> {
        let words = [("expire", Verb::Expire), ("transition", Verb::Transition)];
        let verb = self.required_word(action, "type", words);
        let target = self.word(action, "targetStorageClass", [("archive", ())]);
        match (verb?, target) {
            (Verb::Transition, _) => Ok(Action::TransitionToArchive),
            (Verb::Expire, Ok(Some(()))) => self.note(
                action.path_of("targetStorageClass"),
                LawId::Target,
                "ECR allows `targetStorageClass` only beside the action `transition`. Remove it, or write `transition`.",
            ),
            (Verb::Expire, _) => Ok(Action::Expire),
        }
    }
}
