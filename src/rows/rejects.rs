//! Which records of an entry are rejected, and how such a record looks in the file of rejects.

use super::RowsError;
use super::told::Told;
use super::walk::{Found, Walk};
use crate::domain::{CellsBuf, Kind, Severity};
use crate::encode::{CsvExport, RowLiteral, json_array};
use crate::journal::{Entry, Part};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// What is wrong with the record of a row number.
struct Mark<'a> {
    row: u64,
    severity: Severity,
    line: u64,
    code: Cow<'a, str>,
    message: Cow<'a, str>,
    raw: Cow<'a, str>,
}

/// A record that is rejected: everything that is wrong with it, an error among that.
struct Reject<'a> {
    row: u64,
    marks: Vec<Mark<'a>>,
}

/// The rejected records of one entry, in the order of their numbers. A batch ends between records, so what is wrong with one
/// stands in the same entry, behind it.
pub(super) struct Rejects<'a>(Vec<Reject<'a>>);

/// What is added to the original columns.
const ADDED: [&str; 5] = ["_line", "_codes", "_messages", "_extra", "_raw"];

impl<'a> Rejects<'a> {
    pub fn of(entry: &'a Entry) -> Result<Self, RowsError> {
        let mut found: Vec<Reject<'a>> = Vec::new();
        // The row that came last.
        let mut last = 0;
        for part in &entry.parts {
            let mark = match part {
                Part::Span(span) => {
                    last = span.first_row + span.rows - 1;
                    continue;
                }
                Part::Literal { kind: Kind::Row, json } => {
                    last = RowLiteral::of(json)?.number();
                    continue;
                }
                Part::Literal { kind: Kind::Problem, json } => {
                    let Told { row, severity, line, code, message, raw, .. } = Told::of(json)?;
                    let Some(row) = row else { continue };
                    Mark { row, severity, line, code, message, raw }
                }
                Part::Counted { code, line } => Mark {
                    row: last,
                    severity: code.severity(),
                    line: *line,
                    code: code.as_str().into(),
                    message: code.title().into(),
                    raw: "".into(),
                },
                Part::Literal { .. } | Part::Published { .. } => continue,
            };
            match found.last_mut() {
                Some(reject) if reject.row == mark.row => reject.marks.push(mark),
                _ => found.push(Reject { row: mark.row, marks: vec![mark] }),
            }
        }
        found.retain(|reject| reject.marks.iter().any(|mark| mark.severity == Severity::Error));
        Ok(Self(found))
    }

    /// Whether the row of that number is rejected.
    pub fn has(&self, row: u64) -> bool {
        self.among(row, row)
    }

    fn among(&self, first: u64, last: u64) -> bool {
        let at = self.0.partition_point(|reject| reject.row < first);
        self.0.get(at).is_some_and(|reject| reject.row <= last)
    }

    /// Appends them as records of CSV. Of a record that could not be kept there are no cells.
    pub fn csv(&self, out: &mut Vec<u8>, csv: &mut CsvExport, walk: &mut Walk, entry: &Entry) -> Result<(), RowsError> {
        let columns = walk.columns().len();
        let mut coming = self.0.iter().peekable();
        let mut read = CellsBuf::default();
        let mut take = |number, found: Found<'_>| {
            while let Some(reject) = coming.next_if(|reject| reject.row <= number) {
                let cells = if reject.row == number { found.cells(&mut read)?.iter().collect() } else { Vec::new() };
                reject.csv(out, csv, columns, &cells);
            }
            Ok(ControlFlow::Continue(()))
        };
        let _ = walk.entry(entry, |first, last| self.among(first, last), &mut take)?;
        for reject in coming {
            reject.csv(out, csv, columns, &[]);
        }
        Ok(())
    }
}

impl Reject<'_> {
    fn csv(&self, out: &mut Vec<u8>, csv: &mut CsvExport, columns: usize, cells: &[&str]) {
        let (cells, further) = cells.split_at(cells.len().min(columns));
        let codes: Vec<_> = self.marks.iter().map(|mark| &*mark.code).collect();
        let messages: Vec<_> = self.marks.iter().map(|mark| &*mark.message).collect();
        let (codes, messages) = (codes.join(" "), messages.join(" | "));
        let (line, raw) = self.marks.first().map_or((0, ""), |mark| (mark.line, &mark.raw));
        let line = line.to_string();
        let further = if further.is_empty() { String::new() } else { json_array(further.iter().copied()) };
        let missing = std::iter::repeat_n("", columns - cells.len());
        let added = [&*line, &codes, &messages, &further, raw];
        csv.record(out, cells.iter().copied().chain(missing).chain(added));
    }
}

/// The header of the file: the original columns and what is added, under other names where the file has those itself.
pub(super) fn header(columns: &[String]) -> Vec<String> {
    let mut names = columns.to_vec();
    for name in ADDED {
        let free = (1..).map(|n| if n == 1 { name.to_owned() } else { format!("{name}_{n}") });
        let free = free.into_iter().find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_columns_never_take_a_name_that_is_there() {
        let columns = ["_raw", "a", "_raw_2"].map(str::to_owned);
        let expected = ["_raw", "a", "_raw_2", "_line", "_codes", "_messages", "_extra", "_raw_3"];
        assert_eq!(header(&columns), expected);
    }
}
