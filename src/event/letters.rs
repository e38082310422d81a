//! The dead-letter queue read back: ours with their reasons, and the messages that SQS or `EventBridge` put there as they
//! were. Says for each what is to be done again.

use super::findings::{DeadLetter, Job};
use super::scan::{self, Incoming};
use crate::model::image::ImageRef;
use crate::model::place::Place;
use serde_json::Value;

/// What there is to do again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// A look at an image, at which what was refused is tried again.
    Image {
        /// Which.
        image: ImageRef,
        /// Tell nobody of changes: what the letter is about told nobody either.
        quiet: bool,
    },
    /// The same message.
    Message(String),
    /// Nobody can tell. Says why.
    Nothing(String),
}

/// A message of the dead-letter queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Reread {
    /// The letter, where it is one of ours.
    pub letter: Option<DeadLetter>,
    /// What there is to do.
    pub again: Again,
}

impl Reread {
    /// The vulnerability it is about, where it is about one.
    pub fn vulnerability(&self) -> Option<&str> {
        self.letter.as_ref()?.finding.as_ref()?.get("vulnerability")?.as_str()
    }

    /// The sink that refused it, where one did.
    pub fn sink(&self) -> Option<&str> {
        self.letter.as_ref()?.sink.as_deref()
    }
}

/// Reads a message. `here` is the registry this installation forwards for.
pub fn reread(body: &str, here: &Place) -> Reread {
    match letter(body) {
        Some(letter) => Reread { again: of_letter(&letter, here), letter: Some(letter) },
        None => Reread { again: of_message(body, here), letter: None },
    }
}

fn letter(body: &str) -> Option<DeadLetter> {
    let value: Value = serde_json::from_str(body).ok()?;
    let is_letter = value.get("reason").is_some() && value.get("event").is_some() && value.get("job").is_none();
    if is_letter { serde_json::from_value(value).ok() } else { None }
}

fn of_letter(letter: &DeadLetter, here: &Place) -> Again {
    let event = match &letter.event {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let jobs = match scan::read(&event, here) {
        Ok(Incoming::Jobs(jobs)) => Ok(jobs),
        Ok(Incoming::NotOurs(why)) | Err(why) => Err(why),
    };
    let image = letter.finding.as_ref().and_then(|finding| finding.get("image"));
    if let Some(image) = image.and_then(|image| serde_json::from_value::<ImageRef>(image.clone()).ok()) {
        if image.place != *here {
            let (account, region) = (&image.place.account, &image.place.region);
            return Again::Nothing(format!("it is about {account} in {region}, whose own installation replays it"));
        }
        let quiet = jobs.is_ok_and(|jobs| is_quiet(&jobs));
        return Again::Image { image, quiet };
    }
    match jobs {
        Ok(jobs) => match (jobs.as_slice(), &letter.sink) {
            // The image was read since the event, and only a replay looks again at what a sink has refused.
            ([Job::Image(job)], Some(_)) => Again::Image { image: job.image.clone(), quiet: job.quiet },
            _ => Again::Message(event),
        },
        Err(why) => Again::Nothing(why),
    }
}

fn of_message(body: &str, here: &Place) -> Again {
    match scan::read(body, here) {
        Ok(Incoming::Jobs(_)) => Again::Message(body.to_owned()),
        Ok(Incoming::NotOurs(why)) | Err(why) => Again::Nothing(why),
    }
}

fn is_quiet(jobs: &[Job]) -> bool {
    matches!(jobs, [Job::Image(job)] if job.quiet)
}
