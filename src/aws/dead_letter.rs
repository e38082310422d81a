//! A dead letter as it fits into a message: what is too large is cut, and the letter says so.

use crate::event::findings::DeadLetter;
use serde_json::Value;

/// Bytes a message may have (SQS API reference, `SendMessage`); some queues still take only the quarter that was the limit
/// for long.
const MOST_BYTES: usize = 1 << 20;
/// The size to which a letter is cut, which every queue takes.
const CUT_BYTES: usize = 262_144;
/// How many bytes of the event and of the finding are kept, in this order until the letter fits. A finding is told from
/// its head; the event is only where it came from. Escaping makes a text at most six times as long.
const CUTS: [(usize, usize); 4] = [(131_072, usize::MAX), (8_192, usize::MAX), (8_192, 131_072), (4_096, 16_384)];
/// Bytes of a reason that are kept where nothing else helps.
const REASON_BYTES: usize = 4_096;

/// The whole letter, where a queue may take it: only a whole one can be replayed. `Err` says why there is none.
pub(super) fn whole(letter: &DeadLetter) -> Result<Option<String>, String> {
    text(letter).map(|text| Some(text).filter(|text| text.len() <= MOST_BYTES))
}

/// The letter cut to what every queue takes. `Err` says why there is none.
pub(super) fn cut(letter: &DeadLetter) -> Result<String, String> {
    for (event, finding) in CUTS {
        let mut cut = letter.clone();
        let mut notes = Vec::new();
        cut.event = shortened(letter.event.clone(), event, "event", &mut notes);
        cut.finding = letter.finding.clone().map(|value| shortened(value, finding, "finding", &mut notes));
        cut.reason = format!("{}{}", head(&letter.reason, REASON_BYTES), notes.concat());
        let text = text(&cut)?;
        if text.len() <= CUT_BYTES {
            return Ok(text);
        }
    }
    Err("the dead letter does not fit into a message".to_owned())
}

/// A letter as JSON. Two characters are legal there and not in a message (SQS API reference, `SendMessage`).
fn text(letter: &DeadLetter) -> Result<String, String> {
    let text = serde_json::to_string(letter).map_err(|error| error.to_string())?;
    Ok(text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
}

/// A value, or the head of its text where that is longer than `most` bytes.
fn shortened(value: Value, most: usize, what: &str, notes: &mut Vec<String>) -> Value {
    let text = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() <= most {
        return value;
    }
    notes.push(format!(" (the {what} had {} bytes; these are its first)", text.len()));
    Value::String(head(&text, most).to_owned())
}

/// The longest head of a text that has at most `most` bytes and ends with a whole character.
fn head(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}
