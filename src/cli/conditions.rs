//! A template's conditions: `Equals`, `Not`, `And`, `Or` and references to others.

use super::resolve::Scope;
use serde_json::Value;

/// Conditions that refer to each other deeper than this refer to themselves.
const DEEPEST: usize = 50;

/// Does the condition of this name hold? `None` where a problem was noted at `path`.
pub(super) fn holds(scope: &Scope<'_>, name: &str, path: &str, depth: usize) -> Option<bool> {
    let Some(expression) = scope.conditions.and_then(|conditions| conditions.get(name)) else {
        return scope.problem(path, format!("names the condition {name:?}, which the template does not have"));
    };
    evaluate(scope, expression, &format!("Conditions.{name}"), depth)
}

fn evaluate(scope: &Scope<'_>, expression: &Value, path: &str, depth: usize) -> Option<bool> {
    if depth > DEEPEST {
        return scope.problem(path, "refers to itself");
    }
    let deeper = depth.saturating_add(1);
    let members = expression.as_object().filter(|members| members.len() == 1);
    let Some((name, argument)) = members.and_then(|members| members.iter().next()) else {
        return scope.problem(path, "is not a condition; Fn::Equals, Fn::Not, Fn::And, Fn::Or and Condition are known");
    };
    let parts = || argument.as_array().map(Vec::as_slice).unwrap_or_default();
    let each = || -> Option<Vec<bool>> { parts().iter().map(|part| evaluate(scope, part, path, deeper)).collect() };
    match (name.as_str(), parts()) {
        ("Fn::Equals", [left, right]) => Some(scope.text(left, path)? == scope.text(right, path)?),
        ("Fn::Not", [inner]) => evaluate(scope, inner, path, deeper).map(|holds| !holds),
        ("Fn::And", [_, _, ..]) => Some(each()?.into_iter().all(|holds| holds)),
        ("Fn::Or", [_, _, ..]) => Some(each()?.into_iter().any(|holds| holds)),
        ("Condition", _) => holds(scope, argument.as_str().unwrap_or_default(), path, deeper),
        (other, _) => scope.problem(
            path,
            format!("{other} cannot be evaluated here; Fn::Equals of two values, Fn::Not of one, Fn::And and Fn::Or of at least two, and Condition can"),
        ),
    }
}
