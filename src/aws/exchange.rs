//! Requests that no SDK client sends: one exchange over the shared connections, and the waits between tries.

use super::Connection;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::byte_stream::ByteStream;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of an answer that are read; nothing we ask for answers with more, and a stranger's server may never end.
const MOST_BYTES: usize = 1 << 20;
/// Waits between tries grow from the first to the second, each drawn at random below that.
const WAIT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// What was answered.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
}

/// Sends a request and reads its answer. The connector's own words may hold the URL; they are not repeated.
pub(super) async fn exchange(
    connection: &Connection,
    request: HttpRequest,
    patience: Duration,
) -> Result<Reply, &'static str> {
    let talk = async {
        let response = connection.send(request).await.map_err(|_| "the connection failed")?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut stream = ByteStream::new(response.into_body());
        let mut body = Vec::new();
        while let Some(part) = stream.next().await {
            body.extend_from_slice(&part.map_err(|_| "the answer broke off")?);
            if body.len() > MOST_BYTES {
                break;
            }
        }
        Ok(Reply { status, headers, body })
    };
    timeout(patience, talk).await.unwrap_or(Err("no answer"))
}

/// How often something is still tried again, and after which wait.
pub(super) struct Tries {
    left: u32,
    longest: Duration,
}

impl Tries {
    /// `most` tries in all, the first included.
    pub(super) const fn new(most: u32) -> Self {
        Self { left: most.saturating_sub(1), longest: WAIT.0 }
    }

    /// How long to wait before the next try; `None` where there is none.
    pub(super) fn wait(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let wait = self.longest.mul_f64(fastrand::f64());
        self.longest = (self.longest * 2).min(WAIT.1);
        Some(wait)
    }
}
