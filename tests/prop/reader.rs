//! The reader: the same items however the bytes are cut, the rows of the `csv` crate, and resuming anywhere.

use crate::items::{Owned, checkpoints, drain, feed, pull, read, read_with};
use proptest::prelude::*;
use rowcast::domain::{Limits, ProblemCode};
use rowcast::reader::{ReadError, Reader};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Texts in which something is special about the places where they may be cut.
const TEXTS: &[&[u8]] = &[
    b"",
    b"\n",
    b"\r\n\r\n",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"\xef\xbb\xbfa,b\r\n1,2\r\n",
    b"\xef\xbb\xbf\xef\xbb\xbfa\n\xef\xbb\xbf1\n",
    b"a,b",
    b"a,b\n",
    b"a,b\r\n1,2\r\n3,4",
    b"a,b\r1,2\r\r3,4\r",
    b"a,b\n\n1,2\n\r\n\n3,4\n\n",
    b"\r\r\n\na\r\n\r\n1\r\n",
    b"a,b,c\n1\n1,2,3,4,5\n,,\n",
    b"a,a,\n\"x\ry\r\nz\",\"\"\"\",\"\"\n1,\"b\"c\"d\n",
    b"a,b\n1,\"2\n3,4\n\n5",
    b"a,b\n1,\"2\"\"",
    b"\"a\nb",
    b"a,b\n\xff,\xc3\xa9\n\xc3,\xa9\n\"\xc3\"\xa9,\xe2\x82",
    b"\"\"\n\"\"\n\n\"\"",
    b"a\n\"b\r\"\r\n\"c\n\"\n",
];

fn tiny() -> Limits {
    Limits {
        record_bytes_max: 12,
        field_bytes_max: 5,
        columns_max: 4,
        header_record_bytes_max: 16,
        raw_bytes_max: 6,
        ..Limits::for_tests()
    }
}

/// Texts made mostly of what matters to a CSV parser.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just(&b"\""[..]), 6 => Just(&b","[..]), 4 => Just(&b"\n"[..]), 4 => Just(&b"\r\n"[..]), 3 => Just(&b"\r"[..]),
        6 => Just(&b"a"[..]), 2 => Just(&b"bcd"[..]), 1 => Just(&b" "[..]), 1 => Just("é".as_bytes()),
        1 => Just(&b"\xff"[..]), 1 => Just(&b"\xc3"[..]), 1 => Just(&b"\xa9"[..]), 1 => Just(&b"\xef\xbb\xbf"[..]),
        1 => Just(&b"\0"[..]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn limits() -> impl Strategy<Value = Limits> {
    prop_oneof![Just(tiny()), Just(Limits::for_tests())]
}

/// Cuts `text` after every so many bytes, the numbers being used in turn.
fn cut<'a>(mut text: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &length in lengths.iter().cycle() {
        if text.is_empty() || lengths.iter().all(|&length| length == 0) {
            break;
        }
        let (piece, rest) = text.split_at(length.min(text.len()));
        pieces.push(piece);
        text = rest;
    }
    pieces.push(text);
    pieces
}

/// Line breaks of the file: CRLF, LF, CR.
fn breaks(text: &[u8]) -> usize {
    text.iter().enumerate().filter(|&(i, &b)| b == b'\r' || b == b'\n' && (i == 0 || text[i - 1] != b'\r')).count()
}

