//! Taking single members out of JSON objects, noting what does not fit and going on.
//!
//! Knows JSON types, `null`, closed objects and misspellings. It may not know what any member means: names and
//! words come from `grammar`.

use serde_json::{Map, Value};

use super::text::member_path;
use super::{Flaw, LawId};

/// Whether digits in quotes pass for a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Strict,
    Lenient,
}

/// A value could not be read, and why is already noted.
pub(crate) struct Noted;

pub(crate) type Read<T> = Result<T, Noted>;

/// An object and where it stands.
pub(crate) struct Object<'v> {
    pub(crate) path: String,
    members: &'v Map<String, Value>,
}

impl Object<'_> {
    pub(crate) fn path_of(&self, name: &str) -> String {
        member_path(&self.path, name)
    }
}

/// What a kind of object is called, and the members it may have.
pub(crate) type Shape = (&'static str, &'static [&'static str]);

/// Collects the flaws met while reading.
pub(crate) struct Reader {
    numbers: Numbers,
    pub(crate) flaws: Vec<Flaw>,
}

impl Reader {
    pub(crate) fn new(numbers: Numbers) -> Self {
        Self { numbers, flaws: Vec::new() }
    }

    pub(crate) fn note<T>(&mut self, path: impl Into<String>, law: LawId, message: impl Into<String>) -> Read<T> {
        self.flaws.push(Flaw::new(path, law, message));
        Err(Noted)
    }

    /// A value as an object of a closed shape; members outside the shape are noted and passed over.
    pub(crate) fn object<'v>(&mut self, value: &'v Value, path: String, shape: Shape) -> Read<Object<'v>> {
        let (name, known) = shape;
        let Value::Object(members) = value else {
            return self.wrong_type(path, "an object", value);
        };
        let object = Object { path, members };
        for member in members.keys().filter(|member| !known.contains(&member.as_str())) {
            let advice = match nearest(member, known) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("Remove it; allowed are {}.", listed(known)),
            };
            let message =
                format!("ECR refuses members it does not know, and {name} has no `{}`. {advice}", shown(member));
            self.flaws.push(Flaw::new(object.path_of(member), LawId::UnknownMember, message));
        }
        Ok(object)
    }

    pub(crate) fn required<'v>(&mut self, object: &Object<'v>, name: &str) -> Read<&'v Value> {
        match object.members.get(name) {
            Some(value) => Ok(value),
            None => self.note(
                object.path_of(name),
                LawId::Missing,
                format!("ECR requires `{name}`, which is missing. Add it."),
            ),
        }
    }

    /// A required whole number of at least 1, which is the service's minimum wherever a policy has a number.
    pub(crate) fn integer(&mut self, object: &Object<'_>, name: &str) -> Read<u32> {
        let value = self.required(object, name)?;
        let path = object.path_of(name);
        let number = match value {
            Value::Number(number) if !number.is_f64() => number.to_string().parse(),
            Value::String(text) if self.numbers == Numbers::Lenient && is_decimal(text) => text.parse::<u32>(),
            Value::String(text) if is_decimal(text) => {
                let message = "ECR wants a number here, and this is text. Leave the quotes out.";
                return self.note(path, LawId::Type, message);
            }
            _ => return self.wrong_type(path, "a whole number", value),
        };
        match number {
            Ok(number) if number >= 1 => Ok(number),
            _ => {
                let message = format!(
                    "ECR wants a whole number of at least 1 here, not {}. Write one from 1 to {}.",
                    shown(&value.to_string()),
                    u32::MAX
                );
                self.note(path, LawId::Value, message)
            }
        }
    }

    pub(crate) fn text(&mut self, object: &Object<'_>, name: &str) -> Read<Option<String>> {
        match object.members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value) => self.wrong_type(object.path_of(name), "text", value),
        }
    }

    /// One of a few words, each with what it stands for.
    pub(crate) fn word<T, const N: usize>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        words: [(&'static str, T); N],
    ) -> Read<Option<T>> {
        let Some(text) = self.text(object, name)? else {
            return Ok(None);
        };
        let known = words.each_ref().map(|(word, _)| *word);
        if let Some((_, meaning)) = words.into_iter().find(|(word, _)| *word == text) {
            return Ok(Some(meaning));
        }
        let advice = match nearest(&text, &known) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Allowed: {}.", listed(&known)),
        };
        let message = format!("ECR does not take `{}` as `{name}`. {advice}", shown(&text));
        self.note(object.path_of(name), LawId::Value, message)
    }

    pub(crate) fn required_word<T, const N: usize>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        words: [(&'static str, T); N],
    ) -> Read<T> {
        self.required(object, name)?;
        match self.word(object, name, words)? {
            Some(meaning) => Ok(meaning),
            None => Err(Noted),
        }
    }

    /// A list of texts; an empty one counts as absent.
    pub(crate) fn texts(&mut self, object: &Object<'_>, name: &str) -> Read<Option<Vec<String>>> {
        let list = match object.members.get(name) {
            None => return Ok(None),
            Some(Value::Array(list)) => list,
            Some(value) => return self.wrong_type(object.path_of(name), "a list of texts", value),
        };
        let path = object.path_of(name);
        let mut entries = Vec::with_capacity(list.len());
        for (i, entry) in list.iter().enumerate() {
            let path = format!("{path}[{i}]");
            entries.push(match entry {
                Value::String(text) => Ok(text.clone()),
                other => self.wrong_type(path, "text", other),
            });
        }
        let entries = entries.into_iter().collect::<Read<Vec<String>>>()?;
        Ok(Some(entries).filter(|entries| !entries.is_empty()))
    }

    /// Notes a value of a type that was not wanted. `null` is never wanted and has a law of its own.
    pub(crate) fn wrong_type<T>(&mut self, path: impl Into<String>, wanted: &str, found: &Value) -> Read<T> {
        let path = path.into();
        let found = match found {
            Value::Null => {
                let message = "ECR does not read `null` as absent and refuses the policy. Leave it out altogether, \
                               or give it a value.";
                return self.note(path, LawId::Null, message);
            }
            Value::Bool(_) => "true or false",
            Value::Number(number) if number.is_f64() => "a number with a fraction, an exponent or too many digits",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.note(path, LawId::Type, format!("ECR wants {wanted} here, and this is {found}. Write {wanted}."))
    }
}

/// Digits and nothing else, which is how `CloudFormation` writes a whole number as text.
fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Texts are repeated in messages up to this many characters, and only such short ones are compared with known words:
/// both answers have to stay small whatever the text is.
const SHOWN_CHARS: usize = 60;

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// The known word somebody most likely meant: the same but for case, or at most two slips of the finger away.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.chars().count() > SHOWN_CHARS {
        return None;
    }
    let word = word.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&word, &known.to_lowercase());
    let best = known.iter().copied().min_by_key(|known| distance(known))?;
    (distance(best) <= 2).then_some(best)
}

fn listed(known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
