//! The client's parser of event streams: at any cut it reads what the HTML standard says, told here as plainly as can be.

use crate::cases;
use proptest::prelude::*;
use rowcast::remote::sse::{Event, Parser};

/// Section 9.2.6 of the standard, for a stream that is there as a whole: events, last id, pause.
fn plainly(stream: &[u8]) -> (Vec<Event>, String, Option<u64>) {
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

/// Streams made of what matters in them, and of anything.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static [u8]> = vec![
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"data",
        b"data:",
        b"data: ",
        b"event: row",
        b"event:",
        b"id: k3v9x0ab-17",
        b"id",
        b"id: \0",
        b"retry: 250",
        b"retry: x",
        b":",
        b": note",
        b" ",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        "ä€😀".as_bytes(),
        b"\xFF",
        b"\xC3",
        b"{\"row\":1}",
        b"\0",
    ];
    prop::collection::vec(prop::sample::select(words), 0..40).prop_map(|words| words.concat())
}

fn parsed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, String, Option<u64>) {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(piece).expect("nothing here is long");
        events.extend(std::iter::from_fn(|| parser.take()));
    }
    let retry = parser.retry().map(|pause| u64::try_from(pause.as_millis()).expect("a pause"));
    (events, parser.last_id().to_owned(), retry)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), ..ProptestConfig::default() })]

    #[test]
    fn a_stream_reads_the_same_at_every_cut(stream in streams(), size in 1usize..9) {
        let expected = plainly(&stream);
        for cut in 0..=stream.len() {
            let (before, after) = stream.split_at(cut);
            prop_assert_eq!(&parsed([before, after]), &expected, "cut at {}", cut);
        }
        prop_assert_eq!(&parsed(stream.chunks(size)), &expected);
    }

    #[test]
    fn a_connection_that_breaks_anywhere_and_begins_after_its_last_id_tells_everything_once(
        count in 1usize..12, cut in 0usize..400, crlf: bool
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let event = |n: usize| format!("event: row{end}id: e-{n}{end}data: {n}{end}{end}");
        let stream: String = (1..=count).map(event).collect();
        let mut parser = Parser::default();
        parser.feed(&stream.as_bytes()[..cut.min(stream.len())]).expect("nothing here is long");
        parser.reset();
        let last: usize = parser.last_id().strip_prefix("e-").map_or(0, |n| n.parse().expect("a number"));
        let rest: String = (last + 1..=count).map(event).collect();
        parser.feed(rest.as_bytes()).expect("nothing here is long");
        let told: Vec<String> = std::iter::from_fn(|| parser.take()).map(|event| event.data).collect();
        prop_assert_eq!(told, (1..=count).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}
