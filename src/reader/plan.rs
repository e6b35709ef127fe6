//! The decision how a file is read, from its beginning: made once, from nothing but that text and what somebody said.
//!
//! In order: a line that names the delimiter, lines to skip, the dialect, comments, what columns look like, the layout, names
//! and profiles.

use super::dialect::Dialect;
use super::fields::{Fields, are_blank, texts};
use super::header::{Renamed, name_columns};
use super::judge::learn;
use super::layout::{self, Layout};
use super::lines::{LineBreaks, line};
use super::profile::{Profiled, profile};
use super::sniff::{self, Found, Given, Sniffed, sniff};
use crate::domain::{ColumnProfile, Learned, LineEnd, QuoteOption, ReadOptions, Reading, Repair};
use std::ops::Range;

/// Lines that one record may take up.
pub(super) const LINES_OF_A_RECORD_MAX: usize = 200;

/// What stands above the first row besides the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Above {
    /// The line that names the delimiter.
    Separator,
    /// A line or record before the header.
    Preamble,
    /// A blank record between those of the header.
    Blank,
    Comment,
}

/// How a file is read, and where its rows begin.
#[derive(Debug)]
pub(super) struct Plan {
    pub dialect: Dialect,
    pub reading: Reading,
    pub learned: Learned,
    pub profiles: Vec<ColumnProfile>,
    pub renamed: Vec<Renamed>,
    /// Lines and records above the first row that are no part of the header, as byte ranges without terminators.
    pub above: Vec<(Range<usize>, Above)>,
    /// The header's records, as the same.
    pub head: Vec<Range<usize>>,
    /// The first row's first byte, or that of a blank line before it.
    pub body: usize,
}

