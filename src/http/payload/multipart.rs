//! Reads `multipart/form-data` (RFC 7578, over RFC 2046, section 5.1) while it arrives.
//!
//! [`Parser`] is the machine: chunks in, [`Event`]s out, no waiting and no copies (file bytes are slices of the chunks
//! they came in). [`Multipart`] drives it from a stream.
//!
//! Invariants: a part's data is complete exactly when [`Event::PartEnd`] was given, which needs its whole closing
//! delimiter; what is held between chunks is at most one part head; every cap of [`Caps`] holds whatever is sent.

use super::disposition;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use memchr::{memmem, memrchr};
use std::io;

/// Spaces and tabs that may stand between a boundary and its line's end. RFC 2046 allows any; nobody sends them.
const PADDING_MAX: usize = 64;

/// How much of a body's framing is accepted.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Bytes of one part's head, and of the preamble and epilogue.
    pub head_bytes: usize,
    /// Parts of the body.
    pub parts: u64,
}

/// Why a body cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum MultipartError {
    /// The connection broke or stalled.
    #[error("the body could not be read on: {0}")]
    Io(#[from] io::Error),
    /// The body ended in the middle of something.
    #[error("the body ends before its closing delimiter")]
    Incomplete,
    /// A part's head is longer than [`Caps::head_bytes`].
    #[error("the head of a part is longer than {0} bytes")]
    HeadTooLong(usize),
    /// More than [`Caps::parts`] parts.
    #[error("the body has more than {0} parts")]
    TooManyParts(u64),
    /// Not what RFC 2046 describes.
    #[error("{0}")]
    Malformed(&'static str),
}

/// What a part says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartHead {
    /// The form field's name; empty where the part gives none.
    pub name: String,
    /// The file's name as the sender wrote it. `filename*` is ignored, as RFC 7578, section 4.2 asks.
    pub filename: Option<String>,
    /// How its content is compressed, in the words of its `Content-Encoding`.
    pub encoding: Option<String>,
}

/// What the machine found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It needs the next chunk.
    NeedMore,
    /// A part begins.
    Part(PartHead),
    /// Bytes of the current part.
    Data(Bytes),
    /// The current part was closed by its delimiter.
    PartEnd,
    /// The closing delimiter: only an epilogue can follow, which means nothing.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble { skipped: usize },
    /// Right after `--boundary`.
    AfterDelimiter { padding: usize },
    /// After the first '-' of the closing "--".
    Closing,
    /// After the CR that ends a delimiter's line.
    LineEnd,
    /// In a part's head.
    Head,
    /// In a part's data.
    Data,
    /// After the closing delimiter.
    Epilogue,
}

/// The machine that cuts a body into parts.
pub struct Parser {
    caps: Caps,
    /// CR LF "--" boundary.
    delimiter: Bytes,
    finder: memmem::Finder<'static>,
    state: State,
    chunk: Bytes,
    head: BytesMut,
    parts: u64,
    /// Bytes of the delimiter that the chunks so far ended with. Since CR stands only at its beginning, these bytes are
    /// known from their number alone and need not be kept.
    matched: usize,
    /// Whether the first two of `matched` (CR LF) are no data: they end the head, or stand for the body's beginning.
    borrowed_line_end: bool,
    consumed: u64,
}

impl Parser {
    /// A machine for a body with this boundary, as [`disposition::boundary`] checked it.
    pub fn new(boundary: &str, caps: Caps) -> Self {
        let delimiter = Bytes::from(format!("\r\n--{boundary}"));
        Self {
            caps,
            finder: memmem::Finder::new(&delimiter[..]).into_owned(),
            delimiter,
            state: State::Preamble { skipped: 0 },
            chunk: Bytes::new(),
            head: BytesMut::new(),
            parts: 0,
            // The first delimiter has no line break before it when the body begins with it.
            matched: 2,
            borrowed_line_end: true,
            consumed: 0,
        }
    }

