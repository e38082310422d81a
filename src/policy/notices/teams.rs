//! A letter as a Microsoft Teams workflow takes it: an Adaptive Card in a message.
//!
//! All text is in `RichTextBlock`s: of the card's elements they alone read no Markdown into what strangers wrote.

use super::letter::{Letter, Line, Section};
use crate::model::finding::Severity;
use serde_json::{Value, json};

/// Bytes of a message: Teams takes 28 KB (Microsoft Teams, "Limits and specifications", incoming webhooks).
const MOST_BYTES: usize = 27_000;
/// Lines of a section that are tried, until the card is small enough. A chat is no report.
const TRIED: [usize; 7] = [20, 12, 8, 5, 3, 1, 0];

/// The message.
pub(super) fn body(letter: &Letter) -> String {
    let mut text = String::new();
    for most in TRIED {
        text = message(letter, most).to_string();
        if text.len() <= MOST_BYTES {
            break;
        }
    }
    text
}

fn message(letter: &Letter, most: usize) -> Value {
    let mut body = vec![rich(&[json!({
        "type": "TextRun", "text": letter.headline, "weight": "Bolder", "size": "Large"
    })])];
    body.extend(letter.summary.iter().map(|line| rich(&[run(line)])));
    letter.sections.iter().for_each(|section| list(&mut body, section, most));
    for (place, (label, value)) in letter.facts.iter().enumerate() {
        let mut block = rich(&[subtle(&format!("{label}: {value}"))]);
        if let Some(block) = block.as_object_mut() {
            block.insert("separator".to_owned(), json!(place == 0));
            block.insert("spacing".to_owned(), json!(if place == 0 { "Medium" } else { "None" }));
        }
        body.push(block);
    }
    let actions: Vec<Value> = letter
        .console
        .iter()
        .map(|page| json!({"type": "Action.OpenUrl", "title": "Open in the console", "url": page}))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "body": body,
                "actions": actions,
            },
        }],
    })
}

fn list(body: &mut Vec<Value>, section: &Section, most: usize) {
    body.push(json!({
        "type": "RichTextBlock",
        "spacing": "Medium",
        "inlines": [{"type": "TextRun", "text": section.title, "weight": "Bolder"}],
    }));
    let shown = section.lines.iter().take(most);
    let number = shown.len();
    body.extend(shown.map(row));
    if let Some(more) = section.more(number) {
        body.push(rich(&[subtle(&format!("… {more}"))]));
    }
}

fn row(item: &Line) -> Value {
    let severity = json!({
        "type": "TextRun",
        "text": format!("{} ", item.severity),
        "weight": "Bolder",
        "size": "Small",
        "color": color(item.severity),
    });
    let mut name = run(&item.name);
    if let (Some(name), Some(link)) = (name.as_object_mut(), &item.link) {
        name.insert("selectAction".to_owned(), json!({"type": "Action.OpenUrl", "url": link}));
        name.insert("color".to_owned(), json!("Accent"));
    }
    let mut runs = vec![severity, name];
    if !item.code.is_empty() {
        runs.push(json!({"type": "TextRun", "text": format!("  {}", item.code), "fontType": "Monospace"}));
    }
    if !item.text.is_empty() {
        runs.push(run(&format!("  {}", item.text)));
    }
    let mut block = rich(&runs);
    if let Some(block) = block.as_object_mut() {
        block.insert("spacing".to_owned(), json!("Small"));
    }
    block
}

const fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "Attention",
        Severity::Medium => "Warning",
        Severity::Low => "Accent",
        Severity::Informational => "Default",
    }
}

fn rich(inlines: &[Value]) -> Value {
    json!({"type": "RichTextBlock", "inlines": inlines})
}

fn run(text: &str) -> Value {
    json!({"type": "TextRun", "text": text})
}

fn subtle(text: &str) -> Value {
    json!({"type": "TextRun", "text": text, "isSubtle": true, "size": "Small"})
}
