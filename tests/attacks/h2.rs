//! HTTP/2 frame by frame (RFC 9113), also those that no library would send.

use crate::patience::soon;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

/// Of SETTINGS and PING: an answer.
pub const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const ENHANCE_YOUR_CALM: u32 = 11;

/// How long a write may wait for a server that does not read any more. Then the attack is over; nothing hangs on it.
const WRITE_WAIT: Duration = Duration::from_secs(2);

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("it fits").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A setting of a SETTINGS frame.
pub fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// A field, literally, not to be remembered (RFC 7541, section 6.2.2).
pub fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    [vec![0], text(name), text(value)].concat()
}

/// A field that is to be remembered (section 6.2.1).
pub fn remembered(name: &[u8], value: &[u8]) -> Vec<u8> {
    [vec![0x40], text(name), text(value)].concat()
}

/// A text with its length (section 5.2), which is a number with seven bits in its first byte (section 5.1).
fn text(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    match text.len() {
        length @ ..127 => bytes.push(u8::try_from(length).expect("it fits")),
        length => {
            bytes.push(127);
            let mut rest = length - 127;
            while rest >= 128 {
                bytes.push(u8::try_from(rest % 128 + 128).expect("it fits"));
                rest /= 128;
            }
            bytes.push(u8::try_from(rest).expect("it fits"));
        }
    }
    bytes.extend_from_slice(text);
    bytes
}

/// A request's head.
pub fn head(method: &str, path: &str, host: SocketAddr) -> Vec<u8> {
    let host = host.to_string();
    let fields: [(&str, &str); 4] = [(":method", method), (":scheme", "http"), (":path", path), (":authority", &host)];
    fields.iter().flat_map(|(name, value)| field(name.as_bytes(), value.as_bytes())).collect()
}

/// A frame that came.
#[derive(Debug, Clone)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The code of a RST_STREAM or a GOAWAY.
    pub fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().expect("four bytes"))
    }
}

/// One side of a connection.
pub struct Peer {
    pub stream: TcpStream,
}

impl Peer {
    /// Connects, and says these settings.
    pub async fn open(address: SocketAddr, settings: &[u8]) -> Self {
        let stream = soon("connecting", TcpStream::connect(address)).await.expect("the server listens");
        stream.set_nodelay(true).expect("nodelay");
        let mut peer = Self { stream };
        peer.send(&[PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()).await;
        peer
    }

    /// Sends all of it; whether the server took it.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        matches!(tokio::time::timeout(WRITE_WAIT, self.stream.write_all(bytes)).await, Ok(Ok(())))
    }

    /// The next frame; none at the end.
    pub async fn next(&mut self) -> Option<Frame> {
        soon("a frame, or the end", read(&mut self.stream)).await
    }

    /// The next frame that is more than housekeeping; SETTINGS and PING are answered, as a proper peer does.
    pub async fn heard(&mut self) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            match frame.kind {
                SETTINGS | PING if frame.flags & ACK == 0 => {
                    let payload = if frame.kind == PING { &frame.payload[..] } else { &[] };
                    self.send(&self::frame(frame.kind, ACK, 0, payload)).await;
                }
                SETTINGS | PING | WINDOW_UPDATE => {}
                _ => return Some(frame),
            }
        }
    }

    /// Sends a flood, as long as the server takes it, and reads meanwhile: how many of the pieces were sent, and what the
    /// server said at its end.
    pub async fn flood(self, piece: &[u8], times: usize) -> (usize, String) {
        let (mut reader, mut writer) = self.stream.into_split();
        let listening = tokio::spawn(async move {
            let mut said = "cut".to_owned();
            while let Some(frame) = read(&mut reader).await {
                if frame.kind == GOAWAY && frame.code() != 0 {
                    said = goodbye(frame.code());
                }
            }
            said
        });
        let mut sent = 0;
        while sent < times && !listening.is_finished() {
            match tokio::time::timeout(WRITE_WAIT, writer.write_all(piece)).await {
                Ok(Ok(())) => sent += 1,
                _ => break,
            }
        }
        if sent == times {
            // It took all of them. That is an answer too, if it costs it nothing.
            let said = tokio::time::timeout(WRITE_WAIT, listening).await;
            return (sent, said.map_or("all taken".to_owned(), |said| said.expect("it listened")));
        }
        (sent, soon("the end of a flooded connection", listening).await.expect("it listened"))
    }
}

/// What a GOAWAY means (RFC 9113, section 7).
pub fn goodbye(code: u32) -> String {
    match code {
        0 => "GOAWAY".into(),
        1 => "GOAWAY: PROTOCOL_ERROR".into(),
        ENHANCE_YOUR_CALM => "GOAWAY: ENHANCE_YOUR_CALM".into(),
        code => format!("GOAWAY: {code}"),
    }
}

async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    let stream = u32::from_be_bytes(head[5..].try_into().expect("four bytes"));
    Some(Frame { kind: head[3], flags: head[4], stream, payload })
}
