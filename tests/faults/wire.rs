//! Requests over connections that may be cut at any byte, by HTTP/1.1 or HTTP/2. What breaks is an outcome here, not a
//! failure of the test.

use crate::dice::Dice;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// The connection ended, or said nothing for longer than anybody would wait.
#[derive(Debug)]
pub struct Broken(pub String);

impl Broken {
    fn because(why: impl Display) -> Self {
        Self(why.to_string())
    }
}

/// The pause of a client whose server is not there.
const ASK_AGAIN: Duration = Duration::from_millis(4);

/// How a client connects.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    pub http2: bool,
    /// How long it waits for a word.
    pub patience: Duration,
    /// Bytes that its kernel takes without it reading, where it wants that little.
    pub receive_bytes: Option<u32>,
}

impl Habits {
    pub fn patient() -> Self {
        Self { http2: false, patience: Duration::from_secs(25), receive_bytes: None }
    }

    /// One of both protocols.
    pub fn some(dice: &mut Dice, patience: Duration) -> Self {
        Self { http2: dice.once_in(3), patience, receive_bytes: None }
    }
}

enum Sender {
    One(http1::SendRequest<Body>),
    Two(http2::SendRequest<Body>),
}

/// One connection. Dropped, it is closed, whatever is under way on it.
pub struct Line {
    sender: Sender,
    driver: JoinHandle<()>,
    address: SocketAddr,
    patience: Duration,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Line {
    pub async fn open(address: SocketAddr, habits: Habits) -> Result<Self, Broken> {
        timely(habits.patience, async {
            let socket = TcpSocket::new_v4().expect("a socket");
            if let Some(bytes) = habits.receive_bytes {
                socket.set_recv_buffer_size(bytes).expect("a small buffer");
            }
            let connected = socket.connect(address).await;
            if connected.is_err() {
                // Nobody is there, for now. Nothing tells when that changes, so it is asked again, not too often.
                tokio::time::sleep(ASK_AGAIN).await;
            }
            let stream = connected.map_err(Broken::because)?;
            let _ = stream.set_nodelay(true);
            let io = TokioIo::new(stream);
            let (sender, driver) = if habits.http2 {
                let made = http2::handshake(TokioExecutor::new(), io).await;
                let (sender, connection) = made.map_err(Broken::because)?;
                (Sender::Two(sender), tokio::spawn(async move { drop(connection.await) }))
            } else {
                let made = http1::Builder::new().max_buf_size(16 << 10).handshake(io).await;
                let (sender, connection) = made.map_err(Broken::because)?;
                (Sender::One(sender), tokio::spawn(async move { drop(connection.await) }))
            };
            Ok(Self { sender, driver, address, patience: habits.patience })
        })
        .await
    }

    /// Sends a request; its answer's head. A body of the request may still be on its way then.
    pub async fn head(
        &mut self,
        request: hyper::http::request::Builder,
        body: Body,
    ) -> Result<Response<Incoming>, Broken> {
        let request = request.body(body).expect("a request");
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.clone();
        let answer = match &mut self.sender {
            Sender::One(sender) => {
                let host = self.address.to_string().parse().expect("a host");
                parts.headers.insert(hyper::header::HOST, host);
                sender.send_request(Request::from_parts(parts, body)).await
            }
            Sender::Two(sender) => {
                parts.uri = format!("http://{}{path}", self.address).parse().expect("an address");
                sender.send_request(Request::from_parts(parts, body)).await
            }
        };
        answer.map_err(Broken::because)
    }

    /// Sends a request that is no upload; its whole answer.
    pub async fn ask(&mut self, request: hyper::http::request::Builder) -> Result<Answer, Broken> {
        let patience = self.patience;
        timely(patience, async {
            let response = self.head(request, empty()).await?;
            Answer::whole(response).await
        })
        .await
    }
}

/// Waits for `work` as long as a client would.
pub async fn timely<T>(patience: Duration, work: impl Future<Output = Result<T, Broken>>) -> Result<T, Broken> {
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Err(Broken("silence".into())))
}

pub fn empty() -> Body {
    full(Bytes::new())
}

pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: hyper::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub async fn whole(response: Response<Incoming>) -> Result<Self, Broken> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(Broken::because)?.to_bytes();
        Ok(Self { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// A header that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text:?}")))
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The problem's code, of an answer that is one.
    pub fn code(&self) -> String {
        if self.status < 400 || self.body.is_empty() {
            return String::new();
        }
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}
