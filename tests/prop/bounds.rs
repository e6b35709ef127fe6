//! Files that were made to cost much: the reader takes no more time or memory for them than for others.

use crate::items::{Owned, feed, processor_time, pull, read};
use rowcast::domain::{Limits, ProblemCode, ReadOptions};
use rowcast::reader::{ReadError, Reader};
use std::time::Duration;

/// What a file of such lines below a good table gives, in no more time than that.
#[track_caller]
fn read_quickly(options: &ReadOptions, text: &str) -> Vec<Owned> {
    let began = processor_time();
    let items = read(&Limits::default(), options, text.as_bytes());
    let took = processor_time() - began;
    assert!(took < Duration::from_secs(8), "{took:?} for {} bytes", text.len());
    items
}

fn count(items: &[Owned], code: ProblemCode) -> usize {
    items.iter().filter(|item| item.code() == Some(code)).count()
}

const TABLE: &str = "id,name,price\n1,a,2\n2,b,3\n3,c,4\n4,d,5\n";

#[test]
fn stray_quotes_on_every_line_do_not_make_each_look_through_the_rest() {
    // Looked through to the end for each of them, these take a minute.
    let items = read_quickly(&ReadOptions::default(), &format!("{TABLE}{}", "1,\"x,2\n".repeat(10_000)));
    let rows = items.iter().filter(|item| matches!(item, Owned::Row { .. })).count();
    assert_eq!(rows, 10_004, "each line is a row");
    let table = "1,a,2\n".repeat(12_000);
    let items = read_quickly(&ReadOptions::default(), &format!("{TABLE}{table}{}", "1,\"x,2\nzz\nzz\n".repeat(2_000)));
    assert_eq!(count(&items, ProblemCode::StrayQuote), 2_000);
}

#[test]
fn a_record_of_nothing_but_delimiters_is_too_long_at_once() {
    let items = read_quickly(&ReadOptions::default(), &format!("{TABLE}x{}\n5,e,6\n", ",".repeat(300_000)));
    assert_eq!(count(&items, ProblemCode::TooManyCells), 1);
    let Some(Owned::Problem(problem)) = items.iter().find(|item| item.code().is_some()) else { panic!("{items:?}") };
    assert_eq!(problem.message, "the record has 300001 cells; expected at most 4096");
    // Within the limit the empty ones are left out.
    let items = read_quickly(&ReadOptions::default(), &format!("{TABLE}5,e,6{}\n", ",".repeat(4_000)));
    assert_eq!(count(&items, ProblemCode::DoubledDelimiter), 1);
    assert!(matches!(items.iter().rev().nth(1), Some(Owned::Row { cells, .. }) if cells[..] == ["5", "e", "6"]));
}

#[test]
fn blank_lines_above_the_header_are_counted_once() {
    let items = read_quickly(&ReadOptions::default(), &format!("{}{TABLE}", "\n".repeat(7_000)));
    let told =
        items.iter().filter_map(|item| if let Owned::Problem(problem) = item { Some(problem.line) } else { None });
    assert!(told.eq(1..=7_000));
    let options = ReadOptions { skip_rows: Some(10_000), ..ReadOptions::default() };
    let items = read_quickly(&options, &format!("{}{TABLE}", "\n".repeat(17_000)));
    assert_eq!((count(&items, ProblemCode::PreambleLine), count(&items, ProblemCode::BlankRow)), (10_000, 7_000));
    // All of them are told at once, so there cannot be any number of them.
    let items = read_quickly(&ReadOptions::default(), &format!("{}{TABLE}", "\n".repeat(60_000)));
    assert!(matches!(items[..], [Owned::Error(ReadError::HeaderTooLong { .. })]), "{items:?}");
}

#[test]
fn lines_to_skip_may_be_more_than_the_decision_is_made_from() {
    let above: String = (0..9_000).map(|line| format!("said before: {line}\n")).collect();
    let options = ReadOptions { skip_rows: Some(9_000), ..ReadOptions::default() };
    let items = read_quickly(&options, &format!("{above}{TABLE}"));
    assert!(
        matches!(&items[0], Owned::Header(reading) if reading.columns == ["id", "name", "price"]),
        "{:?}",
        items[0]
    );
    assert_eq!(count(&items, ProblemCode::PreambleLine), 9_000);
    assert!(matches!(items.last(), Some(Owned::Row { number: 4, line: 9_005, .. })));
    // They need not come at once, nor be over where the file is.
    let mut reader = Reader::new(&Limits::default(), &options);
    for piece in above.as_bytes().chunks(10_000) {
        feed(&mut reader, piece);
        assert_eq!(pull(&mut reader), None);
    }
    reader.finish();
    assert!(matches!(pull(&mut reader), Some(Owned::Header(reading)) if reading.columns.is_empty()));
}

#[test]
fn places_that_were_no_text_are_forgotten_with_it() {
    let limits = Limits::for_tests();
    let mut reader = Reader::new(&limits, &ReadOptions::default());
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    feed(&mut reader, &[&b"\xff\xfe"[..], &wide(TABLE)].concat());
    reader.settle();
    while pull(&mut reader).is_some() {}
    // One line of nothing but halves of pairs.
    for _ in 0..64 {
        feed(&mut reader, &b"\x00\xdc".repeat(8 << 10));
        assert_eq!(pull(&mut reader), None);
    }
    assert!(format!("{reader:?}").len() < 2_000_000, "nothing in the reader has grown");
    feed(&mut reader, &wide("\n5,e,6\n"));
    assert_eq!(pull(&mut reader).and_then(|item| item.code()), Some(ProblemCode::RecordTooLong));
}

#[test]
fn what_stands_between_cells_is_no_quote() {
    for delimiter in ["\"", "'", "\","] {
        let options = ReadOptions { delimiter: Some(delimiter.into()), ..ReadOptions::default() };
        let items = read_quickly(&options, &TABLE.replace(',', delimiter));
        let Owned::Header(reading) = &items[0] else { panic!("{items:?}") };
        assert!(reading.quote.is_none_or(|quote| !delimiter.contains(quote)), "{reading:?}");
        assert_eq!(reading.columns, ["id", "name", "price"]);
    }
}
