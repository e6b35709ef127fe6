//! Event streams as they arrive (HTML standard, section 9.2.6), in whatever pieces.

use memchr::{memchr, memchr2};
use std::collections::VecDeque;
use std::time::Duration;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its kind; `message` where the stream names none.
    pub kind: String,
    /// The id in its own block; none for a state, which moves no place.
    pub id: Option<String>,
    /// Its data; lines are joined by LF.
    pub data: String,
}

/// A line or an event that is longer than anybody should send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {} MiB", Parser::EVENT_BYTES_MAX >> 20)]
pub struct EventTooLong;

/// Takes bytes in, gives events out.
///
/// The last event id survives [`Parser::reset`]: it is the place to come back to. An event that was cut off is dropped and
/// its id with it, as the standard asks, so it comes again.
#[derive(Debug, Default)]
pub struct Parser {
    ready: VecDeque<Event>,
    last_id: String,
    retry: Option<Duration>,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The next byte, if it is LF, belongs to a CR that ended a line.
    after_cr: bool,
    /// A first line has been seen, so that no byte order mark can come.
    begun: bool,
    block: Block,
}

/// A block whose blank line has not come.
#[derive(Debug, Default)]
struct Block {
    kind: String,
    id: Option<String>,
    data: String,
    has_data: bool,
}

impl Parser {
    /// Bytes of the longest event that is taken. Far beyond any row: it keeps a broken sender from filling the memory.
    pub const EVENT_BYTES_MAX: usize = 64 << 20;

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`EventTooLong`]; the stream is of no use after it.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), EventTooLong> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = memchr2(b'\n', b'\r', bytes);
            let taken = end.unwrap_or(bytes.len());
            if self.line.len() + self.block.data.len() + taken > Self::EVENT_BYTES_MAX {
                return Err(EventTooLong);
            }
            let Some(end) = end else {
                self.line.extend_from_slice(bytes);
                return Ok(());
            };
            if self.line.is_empty() {
                self.take_line(&bytes[..end]);
            } else {
                self.line.extend_from_slice(&bytes[..end]);
                let mut line = std::mem::take(&mut self.line);
                self.take_line(&line);
                // Its memory serves the next line that is cut.
                line.clear();
                self.line = line;
            }
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// The next whole event.
    pub fn take(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// Whether a whole event waits.
    pub fn has_next(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The id to come back with: that of the last whole block that had one. Empty before the first.
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    /// The pause before coming back that the stream last asked for.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Begins anew with the next connection. What was cut off is dropped; the last id and the pause stay.
    pub fn reset(&mut self) {
        self.line.clear();
        (self.after_cr, self.begun, self.block) = (false, false, Block::default());
    }

    fn take_line(&mut self, mut line: &[u8]) {
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            return self.end_block();
        }
        let (field, value) = match memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"event" => self.block.kind = value.into_owned(),
            b"data" => {
                if std::mem::replace(&mut self.block.has_data, true) {
                    self.block.data.push('\n');
                }
                self.block.data.push_str(&value);
            }
            b"id" if !value.contains('\0') => self.block.id = Some(value.into_owned()),
            b"retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // More milliseconds than a number holds are none that anybody waits.
                self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry);
            }
            // Comments have an empty name.
            _ => {}
        }
    }

    fn end_block(&mut self) {
        let block = std::mem::take(&mut self.block);
        if let Some(id) = &block.id {
            self.last_id.clone_from(id);
        }
        if block.has_data {
            let kind = if block.kind.is_empty() { "message".to_owned() } else { block.kind };
            self.ready.push_back(Event { kind, id: block.id, data: block.data });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(stream: &[u8]) -> (Vec<Event>, Parser) {
        let mut parser = Parser::default();
        parser.feed(stream).unwrap();
        (std::iter::from_fn(|| parser.take()).collect(), parser)
    }

    fn event(kind: &str, id: Option<&str>, data: &str) -> Event {
        Event { kind: kind.into(), id: id.map(Into::into), data: data.into() }
    }

    #[test]
    fn every_line_end_a_byte_order_mark_and_several_lines_of_data_are_understood() {
        let (found, parser) =
            events(b"\xEF\xBB\xBFdata: a\r\ndata:b\r\rid: 1\n\nevent: x\ndata\nid:2\n\n: note\nid: 3\n\n");
        assert_eq!(found, [event("message", None, "a\nb"), event("x", Some("2"), "")]);
        assert_eq!(parser.last_id(), "3", "a block without data moves the place");
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let (found, parser) = events(b"retry: 250\nretry: soon\nid: a\0b\nnonsense\ndata: \xFF\n\nid: 9\ndata: cut");
        assert_eq!(found, [event("message", None, "\u{FFFD}")]);
        assert_eq!((parser.retry(), parser.last_id()), (Some(Duration::from_millis(250)), ""));
    }

    #[test]
    fn a_new_connection_begins_at_the_last_whole_event() {
        let (_, mut parser) = events(b"id: 1\ndata: a\n\nid: 2\ndata: b\nda");
        parser.reset();
        parser.feed(b"\xEF\xBB\xBFid: 2\ndata: whole\n\n").unwrap();
        assert_eq!(parser.take(), Some(event("message", Some("2"), "whole")));
    }

    #[test]
    fn an_event_without_end_does_not_fill_the_memory() {
        let mut parser = Parser::default();
        let line = [b"data: ".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
        let refused = (0..100).find_map(|_| parser.feed(&line).err());
        assert_eq!(refused, Some(EventTooLong));
    }
}