    /// Gives the next chunk. The last one was used up: [`Parser::next`] gave [`Event::NeedMore`].
    pub fn feed(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty());
        self.chunk = chunk;
    }

    /// Bytes of the body that were looked at and are not in the future: after [`Event::Part`], where its data begins.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Bytes that follow a file's data when it is the last part: its closing delimiter and the line's end.
    pub fn closing_bytes(&self) -> u64 {
        self.delimiter.len() as u64 + 4
    }

    /// The next thing found in the chunk.
    ///
    /// # Errors
    /// Whatever of [`MultipartError`] is about the content.
    pub fn next(&mut self) -> Result<Event, MultipartError> {
        loop {
            if self.chunk.is_empty() {
                return Ok(Event::NeedMore);
            }
            match self.state {
                State::Preamble { skipped } => match self.scan() {
                    Scan::Data(bytes) => {
                        let skipped = skipped + bytes.len();
                        if skipped > self.caps.head_bytes {
                            return Err(MultipartError::Malformed("the body does not begin with its boundary"));
                        }
                        self.state = State::Preamble { skipped };
                    }
                    Scan::Delimiter => self.state = State::AfterDelimiter { padding: 0 },
                    Scan::Used => {}
                },
                State::Data => match self.scan() {
                    Scan::Data(bytes) => return Ok(Event::Data(bytes)),
                    Scan::Delimiter => {
                        self.state = State::AfterDelimiter { padding: 0 };
                        return Ok(Event::PartEnd);
                    }
                    Scan::Used => {}
                },
                State::AfterDelimiter { padding } => match self.take_byte() {
                    b'-' if padding == 0 => self.state = State::Closing,
                    b'\r' => self.state = State::LineEnd,
                    b' ' | b'\t' if padding < PADDING_MAX => {
                        self.state = State::AfterDelimiter { padding: padding + 1 };
                    }
                    _ => {
                        return Err(MultipartError::Malformed(
                            "a boundary is followed by something else than a line end",
                        ));
                    }
                },
                State::Closing => match self.take_byte() {
                    b'-' => self.state = State::Epilogue,
                    _ => return Err(MultipartError::Malformed("a boundary is followed by a single '-'")),
                },
                State::LineEnd => match self.take_byte() {
                    b'\n' if self.parts == self.caps.parts => {
                        return Err(MultipartError::TooManyParts(self.caps.parts));
                    }
                    b'\n' => {
                        self.parts += 1;
                        self.state = State::Head;
                    }
                    _ => return Err(MultipartError::Malformed("a boundary's line ends with a bare CR")),
                },
                State::Head => {
                    if let Some(head) = self.take_head()? {
                        self.state = State::Data;
                        (self.matched, self.borrowed_line_end) = (2, true);
                        return Ok(Event::Part(head));
                    }
                }
                State::Epilogue => {
                    self.skip(self.chunk.len());
                    return Ok(Event::End);
                }
            }
        }
    }

    /// Whether the closing delimiter was seen.
    pub fn is_closed(&self) -> bool {
        self.state == State::Epilogue
    }

    /// Takes data or a delimiter from the front of the chunk.
    fn scan(&mut self) -> Scan {
        if self.matched > 0 {
            let wanted = &self.delimiter[self.matched..];
            let shared = wanted.len().min(self.chunk.len());
            if self.chunk[..shared] == wanted[..shared] {
                self.matched += shared;
                self.skip(shared);
                return if self.matched == self.delimiter.len() { self.delimiter_found() } else { Scan::Used };
            }
            let from = if self.borrowed_line_end { 2 } else { 0 };
            let held = self.delimiter.slice(from..self.matched);
            (self.matched, self.borrowed_line_end) = (0, false);
            if !held.is_empty() {
                return Scan::Data(held);
            }
        }
        if let Some(at) = self.finder.find(&self.chunk) {
            if at > 0 {
                return Scan::Data(self.take(at));
            }
            self.skip(self.delimiter.len());
            return self.delimiter_found();
        }
        // CR stands only at the delimiter's beginning, so only the chunk's last CR can begin a delimiter that is cut.
        let tail = self.chunk.len().saturating_sub(self.delimiter.len() - 1);
        let cut = memrchr(b'\r', &self.chunk[tail..]).map(|at| tail + at);
        let cut = cut.filter(|&at| self.delimiter.starts_with(&self.chunk[at..])).unwrap_or(self.chunk.len());
        let data = self.take(cut);
        self.matched = self.chunk.len();
        self.skip(self.matched);
        if data.is_empty() { Scan::Used } else { Scan::Data(data) }
    }

    fn delimiter_found(&mut self) -> Scan {
        (self.matched, self.borrowed_line_end) = (0, false);
        Scan::Delimiter
    }

    /// The head, when its last line is there.
    fn take_head(&mut self) -> Result<Option<PartHead>, MultipartError> {
        let known = self.head.len();
        // One byte more than the cap shows that it is passed.
        let room = self.caps.head_bytes + 1 - known;
        let taken = self.chunk.len().min(room);
        self.head.extend_from_slice(&self.chunk[..taken]);
        // A head without any field is only its closing line.
        let end = if self.head.starts_with(b"\r\n") {
            Some(2)
        } else {
            let from = known.saturating_sub(3);
            memmem::find(&self.head[from..], b"\r\n\r\n").map(|at| from + at + 4)
        };
        match end {
            Some(end) if end <= self.caps.head_bytes => {
                self.skip(end - known);
                self.head.truncate(end);
                let head = parse_head(&String::from_utf8_lossy(&self.head));
                self.head.clear();
                Ok(Some(head))
            }
            _ if self.head.len() > self.caps.head_bytes => Err(MultipartError::HeadTooLong(self.caps.head_bytes)),
            _ => {
                self.skip(taken);
                Ok(None)
            }
        }
    }

    fn take_byte(&mut self) -> u8 {
        let byte = self.chunk[0];
        self.skip(1);
        byte
    }

    fn take(&mut self, bytes: usize) -> Bytes {
        self.consumed += bytes as u64;
        self.chunk.split_to(bytes)
    }

    fn skip(&mut self, bytes: usize) {
        self.consumed += bytes as u64;
        self.chunk.advance(bytes);
    }
}

