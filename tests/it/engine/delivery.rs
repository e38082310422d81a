//! One request on its way: to the function, which may die, and back to CloudFormation, whoever answers.

use super::laws::Sent;
use crate::support::mailbox::Mailbox;
use crate::support::scene::{BUCKET, PREFIX};
use crate::support::world::World;
use crate::support::{Trouble, When};
use ecr_steward::event::failure::NOT_DELIVERED;
use ecr_steward::event::message::Message;
use ecr_steward::fault::FaultKind;
use ecr_steward::handler::custom_resource::{Answered, Delivery, Office, Unanswered, answer};
use ecr_steward::handler::messages::handle;
use ecr_steward::handler::respond::respond;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const BEGAN: i64 = 1_795_000_000;
/// Tries of a message before it is a dead letter (`maxReceiveCount`).
const TRIES: usize = 2;

/// What goes wrong with one request.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that may go wrong by itself")]
pub(super) struct Faults {
    /// The process dies at this call, before or after its effect.
    pub(super) dies: Option<(usize, bool)>,
    /// This operation fails, so many times.
    pub(super) fails: Option<(&'static str, FaultKind, usize)>,
    /// The process dies after its answer was taken.
    pub(super) dies_answered: bool,
    /// The bucket does not take the function's answer.
    pub(super) undelivered: bool,
    /// The request is delivered twice at once.
    pub(super) twice: bool,
    /// ECR is so slow that one run is not enough.
    pub(super) slow: bool,
    /// A request of the past arrives just before.
    pub(super) stale: Option<usize>,
}

/// The account, the function and CloudFormation's bucket for answers.
pub(super) struct Bed<'a> {
    pub(super) world: &'a World,
    pub(super) mailbox: Mailbox,
    /// Every request, oldest first.
    pub(super) sent: RefCell<Vec<Sent>>,
    /// Images pushed, by repository.
    pub(super) images: RefCell<BTreeMap<String, u32>>,
    /// Requests at work.
    at_work: Cell<usize>,
    began: Instant,
}

