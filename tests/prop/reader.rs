//! The reader: the same items however the bytes are cut, the rows of the `csv` crate, and resuming anywhere.

use crate::items::{Owned, assert_resumes, begun, feed, processor_time, pull, read, read_on, read_with};
use crate::texts::{BEGINNINGS, TEXTS, beginnings, breaks, clean_texts, cut, limits, shown, strict, texts, tiny, utf8};
use proptest::prelude::*;
use rowcast::domain::{Limits, ProblemCode, ReadOptions, Severity};
use rowcast::reader::{Position, ReadError, Reader};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn one_cut_anywhere_changes_nothing() {
    for limits in [Limits::for_tests(), tiny()] {
        for (beginning, text) in BEGINNINGS.iter().flat_map(|beginning| TEXTS.iter().map(move |text| (beginning, text)))
        {
            let all = |pieces: &[&[u8]]| read_on(&limits, &utf8(), beginning, pieces.iter().copied());
            let whole = all(&[text]);
            let shown = format!("{:?} and {:?}", shown(beginning), shown(text));
            for at in 0..=text.len() {
                let (one, two) = text.split_at(at);
                assert_eq!(all(&[one, two]), whole, "{shown} cut at {at}");
            }
            assert_eq!(all(&text.chunks(1).collect::<Vec<_>>()), whole, "{shown} trickled");
        }
    }
}

#[test]
fn resuming_small_texts_anywhere_gives_the_rest() {
    for limits in [Limits::for_tests(), tiny()] {
        for (beginning, text) in BEGINNINGS.iter().flat_map(|beginning| TEXTS.iter().map(move |text| (beginning, text)))
        {
            assert_resumes(&limits, &utf8(), beginning, &[text], |_| true);
            assert_resumes(&limits, &utf8(), beginning, &text.chunks(1).collect::<Vec<_>>(), |_| true);
        }
    }
}

