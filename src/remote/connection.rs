//! Requests to one server, one after the other.

use super::address::Address;
use super::body::Payload;
use super::error::RemoteError;
use super::tls::dial;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response};
use serde::Deserialize;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Bytes of the longest answer that is held whole.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// A connection that is opened when it is needed, and kept for the next request.
///
/// Dropped, it is closed, and what was asked is broken off.
pub struct Connection {
    address: Address,
    open: Option<Open>,
}

struct Open {
    sender: SendRequest<Payload>,
    driver: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What is asked of the server.
pub struct Ask<'a> {
    /// The method.
    pub method: Method,
    /// A path of the server, without the address's prefix; it begins with a slash.
    pub path: &'a str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl<'a> Ask<'a> {
    /// A request without headers.
    pub fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, headers: Vec::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Connection {
    /// None yet.
    pub fn to(address: Address) -> Self {
        Self { address, open: None }
    }

    /// Sends a request and waits for the head of the answer. A refusal is an error.
    ///
    /// # Errors
    /// [`RemoteError`]; the connection is closed after any.
    pub async fn ask(&mut self, ask: Ask<'_>, body: Payload) -> Result<Response<Incoming>, RemoteError> {
        let request = self.request(&ask, body)?;
        let mut open = match self.open.take() {
            Some(open) if open.sender.is_ready() => open,
            _ => self.dial().await?,
        };
        open.sender.ready().await.map_err(|error| RemoteError::lost(&error))?;
        let answer = open.sender.send_request(request).await.map_err(|error| RemoteError::lost(&error))?;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        self.open = Some(open);
        Ok(answer)
    }

    /// The same within `patience`, with nothing to send; the answer's headers and its body as JSON, null where it is none.
    pub async fn look(
        &mut self,
        ask: Ask<'_>,
        patience: Duration,
    ) -> Result<(HeaderMap, serde_json::Value), RemoteError> {
        let asked = async {
            let answer = self.ask(ask, Payload::empty()).await?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| RemoteError::Lost(error.to_string()))?.to_bytes();
            Ok((head.headers, serde_json::from_slice(&body).unwrap_or_default()))
        };
        let outcome = tokio::time::timeout(patience, asked).await;
        outcome.unwrap_or_else(|_| Err(RemoteError::Lost(format!("no answer within {patience:?}"))))
    }

    fn request(&self, ask: &Ask<'_>, body: Payload) -> Result<Request<Payload>, RemoteError> {
        let wrong = |_| RemoteError::NotUnderstood(format!("'{}' cannot be asked for", ask.path));
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(self.address.target(ask.path))
            .header(header::HOST, self.address.authority())
            .header(header::USER_AGENT, concat!("rowcast/", env!("CARGO_PKG_VERSION")))
            .body(body)
            .map_err(wrong)?;
        if let Some(token) = self.address.token() {
            request.headers_mut().insert(header::AUTHORIZATION, token.header());
        }
        for (name, value) in &ask.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| RemoteError::NotUnderstood(format!("'{value}' cannot stand in the header {name}")))?;
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        Ok(request)
    }

    async fn dial(&self) -> Result<Open, RemoteError> {
        let unreachable = |reason| RemoteError::Unreachable { server: self.address.to_string(), reason };
        let socket = dial(&self.address).await.map_err(unreachable)?;
        let (sender, connection) = http1::handshake(socket).await.map_err(|error| RemoteError::lost(&error))?;
        // Whatever ends it, a request in flight is told.
        let driver = tokio::spawn(async move { _ = connection.await });
        Ok(Open { sender, driver })
    }
}

/// The error that an answer stands for.
async fn refusal(answer: Response<Incoming>) -> RemoteError {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Problem {
        code: String,
        detail: String,
        title: String,
    }
    let status = answer.status();
    let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
    // What else the answer says is worth no long wait.
    let body = tokio::time::timeout(Duration::from_secs(5), body).await;
    let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let Problem { code, detail, title } = serde_json::from_slice(&body).unwrap_or_default();
    let told = [detail, title].into_iter().find(|text| !text.is_empty());
    RemoteError::Refused {
        status: status.as_u16(),
        code,
        detail: told.unwrap_or_else(|| status.canonical_reason().unwrap_or("refused").to_owned()),
        retry_after: retry_after.map(Duration::from_secs),
    }
}