impl<'a> Bed<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        crate::support::lines::listen();
        Self {
            world,
            mailbox: Mailbox::default(),
            sent: RefCell::default(),
            images: RefCell::new(BTreeMap::from([("shop-dev-s".to_owned(), 7), ("shop-dev-f".to_owned(), 2)])),
            at_work: Cell::new(0),
            began: Instant::now(),
        }
    }

    fn now(&self) -> i64 {
        BEGAN + i64::try_from(self.began.elapsed().as_secs()).expect("seconds")
    }

    fn office(&self) -> Office<'_, World> {
        Office {
            world: Ok(self.world),
            parameter_prefix: PREFIX,
            state_bucket: BUCKET,
            accept_http: false,
            now: self.now(),
            watchdog: None,
        }
    }

    /// A request as CloudFormation makes it.
    fn event(&self, kind: &str, arn: &str, physical_id: Option<&str>, properties: &Value) -> Value {
        let number = self.sent.borrow().len();
        let now = jiff::Timestamp::from_second(self.now()).expect("a time").strftime("%Y%m%dT%H%M%SZ").to_string();
        let url = format!(
            "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/request-{number}?X-Amz-Date={now}&X-Amz-Expires=7200&X-Amz-Signature=5ec2e7"
        );
        let mut event = json!({"RequestType": kind, "ResponseURL": url, "StackId": arn, "RequestId": format!("request-{number}"),
            "LogicalResourceId": "Repositories", "ResourceType": "Custom::EcrRepositories", "ResourceProperties": properties});
        if let Some(id) = physical_id {
            event["PhysicalResourceId"] = json!(id);
        }
        event
    }

    /// Sends a request and waits for its answer, as CloudFormation hears it.
    pub(super) async fn request(
        &self,
        kind: &str,
        arn: &str,
        physical_id: Option<&str>,
        properties: &Value,
        faults: &Faults,
    ) -> Value {
        sleep(Duration::from_mins(1)).await;
        if let Some(back) = faults.stale {
            self.again(back).await;
        }
        let event = self.event(kind, arn, physical_id, properties);
        self.sent
            .borrow_mut()
            .push(Sent::new(&event, faults.fails.is_some_and(|(operation, ..)| operation.ends_with("Object"))));
        self.arm(faults);
        self.at_work.set(self.at_work.get() + 1);
        self.deliver(&event, faults).await;
        self.at_work.set(self.at_work.get() - 1);
        self.world.calm();
        let url = event["ResponseURL"].as_str().expect("a URL");
        let standing = self.mailbox.standing();
        let body = standing.get(url).unwrap_or_else(|| panic!("nobody answered {kind} ({faults:?})"));
        serde_json::from_slice(body).expect("an answer is JSON")
    }

    fn arm(&self, faults: &Faults) {
        if let Some((nth, after)) = faults.dies {
            self.world.trouble_at(nth, Trouble::Kill(if after { When::After } else { When::Before }));
        }
        if let Some((operation, kind, times)) = faults.fails {
            for nth in 1..=times {
                self.world.trouble_on(operation, nth, Trouble::Fail(When::Before, kind));
            }
        }
        if faults.slow {
            self.world.always("CreateRepository", Trouble::Slow(Duration::from_secs(17)));
            self.world.always("PutLifecyclePolicy", Trouble::Slow(Duration::from_secs(11)));
            self.world.always("DeleteRepository", Trouble::Slow(Duration::from_secs(25)));
        }
    }

    /// Lambda: runs the function, and hands what fails to the responder.
    async fn deliver(&self, event: &Value, faults: &Faults) {
        let left = if faults.slow { Duration::from_mins(1) } else { Duration::from_mins(15) };
        let closed = Mailbox::closed();
        let mailbox = if faults.undelivered { &closed } else { &self.mailbox };
        let office = self.office();
        let delivery = Delivery { event, begun: office.now, part: 1, invocation: "one", returns: "null", left };
        let work = async {
            if faults.twice {
                let both = tokio::join!(
                    Box::pin(answer(&office, mailbox, delivery)),
                    Box::pin(answer(&office, mailbox, delivery))
                );
                if both.0.is_err() { both.0 } else { both.1 }
            } else {
                Box::pin(answer(&office, mailbox, delivery)).await
            }
        };
        match self.world.until_killed(work).await {
            None => self.respond(event, "Runtime.ExitError", "signal: killed").await,
            Some(Err(Unanswered::Undelivered(body))) => self.respond(event, NOT_DELIVERED, &body).await,
            Some(Err(why)) => panic!("{why:?}"),
            Some(Ok(Answered::TooLate)) => panic!("no URL of ours expires so soon"),
            Some(Ok(Answered::Yes)) if faults.dies_answered => {
                self.respond(event, "Sandbox.Timedout", "Task timed out").await;
            }
            Some(Ok(Answered::Yes | Answered::Later)) => {}
        }
        self.go_on(event, faults, left).await;
    }

    async fn respond(&self, event: &Value, kind: &str, message: &str) {
        // The process is gone; a new one knows nothing of its troubles.
        self.world.calm();
        let record = json!({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"},
            "requestPayload": event, "responsePayload": {"errorType": kind, "errorMessage": message}});
        respond(&self.mailbox, record, false, Instant::now() + Duration::from_mins(1)).await.expect("it responds");
    }

    /// The queue: what a request left for another run. A run that dies is tried again.
    async fn go_on(&self, event: &Value, faults: &Faults, left: Duration) {
        while let Some(message) = self.owed(event) {
            let body = serde_json::to_string(&message).expect("a message can be written");
            let batch = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]});
            let mut handled = false;
            for _ in 0..TRIES {
                let office = self.office();
                let run = handle(&office, &self.mailbox, batch.clone(), "next", left);
                match self.world.until_killed(Box::pin(run)).await {
                    Some(result) => handled = result.expect("it can be read").batch_item_failures.is_empty(),
                    None => self.world.calm(),
                }
                if handled {
                    break;
                }
                sleep(Duration::from_mins(16)).await;
            }
            if !handled {
                let until = Instant::now() + Duration::from_mins(1);
                respond(&self.mailbox, batch, false, until).await.expect("dead letters are answered");
            }
            if faults.dies_answered && self.is_answered(event) {
                self.respond(event, "Sandbox.Timedout", "Task timed out").await;
            }
        }
    }

    fn is_answered(&self, event: &Value) -> bool {
        self.mailbox.standing().contains_key(event["ResponseURL"].as_str().expect("a URL"))
    }

    fn owed(&self, event: &Value) -> Option<Message> {
        self.world.with(|state| {
            let at = state.queue.iter().position(|message| match message {
                Message::Continue(request) => request.request["RequestId"] == event["RequestId"],
                Message::Settle(_) => false,
            })?;
            Some(state.queue.remove(at))
        })
    }

    /// A request of the past arrives once more. Whatever it finds, it changes nothing and answers nothing new.
    pub(super) async fn again(&self, back: usize) {
        let Some(old) = self.sent.borrow().iter().rev().nth(back).cloned() else { return };
        if old.is_open(&self.mailbox) {
            return;
        }
        let writes = self.world.writes().len();
        let standing = self.mailbox.standing();
        let office = self.office();
        let left = Duration::from_mins(15);
        let delivery =
            Delivery { event: &old.event, begun: office.now, part: 1, invocation: "again", returns: "null", left };
        let done = Box::pin(answer(&office, &self.mailbox, delivery)).await;
        assert!(matches!(done, Ok(Answered::Yes | Answered::TooLate)), "{done:?}");
        // Another request may have been answered meanwhile.
        let now = self.mailbox.standing();
        assert!(standing.iter().all(|(url, body)| now.get(url) == Some(body)), "an answer was replaced");
        let more: Vec<&str> = self.world.writes().split_off(writes);
        // Whose writes they are cannot be told while another request is at work.
        let alone = self.at_work.get() == 0;
        if alone && !old.forgotten && (old.answered_by_us(&self.mailbox) || old.is_past(&self.sent.borrow())) {
            assert!(more.is_empty(), "a request that is over wrote {more:?}");
        }
    }

    /// Every message of the delayed queue, until none is left or all wait for a stack to come to rest.
    pub(super) async fn settle(&self) {
        for _ in 0..60 {
            let Some(message) = self.world.with(|state| (!state.queue.is_empty()).then(|| state.queue.remove(0)))
            else {
                return;
            };
            sleep(message.delay()).await;
            let body = serde_json::to_string(&message).expect("a message can be written");
            let batch = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]});
            let handled = Box::pin(handle(&self.office(), &self.mailbox, batch, "look", Duration::from_mins(15))).await;
            assert!(handled.expect("it can be read").batch_item_failures.is_empty(), "{message:?} failed");
        }
    }
}
