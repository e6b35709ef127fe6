//! A stand-in for a server that takes tus uploads, small enough to do on purpose what a real one does by accident.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The id of the one upload that it takes.
pub const ID: &str = "0199a5f3-9f40-7d2a-8000-000000000000";

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection breaks after that many bytes of the body; they are kept.
    CutAfter(usize),
    /// Everything goes well, but the connection breaks before the answer.
    Mute,
    /// This status and problem code is answered, and nothing is kept.
    Refuse(u16, &'static str),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.parse().ok()
    }
}

#[derive(Default)]
struct State {
    file: Vec<u8>,
    length: Option<u64>,
    stage: Option<&'static str>,
    asked: Vec<Asked>,
    faults: VecDeque<(&'static str, Fault)>,
}

/// A server for one upload.
#[derive(Clone)]
pub struct StandIn {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl StandIn {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let this = Self { address: listener.local_addr().expect("its address"), state: Arc::default() };
        let accepting = this.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = accepting.clone();
                tokio::spawn(async move { this.serve(stream).await });
            }
        });
        this
    }

    /// The next request by that method goes wrong; faults of a method come in the order they were given.
    #[must_use]
    pub fn failing(self, method: &'static str, fault: Fault) -> Self {
        self.with(|state| state.faults.push_back((method, fault)));
        self
    }

    /// No fault is left to happen.
    pub fn heal(&self) {
        self.with(|state| state.faults.clear());
    }

    /// The bytes that it holds.
    pub fn file(&self) -> Vec<u8> {
        self.with(|state| state.file.clone())
    }

    /// Every request by that method.
    pub fn asked(&self, method: &str) -> Vec<Asked> {
        self.with(|state| state.asked.iter().filter(|asked| asked.method == method).cloned().collect())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("the stand-in's state"))
    }

    /// One request a connection. None: it broke off.
    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut first = lines[0].split(' ');
        let header = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        let mut asked = Asked {
            method: first.next()?.into(),
            path: first.next()?.into(),
            headers: lines[1..].iter().filter_map(header).collect(),
            body: Vec::new(),
        };
        let fault = self.with(|state| {
            let at = state.faults.iter().position(|(method, _)| *method == asked.method)?;
            state.faults.remove(at).map(|(_, fault)| fault)
        });
        let limit = if let Some(Fault::CutAfter(bytes)) = fault { bytes } else { usize::MAX };
        let whole = read_body(&mut stream, &mut asked, limit).await.is_some();
        if let Some(Fault::Refuse(status, code)) = fault {
            self.with(|state| state.asked.push(asked));
            let problem = json!({"code": code, "detail": format!("the stand-in says {code}")}).to_string();
            return answer(&mut stream, status, &[], &problem).await;
        }
        let (status, headers, body) = self.with(|state| {
            state.asked.push(asked.clone());
            act(state, &asked)
        });
        if !whole || matches!(fault, Some(Fault::Mute | Fault::CutAfter(_))) {
            return None;
        }
        answer(&mut stream, status, &headers, &body).await
    }
}

/// The body as far as it came and was wanted. None: not all of it.
async fn read_body(stream: &mut BufReader<TcpStream>, asked: &mut Asked, limit: usize) -> Option<()> {
    let mut left = asked.number("content-length").unwrap_or(0);
    let chunked = asked.header("transfer-encoding") == Some("chunked");
    loop {
        if chunked {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok()?;
            left = u64::from_str_radix(line.trim_end(), 16).ok()?;
        }
        let was_last = left == 0;
        while left > 0 {
            let mut room = [0; 4096];
            let wanted = room.len().min(usize::try_from(left).expect("small")).min(limit - asked.body.len());
            let read = stream.read(&mut room[..wanted]).await.ok().filter(|read| *read > 0)?;
            asked.body.extend_from_slice(&room[..read]);
            left -= read as u64;
        }
        if chunked {
            stream.read_line(&mut String::new()).await.ok()?;
        }
        if was_last || !chunked {
            return Some(());
        }
    }
}

type Reply = (u16, Vec<(&'static str, String)>, String);

fn act(state: &mut State, asked: &Asked) -> Reply {
    let refuse = |status, code: &str| (status, Vec::new(), json!({"code": code, "detail": code}).to_string());
    let is_ours = asked.path == format!("/files/{ID}");
    if asked.path.starts_with("/files") && asked.header("tus-resumable") != Some("1.0.0") {
        return refuse(412, "tus-version");
    }
    match asked.method.as_str() {
        "POST" if asked.path == "/files" => {
            assert!(asked.number("upload-length").is_some() != (asked.header("upload-defer-length") == Some("1")));
            state.length = asked.number("upload-length");
            (201, vec![("Location", format!("/files/{ID}"))], String::new())
        }
        "POST" if asked.path == format!("/uploads/{ID}/cancel") => {
            state.stage = Some("cancelled");
            (200, Vec::new(), upload(state).to_string())
        }
        "HEAD" if is_ours => {
            let length = match state.length {
                Some(length) => ("Upload-Length", length.to_string()),
                None => ("Upload-Defer-Length", "1".into()),
            };
            (200, vec![("Upload-Offset", state.file.len().to_string()), length], String::new())
        }
        "PATCH" if is_ours => {
            assert_eq!(asked.header("content-type"), Some("application/offset+octet-stream"));
            if asked.number("upload-offset") != Some(state.file.len() as u64) {
                return refuse(409, "wrong-offset");
            }
            if let Some(length) = asked.number("upload-length") {
                assert!(state.length.is_none_or(|known| known == length), "a length is declared once");
                state.length = Some(length);
            }
            state.file.extend_from_slice(&asked.body);
            (204, vec![("Upload-Offset", state.file.len().to_string())], String::new())
        }
        "GET" if asked.path == format!("/uploads/{ID}") => (200, Vec::new(), upload(state).to_string()),
        _ => refuse(404, "not-found"),
    }
}

fn upload(state: &State) -> Value {
    let is_whole = state.length == Some(state.file.len() as u64);
    let stage = state.stage.unwrap_or(if is_whole { "done" } else { "reading" });
    json!({"id": ID, "client": "me", "filename": "a.csv", "stage": stage, "rows": 7, "problems": 0, "received_bytes": state.file.len()})
}

async fn answer(stream: &mut BufReader<TcpStream>, status: u16, headers: &[(&str, String)], body: &str) -> Option<()> {
    let mut text = format!("HTTP/1.1 {status} so\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if status != 204 {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    let text = text + "\r\n" + body;
    stream.get_mut().write_all(text.as_bytes()).await.ok()?;
    stream.get_mut().shutdown().await.ok()?;
    // Until the client has read it: closing with bytes unread would take the answer back.
    _ = stream.read_to_end(&mut Vec::new()).await;
    Some(())
}
