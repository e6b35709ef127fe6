//! The reader, for any file: the same however it is cut, resumed anywhere, rows numbered from 1 and within the file.

use super::with_dice;
use crate::items::{Owned, assert_resumes, begun, read_on};
use crate::texts::{cut, strict, tiny, utf8};
use rowcast::domain::{Compression, Limits, ReadOptions, Severity};

pub const WORDS: &[&str] = &[
    "\"",
    ",",
    "\n",
    "\r\n",
    ";",
    "\t",
    "|",
    "#",
    "\\\"",
    "a,b\n1,2\n3,4\n",
    "name;zip\r\n",
    "1,2\n",
    "\"x\"\"y\"",
    "sep=;\n",
    "2026-01-31",
    "\u{feff}",
    "Total,",
    "\n\n",
    "é",
];

pub fn hold(data: &[u8]) {
    let (text, [how, begins, one, two, resumes]) = with_dice(data);
    let limits = if how & 1 == 0 { Limits::for_tests() } else { tiny() };
    let (options, is_plain) = match how >> 1 & 7 {
        0 => (strict(), true),
        1..=3 => (utf8(), true),
        4 => (ReadOptions { compression: Some(Compression::Gzip), ..ReadOptions::default() }, false),
        5 => (ReadOptions { compression: Some(Compression::Zstd), ..ReadOptions::default() }, false),
        _ => (ReadOptions::default(), false),
    };
    let (beginning, rest) = text.split_at(decided(&limits, &options, &text[..usize::from(begins).min(text.len())]));
    let whole = read_on(&limits, &options, beginning, [rest]);
    let lengths = [usize::from(one) + 1, usize::from(two)];
    assert_eq!(read_on(&limits, &options, beginning, cut(rest, &lengths)), whole, "cut by {lengths:?}");
    hold_account(&whole, is_plain.then_some(text));
    // Each place to resume at reads the rest once more.
    if is_plain && text.len() <= 600 {
        let chosen = |place: usize| place % 8 == usize::from(resumes % 8);
        assert_resumes(&limits, &options, beginning, &cut(rest, &lengths), chosen);
    }
}

/// How much of it decides how the file is read: all, or nothing where that holds no whole line. A reader that was told to
/// settle would do so with the next piece then, and what that holds is up to the cuts.
fn decided(limits: &Limits, options: &ReadOptions, beginning: &[u8]) -> usize {
    let mut items = Vec::new();
    begun(limits, options, beginning, &mut items);
    if items.is_empty() { 0 } else { beginning.len() }
}

/// Numbers go up by one, places lie within the text and in its order, and there is one header, before everything else.
fn hold_account(items: &[Owned], text: Option<&[u8]>) {
    let (mut next, mut end, mut line_before) = (1, 0, 1);
    for (at, item) in items.iter().enumerate() {
        match item {
            Owned::Header(reading) => {
                assert_eq!(at, 0, "a second header: {items:#?}");
                let mut names = reading.columns.clone();
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), reading.columns.len(), "two columns have one name: {reading:?}");
            }
            Owned::Row { number, line, bytes, problems, .. } => {
                assert_eq!(*number, next, "{items:#?}");
                assert!(end <= bytes.start && bytes.start < bytes.end, "{bytes:?} after {end}");
                assert!(text.is_none_or(|text| bytes.end <= text.len() as u64), "{bytes:?}");
                assert!(line_before <= *line);
                let told = items[at + 1..]
                    .iter()
                    .take_while(|item| matches!(item, Owned::Problem(p) if p.row == Some(*number)));
                assert_eq!(told.count(), *problems, "row {number}: {items:#?}");
                (next, end, line_before) = (number + 1, bytes.end, *line);
            }
            Owned::Problem(problem) => {
                assert!(text.is_none_or(|text| problem.byte <= text.len() as u64), "{problem:?}");
                assert!(problem.line >= 1 && !problem.message.is_empty(), "{problem:?}");
                assert!(problem.row.is_none_or(|row| row <= next), "{problem:?} before row {next}");
                assert!(problem.row.is_none() || problem.severity != Severity::Skipped, "{problem:?}");
                next += u64::from(problem.row.is_some() && problem.code.drops_the_row());
            }
            Owned::Error(_) => assert_eq!(at + 1, items.len(), "something follows an error: {items:#?}"),
        }
    }
}
