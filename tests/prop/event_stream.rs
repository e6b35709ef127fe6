//! The client's parser of event streams: at any cut it reads what the HTML standard says, told here as plainly as can be.

use crate::bodies::event_stream::{parsed, plainly};
use crate::cases;
use proptest::prelude::*;
use rowcast::remote::sse::Parser;

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