/// Decides by `text`, which begins behind the byte order mark, and is cut behind a line unless the file is over.
pub(super) fn plan(text: &[u8], options: &ReadOptions) -> Plan {
    let mut why = Vec::new();
    let (named, separator) = separator_line(text);
    let mut start = separator.as_ref().map_or(0, |named| named.end + line(&text[named.end..]).1);
    let mut above: Vec<_> = separator.map(|range| (range, Above::Separator)).into_iter().collect();
    for _ in 0..options.skip_rows.unwrap_or_default() {
        let (len, all) = line(&text[start..]);
        if all == 0 {
            break;
        }
        above.push((start..start + len, Above::Preamble));
        start += all;
    }
    if let Some(delimiter) = &named {
        why.push(format!("The first line names the delimiter: {}.", super::repair::name_of(delimiter)));
    }
    let rest = &text[start..];
    let given = Given {
        delimiter: options.delimiter.clone().or(named),
        quote: options.quote.map(|quote| match quote {
            QuoteOption::Char(quote) if quote.is_ascii() => Some(quote as u8),
            QuoteOption::None | QuoteOption::Char(_) => None,
        }),
        backslash: options.escape.map(|escape| escape == crate::domain::Escape::Backslash),
        trim: options.trim,
    };
    let Sniffed { mut dialect, sure_percent, why: because } = sniff(rest, &given);
    why.extend(because);
    let mut records: Vec<Found> = sniff::records(rest, &dialect, LINES_OF_A_RECORD_MAX).collect();
    let columns = layout::columns(&records, &dialect, options.header_rows > Some(0));
    dialect.comment = options
        .comment
        .filter(char::is_ascii)
        .map(|comment| comment as u8)
        .or_else(|| comment(rest, &records, columns));
    let range = |found: &Found| start + found.start..start + found.start + found.fields.len;
    let mut comments = Vec::new();
    if let Some(comment) = dialect.comment {
        why.push(format!("Lines that begin with {} are comments.", char::from(comment)));
        // A quote in a comment opens nothing.
        records = sniff::records(rest, &dialect, LINES_OF_A_RECORD_MAX).collect();
        let is_comment = |found: &Found| rest[found.start] == comment;
        let lines = records.iter().filter(|found| is_comment(found));
        comments.extend(lines.map(|found| (range(found), Above::Comment)));
        records.retain(|found| !is_comment(found));
    }
    let good: Vec<_> = records
        .iter()
        .map(|found| &found.fields)
        .filter(|fields| fields.cells.len() == columns && fields.is_strict() && !are_blank(&fields.cells))
        .collect();
    // The first few are the header and what stands around it, most likely.
    let body = if good.len() > 3 { &good[good.len() / 20 + 1..] } else { good.get(1..).unwrap_or_default() };
    let body = if body.is_empty() { &good[..] } else { body };
    let mut learned = learn(body, columns);
    let Layout { preamble, head, labels, header, why: because } =
        layout::layout(rest, &records, &learned, &dialect, options.header_rows);
    why.push(because);
    above.extend(records[..preamble].iter().map(|found| (range(found), Above::Preamble)));
    let header_rows = head.len();
    let first_row = head.last().map_or(preamble, |last| last + 1);
    let blanks = (preamble..first_row).filter(|at| !head.contains(at));
    above.extend(blanks.map(|at| (range(&records[at]), Above::Blank)));
    let head = head.iter().map(|at| range(&records[*at])).collect();
    // Blank lines and comments before the first row belong to the beginning: a reader that goes on there tells none again.
    let body = match first_row.checked_sub(1) {
        Some(last) => start + records[last].end,
        None => start + records.first().map_or(rest.len(), |first| first.start),
    };
    above.extend(comments.into_iter().filter(|(line, _)| line.start < body));
    let labels = if header_rows == 0 { (0..columns).map(|at| format!("col_{at}")).collect() } else { labels };
    let (names, renamed) = name_columns(&labels.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = records[first_row..].iter().map(|found| &found.fields);
    let is_row =
        |fields: &&Fields<'_>| fields.cells.len() == columns && !are_blank(&fields.cells) && fields.cells != header;
    let rows: Vec<_> = rows.filter(is_row).collect();
    // A file without a record has no columns.
    let names = if records.is_empty() { Vec::new() } else { names };
    let Profiled { columns: profiles, decimal, thousands } = profile(&names, &rows, options);
    learned.header = header.clone();
    learned.labels = labels;
    learned.first = records.get(first_row).map(|found| texts(&found.fields.cells)).unwrap_or_default();
    let preamble = above.iter().filter(|(_, what)| *what == Above::Preamble);
    let preamble_lines = preamble.map(|(range, _)| 1 + LineBreaks::within(&text[range.clone()])).sum();
    let reading = Reading {
        delimiter: dialect.delimiter.clone(),
        quote: dialect.quote.map(char::from),
        escape: if dialect.backslash { crate::domain::Escape::Backslash } else { crate::domain::Escape::Doubled },
        line_end: line_end(text),
        comment: dialect.comment.map(char::from),
        trim: dialect.trim,
        decimal,
        thousands,
        null_values: options.null_values.clone(),
        preamble_lines,
        header_rows: u32::try_from(header_rows).expect("a header has few records"),
        repair: options.repair.unwrap_or(Repair::Fix),
        examined_bytes: text.len() as u64,
        sure_percent,
        why,
        columns: names,
        ..Reading::default()
    };
    Plan { dialect, reading, learned, profiles, renamed, above, head, body }
}

/// Bytes of the lines that are to be skipped, and of the one that names the delimiter; none if their ends are not there.
pub(super) fn skipped(text: &[u8], options: &ReadOptions) -> Option<usize> {
    let Some(rows) = options.skip_rows.filter(|rows| *rows > 0) else { return Some(0) };
    let (_, separator) = separator_line(text);
    let mut at = 0;
    for _ in 0..rows + u64::from(separator.is_some()) {
        let (len, all) = line(&text[at..]);
        at += all;
        let is_open = len == all || at == text.len() && text[at - 1] == b'\r';
        if is_open {
            return None;
        }
    }
    Some(at)
}

/// A first line such as `sep=;`, with the delimiter it names.
fn separator_line(text: &[u8]) -> (Option<String>, Option<Range<usize>>) {
    let (len, _) = line(text);
    let first = std::str::from_utf8(&text[..len]).unwrap_or_default();
    let bare = first.strip_prefix('"').and_then(|bare| bare.strip_suffix('"')).unwrap_or(first);
    let named = bare.get(..4).filter(|key| key.eq_ignore_ascii_case("sep=")).map(|_| &bare[4..]);
    match named {
        Some(delimiter) if delimiter.chars().count() == 1 => (Some(delimiter.to_owned()), Some(0..len)),
        _ => (None, None),
    }
}

/// `#`, if there are lines that begin with it, and none of them is a whole record.
fn comment(text: &[u8], records: &[Found], columns: usize) -> Option<u8> {
    let begins = |found: &&Found| text[found.start] == b'#';
    let any = records.iter().any(|found| begins(&found));
    let whole = records.iter().filter(begins).any(|found| found.fields.cells.len() == columns);
    (any && !whole && columns > 1).then_some(b'#')
}

fn line_end(text: &[u8]) -> LineEnd {
    let (mut crlf, mut lf, mut cr) = (0_u32, 0_u32, 0_u32);
    for at in memchr::memchr2_iter(b'\r', b'\n', text) {
        match (text[at], text.get(at + 1)) {
            (b'\r', Some(b'\n')) => crlf += 1,
            (b'\r', _) => cr += 1,
            _ if at > 0 && text[at - 1] == b'\r' => {}
            _ => lf += 1,
        }
    }
    if crlf > lf.max(cr) {
        LineEnd::Crlf
    } else if cr > lf {
        LineEnd::Cr
    } else {
        LineEnd::Lf
    }
}
