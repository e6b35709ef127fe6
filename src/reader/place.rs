//! Where in the file something is wrong, and the sentences that say what.

use super::Bounds;
use super::encoding::quote_raw;
use super::fields::Fields;
use super::header::Renamed;
use crate::domain::{Problem, ProblemCode};

/// A record or line of the file, as far as problems show it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub row: Option<u64>,
    pub line: u64,
    pub byte: u64,
    /// The raw text without its terminator, or at least as much of its beginning as is shown.
    pub prefix: &'a [u8],
    /// Its whole length.
    pub len: u64,
    /// How much is shown.
    pub raw_max: usize,
}

impl Place<'_> {
    fn problem(&self, code: ProblemCode, column: Option<String>, message: String) -> Problem {
        let (raw, raw_cut) = quote_raw(self.prefix, self.len, self.raw_max);
        let Self { row, line, byte, .. } = *self;
        Problem { row, line, byte, column, code, severity: code.severity(), message, raw, raw_cut }
    }

    /// A line without any character.
    pub fn blank_row(&self) -> Problem {
        self.problem(ProblemCode::BlankRow, None, "the line is blank; it is no row".into())
    }

    /// No record in the whole file.
    pub fn blank_header(&self) -> Problem {
        let message = "the file ends without any record; expected one that names the columns";
        self.problem(ProblemCode::BlankHeader, None, message.into())
    }

    /// The header's own problem with one name.
    pub fn renamed(&self, renamed: &Renamed, columns: &[String]) -> Problem {
        let (code, index, what) = match *renamed {
            Renamed::Blank(index) => (ProblemCode::BlankLabel, index, "has no name".to_owned()),
            Renamed::Duplicate(index, first) => {
                (ProblemCode::DuplicateLabel, index, format!("has the name of column {}", first + 1))
            }
        };
        let name = &columns[index];
        self.problem(code, Some(name.clone()), format!("column {} {what}; it is called '{name}' here", index + 1))
    }

    /// Fewer or more cells than columns, if so.
    pub fn ragged(&self, cells: usize, columns: &[String]) -> Option<Problem> {
        let expected = columns.len();
        let found = |beside| format!("the record has {}, {beside}; expected {expected}", count(cells, "cell"));
        if cells < expected {
            let column = columns.get(cells).cloned();
            let message = found(format!("{} too few", expected - cells));
            return Some(self.problem(ProblemCode::MissingCell, column, message));
        }
        (cells > expected).then(|| {
            let message = found(format!("{} too many", cells - expected));
            self.problem(ProblemCode::ExtraCell, None, message)
        })
    }

    /// The cell at `index` is not UTF-8.
    pub fn encoding_error(&self, index: usize, columns: &[String]) -> Problem {
        let message = format!("cell {} holds bytes that are not UTF-8; they became U+FFFD", index + 1);
        self.problem(ProblemCode::EncodingError, columns.get(index).cloned(), message)
    }

    /// The record is over the limit for one.
    pub fn record_too_long(&self, max: usize) -> Problem {
        let message = format!("the record has {} bytes; expected at most {max}", self.len);
        self.problem(ProblemCode::RecordTooLong, None, message)
    }

    /// The limit that the record with these cells is over, if any; of several the first of: length, a cell's length.
    pub fn excess(&self, cells: &[String], columns: &[String], bounds: &Bounds) -> Option<Problem> {
        if self.len > bounds.record as u64 {
            return Some(self.record_too_long(bounds.record));
        }
        let index = cells.iter().position(|cell| cell.len() > bounds.field)?;
        let message = format!("cell {} is too long; expected at most {} bytes", index + 1, bounds.field);
        Some(self.problem(ProblemCode::FieldTooLong, columns.get(index).cloned(), message))
    }

    /// More cells than are allowed.
    pub fn too_many_cells(&self, fields: &Fields, bounds: &Bounds) -> Problem {
        let found = fields.cells.len() + fields.beyond;
        let message = format!("the record has {found} cells; expected at most {}", bounds.cells);
        self.problem(ProblemCode::TooManyCells, None, message)
    }

    /// Something that needs no further words.
    pub fn told(&self, code: ProblemCode, column: Option<String>, message: String) -> Problem {
        self.problem(code, column, message)
    }

    /// Bytes of the record were no characters of the file's encoding.
    pub fn malformed(&self) -> Problem {
        let message = "bytes that are no character of the file's encoding became U+FFFD";
        self.problem(ProblemCode::EncodingError, None, message.into())
    }

    /// The record's quotes are odd, and nothing better was found.
    pub fn in_doubt(&self, code: ProblemCode) -> Problem {
        let message = match code {
            ProblemCode::UnclosedQuote => "a quoted cell is not closed; the line is kept as a record by itself",
            _ => "a quote stands where the dialect has none; the record is kept as it was read",
        };
        self.problem(code, None, message.into())
    }

    /// A line before the header.
    pub fn preamble_line(&self) -> Problem {
        self.problem(ProblemCode::PreambleLine, None, "the line stands before the header; it is no row".into())
    }

    /// A comment.
    pub fn comment_line(&self) -> Problem {
        self.problem(ProblemCode::CommentLine, None, "the line is a comment; it is no row".into())
    }

    /// A first line that names the delimiter.
    pub fn separator_line(&self) -> Problem {
        self.problem(ProblemCode::SeparatorLine, None, "the line names the delimiter; it is no row".into())
    }

    /// The header among the rows.
    pub fn repeated_header(&self) -> Problem {
        self.problem(ProblemCode::RepeatedHeader, None, "the header comes again; it is no row".into())
    }

    /// A line above a header that comes again.
    pub fn section_title(&self) -> Problem {
        self.problem(
            ProblemCode::SectionTitle,
            None,
            "the line stands above a header that comes again; it is no row".into(),
        )
    }

    /// A record without any text.
    pub fn blank_record(&self) -> Problem {
        self.problem(ProblemCode::BlankRow, None, "every cell of the record is blank; it is no row".into())
    }

    /// A line below the table.
    pub fn footer_line(&self) -> Problem {
        self.problem(ProblemCode::FooterLine, None, "the line stands behind the table's last row; it is no row".into())
    }

    /// A line of a further table.
    pub fn second_table(&self) -> Problem {
        self.problem(
            ProblemCode::SecondTable,
            None,
            "the line belongs to a further table, which begins with the header again; it is no row".into(),
        )
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ragged_record_says_how_many_and_which() {
        let columns = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let place = Place { row: Some(2), line: 3, byte: 9, prefix: b"1", len: 1, raw_max: 8 };
        let missing = place.ragged(1, &columns).unwrap();
        assert_eq!((missing.code, missing.column.as_deref()), (ProblemCode::MissingCell, Some("b")));
        assert_eq!(missing.message, "the record has 1 cell, 2 too few; expected 3");
        assert_eq!((missing.row, missing.line, missing.byte, missing.raw.as_str()), (Some(2), 3, 9, "1"));
        let extra = place.ragged(5, &columns).unwrap();
        assert_eq!((extra.code, extra.column), (ProblemCode::ExtraCell, None));
        assert_eq!(extra.message, "the record has 5 cells, 2 too many; expected 3");
        assert!(place.ragged(3, &columns).is_none());
    }
}
