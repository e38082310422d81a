//! What answers when the function's one thread no longer can: a call that blocks, a loop without an end, a deadlock.
//!
//! A thread of its own, with a pool of connections and an executor of its own, sleeps beside every request. Should the
//! request's time be over and its thread show no life, it sends the answer — the one that was decided, else a FAILED —
//! tells Lambda that the invocation is over, and ends the process, since a stuck one serves nobody. What ends the
//! process itself, or stops all of its threads, is the responder's.

use crate::aws::{Connection, cfn_reply, runtime_api};
use crate::event::failure::NOT_DELIVERED;
use crate::event::reply::Reply;
use crate::event::request::ReplyTarget;
use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often the request's thread shows that it lives.
const BEAT: Duration = Duration::from_millis(250);
/// Time for the last line of the log.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Without a sign of life for as long, it counts as stuck.
const SILENCE: Duration = Duration::from_secs(1);

/// The place of the one answer to a request: whoever is first decides it, and everybody sends what stands here.
pub type Slot = Arc<OnceLock<Vec<u8>>>;

/// A request to be watched.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Whom to answer.
    pub target: ReplyTarget,
    /// Where the answer stands once it is decided.
    pub slot: Slot,
    /// Lambda's id of the invocation.
    pub invocation: String,
    /// What the invocation returns when it went well, as JSON.
    pub returns: &'static str,
    /// The request should have been decided by then.
    pub from: Instant,
    /// An answer must be out by then.
    pub until: Instant,
}

/// The thread and its post.
#[derive(Debug)]
pub struct Watchdog {
    kennel: Arc<Kennel>,
}

#[derive(Debug)]
struct Kennel {
    /// `host:port` of Lambda's Runtime API.
    runtime_api: String,
    began: Instant,
    /// Milliseconds from `began` to the last sign of life.
    beat: AtomicU64,
    post: Mutex<Option<(Watched, Instant)>>,
    changed: Condvar,
}

impl Watchdog {
    /// Starts the thread; `None` where there is none to be had, and then the responder is the next to answer.
    pub fn start(runtime_api: String) -> Option<Self> {
        let kennel = Arc::new(Kennel {
            runtime_api,
            began: Instant::now(),
            beat: AtomicU64::new(0),
            post: Mutex::new(None),
            changed: Condvar::new(),
        });
        let inside = Arc::clone(&kennel);
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || inside.watch()).ok()?;
        Some(Self { kennel })
    }

    /// Does the work and watches it.
    pub async fn beside<T>(&self, watched: Watched, work: impl Future<Output = T>) -> T {
        self.kennel.live();
        // Connections are made ready when half of the time is over: most requests are answered long before, and the
        // few that are not cannot wait for it.
        let half = Instant::now() + watched.from.saturating_duration_since(Instant::now()) / 2;
        self.kennel.set(Some((watched, half)));
        let _post = Post(&self.kennel);
        tokio::select! {
            biased;
            done = work => done,
            never = self.kennel.keep_living() => match never {},
        }
    }
}

/// Relieves the watchdog when the work is over, however it ended.
struct Post<'a>(&'a Kennel);

impl Drop for Post<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

impl Kennel {
    fn post(&self) -> MutexGuard<'_, Option<(Watched, Instant)>> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, post: Option<(Watched, Instant)>) {
        *self.post() = post;
        self.changed.notify_all();
    }

    fn live(&self) {
        let since = self.began.elapsed().as_millis();
        self.beat.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    async fn keep_living(&self) -> Infallible {
        loop {
            sleep(BEAT).await;
            self.live();
        }
    }

    fn is_silent(&self) -> bool {
        let beat = self.began + Duration::from_millis(self.beat.load(Ordering::Relaxed));
        beat.elapsed() >= SILENCE
    }

    /// The life of the thread.
    fn watch(&self) {
        let connection = Connection::lazy();
        let mut ready = false;
        let mut post = self.post();
        loop {
            let Some((watched, half)) = post.as_ref() else {
                post = self.changed.wait(post).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let due = if ready { watched.from } else { *half };
            let wait = due.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                post = self.wait(post, wait);
            } else if !ready {
                drop(post);
                connection.build();
                ready = true;
                post = self.post();
            } else if self.is_silent() {
                let watched = watched.clone();
                drop(post);
                self.answer(&connection, &watched);
                post = self.wait(self.post(), BEAT);
            } else {
                post = self.wait(post, BEAT);
            }
        }
    }

    fn wait<'a, T>(&self, post: MutexGuard<'a, T>, time: Duration) -> MutexGuard<'a, T> {
        self.changed.wait_timeout(post, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Answers; and where the thread is still stuck then, reports and ends the process.
    fn answer(&self, connection: &Connection, watched: &Watched) {
        let Ok(executor) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        let target = &watched.target;
        let body = watched.slot.get_or_init(|| {
            let reason = "the function was stuck and was ended; what was done so far is on record and the next request goes on from there. The function's log may name the place";
            Reply::failed(target.resource_id(), reason).body(target)
        });
        let sent = executor.block_on(cfn_reply::deliver(connection, &target.url, body, watched.until.into()));
        // Held until the end: a thread that comes back to life now waits at the end of its request.
        let post = self.post();
        let same = post.as_ref().is_some_and(|(now, _)| Arc::ptr_eq(&now.slot, &watched.slot));
        if !same || !self.is_silent() {
            return;
        }
        let report = match &sent {
            Ok(_) | Err(cfn_reply::Undelivered::Expired) => runtime_api::Report::Done(watched.returns),
            Err(_) => runtime_api::Report::Failed { kind: NOT_DELIVERED, message: body },
        };
        executor.block_on(runtime_api::report(connection, &self.runtime_api, &watched.invocation, report));
        let request_id = target.request_id.clone();
        // On a thread of its own: the stuck one may hold the output.
        let _ = std::thread::Builder::new().spawn(move || {
            tracing::error!(request_id, ?sent, "the function was stuck; the watchdog answered and ends it");
        });
        std::thread::sleep(LAST_WORDS);
        std::process::exit(1);
    }
}
