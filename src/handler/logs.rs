//! JSON log lines as Lambda wants them: RFC 3339 `timestamp` and `level` at the top, fields flat.
//!
//! Without a valid timestamp Lambda takes every line for INFO, and a function logging at WARN would lose its
//! errors. The clients and the runtime are held at WARN whatever is asked: below that they print whole requests.

use serde_json::{Map, Value};
use std::fmt;
use std::io::Write as _;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Longest text field kept in a line, in characters: CloudWatch splits events past 256 KiB.
const LONGEST_FIELD: usize = 8_192;

/// Sets the process's logging up. An unknown level counts as INFO and is said so.
pub fn set_up(level: Option<&str>) {
    let known = level.and_then(parse_level);
    let filter =
        Targets::new().with_default(LevelFilter::WARN).with_target("ecr_steward", known.unwrap_or(LevelFilter::INFO));
    let subscriber = tracing_subscriber::registry().with(Lines.with_filter(filter));
    // A second set-up in one process (tests) keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
    if let Some(strange) = level.filter(|_| known.is_none()) {
        tracing::warn!(level = strange, "LOG_LEVEL is unknown; INFO is used");
    }
}

fn parse_level(level: &str) -> Option<LevelFilter> {
    match level.to_ascii_uppercase().as_str() {
        "TRACE" => Some(LevelFilter::TRACE),
        "DEBUG" => Some(LevelFilter::DEBUG),
        "INFO" => Some(LevelFilter::INFO),
        "WARN" => Some(LevelFilter::WARN),
        // Lambda knows FATAL; nothing here is above ERROR.
        "ERROR" | "FATAL" => Some(LevelFilter::ERROR),
        _ => None,
    }
}

struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), jiff::Timestamp::now().to_string().into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        event.record(&mut Fields(&mut line));
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // Nobody is left to tell when writing a log line fails.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text: String = format!("{value:?}").chars().take(LONGEST_FIELD).collect();
        self.put(field, text.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text: String = value.chars().take(LONGEST_FIELD).collect();
        self.put(field, text.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}
