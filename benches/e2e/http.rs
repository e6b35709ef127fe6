//! The sending side: plain sockets, so that the client costs as little as it can.

use super::csv::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// Rows of the file to send.
pub struct Upload<'a> {
    pub file: &'a File,
    pub rows: u64,
}

/// When an upload began, and when it was answered.
pub struct Sent {
    pub begun: Instant,
    pub answered: Instant,
}

impl Sent {
    pub fn rate(&self, rows: u64) -> f64 {
        rows as f64 / (self.answered - self.begun).as_secs_f64()
    }
}

/// What a server answered to an upload.
pub struct Answer {
    pub sent: Sent,
    /// Its head and body, each line of the head ended by CRLF.
    text: String,
}

impl Answer {
    /// The rows of an upload that was answered `201`.
    pub fn rows(&self) -> Option<u64> {
        let rest = self.text.starts_with("HTTP/1.1 201").then(|| self.text.split("\"rows\":").nth(1)).flatten()?;
        rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
    }

    /// Its first line and the beginning of its body.
    pub fn in_short(&self) -> String {
        let (head, body) = self.text.split_once("\r\n\r\n").unwrap_or((&self.text, ""));
        format!("{}: {}", head.lines().next().unwrap_or_default(), body.chars().take(300).collect::<String>())
    }
}

/// Sends a multipart form with one file, and waits for `201`.
pub fn upload(address: SocketAddr, client: &str, upload: Upload<'_>) -> Sent {
    let answer = send(address, client, upload);
    assert!(answer.text.starts_with("HTTP/1.1 201"), "{}", answer.text);
    answer.sent
}

/// Sends a multipart form with one file, and waits for whatever is answered.
pub fn send(address: SocketAddr, client: &str, upload: Upload<'_>) -> Answer {
    const HEAD: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bench.csv\"\r\nContent-Type: text/csv\r\n\r\n";
    const TAIL: &str = "\r\n--b--\r\n";
    let Upload { file, rows } = upload;
    assert_eq!(rows % file.block_rows, 0, "whole blocks are sent");
    let blocks = rows / file.block_rows;
    let length = (HEAD.len() + TAIL.len() + file.header.len()) as u64 + blocks * file.block.len() as u64;
    let mut socket = TcpStream::connect(address).expect("connect");
    socket.set_nodelay(true).expect("nodelay");
    let begun = Instant::now();
    let head = format!(
        "POST /upload/{client} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n{HEAD}"
    );
    // A server that will not read the file answers and closes before all of it was written.
    let write_all = |socket: &mut TcpStream| -> std::io::Result<()> {
        socket.write_all(head.as_bytes())?;
        socket.write_all(&file.header)?;
        for _ in 0..blocks {
            socket.write_all(&file.block)?;
        }
        socket.write_all(TAIL.as_bytes())
    };
    let written = write_all(&mut socket);
    let mut reader = BufReader::new(socket);
    let mut text = String::new();
    reader.read_line(&mut text).unwrap_or_else(|error| panic!("no answer: {error}; sending: {written:?}"));
    let answered = Instant::now();
    // What an early close cuts off of the answer is not needed.
    let mut rest = Vec::new();
    let _ = reader.read_to_end(&mut rest);
    text.push_str(&String::from_utf8_lossy(&rest));
    Answer { sent: Sent { begun, answered }, text }
}

/// Line feeds in the answer to a GET.
pub fn lines(address: SocketAddr, path: &str) -> u64 {
    let mut socket = TcpStream::connect(address).expect("connect");
    // HTTP/1.0: the body comes without chunks, until the end.
    write!(socket, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("request");
    let mut reader = BufReader::with_capacity(256 << 10, socket);
    let mut line = String::new();
    while reader.read_line(&mut line).expect("head") > 2 {
        line.clear();
    }
    let mut buffer = vec![0; 256 << 10];
    let mut lines = 0;
    loop {
        let read = reader.read(&mut buffer).expect("body");
        if read == 0 {
            return lines;
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
    }
}
