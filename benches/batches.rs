//! From the bytes of one page of findings to the batches Security Hub is sent: what no network has a part in.
//!
//! Reads the page's answer from the file given, does the same work as often as asked, and prints the processor's
//! milliseconds of each time, one to a line.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on ends, and its lines are what it is for"
)]

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use ecr_steward::aws::{Connection, Forwarder};
use ecr_steward::config::{Endpoints, FindingsSettings, Keys, Settings};
use ecr_steward::flow::findings::Scans as _;
use ecr_steward::model::image::{Digest, ImageRef};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::scan::ScanAnswer;
use ecr_steward::policy::asff::{Batches, Telling, write};
use ecr_steward::policy::compare::{Reading, compare};
use ecr_steward::policy::record::ImageRecord;
use std::sync::Arc;

/// Says the same every time.
#[derive(Clone, Debug)]
struct Page(Arc<Vec<u8>>);

impl HttpConnector for Page {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = SdkBody::from(self.0.as_slice());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().expect("a status"), body)))
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, times] = arguments.as_slice() else {
        // `cargo bench` runs every benchmark, and this one is nothing without its page.
        println!("usage: batches PAGE.json TIMES");
        return;
    };
    let page = Page(Arc::new(std::fs::read(file).expect("the page")));
    let times: usize = times.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let forwarder = Forwarder::for_function(&settings(), &Connection::of(SharedHttpConnector::new(page)));
    for _ in 0..times {
        let before = processor();
        let bytes = runtime.block_on(once(&forwarder));
        println!("{:.3} {bytes}", processor() - before);
    }
}

/// One page read, compared with nothing known, and written down; gives the bytes of all batches.
async fn once(forwarder: &Forwarder) -> usize {
    let image = ImageRef {
        place: forwarder.place().clone(),
        repository: RepositoryName::parse("team/app").expect("a name"),
        digest: Digest::parse(&format!("sha256:{}", "1".repeat(64))).expect("a digest"),
    };
    let Ok(ScanAnswer::Page(page)) = forwarder.scan_page(&image, None).await else { panic!("no page") };
    let mut reading = Reading { fresh: true, stamp: 1_700_000_000_000, ..Reading::default() };
    reading.add(&image, page.findings);
    let mut record = ImageRecord::new(image);
    compare(&mut record, reading);
    let written = record.findings.iter().map(|(id, kept)| {
        let telling = Telling {
            image: &record.image,
            tags: &record.tags,
            parent: None,
            finding: &kept.finding,
            id,
            created: kept.created,
            updated: kept.updated,
            archived: false,
            waived: None,
        };
        ((), write(&telling))
    });
    Batches::new(written).map(|(_, texts)| texts.join(",").len()).sum()
}

/// Milliseconds this thread has spent on a processor (proc(5), `schedstat`).
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("schedstat");
    let nanoseconds: u64 = text.split_whitespace().next().and_then(|first| first.parse().ok()).expect("a number");
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64() * 1_000.0
}

fn settings() -> FindingsSettings {
    let queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue".to_owned();
    FindingsSettings {
        shared: Settings {
            region: "eu-west-1".to_owned(),
            state_bucket: "state".to_owned(),
            queue_url: queue.clone(),
            parameter_prefix: "/ecr-steward".to_owned(),
            credentials: Keys {
                access_key_id: "AKIAEXAMPLE".to_owned(),
                secret_access_key: "example".to_owned(),
                session_token: None,
            },
            endpoints: Endpoints::default(),
            warm_up: false,
        },
        account: "123456789012".to_owned(),
        partition: "aws".to_owned(),
        dead_letter_url: queue,
        topic_arn: "arn:aws:sns:eu-west-1:123456789012:topic".to_owned(),
        event_bus: "ecr-steward".to_owned(),
        max_receives: 5,
        stack_name: "ecr-steward".to_owned(),
        repository_pattern: "*".to_owned(),
    }
}
