//! The multipart reader: any body at any cut gives the same parts within the caps, and what a sender wrote comes out whole.

use crate::http::payload::multipart::{Caps, Event, MultipartError, Parser};
use bytes::Bytes;

/// What inputs are made of.
pub const WORDS: &[&str] = &[
    "--x\r\n",
    "\r\n--x\r\n",
    "\r\n--x--",
    "--x--",
    "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n",
    "Content-Encoding: gzip\r\n",
    "\r\n\r\n",
    "\r\n",
    "\r",
    "\n",
    "-",
    " \t",
    "a,b\n1,2\n",
    "\"",
    "\\",
    ";",
];

const CAPS: Caps = Caps { head_bytes: 120, parts: 3 };

/// What a body comes to: events with their data joined, and how it ended.
#[derive(Debug, PartialEq)]
struct Found {
    events: Vec<Event>,
    end: Result<(), String>,
}

/// Tries all of it.
pub fn hold(data: &[u8]) {
    let (body, dice) = data.split_at(data.len().saturating_sub(2));
    let size = usize::from(dice.first().copied().unwrap_or(0)) + 1;
    let at = usize::from(dice.get(1).copied().unwrap_or(0)).min(body.len());
    let whole = read("x", body, [body]);
    assert_eq!(read("x", body, body.chunks(size)), whole, "in pieces of {size}");
    assert_eq!(read("x", body, [&body[..at], &body[at..]]), whole, "cut at {at}");
    hold_written(body, at, size);
}

fn read<'b>(boundary: &str, body: &[u8], pieces: impl IntoIterator<Item = &'b [u8]>) -> Found {
    let mut parser = Parser::new(boundary, CAPS);
    let mut events: Vec<Event> = Vec::new();
    let (mut fed, mut is_open, mut data_bytes) = (0, false, 0);
    for piece in pieces {
        parser.feed(Bytes::copy_from_slice(piece));
        fed += piece.len() as u64;
        loop {
            let event = match parser.next() {
                Ok(Event::NeedMore) => break,
                Ok(event) => event,
                Err(error) => return Found { events, end: Err(error.to_string()) },
            };
            assert!(parser.consumed() <= fed);
            match &event {
                Event::Part(_) => {
                    assert!(!is_open, "a part in a part");
                    is_open = true;
                }
                Event::Data(more) => {
                    assert!(is_open && !more.is_empty());
                    data_bytes += more.len();
                }
                Event::PartEnd => {
                    assert!(is_open, "an end without a part");
                    is_open = false;
                }
                Event::End => {
                    events.push(event);
                    return Found { events, end: Ok(()) };
                }
                Event::NeedMore => unreachable!(),
            }
            match (events.last_mut(), event) {
                (Some(Event::Data(known)), Event::Data(more)) => *known = [&known[..], &more].concat().into(),
                (_, event) => events.push(event),
            }
        }
        assert_eq!(parser.consumed(), fed, "a chunk is used up before the next");
    }
    assert!(data_bytes <= body.len(), "{data_bytes} bytes of {}", body.len());
    let parts = events.iter().filter(|event| matches!(event, Event::Part(_))).count();
    assert!(parts as u64 <= CAPS.parts);
    if parser.is_closed() {
        // With an epilogue there is an event for it; it means nothing, so both are the same here.
        events.push(Event::End);
        return Found { events, end: Ok(()) };
    }
    Found { events, end: Err(MultipartError::Incomplete.to_string()) }
}

/// Two files in a form as a browser writes it come out as they were, whatever is in them.
fn hold_written(data: &[u8], at: usize, size: usize) {
    let boundary = "aB3-aB3-aB3";
    let files = [&data[..at], &data[at..]];
    if files.iter().any(|file| file.windows(boundary.len()).any(|bytes| bytes == boundary.as_bytes())) {
        return;
    }
    let mut body = Vec::new();
    for file in files {
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n").bytes());
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    let found = read(boundary, &body, body.chunks(size));
    assert_eq!(found.end, Ok(()));
    let mut read: Vec<Vec<u8>> = Vec::new();
    for event in found.events {
        match event {
            Event::Part(head) => {
                assert_eq!(head.name, "f");
                read.push(Vec::new());
            }
            Event::Data(bytes) => read.last_mut().expect("a part").extend(&bytes),
            _ => {}
        }
    }
    assert_eq!(read, files);
}
