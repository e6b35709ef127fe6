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

/// Sends a multipart form with one file, and waits for `201`.
pub fn upload(address: SocketAddr, client: &str, upload: Upload<'_>) -> Sent {
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
        "POST /upload/{client} HTTP/1.1\r\nHost: {address}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: {length}\r\n\r\n{HEAD}"
    );
    socket.write_all(head.as_bytes()).expect("head");
    socket.write_all(&file.header).expect("header");
    for _ in 0..blocks {
        socket.write_all(&file.block).expect("rows");
    }
    socket.write_all(TAIL.as_bytes()).expect("tail");
    let mut line = String::new();
    BufReader::new(&socket).read_line(&mut line).expect("an answer");
    assert!(line.starts_with("HTTP/1.1 201"), "{line}");
    Sent { begun, answered: Instant::now() }
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
