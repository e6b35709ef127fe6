//! The watching side: counts rows as they come. That none is missing or doubled is what `tests/` shows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Instant;

pub struct Watcher {
    socket: TcpStream,
    /// Under which the server gives ids now.
    pub epoch: String,
}

/// What a watcher saw.
pub struct Seen {
    pub rows: u64,
    pub first: Instant,
    pub last: Instant,
}

impl Watcher {
    /// Attaches, and waits for the first block, which says that it is attached.
    pub fn attach(address: SocketAddr, client: &str, query: &str) -> Self {
        let mut socket = TcpStream::connect(address).expect("connect");
        // HTTP/1.0: the stream comes without chunks.
        write!(socket, "GET /sse/{client}{query} HTTP/1.0\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n")
            .expect("request");
        let mut head = Vec::new();
        let mut byte = [0];
        // The head ends with a blank line, and so does the opening `id:` block.
        while memchr::memmem::find_iter(&head, b"\n\n").count() + memchr::memmem::find_iter(&head, b"\r\n\r\n").count()
            < 2
        {
            socket.read_exact(&mut byte).expect("the stream opens");
            head.push(byte[0]);
        }
        assert!(
            head.starts_with(b"HTTP/1.0 200") || head.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        let text = String::from_utf8_lossy(&head);
        let id = text.rsplit("id: ").next().expect("an id").trim();
        let epoch = id.split('-').next().expect("an epoch").to_owned();
        Self { socket, epoch }
    }

    pub fn run_until_rows(self, rows: u64) -> JoinHandle<Seen> {
        std::thread::spawn(move || self.until_rows(rows))
    }

    /// Reads until that many rows were seen, counted by their `event:` lines.
    pub fn until_rows(self, rows: u64) -> Seen {
        self.rows_or_end(rows).unwrap_or_else(|| panic!("the stream ended before {rows} rows"))
    }

    /// The same; none if the stream ends before.
    pub fn rows_or_end(mut self, rows: u64) -> Option<Seen> {
        const EVENT: &[u8] = b"event: row\n";
        let finder = memchr::memmem::Finder::new(EVENT);
        let mut buffer = vec![0; 256 << 10];
        let mut held = 0;
        let mut seen = 0;
        let mut first = None;
        while seen < rows {
            let read = self.socket.read(&mut buffer[held..]).unwrap_or(0);
            if read == 0 {
                return None;
            }
            let end = held + read;
            let found = finder.find_iter(&buffer[..end]).count() as u64;
            if found > 0 && first.is_none() {
                first = Some(Instant::now());
            }
            seen += found;
            // What may be the beginning of the next event line stays.
            let keep = (EVENT.len() - 1).min(end);
            buffer.copy_within(end - keep..end, 0);
            held = keep;
        }
        let last = Instant::now();
        Some(Seen { rows: seen, first: first?, last })
    }
}