enum Scan {
    Data(Bytes),
    Delimiter,
    /// The chunk is used up, and all of it may belong to a delimiter.
    Used,
}

/// The fields of a part's head that matter. A line that begins with white space goes on with the line before it.
fn parse_head(head: &str) -> PartHead {
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut part = PartHead::default();
    for line in head.split("\r\n") {
        let Some((field, value)) = line.split_once(':') else { continue };
        if field.trim().eq_ignore_ascii_case("content-encoding") {
            part.encoding = Some(value.trim().to_owned());
        }
        if !field.trim().eq_ignore_ascii_case("content-disposition") {
            continue;
        }
        for (name, value) in disposition::parse(value).1 {
            match name.as_str() {
                "name" => part.name = value,
                "filename" => part.filename = Some(value),
                _ => {}
            }
        }
    }
    part
}

/// A body that is read part by part.
pub struct Multipart<S> {
    body: S,
    parser: Parser,
    caps: Caps,
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Multipart<S> {
    /// Reads `body`, whose parts are delimited by `boundary`.
    pub fn new(body: S, boundary: &str, caps: Caps) -> Self {
        Self { body, parser: Parser::new(boundary, caps), caps }
    }

    /// The machine, for where it stands.
    pub fn parser(&self) -> &Parser {
        &self.parser
    }

    /// The next event; never [`Event::NeedMore`]. May be dropped while it waits: nothing is lost.
    ///
    /// # Errors
    /// See [`MultipartError`].
    pub async fn next(&mut self) -> Result<Event, MultipartError> {
        loop {
            match self.parser.next()? {
                Event::NeedMore => match self.body.next().await {
                    Some(chunk) => self.parser.feed(chunk?),
                    None if self.parser.is_closed() => return Ok(Event::End),
                    None => return Err(MultipartError::Incomplete),
                },
                event => return Ok(event),
            }
        }
    }

    /// Reads what follows the closing delimiter, so that the connection can be used again.
    ///
    /// # Errors
    /// [`MultipartError::Io`]; [`MultipartError::Malformed`] where it gives up because that is long.
    pub async fn skip_epilogue(&mut self) -> Result<(), MultipartError> {
        let mut skipped = 0;
        while skipped <= self.caps.head_bytes {
            match self.body.next().await {
                Some(chunk) => skipped += chunk?.len(),
                None => return Ok(()),
            }
        }
        Err(MultipartError::Malformed("much follows the closing delimiter"))
    }
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
