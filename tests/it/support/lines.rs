//! What the library logs, for tests that must not find something in it. One subscriber for the process: what is set for
//! a scope only can miss call sites that another test's thread met first.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::Once;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;

thread_local! {
    /// What this thread logged.
    static LINES: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Every field of every event at every level.
struct Captured;

impl<S: tracing::Subscriber> Layer<S> for Captured {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            LINES.with_borrow_mut(|lines| {
                let _ = write!(lines, "{field}={value:?} ");
            });
        });
    }
}

/// Begins to listen, with nothing heard.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Captured);
        tracing::subscriber::set_global_default(subscriber).expect("no other test sets one");
    });
    LINES.take();
}

/// What was logged on this thread since the last time it was asked.
pub(crate) fn heard() -> String {
    LINES.take()
}

/// None of these words was logged on this thread since the last time.
#[track_caller]
pub(crate) fn hold_nothing_of(secrets: &[&str]) {
    let lines = heard();
    for secret in secrets {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
}
