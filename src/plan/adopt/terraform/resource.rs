//! One instance of a resource in a state, and the walk over all of them.

use super::{Refusal, address};
use serde_json::{Map, Value};

/// One instance of a managed resource.
pub(super) struct Resource<'a> {
    /// `module.ecr["a"].aws_ecr_repository.this[0]`
    pub(super) address: &'a str,
    /// The address of its module instance; empty in the root module.
    pub(super) module: &'a str,
    /// `aws_ecr_repository`
    pub(super) kind: &'a str,
    /// What it was made after: addresses without keys.
    pub(super) after: Vec<&'a str>,
    values: Option<&'a Map<String, Value>>,
    sensitive: Option<&'a Map<String, Value>>,
    deposed: bool,
    tainted: bool,
}

/// Attributes that say nothing about the thing itself.
const UNREAD: [&str; 3] = ["id", "timeouts", "repository_url"];

/// Is a resource of this type about ECR?
pub(super) fn is_ecr(kind: &str) -> bool {
    kind.starts_with("aws_ecr_") || kind.starts_with("aws_ecrpublic_")
}

/// Every managed resource below a module, in the order of the file.
pub(super) fn all(root: &Value) -> Vec<Resource<'_>> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(module) = open.pop() {
        let own = module.get("address").and_then(Value::as_str).unwrap_or_default();
        found.extend(listed(module, "resources").filter_map(|resource| Resource::of(resource, own)));
        open.extend(listed(module, "child_modules").rev());
    }
    found
}

fn listed<'a>(value: &'a Value, key: &str) -> std::slice::Iter<'a, Value> {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}

impl<'a> Resource<'a> {
    /// From one member of `resources`; nothing where it is a data source.
    fn of(value: &'a Value, module: &'a str) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let map = |key: &str| value.get(key).and_then(Value::as_object);
        (text("mode") == Some("managed")).then_some(())?;
        Some(Self {
            address: text("address")?,
            module,
            kind: text("type")?,
            after: listed(value, "depends_on").filter_map(Value::as_str).collect(),
            values: map("values"),
            sensitive: map("sensitive_values"),
            deposed: text("deposed_key").is_some(),
            tainted: value.get("tainted").and_then(Value::as_bool) == Some(true),
        })
    }

    /// Is it about ECR?
    pub(super) fn is_ecr(&self) -> bool {
        is_ecr(self.kind)
    }

    /// Its address without keys.
    pub(super) fn plain_address(&self) -> String {
        address::without_keys(self.address)
    }

    /// A refusal for each of its values that is marked as sensitive: what it says would be readable in a template.
    pub(super) fn sensitive(&self) -> Vec<Refusal> {
        let marked = self
            .sensitive
            .into_iter()
            .flatten()
            .filter(|(key, value)| self.is_ecr() && !UNREAD.contains(&key.as_str()) && holds_true(value));
        let refusals = marked.map(|(key, _)| {
            let reason = format!(
                "{key} is marked as sensitive, and a declaration would show it; wrap the value in nonsensitive(…) where \
                 it is no secret, apply, and make the file anew"
            );
            Refusal::of(self.address, reason)
        });
        refusals.collect()
    }

    /// Why nothing should be made of it as it is in the state.
    pub(super) fn unsettled(&self) -> Option<String> {
        if self.deposed {
            return Some("it is what a replacement left to be destroyed; run `terraform apply` first".to_owned());
        }
        if self.tainted {
            return Some("it is tainted: Terraform means to replace it; `terraform untaint` it, or apply".to_owned());
        }
        None
    }

    /// An attribute, unless it is null.
    pub(super) fn raw(&self, key: &str) -> Option<&'a Value> {
        self.values?.get(key).filter(|value| !value.is_null())
    }

    /// A text. What is empty is not set: the provider knows no difference.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, String> {
        text_in(self.values, key)
    }

    /// A text that must be there.
    pub(super) fn needed(&self, key: &str) -> Result<&'a str, String> {
        self.text(key)?.ok_or_else(|| format!("the state does not say its {key}; run `terraform refresh`"))
    }

    /// A truth value; what is not set is not true.
    pub(super) fn flag(&self, key: &str) -> Result<bool, String> {
        flag_in(self.values, key)
    }

    /// The blocks of a name, in their order.
    pub(super) fn blocks(&self, key: &str) -> Result<Vec<&'a Map<String, Value>>, String> {
        blocks_in(self.values, key)
    }

    /// Texts of a list or set.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&'a str>, String> {
        let Some(value) = self.raw(key) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| unlike(key, "a list"))?;
        items.iter().map(|item| item.as_str().ok_or_else(|| unlike(key, "a list of texts"))).collect()
    }

    /// A map of texts.
    pub(super) fn map(&self, key: &str) -> Result<Vec<(&'a str, &'a str)>, String> {
        let Some(value) = self.raw(key) else { return Ok(Vec::new()) };
        let members = value.as_object().ok_or_else(|| unlike(key, "a map"))?;
        let pairs = members.iter().map(|(name, value)| {
            value.as_str().map(|value| (name.as_str(), value)).ok_or_else(|| unlike(key, "a map of texts"))
        });
        pairs.collect()
    }
}

/// A text of a block.
pub(super) fn text_in<'a>(values: Option<&'a Map<String, Value>>, key: &str) -> Result<Option<&'a str>, String> {
    match values.and_then(|values| values.get(key)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(unlike(key, "a text")),
    }
}

/// A truth value of a block.
pub(super) fn flag_in(values: Option<&Map<String, Value>>, key: &str) -> Result<bool, String> {
    match values.and_then(|values| values.get(key)) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(unlike(key, "true or false")),
    }
}

/// The blocks of a name inside a block.
pub(super) fn blocks_in<'a>(
    values: Option<&'a Map<String, Value>>,
    key: &str,
) -> Result<Vec<&'a Map<String, Value>>, String> {
    match values.and_then(|values| values.get(key)) {
        None | Some(Value::Null) => Ok(Vec::new()),
        // How a provider of another make may write a block that can be there only once.
        Some(Value::Object(block)) => Ok(vec![block]),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_object().ok_or_else(|| unlike(key, "a list of blocks"))).collect()
        }
        Some(_) => Err(unlike(key, "a block")),
    }
}

fn unlike(key: &str, what: &str) -> String {
    format!("its {key} is not {what}; this provider writes something that this version of ecr-steward cannot read")
}

/// Marks are `true` at the value, or the shape of the value with marks inside.
fn holds_true(marks: &Value) -> bool {
    match marks {
        Value::Bool(mark) => *mark,
        Value::Array(items) => items.iter().any(holds_true),
        Value::Object(members) => members.values().any(holds_true),
        Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}
