//! Server-Sent Events as the HTML standard reads them (section 9.2.6), with what a browser would pass over made visible.

/// What an event stream says, block by block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Event(Block),
    /// A block that moves the last event id and is no event.
    Id(String),
    Comment(String),
    Retry(u64),
    /// A line that browsers ignore. Ours sends none.
    Ignored(String),
}

/// A dispatched event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub kind: String,
    pub data: String,
    /// The id that this block itself carries.
    pub id: Option<String>,
    /// What `EventSource.lastEventId` is after it.
    pub last_id: String,
    /// As it stood in the stream, with the empty line at its end.
    pub text: String,
}

/// Takes the stream's bytes in any pieces.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    text: Vec<u8>,
    begun: bool,
    after_cr: bool,
    kind: String,
    data: String,
    has_data: bool,
    id: String,
    own_id: bool,
}

impl Parser {
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for &byte in bytes {
            let is_rest_of_crlf = std::mem::take(&mut self.after_cr) && byte == b'\n';
            if is_rest_of_crlf {
                continue;
            }
            self.text.push(byte);
            match byte {
                b'\r' | b'\n' => {
                    self.after_cr = byte == b'\r';
                    self.end_line(&mut pieces);
                }
                byte => self.line.push(byte),
            }
        }
        pieces
    }

    /// Whether the stream stops in the middle of a block, which is then lost.
    pub fn is_in_a_block(&self) -> bool {
        !self.text.is_empty()
    }

    fn end_line(&mut self, pieces: &mut Vec<Piece>) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = if std::mem::replace(&mut self.begun, true) { &*line } else { line.trim_start_matches('\u{feff}') };
        if line.is_empty() {
            return self.end_block(pieces);
        }
        let (field, value) = match line.split_once(':') {
            Some(("", comment)) => return pieces.push(Piece::Comment(comment.trim_start().to_owned())),
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (line, ""),
        };
        match field {
            "event" => self.kind = value.to_owned(),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            "id" if !value.contains('\0') => {
                self.id = value.to_owned();
                self.own_id = true;
            }
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                pieces.push(Piece::Retry(value.parse().unwrap_or(u64::MAX)));
            }
            _ => pieces.push(Piece::Ignored(line.to_owned())),
        }
    }

    fn end_block(&mut self, pieces: &mut Vec<Piece>) {
        let kind = std::mem::take(&mut self.kind);
        let data = std::mem::take(&mut self.data);
        let own_id = std::mem::take(&mut self.own_id).then(|| self.id.clone());
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.text)).into_owned();
        if std::mem::take(&mut self.has_data) {
            let kind = if kind.is_empty() { "message".to_owned() } else { kind };
            pieces.push(Piece::Event(Block { kind, data, id: own_id, last_id: self.id.clone(), text }));
        } else if let Some(id) = own_id {
            pieces.push(Piece::Id(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stream: &str) -> Vec<Piece> {
        let whole = Parser::default().feed(stream.as_bytes());
        let mut parser = Parser::default();
        let trickled: Vec<_> = stream.bytes().flat_map(|byte| parser.feed(&[byte])).collect();
        assert_eq!(trickled, whole, "pieces do not matter");
        whole
    }

    fn events(stream: &str) -> Vec<(String, String, String)> {
        let events = read(stream).into_iter().filter_map(|piece| match piece {
            Piece::Event(event) => Some((event.kind, event.data, event.last_id)),
            _ => None,
        });
        events.collect()
    }

    fn event(kind: &str, data: &str, last_id: &str) -> (String, String, String) {
        (kind.into(), data.into(), last_id.into())
    }

    /// The examples of the standard.
    #[test]
    fn streams_are_read_as_the_standard_says() {
        assert_eq!(events("data: YHOO\ndata: +2\ndata: 10\n\n"), [event("message", "YHOO\n+2\n10", "")]);
        let stream = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        assert_eq!(
            events(stream),
            [
                event("message", "first event", "1"),
                event("message", "second event", ""),
                event("message", " third event", "")
            ]
        );
        assert_eq!(events("data\n\ndata\ndata\n\ndata:"), [event("message", "", ""), event("message", "\n", "")]);
        assert_eq!(events("data:test\n\ndata: test\n\n"), [event("message", "test", ""), event("message", "test", "")]);
    }

    #[test]
    fn any_line_end_a_mark_and_lost_blocks() {
        assert_eq!(events("\u{feff}event: a\r\ndata: 1\r\n\r\n"), [event("a", "1", "")]);
        assert_eq!(events("event: a\rdata: 1\r\rdata: 2\n\r\n"), [event("a", "1", ""), event("message", "2", "")]);
        assert_eq!(events("event: a\n\ndata: 1\n\n"), [event("message", "1", "")], "the kind is forgotten");
        assert_eq!(events("data: lost\n"), []);
        assert_eq!(read("id: 7\n\n"), [Piece::Id("7".into())]);
        assert_eq!(events("id: 7\n\ndata: x\n\n"), [event("message", "x", "7")], "an id block counts");
        assert_eq!(events("id: 7\nid: 8\0\ndata: x\n\n"), [event("message", "x", "7")]);
        assert_eq!(read(": hi\nretry: 12\nretry: 1x\n")[..2], [Piece::Comment("hi".into()), Piece::Retry(12)]);
    }

    #[test]
    fn a_stream_that_breaks_off_is_noticed() {
        let mut parser = Parser::default();
        parser.feed(b"data: x\n");
        assert!(parser.is_in_a_block());
        parser.feed(b"\n");
        assert!(!parser.is_in_a_block());
    }
}
