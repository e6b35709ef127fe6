//! An HTTP/1.1 client of plain bytes: it sends what it is told, also what no proper client would, and reads strictly.

use crate::answer::{Answer, Head};
use crate::patience::soon;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A request, before it is bytes.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: None }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A whole body of that type; its length is told.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self = self.header("Content-Type", content_type).header("Content-Length", &body.len().to_string());
        self.body = Some(body);
        self
    }

    pub fn method(&self) -> &str {
        &self.method
    }

    pub fn target(&self) -> &str {
        &self.target
    }

    fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            text += &format!("Host: {address}\r\n");
        }
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        let mut bytes = (text + "\r\n").into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// How the answer's body is to be read.
    fn expects_body(&self) -> bool {
        self.method != "HEAD"
    }
}

/// How much of a body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Bytes(u64),
    Chunks,
    UntilClosed,
    Nothing,
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = soon("connecting", TcpStream::connect(address)).await;
        Self::over(stream.expect("the server listens"), address)
    }

    /// One whose kernel holds only little of what is not read.
    pub async fn open_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = soon("connecting", socket.connect(address)).await;
        Self::over(stream.expect("the server listens"), address)
    }

    fn over(stream: TcpStream, address: SocketAddr) -> Self {
        stream.set_nodelay(true).expect("nodelay");
        Self { stream, address, buffer: Vec::new() }
    }

    pub async fn ask(&mut self, request: &Request) -> Answer {
        self.send(&request.bytes(self.address)).await;
        self.answer_to(request).await
    }

    pub async fn send_head(&mut self, request: &Request) {
        self.send(&request.bytes(self.address)).await;
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.expect("the server takes what is sent");
    }

    pub async fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        soon("sending", self.stream.write_all(bytes)).await
    }

    /// Says that nothing more is sent, and still reads.
    pub async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("half a connection is closed");
    }

    pub async fn answer_to(&mut self, request: &Request) -> Answer {
        let head = self.head().await;
        let body = if request.expects_body() { self.body(&head).await } else { Vec::new() };
        Answer { head, body }
    }

    /// The next answer's head, interim ones (1xx) included.
    pub async fn head(&mut self) -> Head {
        self.try_head().await.unwrap_or_else(|read| {
            panic!("the connection ended instead of an answer, after {:?}", String::from_utf8_lossy(&read))
        })
    }

    /// The same, or what came before the connection ended without one.
    pub async fn try_head(&mut self) -> Result<Head, Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Ok(Head::parse(&head));
            }
            if !matches!(self.fill("an answer's head").await, Ok(1..)) {
                return Err(std::mem::take(&mut self.buffer));
            }
        }
    }

    pub async fn body(&mut self, head: &Head) -> Vec<u8> {
        let mut left = Self::left(head);
        let mut body = Vec::new();
        while let Some(piece) = self.piece(&mut left).await.expect("the body comes to its end") {
            body.extend(piece);
        }
        body
    }

    /// How the body after this head is framed (RFC 9112, section 6.3).
    pub fn left(head: &Head) -> Left {
        let length = head.header("content-length").map(|length| length.parse().expect("a length is a number"));
        match (head.status, head.header("transfer-encoding"), length) {
            (100..200 | 204 | 304, encoding, _) => {
                assert_eq!(encoding, None, "a body where none can be");
                Left::Nothing
            }
            (_, Some(encoding), length) => {
                assert_eq!((encoding, length), ("chunked", None));
                Left::Chunks
            }
            (_, None, Some(0)) => Left::Nothing,
            (_, None, Some(length)) => Left::Bytes(length),
            (_, None, None) => Left::UntilClosed,
        }
    }

    /// The next piece of a body, a whole chunk where it is chunked; none at its end. An error where it breaks off.
    pub async fn piece(&mut self, left: &mut Left) -> io::Result<Option<Vec<u8>>> {
        match *left {
            Left::Nothing => Ok(None),
            Left::UntilClosed => {
                let some = !self.buffer.is_empty() || self.fill("more of a body").await? > 0;
                Ok(some.then(|| std::mem::take(&mut self.buffer)))
            }
            Left::Bytes(length) => {
                if self.buffer.is_empty() && self.fill("more of a body").await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                let taken = self.buffer.len().min(usize::try_from(length).expect("it fits"));
                let rest = length - taken as u64;
                *left = if rest == 0 { Left::Nothing } else { Left::Bytes(rest) };
                Ok(Some(self.buffer.drain(..taken).collect()))
            }
            Left::Chunks => {
                let line = self.line().await?;
                let length = usize::from_str_radix(&line, 16).unwrap_or_else(|_| panic!("no chunk: {line:?}"));
                while self.buffer.len() < length + 2 {
                    if self.fill("a whole chunk").await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                let chunk: Vec<u8> = self.buffer.drain(..length).collect();
                assert_eq!(self.buffer.drain(..2).collect::<Vec<_>>(), b"\r\n", "a chunk ends with CR LF");
                if length == 0 {
                    *left = Left::Nothing;
                    return Ok(None);
                }
                Ok(Some(chunk))
            }
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|end| end == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.fill("a line").await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Everything until the server closes; a reset counts as that.
    pub async fn rest(&mut self) -> Vec<u8> {
        while let Ok(1..) = self.fill("the end of the connection").await {}
        std::mem::take(&mut self.buffer)
    }

    /// Whether the server closed the connection without saying anything more.
    pub async fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !matches!(self.fill("the end of the connection").await, Ok(1..))
    }

    async fn fill(&mut self, what: &str) -> io::Result<usize> {
        let mut room = [0; 16 << 10];
        let read = soon(what, self.stream.read(&mut room)).await?;
        self.buffer.extend_from_slice(&room[..read]);
        Ok(read)
    }
}