#[test]
fn one_cut_anywhere_changes_nothing() {
    for limits in [Limits::for_tests(), tiny()] {
        for text in TEXTS {
            let whole = read(&limits, text);
            for at in 0..=text.len() {
                let (one, two) = text.split_at(at);
                assert_eq!(
                    read_with(Reader::new(&limits), [one, two]),
                    whole,
                    "{:?} cut at {at}",
                    text.escape_ascii().to_string()
                );
            }
            assert_eq!(
                read_with(Reader::new(&limits), text.chunks(1)),
                whole,
                "{:?} trickled",
                text.escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn resuming_small_texts_anywhere_gives_the_rest() {
    for limits in [Limits::for_tests(), tiny()] {
        for text in TEXTS {
            assert_resumes(&limits, text, &[text]);
            assert_resumes(&limits, text, &text.chunks(1).collect::<Vec<_>>());
        }
    }
}

/// Resumes at every checkpoint there is when `text` comes in `pieces`.
#[track_caller]
fn assert_resumes(limits: &Limits, text: &[u8], pieces: &[&[u8]]) {
    let (items, places) = checkpoints(limits, pieces.iter().copied());
    let shown = text.escape_ascii().to_string();
    for (given, at) in places {
        if matches!(items.last(), Some(Owned::Error(_))) || text.is_empty() {
            return;
        }
        let reader = match &items[0] {
            Owned::Header(reading) if at.offset > 0 => Reader::resume(limits, Arc::new(reading.clone()), at),
            _ => Reader::new(limits),
        };
        let rest = read_with(reader, [&text[at.offset as usize..]]);
        let from = items.len().checked_sub(rest.len()).expect("a resumed reader gives no more than there was");
        assert_eq!(rest, items[from..], "{shown:?} resumed at {at:?} after {given} items");
        if from != given {
            // Only where the items of one record were given out in part does it begin with that record again.
            assert!(from < given, "{shown:?} resumed at {at:?} lost items {given}..{from}");
            assert!(items[given].code().is_some(), "{shown:?} resumed at {at:?} repeats items from {from}");
            assert!(items[from + 1..given].iter().all(|item| item.code().is_some()), "{shown:?} at {at:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: super::cases(300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cuts_change_nothing(text in texts(), limits in limits(), lengths in proptest::collection::vec(0usize..9, 1..6)) {
        prop_assert_eq!(read_with(Reader::new(&limits), cut(&text, &lengths)), read(&limits, &text));
    }

    #[test]
    fn resuming_anywhere_gives_the_rest(text in texts(), limits in limits(), length in 1usize..9) {
        assert_resumes(&limits, &text, &cut(&text, &[length]));
    }

    #[test]
    fn rows_are_those_of_the_csv_crate(text in texts()) {
        let mut theirs = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(&text[..]);
        let lossy = |record: &csv::ByteRecord| -> Vec<String> {
            record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
        };
        let columns = theirs.byte_headers().unwrap().len();
        let theirs: Vec<_> = theirs.byte_records().map(|record| lossy(&record.unwrap())).collect();
        let items = read(&Limits::for_tests(), &text);
        let ours: Vec<_> =
            items.iter().filter_map(|i| if let Owned::Row { cells, .. } = i { Some(cells.clone()) } else { None }).collect();
        prop_assert_eq!(ours, theirs);
        prop_assert!(matches!(&items[0], Owned::Header(reading) if reading.columns.len() == columns));
    }

    #[test]
    fn every_line_break_and_every_byte_is_accounted_for(text in texts()) {
        let items = read(&Limits::for_tests(), &text);
        let Owned::Header(reading) = &items[0] else { panic!("{items:?}") };
        let text_start = if reading.byte_order_mark { 3 } else { 0 };
        let mut explained = 0;
        let mut end = None;
        for item in &items {
            match item {
                Owned::Row { bytes, line, .. } => {
                    let (from, to) = (bytes.start as usize, bytes.end as usize);
                    prop_assert_eq!(*line as usize, 1 + breaks(&text[..from]));
                    prop_assert!(end.is_none_or(|end| end <= from));
                    prop_assert!(!matches!(text[from], b'\r' | b'\n'));
                    prop_assert!(to == text.len() || matches!(text[to - 1], b'\r' | b'\n'));
                    explained += breaks(&text[from..to]);
                    end = Some(to);
                }
                Owned::Problem(problem) if problem.code == ProblemCode::BlankRow => {
                    prop_assert_eq!(problem.line as usize, 1 + breaks(&text[..problem.byte as usize]));
                    explained += 1;
                }
                _ => {}
            }
        }
        // The header is what is not explained: the first record, up to its terminator.
        let header_end = items.iter().find_map(|i| if let Owned::Row { bytes, .. } = i { Some(bytes.start as usize) } else { None });
        let rest = breaks(&text) - explained;
        if reading.columns.is_empty() {
            prop_assert_eq!(rest, 0);
        } else if let Some(end) = header_end {
            prop_assert!(end > text_start && rest <= breaks(&text[..end]) && rest >= 1);
        }
    }

    #[test]
    fn a_quiet_reader_gives_the_same_rows_and_nothing_else(text in texts(), limits in limits()) {
        let loud = read(&limits, &text);
        let quiet = read_with(Reader::new(&limits).quiet(), [&text[..]]);
        let rows = loud.into_iter().filter(|item| item.code().is_none()).map(|item| match item {
            Owned::Row { number, line, bytes, cells, .. } => Owned::Row { number, line, bytes, cells, problems: 0 },
            other => other,
        });
        prop_assert_eq!(quiet, rows.collect::<Vec<_>>());
    }

    #[test]
    fn a_span_of_rows_reads_back_as_those_rows(text in texts(), limits in limits()) {
        let items = read_with(Reader::new(&limits).quiet(), [&text[..]]);
        let Owned::Header(reading) = &items[0] else { return Ok(()) };
        for (first, item) in items.iter().enumerate() {
            let Owned::Row { number, line, bytes, .. } = item else { continue };
            let last = items[first..].iter().take(3).rev().find_map(|item| {
                if let Owned::Row { bytes, .. } = item { Some(bytes.end) } else { None }
            });
            let span = bytes.start as usize..last.unwrap() as usize;
            let at = rowcast::reader::Position { offset: bytes.start, row: *number, line: *line };
            let reader = Reader::resume(&limits, Arc::new(reading.clone()), at).quiet();
            let rows = read_with(reader, [&text[span]]);
            prop_assert_eq!(&rows[..], &items[first..first + rows.len()]);
            prop_assert!(!rows.is_empty());
        }
    }

    #[test]
    fn text_stays_until_room_is_made(text in texts(), length in 1usize..20) {
        let limits = Limits::for_tests();
        let mut reader = Reader::new(&limits);
        let mut end = 0;
        for piece in cut(&text, &[length]) {
            feed(&mut reader, piece);
            end += piece.len();
            let mut first = None;
            while let Some(item) = pull(&mut reader) {
                let Owned::Row { bytes, .. } = item else { continue };
                let from = *first.get_or_insert(bytes.start);
                prop_assert_eq!(reader.text(from..end as u64), Some(&text[from as usize..end]));
                prop_assert_eq!(reader.text(bytes.clone()), Some(&text[bytes.start as usize..bytes.end as usize]));
            }
        }
    }
}

fn codes(items: &[Owned]) -> Vec<(Option<u64>, &'static str)> {
    let told = |item: &Owned| if let Owned::Problem(p) = item { Some((p.row, p.code.as_str())) } else { None };
    items.iter().filter_map(told).collect()
}

#[test]
fn a_record_over_a_limit_uses_up_its_number_and_the_rest_goes_on() {
    let text = b"a,b\n1,\"aaaa\naaaaaaaaa\"\n1,2,3,4,5\n1,bbbbbb\n1,2\n";
    let items = read(&tiny(), text);
    let expected = [(Some(1), "record-too-long"), (Some(2), "too-many-cells"), (Some(3), "field-too-long")];
    assert_eq!(codes(&items), expected);
    let Some(Owned::Row { number: 4, line: 6, bytes, .. }) = items.last() else { panic!("{items:?}") };
    assert_eq!(&text[bytes.start as usize..bytes.end as usize], b"1,2\n");
    let Owned::Problem(long) = &items[1] else { panic!("{items:?}") };
    assert_eq!((long.raw.as_str(), long.raw_cut, long.line, long.byte), ("1,\"aaa", true, 2, 4));
    assert_eq!(long.message, "the record has 18 bytes; expected at most 12");
}

#[test]
fn problems_come_in_the_order_of_the_file() {
    let items = read(&Limits::for_tests(), b"\n a,,a,a\n\n1\n1,2,3,4,5\n\xff,2,3,4\n1,2,3,\"4");
    let expected = [
        (None, "blank-row"),
        (None, "blank-label"),
        (None, "duplicate-label"),
        (None, "blank-row"),
        (Some(1), "missing-cell"),
        (Some(2), "extra-cell"),
        (Some(3), "encoding-error"),
        (Some(4), "unclosed-quote"),
    ];
    assert_eq!(codes(&items), expected);
    let Owned::Header(reading) = &items[0] else { panic!("{items:?}") };
    assert_eq!(reading.columns, [" a", "column_2", "a", "a_2"]);
}

#[test]
fn a_file_without_records_has_no_columns() {
    for (text, line, byte) in [(&b""[..], 1, 0), (b"\xef\xbb\xbf", 1, 3), (b"\r\n\n", 3, 3)] {
        let items = read(&Limits::for_tests(), text);
        assert!(matches!(&items[0], Owned::Header(reading) if reading.columns.is_empty()), "{items:?}");
        let Some(Owned::Problem(problem)) = items.last() else { panic!("{items:?}") };
        assert_eq!((problem.code, problem.line, problem.byte), (ProblemCode::BlankHeader, line, byte));
    }
}

#[test]
fn a_header_that_cannot_be_had_is_an_error_as_soon_as_it_is_known() {
    let limits = tiny();
    let mut reader = Reader::new(&limits);
    let mut items = Vec::new();
    for piece in b"\n\"aaaaaaaaaaaaaaaaaaaaaaaaaa".chunks(6) {
        feed(&mut reader, piece);
        drain(&mut reader, &mut items);
    }
    assert_eq!(items, [Owned::Error(ReadError::HeaderTooLong { line: 2, byte: 1, max: 16 })]);
    assert!(reader.next().is_err(), "the error stays");

    let blank = read(&limits, &b"\n".repeat(17));
    assert_eq!(blank, [Owned::Error(ReadError::HeaderTooLong { line: 1, byte: 0, max: 16 })]);
    let wide = read(&limits, b"\na,b,c,d,e\n");
    assert_eq!(wide, [Owned::Error(ReadError::TooManyColumns { line: 2, byte: 1, found: 5, max: 4 })]);
    assert!(matches!(read(&limits, b"aaaaaaaaaaaaaaa\r\n")[..], [Owned::Header(_)]));
}

#[test]
fn a_checkpoint_waits_for_the_problems_of_its_row() {
    let mut reader = Reader::new(&Limits::for_tests());
    feed(&mut reader, b"a,b\n1,2\n1\n3,4\n");
    let mut seen = Vec::new();
    while pull(&mut reader).is_some() {
        seen.push((reader.checkpoint().offset, reader.checkpoint().row, reader.read_offset()));
    }
    assert_eq!(seen, [(3, 1, 4), (7, 2, 8), (7, 2, 8), (9, 3, 10), (13, 4, 14)]);
    reader.finish();
    assert_eq!(pull(&mut reader), None);
    assert_eq!(reader.read_offset(), 14);
}

#[test]
fn a_long_record_that_trickles_in_is_parsed_once() {
    let limits = Limits::default();
    let mut reader = Reader::new(&limits);
    feed(&mut reader, b"a\n\"");
    assert!(pull(&mut reader).is_some());
    let began = Instant::now();
    for _ in 0..200_000 {
        feed(&mut reader, b"x");
        assert_eq!(pull(&mut reader), None);
    }
    // Parsing it again for each byte would be 20 billion steps.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    feed(&mut reader, b"\"\n");
    assert!(matches!(pull(&mut reader), Some(Owned::Row { cells, .. }) if cells[0].len() == 200_000));
}

#[test]
fn a_quote_that_is_never_closed_takes_no_memory() {
    let limits = tiny();
    let mut reader = Reader::new(&limits);
    feed(&mut reader, b"a\n\"");
    assert!(pull(&mut reader).is_some());
    for _ in 0..1000 {
        feed(&mut reader, &[b'x'; 512]);
        assert_eq!(pull(&mut reader), None);
    }
    assert_eq!(reader.text(2..3), None, "its beginning was let go");
    assert!(format!("{reader:?}").len() < 60_000, "nothing in the reader has grown");
    reader.finish();
    assert_eq!(codes(&[pull(&mut reader).unwrap()]), [(Some(1), "record-too-long")]);
}
