//! A letter as Slack takes it: Block Kit, posted to an incoming webhook.

use super::letter::{Letter, Line, Section};
use crate::policy::wording::{clip, dot};
use serde_json::{Value, json};

/// Blocks of a message that may hold lists. Slack takes 50 (Block Kit reference); the rest is head and foot.
const MOST_BLOCKS: usize = 44;
/// Bytes of one text. Slack takes 3,000 characters (Block Kit reference, section block); bytes are never fewer.
const MOST_TEXT: usize = 3000;
/// Characters of a header (Block Kit reference, header block).
const MOST_HEADER: usize = 150;
/// Lines shown of a section: a chat is no report.
const MOST_SHOWN: usize = 20;

/// The message.
pub(super) fn body(letter: &Letter) -> String {
    let header = clip(&letter.headline, MOST_HEADER);
    let mut blocks = vec![
        json!({"type": "header", "text": {"type": "plain_text", "text": header, "emoji": true}}),
        section(&fitting(&letter.summary.join("\n"))),
    ];
    for (place, list) in letter.sections.iter().enumerate() {
        // Each section may use what those before it left, and leaves two blocks for each behind it.
        let behind = letter.sections.len() - place - 1;
        let room = MOST_BLOCKS.saturating_sub(blocks.len() + behind * 2);
        blocks.extend(texts(list, room).iter().map(|text| section(text)));
    }
    let facts: Vec<String> = letter.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect();
    let mut foot = fitting(&facts.join("\n"));
    if let Some(page) = &letter.console {
        foot = format!("<{}|Open in the console>\n{foot}", escape(page));
    }
    // Slack refuses a text that is empty; a digest is about no one place.
    if !foot.is_empty() {
        blocks.push(json!({"type": "context", "elements": [mrkdwn(&foot)]}));
    }
    // What a notification on a phone shows.
    let summary = letter.summary.first().map(String::as_str).unwrap_or_default();
    let text = escape(&format!("{}: {}", letter.headline, clip(summary, 300)));
    json!({"text": text, "unfurl_links": false, "unfurl_media": false, "blocks": blocks}).to_string()
}

/// A section's lines in as few texts as hold them, at most `room` of them; the last says what is left out.
fn texts(list: &Section, room: usize) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open = format!("*{}*", escape(&list.title));
    let mut shown = 0;
    // Room for "and N more" in every text.
    let most = MOST_TEXT - 60;
    for item in list.lines.iter().take(MOST_SHOWN) {
        let text = rendered(item);
        if open.len() + 1 + text.len() > most {
            if texts.len() + 1 >= room {
                break;
            }
            texts.push(std::mem::take(&mut open));
        }
        if !open.is_empty() {
            open.push('\n');
        }
        open.push_str(&text);
        shown += 1;
    }
    if let Some(more) = list.more(shown) {
        open = format!("{open}\n… {more}");
    }
    texts.push(open);
    texts
}

fn rendered(item: &Line) -> String {
    // A bar would part the address of a link from its words.
    let name = escape(&item.name.replace('|', "¦"));
    let with = |name: &str| {
        let mut text = format!("{} *{name}*", dot(item.severity));
        if !item.code.is_empty() {
            text = format!("{text} `{}`", escape(&item.code.replace('`', "'")));
        }
        if !item.text.is_empty() {
            text = format!("{text} {}", escape(&item.text));
        }
        text
    };
    let linked = item.link.as_ref().map(|link| with(&format!("<{}|{name}>", escape(link))));
    linked.filter(|text| text.len() < MOST_TEXT - 200).unwrap_or_else(|| with(&name))
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

/// `verbatim`: Slack makes no links and mentions of its own from what merely looks like them.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// Escaped, and short enough however much the escapes add (five bytes for one).
fn fitting(text: &str) -> String {
    let mut most = MOST_TEXT - 700;
    loop {
        let escaped = escape(&clip(text, most));
        if escaped.len() <= MOST_TEXT - 700 {
            return escaped;
        }
        most /= 2;
    }
}

/// The three characters of Slack's control sequences ("Formatting text for app surfaces", escaping text).
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