/// The lines that items of a file tell of: rows, records that were dropped, and lines that are no rows.
fn lines_told(items: &[Owned], text: &[u8]) -> Vec<usize> {
    let mut lines = Vec::new();
    for item in items {
        let (line, more) = match item {
            Owned::Row { bytes, line, .. } => {
                // Its terminator ends its last line.
                let end = bytes.end as usize;
                let ended = matches!(text[end - 1], b'\r' | b'\n');
                (*line, breaks(&text[bytes.start as usize..end - usize::from(ended)]))
            }
            Owned::Problem(problem)
                if problem.row.is_some() && problem.code.drops_the_row()
                    || problem.row.is_none() && problem.severity == Severity::Skipped =>
            {
                (problem.line, breaks(problem.raw.as_bytes()))
            }
            _ => continue,
        };
        lines.extend(line as usize..=line as usize + more);
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: super::cases(300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cuts_change_nothing(
        beginning in beginnings(), text in texts(), limits in limits(), lengths in proptest::collection::vec(0usize..9, 1..6),
    ) {
        let options = ReadOptions::default();
        let whole = read_on(&limits, &options, beginning, [&text[..]]);
        prop_assert_eq!(read_on(&limits, &options, beginning, cut(&text, &lengths)), whole);
    }

    #[test]
    fn resuming_anywhere_gives_the_rest(beginning in beginnings(), text in texts(), limits in limits(), length in 1usize..9) {
        assert_resumes(&limits, &utf8(), beginning, &cut(&text, &[length]), |_| true);
    }

    #[test]
    fn rows_are_those_of_the_csv_crate(text in clean_texts(), length in 1usize..99) {
        let mut theirs = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(&text[..]);
        let columns: Vec<_> = theirs.headers().unwrap().iter().map(str::to_owned).collect();
        let theirs: Vec<Vec<String>> =
            theirs.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let items = read_with(Reader::new(&Limits::for_tests(), &strict()), cut(&text, &[length]));
        let ours: Vec<_> =
            items.iter().filter_map(|i| if let Owned::Row { cells, .. } = i { Some(cells.clone()) } else { None }).collect();
        prop_assert_eq!(ours, theirs);
        prop_assert!(matches!(&items[0], Owned::Header(reading) if reading.columns == columns));
        prop_assert!(items.iter().all(|item| item.code().is_none_or(|code| code == ProblemCode::BlankRow)));
    }

    #[test]
    fn every_line_is_a_row_a_problem_or_the_header(beginning in beginnings(), text in texts()) {
        let limits = Limits { raw_bytes_max: 4096, ..Limits::for_tests() };
        let items = read_on(&limits, &utf8(), beginning, [&text[..]]);
        let text = [beginning, &text[..]].concat();
        let Owned::Header(reading) = &items[0] else { panic!("{items:?}") };
        let mut end = None;
        let mut next = 1;
        for item in &items {
            if let Owned::Row { bytes, line, number, .. } = item {
                let (from, to) = (bytes.start as usize, bytes.end as usize);
                prop_assert_eq!(*line as usize, 1 + breaks(&text[..from]));
                prop_assert!(end.is_none_or(|end| end <= from));
                prop_assert!(!matches!(text[from], b'\r' | b'\n'));
                prop_assert!(to == text.len() || matches!(text[to - 1], b'\r' | b'\n'));
                prop_assert_eq!(*number, next);
                (end, next) = (Some(to), number + 1);
            }
            if let Owned::Problem(problem) = item {
                prop_assert_eq!(problem.line as usize, 1 + breaks(&text[..problem.byte as usize]));
                next += u64::from(problem.row.is_some() && problem.code.drops_the_row());
            }
        }
        let count = breaks(&text) + usize::from(!text.is_empty() && !matches!(text[text.len() - 1], b'\r' | b'\n'));
        let told = lines_told(&items, &text);
        let first_row = items.iter().find_map(|i| if let Owned::Row { line, .. } = i { Some(*line as usize) } else { None });
        let header: Vec<usize> = (1..=count).filter(|line| !told.contains(line)).collect();
        if reading.header_rows == 0 || reading.columns.is_empty() {
            let only_mark = text == b"\xef\xbb\xbf";
            prop_assert!(header.is_empty() || only_mark, "lines {:?} are lost: {:#?}", header, items);
        } else {
            prop_assert!(header.len() >= reading.header_rows as usize, "{:?}", header);
            // Comments and blank lines may stand between its records, rows may not.
            prop_assert!(first_row.is_none_or(|line| header[header.len() - 1] < line), "lines {:?}: {:#?}", header, items);
        }
        prop_assert!(told.windows(2).all(|two| two[0] < two[1] || first_row.is_none_or(|first| two[1] < first)), "{:?}", told);
    }

    #[test]
    fn a_quiet_reader_gives_runs_of_clean_rows(beginning in beginnings(), text in texts(), limits in limits()) {
        let items = read_on(&limits, &utf8(), beginning, [&text[..]]);
        let text = [beginning, &text[..]].concat();
        let Owned::Header(reading) = &items[0] else { return Ok(()) };
        let clean: Vec<_> = items.iter().filter(|item| matches!(item, Owned::Row { clean: true, .. })).collect();
        let follows = |one: &&Owned, next: &&Owned| match (one, next) {
            (Owned::Row { bytes, number, .. }, Owned::Row { bytes: next, number: next_number, .. }) => {
                next.start <= bytes.end + 1 && number + 1 == *next_number
            }
            _ => false,
        };
        for run in clean.chunk_by(follows) {
            let run: Vec<Owned> = run.iter().map(|item| (*item).clone()).collect();
            for first in 0..run.len() {
                let Owned::Row { number, line, bytes, .. } = &run[first] else { unreachable!() };
                let Some(Owned::Row { bytes: last, .. }) = run.last() else { unreachable!() };
                let at = Position { offset: bytes.start, row: *number, line: *line };
                let reader = Reader::resume(&limits, Arc::new(reading.clone()), at).quiet();
                let span = &text[bytes.start as usize..last.end as usize];
                prop_assert_eq!(read_with(reader, [span]), &run[first..], "of {:#?}", items);
            }
        }
    }

    #[test]
    fn text_stays_until_room_is_made(beginning in beginnings(), text in texts(), length in 1usize..20) {
        let limits = Limits::for_tests();
        let mut reader = begun(&limits, &utf8(), beginning, &mut Vec::new());
        let mut end = beginning.len();
        let all = [beginning, &text[..]].concat();
        for piece in cut(&text, &[length]) {
            feed(&mut reader, piece);
            end += piece.len();
            let mut first = None;
            while let Some(item) = pull(&mut reader) {
                let Owned::Row { bytes, .. } = item else { continue };
                let from = *first.get_or_insert(bytes.start);
                prop_assert_eq!(reader.text(from..end as u64), Some(&all[from as usize..end]));
                prop_assert_eq!(reader.text(bytes.clone()), Some(&all[bytes.start as usize..bytes.end as usize]));
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
    let text = b"a,b\n1,aaaaaaaaaaaaaaaa\n1,2,3,4,5\n1,bbbbbb\n1,2\n";
    let items = read(&tiny(), &strict(), text);
    let expected = [(Some(1), "record-too-long"), (Some(2), "too-many-cells"), (Some(3), "field-too-long")];
    assert_eq!(codes(&items), expected);
    let Some(Owned::Row { number: 4, line: 5, bytes, .. }) = items.last() else { panic!("{items:?}") };
    assert_eq!(&text[bytes.start as usize..bytes.end as usize], b"1,2\n");
    let Owned::Problem(long) = &items[1] else { panic!("{items:?}") };
    assert_eq!((long.raw.as_str(), long.raw_cut, long.line, long.byte), ("1,aaaa", true, 2, 4));
    assert_eq!(long.message, "the record has 18 bytes; expected at most 12");
}

#[test]
fn problems_come_in_the_order_of_the_file() {
    let text = b"\n a,,a,a\n\n1\n1,2,3,4,5\n1,2,3,4\n\xff,2,3,4\n,\"\",,\n1,2,3,\"4\n5,6,7,8\n";
    let items = read(&Limits::for_tests(), &strict(), text);
    let expected = [
        (None, "blank-row"),
        (None, "blank-label"),
        (None, "duplicate-label"),
        (None, "blank-row"),
        (Some(1), "missing-cell"),
        (Some(2), "extra-cell"),
        (Some(4), "encoding-error"),
        (Some(6), "unclosed-quote"),
    ];
    assert_eq!(codes(&items), expected);
    let Owned::Header(reading) = &items[0] else { panic!("{items:?}") };
    assert_eq!(reading.columns, [" a", "column_2", "a", "a_2"]);
}

#[test]
fn a_file_without_records_has_no_columns() {
    for (text, line, byte) in [(&b""[..], 1, 0), (b"\xef\xbb\xbf", 1, 3), (b"\r\n\n", 3, 3)] {
        let items = read(&Limits::for_tests(), &ReadOptions::default(), text);
        assert!(matches!(&items[0], Owned::Header(reading) if reading.columns.is_empty()), "{items:?}");
        let Some(Owned::Problem(problem)) = items.last() else { panic!("{items:?}") };
        assert_eq!((problem.code, problem.line, problem.byte), (ProblemCode::BlankHeader, line, byte));
    }
}

#[test]
fn a_header_that_cannot_be_had_is_an_error() {
    let limits = tiny();
    let read = |text: &[u8]| read(&limits, &strict(), text);
    let long = b"\naaaaaaaaaa,aaaaaaaaaaaaaaaa\n1,2\n3,4\n";
    assert_eq!(read(long), [Owned::Error(ReadError::HeaderTooLong { line: 2, byte: 1, max: 16 })]);
    let wide = read(b"\na,b,c,d,e\n1,2,3,4,5\n");
    assert_eq!(wide, [Owned::Error(ReadError::TooManyColumns { line: 2, byte: 1, found: 5, max: 4 })]);
    let fits = read(b"aaaaaaaaaaaaaaa\r\n1\r\n");
    assert!(matches!(fits[..], [Owned::Header(_), Owned::Row { .. }]), "{fits:?}");
}

#[test]
fn a_header_without_an_end_is_given_up_in_bounded_memory() {
    for endless in [b"a", b"\n"] {
        let mut reader = Reader::new(&tiny(), &ReadOptions::default());
        let mut fed = 0;
        let failed = loop {
            feed(&mut reader, &endless.repeat(1 << 10));
            fed += 1 << 10;
            match pull(&mut reader) {
                Some(item) => break item,
                None => assert!(fed < 1 << 20, "it waits for ever"),
            }
        };
        assert_eq!(failed, Owned::Error(ReadError::HeaderTooLong { line: 1, byte: 0, max: 16 }));
        assert!(reader.next().is_err(), "the error stays");
    }
}

#[test]
fn a_checkpoint_waits_for_the_problems_of_its_row() {
    let mut reader = Reader::new(&Limits::for_tests(), &strict());
    feed(&mut reader, b"a,b\n1,2\n1\n3,4\n");
    reader.settle();
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
    let mut reader = Reader::new(&limits, &ReadOptions::default());
    feed(&mut reader, b"a\n\"");
    reader.settle();
    assert!(pull(&mut reader).is_some());
    let began = processor_time();
    for _ in 0..200_000 {
        feed(&mut reader, b"x");
        assert_eq!(pull(&mut reader), None);
    }
    // Parsing it again for each byte would be 20 billion steps.
    let took = processor_time() - began;
    assert!(took < Duration::from_secs(5), "{took:?}");
    feed(&mut reader, b"\"\n");
    assert!(matches!(pull(&mut reader), Some(Owned::Row { cells, .. }) if cells[0].len() == 200_000));
}

#[test]
fn a_quote_that_is_never_closed_takes_no_memory() {
    let limits = tiny();
    let mut reader = Reader::new(&limits, &ReadOptions::default());
    feed(&mut reader, b"a\n\"");
    reader.settle();
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
