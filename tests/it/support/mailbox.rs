//! Takes answers, as CloudFormation's bucket would: the first that comes stands.

use ecr_steward::aws::cfn_reply::{Delivered, Undelivered};
use ecr_steward::event::url::ResponseUrl;
use ecr_steward::handler::custom_resource::Deliver;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::{Instant, sleep_until};

/// One answer that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) url: String,
    pub(crate) body: Vec<u8>,
    /// Until when it might have been delivered.
    pub(crate) until: Instant,
}

impl Letter {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an answer is JSON")
    }
}

/// The bucket.
#[derive(Default)]
pub(crate) struct Mailbox {
    letters: Mutex<Vec<Letter>>,
    /// Every answer is refused for this reason.
    refuses: Option<Undelivered>,
    /// Nobody gets to the host.
    unreachable: bool,
}

impl Mailbox {
    /// A bucket that takes nothing.
    pub(crate) fn closed() -> Self {
        Self::refusing(Undelivered::Refused(403))
    }

    /// A bucket that refuses everything for this reason.
    pub(crate) fn refusing(why: Undelivered) -> Self {
        Self { refuses: Some(why), ..Self::default() }
    }

    /// A bucket whose host nobody gets to before an answer is sent.
    pub(crate) fn unreachable() -> Self {
        Self { unreachable: true, ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All answers that came, whether they were taken or not.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.lock().clone()
    }

    /// The answer that stands for each URL.
    pub(crate) fn standing(&self) -> BTreeMap<String, Vec<u8>> {
        let mut standing = BTreeMap::new();
        for letter in self.lock().iter() {
            standing.entry(letter.url.clone()).or_insert_with(|| letter.body.clone());
        }
        standing
    }

    /// The one answer.
    #[track_caller]
    pub(crate) fn one(&self) -> Value {
        let letters = self.letters();
        let [letter] = letters.as_slice() else { panic!("{} answers instead of one", letters.len()) };
        assert!(letter.body.len() <= 4_096, "{} bytes", letter.body.len());
        letter.json()
    }
}

impl Deliver for Mailbox {
    async fn deliver(&self, url: &ResponseUrl, body: &[u8], until: Instant) -> Result<Delivered, Undelivered> {
        tokio::task::yield_now().await;
        let stands = self.standing().contains_key(url.expose());
        self.lock().push(Letter { url: url.expose().to_owned(), body: body.to_vec(), until });
        match &self.refuses {
            Some(why) => Err(why.clone()),
            None if stands => Ok(Delivered::Before),
            None => Ok(Delivered::Now),
        }
    }

    async fn reach(&self, _: &ResponseUrl, until: Instant) -> Result<(), String> {
        if self.unreachable {
            sleep_until(until).await;
            return Err("no answer".to_owned());
        }
        tokio::task::yield_now().await;
        Ok(())
    }
}
