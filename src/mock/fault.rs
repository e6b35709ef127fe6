//! What can be wrong with a record, as real exports are wrong.
//!
//! Each fault damages its own record only: a reader that follows RFC 4180 finds as many records as the file has rows, and
//! every other record exactly as in the clean file. So nothing here opens a quote that it does not close, and no record
//! becomes a blank line.

use super::column::Column;
use super::pool::{quoted_if_needed, unquoted};
use super::random::Stream;

macro_rules! fault_kinds {
    ($($variant:ident $name:literal $weight:literal $help:literal)+) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FaultKind { $(#[doc = $help] $variant,)+ }

        impl FaultKind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How often it happens, beside the others.
            const fn weight(self) -> usize {
                match self { $(Self::$variant => $weight,)+ }
            }

            /// What it looks like, in a few words.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

fault_kinds! {
    MissingCells   "missing-cells"   4 "The record ends before its last columns."
    ExtraCells     "extra-cells"     4 "One to three cells more than the header has columns."
    EmptyCell      "empty-cell"      6 "A cell without anything in it."
    StrayQuote     "stray-quote"     3 "A quote inside a cell that is not quoted."
    UnescapedQuote "unescaped-quote" 3 "Quotes inside a quoted cell that are not doubled."
    BlankLine      "blank-line"      3 "A blank line before the record, which is itself as it should be."
    WrongType      "wrong-type"      6 "A cell whose text does not fit its column: n/a, 31/02/2021, 1.204,50 €."
    Padding        "padding"         4 "Spaces, a tab or a no-break space around a cell's text."
    NotUtf8        "not-utf-8"       3 "A letter in Latin-1 within a file that is UTF-8."
    LineBreak      "line-break"      3 "A line break inside a quoted cell, as RFC 4180 allows."
    HeaderAgain    "header-again"    1 "The header once more in place of the record, as when files were joined."
}

impl FaultKind {
    /// Whether a reader that follows RFC 4180 finds the record's cells as the clean file has them.
    pub const fn keeps_cells(self) -> bool {
        matches!(self, Self::BlankLine)
    }
}

/// What is wrong with one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The row, from 1.
    pub row: u64,
    /// The kind.
    pub kind: FaultKind,
    /// The column it is in, from 0; the first that is missing; none where it is about the whole record.
    pub column: Option<usize>,
}

/// Decides what is wrong with a row of these columns. Takes from `stream` what it needs.
pub(super) fn choose(row: u64, columns: &[Column], stream: &mut Stream) -> Fault {
    let free = |i: &usize| misfits(columns[*i]).is_empty();
    let kind = match draw(stream) {
        // A record of one cell that has lost it would be a blank line, and no record.
        FaultKind::MissingCells if columns.len() == 1 => FaultKind::EmptyCell,
        FaultKind::WrongType if (0..columns.len()).all(|i| free(&i)) => FaultKind::Padding,
        kind => kind,
    };
    let column = match kind {
        FaultKind::ExtraCells | FaultKind::BlankLine | FaultKind::HeaderAgain => None,
        FaultKind::MissingCells => Some(1 + stream.below(columns.len() - 1)),
        FaultKind::WrongType => one_of(|i| !free(i), columns.len(), stream),
        // What people type and copy goes wrong in free text first; a number has no letter that could be Latin-1.
        FaultKind::StrayQuote | FaultKind::UnescapedQuote | FaultKind::NotUtf8 | FaultKind::LineBreak => {
            one_of(free, columns.len(), stream).or_else(|| one_of(|_| true, columns.len(), stream))
        }
        FaultKind::EmptyCell | FaultKind::Padding => one_of(|_| true, columns.len(), stream),
    };
    Fault { row, kind, column }
}

fn draw(stream: &mut Stream) -> FaultKind {
    let mut place = stream.below(FaultKind::ALL.iter().map(|kind| kind.weight()).sum());
    let drawn = FaultKind::ALL.iter().find(|kind| {
        let found = place < kind.weight();
        place = place.saturating_sub(kind.weight());
        found
    });
    *drawn.expect("the place is below the sum of the weights")
}

/// One of the columns that `fits`, each as likely as the others; none where no column does.
fn one_of(fits: impl Fn(&usize) -> bool, columns: usize, stream: &mut Stream) -> Option<usize> {
    let fitting = || (0..columns).filter(&fits);
    fitting().nth(stream.below(fitting().count()))
}

/// A cell of `column` with that fault, as it stands in the file; `alone` where it is the record's only one.
pub(super) fn damage(kind: FaultKind, column: Column, cell: &[u8], alone: bool, stream: &mut Stream) -> Vec<u8> {
    let value = unquoted(cell);
    match kind {
        // A record without a character would be a blank line.
        FaultKind::EmptyCell if alone => b"\"\"".to_vec(),
        FaultKind::EmptyCell => Vec::new(),
        FaultKind::StrayQuote => {
            let end = stream.pick(&["\"", " 15\"", " \"new", " \"B\" 3\" x 2\""]);
            [&bare(&value), end.as_bytes()].concat()
        }
        FaultKind::UnescapedQuote => {
            let nickname = stream.pick(&["Sunny", "XL", "the best", "as agreed"]);
            [b"\"".as_slice(), &bare(&value), b" \"", nickname.as_bytes(), b"\" etc\""].concat()
        }
        FaultKind::WrongType => quoted_if_needed(stream.pick(misfits(column)).as_bytes()),
        FaultKind::Padding => {
            let (before, after) = [("  ", ""), ("", " "), (" ", " "), ("\t", ""), ("", "\u{a0}")][stream.below(5)];
            quoted_if_needed(&[before.as_bytes(), &value, after.as_bytes()].concat())
        }
        FaultKind::NotUtf8 => quoted_if_needed(&latin1(value)),
        FaultKind::LineBreak => {
            let line_break = stream.pick(&["\n", "\r\n"]).as_bytes();
            quoted_if_needed(&match value.iter().position(|&byte| byte == b' ') {
                Some(space) => [&value[..space], line_break, &value[space + 1..]].concat(),
                None => [&value, line_break, b"(see note)"].concat(),
            })
        }
        // These are about the record, not about a cell.
        FaultKind::MissingCells | FaultKind::ExtraCells | FaultKind::BlankLine | FaultKind::HeaderAgain => {
            cell.to_vec()
        }
    }
}

/// Cells beyond the last column, each with its comma in front.
pub(super) fn extra_cells(stream: &mut Stream) -> Vec<u8> {
    let mut cells = Vec::new();
    for _ in 0..=stream.below(3) {
        cells.push(b',');
        cells.extend_from_slice(stream.pick(&["", "x", "duplicate", "\"moved, see below\"", "0"]).as_bytes());
    }
    cells
}

/// A value without what would end its cell: after a stray quote a reader takes each comma for the end.
fn bare(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|byte| !matches!(byte, b',' | b'"')).collect()
}

/// The value with one letter in Latin-1; a letter is added where none can be changed.
fn latin1(mut value: Vec<u8>) -> Vec<u8> {
    let letter = value.iter_mut().find(|byte| matches!(byte, b'a' | b'e' | b'o' | b'u'));
    match letter {
        Some(letter) => {
            *letter = match letter {
                b'a' => 0xe1,
                b'e' => 0xe9,
                b'o' => 0xf6,
                _ => 0xfc,
            }
        }
        None => value.push(0xe9),
    }
    value
}

/// Texts that do not fit the column; none for a column that is free text.
const fn misfits(column: Column) -> &'static [&'static str] {
    match column {
        Column::Id | Column::Integer => &["n/a", "-", "12a", "1e3", "seven", "#REF!"],
        Column::Amount => &["1.204,50 €", "n/a", "-", "$12", "12.3.4", "free"],
        Column::Date => &["31/02/2021", "2023-02-30", "n/a", "yesterday", "20240101", "00.00.0000"],
        Column::Datetime => &["2023-13-01T25:61:00", "31/02/2021 09:00", "n/a", "noon"],
        Column::Uuid => &["not-a-uuid", "00000000-0000-0000-0000", "NULL"],
        Column::Boolean => &["maybe", "2", "ja", "-"],
        Column::Email => &["nobody(at)example.com", "@example.com", "n/a", "ask reception"],
        Column::Phone => &["n/a", "unlisted", "555", "+++"],
        Column::Zip => &["1234", "9021O", "n/a", "SW1A 1AA"],
        Column::Currency => &["€", "Dollar", "XX"],
        Column::Url => &["n/a", "http:/example", "www"],
        Column::Name
        | Column::FirstName
        | Column::LastName
        | Column::Company
        | Column::Job
        | Column::Street
        | Column::City
        | Column::Country
        | Column::Sentence => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name() {
        for (i, kind) in FaultKind::ALL.iter().enumerate() {
            assert!(FaultKind::ALL[..i].iter().all(|earlier| earlier.as_str() != kind.as_str()));
        }
    }

    #[test]
    fn a_latin1_letter_is_never_valid_utf8() {
        for value in ["Lisbon", "Zoë", "xyz", "ça", "0.12", "çà", ""] {
            assert!(std::str::from_utf8(&latin1(value.as_bytes().to_vec())).is_err(), "{value}");
        }
    }

    #[test]
    fn a_fault_fits_the_columns_it_is_in() {
        for columns in [&[Column::City][..], &[Column::Id], &[Column::Name, Column::Zip], Column::ALL] {
            for key in 0..2_000 {
                let fault = choose(1, columns, &mut Stream::new(key));
                assert!(fault.column.is_none_or(|i| i < columns.len()), "{fault:?}");
                if let (FaultKind::WrongType, Some(i)) = (fault.kind, fault.column) {
                    assert!(!misfits(columns[i]).is_empty(), "{fault:?}");
                }
            }
        }
    }
}
