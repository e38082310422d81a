//! One pool of connections; no client of any service.
//!
//! TLS is what costs time in a small function: the trust store is parsed once, for all services and for the answer to
//! CloudFormation alike. The one exception is the watchdog, which must get through when everything else is stuck.

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Longest wait for a connection, and for the first byte of an answer.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// One pool of connections for everything this process says to the world.
#[derive(Clone)]
pub struct Connection {
    connector: Arc<LazyLock<SharedHttpConnector, Build>>,
}

/// Makes the pool, once.
type Build = Box<dyn FnOnce() -> SharedHttpConnector + Send>;

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Connection")
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self::new()
    }
}

impl Connection {
    /// Begins to build the pool on a thread of its own: reading the trust store takes about as long as building
    /// all clients, and a starting function has two processors. Opens nothing.
    pub fn new() -> Self {
        let connection = Self::lazy();
        let early = connection.clone();
        // Without a thread the first request builds it; nothing but time is lost.
        let _ = std::thread::Builder::new().name("trust-store".to_owned()).spawn(move || early.build());
        connection
    }

    /// A pool that is built when it is first used, or when [`Connection::build`] is called.
    pub fn lazy() -> Self {
        Self { connector: Arc::new(LazyLock::new(Box::new(connector) as Build)) }
    }

    /// Builds the pool now, on this thread.
    pub fn build(&self) {
        LazyLock::force(&self.connector);
    }

    /// A connection that speaks through `connector` and opens no socket: for replaying what services said.
    pub fn of(connector: SharedHttpConnector) -> Self {
        Self { connector: Arc::new(LazyLock::new(Box::new(move || connector) as Build)) }
    }

    /// The pool as the SDK wants it.
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = Arc::clone(&self.connector);
        http_client_fn(move |_, _| SharedHttpConnector::clone(&connector))
    }

    /// Sends one request as it is.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        self.connector.call(request).await.map_err(|error| error.to_string())
    }

    /// Opens a connection to a host before it is needed, with a request that asks for nothing; any answer will do.
    pub async fn knock(&self, url: &str) -> Result<(), String> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method("HEAD").map_err(|error| error.to_string())?;
        request.set_uri(url).map_err(|error| error.to_string())?;
        let response = self.send(request).await?;
        // The connection goes back to the pool once the answer was read.
        let _ = ByteStream::new(response.into_body()).collect().await;
        Ok(())
    }
}

/// No proxy variable is honoured and no redirect followed.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .connector_settings(settings)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build();
    SharedHttpConnector::new(connector)
}
