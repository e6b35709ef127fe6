//! The sending side of a resumable upload: one kept connection, a file in pieces.

use super::csv::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// Bytes of a piece, save the last.
pub const PIECE_BYTES: u64 = 8 << 20;

/// A file that is being sent.
pub struct Sender<'a> {
    reader: BufReader<TcpStream>,
    address: SocketAddr,
    file: &'a File,
    /// The path of the upload.
    pub path: String,
    length: u64,
    pub offset: u64,
}

/// Bytes of a file of that many rows.
pub fn length(file: &File, rows: u64) -> u64 {
    assert_eq!(rows % file.block_rows, 0, "whole blocks are sent");
    file.header.len() as u64 + rows / file.block_rows * file.block.len() as u64
}

impl<'a> Sender<'a> {
    /// Begins an upload of that many rows at `/files`.
    pub fn begin(address: SocketAddr, metadata: &str, file: &'a File, rows: u64) -> Self {
        let length = length(file, rows);
        let mut sender = Self::to(address, file, String::new(), length, 0);
        let head = format!("POST /files HTTP/1.1\r\nUpload-Length: {length}\r\nUpload-Metadata: {metadata}\r\n");
        let answer = sender.ask(&head, 0);
        assert!(answer[0].contains(" 201"), "{answer:?}");
        let location = header(&answer, "location").expect("where it is");
        let at = location.find("/files").expect("a path");
        location[at..].clone_into(&mut sender.path);
        sender
    }

    /// Goes on with an upload.
    pub fn to(address: SocketAddr, file: &'a File, path: String, length: u64, offset: u64) -> Self {
        let socket = TcpStream::connect(address).expect("connect");
        socket.set_nodelay(true).expect("nodelay");
        Self { reader: BufReader::new(socket), address, file, path, length, offset }
    }

    /// Asks where the upload stands, and goes on from there.
    pub fn look(&mut self) {
        let path = self.path.clone();
        let answer = self.ask(&format!("HEAD {path} HTTP/1.1\r\n"), 0);
        assert!(answer[0].contains(" 200"), "{answer:?}");
        self.offset = header(&answer, "upload-offset").and_then(|offset| offset.parse().ok()).expect("an offset");
    }

    /// Sends the next piece, and waits until it is taken; answers when that was.
    pub fn send_piece(&mut self) -> Instant {
        let bytes = PIECE_BYTES.min(self.length - self.offset);
        let (path, offset) = (self.path.clone(), self.offset);
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nUpload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\n"
        );
        let answer = self.ask(&head, bytes);
        assert!(answer[0].contains(" 204"), "{answer:?}");
        self.offset += bytes;
        Instant::now()
    }

    /// Sends all that is left.
    pub fn send_rest(&mut self) -> Instant {
        loop {
            let taken = self.send_piece();
            if self.offset == self.length {
                return taken;
            }
        }
    }

    /// Sends a request with the next bytes of the file as its body; the lines of the answer's head.
    fn skip(&mut self, bytes: u64) {
        io::copy(&mut (&mut self.reader).take(bytes), &mut io::sink()).expect("the body");
    }

    /// Its length in bytes; the last one has none.
    fn skip_chunk(&mut self) -> u64 {
        let mut size = String::new();
        self.reader.read_line(&mut size).expect("a chunk");
        let bytes = u64::from_str_radix(size.trim_end(), 16).expect("the size of a chunk");
        self.skip(bytes + 2);
        bytes
    }

    fn ask(&mut self, head: &str, body_bytes: u64) -> Vec<String> {
        let head =
            format!("{head}Host: {}\r\nTus-Resumable: 1.0.0\r\nContent-Length: {body_bytes}\r\n\r\n", self.address);
        let mut socket = self.reader.get_ref();
        socket.write_all(head.as_bytes()).expect("head");
        let (mut at, end) = (self.offset, self.offset + body_bytes);
        let header_bytes = self.file.header.len() as u64;
        while at < end {
            let rest = match at.checked_sub(header_bytes) {
                None => &self.file.header[usize::try_from(at).expect("it fits")..],
                Some(in_rows) => {
                    let within = in_rows % self.file.block.len() as u64;
                    &self.file.block[usize::try_from(within).expect("it fits")..]
                }
            };
            let piece = &rest[..rest.len().min(usize::try_from(end - at).expect("it fits"))];
            socket.write_all(piece).expect("bytes of the file");
            at += piece.len() as u64;
        }
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.reader.read_line(&mut line).expect("an answer") > 0, "the connection was closed");
            if line == "\r\n" {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        // Some servers say something to a POST.
        if !head.starts_with("HEAD") {
            if header(&lines, "transfer-encoding").is_some() {
                while self.skip_chunk() > 0 {}
            } else if let Some(length) = header(&lines, "content-length") {
                self.skip(length.parse().expect("a length"));
            }
        }
        lines
    }
}

fn header<'l>(lines: &'l [String], name: &str) -> Option<&'l str> {
    let named = |line: &'l String| line.split_once(':').filter(|(known, _)| known.eq_ignore_ascii_case(name));
    lines.iter().find_map(named).map(|(_, value)| value.trim())
}
