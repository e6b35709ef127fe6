//! Event streams as the client reads them: the same at any cut, and as the HTML standard says.

use super::with_dice;
use rowcast::remote::sse::{Event, Parser};

pub const WORDS: &[&str] = &[
    "\n",
    "\r",
    "\r\n",
    "data:",
    "data: ",
    "event: row",
    "id: k3v9x0ab-17",
    "id: \0",
    "retry: 250",
    "retry: 99999999999999999999",
    ": note",
    "\u{feff}",
    "{\"row\":1}",
    "\n\n",
    "é",
];

pub fn hold(data: &[u8]) {
    let (stream, [size, at]) = with_dice(data);
    let whole = all(stream);
    assert_eq!(parsed(stream.chunks(usize::from(size) + 1)), whole, "in pieces of {}", usize::from(size) + 1);
    let (before, after) = stream.split_at(usize::from(at).min(stream.len()));
    assert_eq!(parsed([before, after]), whole, "cut at {at}");
    assert_eq!(plainly(stream), whole);
}

/// What a stream says that comes at once: events, last id, pause.
pub fn all(stream: &[u8]) -> (Vec<Event>, String, Option<u64>) {
    parsed([stream])
}

/// Section 9.2.6 of the standard, for a stream that is there as a whole: events, last id, pause.
pub fn plainly(stream: &[u8]) -> (Vec<Event>, String, Option<u64>) {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut last_id, mut retry) = (Vec::new(), String::new(), None);
    let (mut kind, mut id, mut data) = (String::new(), None::<String>, String::new());
    // What stands behind the last line end is no line yet.
    let lines = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let lines = if text.contains('\n') { lines.split('\n').collect() } else { Vec::new() };
    for line in lines {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                last_id = id.clone().unwrap_or(last_id);
                if let Some(data) = data.strip_suffix('\n') {
                    let kind = if kind.is_empty() { "message" } else { &kind };
                    events.push(Event { kind: kind.into(), id: id.clone(), data: data.into() });
                }
                (kind, id, data) = Default::default();
            }
            "event" => kind = value.into(),
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => id = Some(value.into()),
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                retry = value.parse().ok().or(retry);
            }
            _ => {}
        }
    }
    (events, last_id, retry)
}

pub fn parsed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, String, Option<u64>) {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(piece).expect("nothing here is long");
        events.extend(std::iter::from_fn(|| parser.take()));
    }
    let retry = parser.retry().map(|pause| u64::try_from(pause.as_millis()).expect("a pause"));
    (events, parser.last_id().to_owned(), retry)
}
