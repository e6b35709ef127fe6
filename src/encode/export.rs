//! Rows as downloads: CSV (RFC 4180) and NDJSON.

use super::formula;
use super::row::{RowTemplate, row_json};
use crate::domain::Cells;
use csv_core::{QuoteStyle, Terminator, WriteResult, WriterBuilder};

/// Writes records as CSV: commas, CRLF, quotes only where they are needed. Missing cells are written empty, so that every
/// record has at least the header's width; further cells stay.
///
/// With [`Formulas::Escaped`] every cell is quoted, and one that a spreadsheet would compute begins with an apostrophe.
#[derive(Debug)]
pub struct CsvExport {
    writer: csv_core::Writer,
    formulas: Formulas,
}

/// What becomes of cells that a spreadsheet would take for formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Formulas {
    /// They stay as they are in the file.
    #[default]
    Kept,
    /// They get an apostrophe in front, so that they are shown and not computed (CWE-1236).
    Escaped,
}

impl Default for CsvExport {
    fn default() -> Self {
        Self::new(Formulas::Kept)
    }
}

impl CsvExport {
    /// Writes a file from its beginning.
    pub fn new(formulas: Formulas) -> Self {
        let style = match formulas {
            Formulas::Kept => QuoteStyle::Necessary,
            Formulas::Escaped => QuoteStyle::Always,
        };
        Self { writer: WriterBuilder::new().terminator(Terminator::CRLF).quote_style(style).build(), formulas }
    }

    /// Appends the header.
    pub fn header(&mut self, out: &mut Vec<u8>, columns: &[String]) {
        self.record(out, columns.iter().map(String::as_str));
    }

    /// Appends a row of a table with that many columns.
    pub fn row(&mut self, out: &mut Vec<u8>, columns: usize, cells: Cells<'_>) {
        let missing = columns.saturating_sub(cells.len());
        self.record(out, cells.iter().chain(std::iter::repeat_n("", missing)));
    }

    /// Appends a record of these cells.
    pub fn record<'a>(&mut self, out: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) {
        let mut cells = cells.enumerate().peekable();
        if cells.peek().is_none() {
            return;
        }
        for (index, cell) in cells {
            if index > 0 {
                append(out, 8, |room| self.writer.delimiter(room));
            }
            if self.formulas == Formulas::Escaped && formula::is_one(cell) {
                self.text(out, formula::MARK);
            }
            self.text(out, cell);
        }
        append(out, 8, |room| self.writer.terminator(room));
    }

    /// Appends to the current cell.
    fn text(&mut self, out: &mut Vec<u8>, text: &str) {
        // At most every quote doubled, and the opening one; a closing one comes with the delimiter or terminator.
        append(out, 2 * text.len() + 8, |room| {
            let (result, _, written) = self.writer.field(text.as_bytes(), room);
            (result, written)
        });
    }
}

/// Lets `write` write up to `needed` bytes at the end of `out`.
fn append(out: &mut Vec<u8>, needed: usize, write: impl FnOnce(&mut [u8]) -> (WriteResult, usize)) {
    let start = out.len();
    out.resize(start + needed, 0);
    let (result, written) = write(&mut out[start..]);
    debug_assert_eq!(result, WriteResult::InputEmpty, "room for {needed} bytes was too little");
    out.truncate(start + written);
}

/// Appends a row as one line of NDJSON: `{"row":17,"data":{…}}` and LF.
pub fn ndjson_row(out: &mut Vec<u8>, template: &RowTemplate, number: u64, cells: Cells<'_>) {
    row_json(out, template, number, cells);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CellsBuf, UploadId};

    #[test]
    fn csv_is_quoted_only_where_it_must_be() {
        let mut out = Vec::new();
        let mut export = CsvExport::default();
        export.header(&mut out, &["a".to_owned(), "b c".to_owned()]);
        for cells in [&["1", "x,y"][..], &["\"\"\"\"\"\"", "\r\n", "é"], &[""], &["", ""], &[]] {
            export.row(&mut out, 0, cells.iter().collect::<CellsBuf>().as_cells());
        }
        export.row(&mut out, 3, ["1"].iter().collect::<CellsBuf>().as_cells());
        let expected = "a,b c\r\n1,\"x,y\"\r\n\"\"\"\"\"\"\"\"\"\"\"\"\"\",\"\r\n\",é\r\n\"\"\r\n,\r\n1,,\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_a_spreadsheet_would_compute_is_marked_and_numbers_are_not() {
        let mut out = Vec::new();
        let mut export = CsvExport::new(Formulas::Escaped);
        export.header(&mut out, &["=a".to_owned(), "b".to_owned()]);
        export.row(&mut out, 2, ["-12.5", "@\"x\",1"].iter().collect::<CellsBuf>().as_cells());
        export.row(&mut out, 2, [""].iter().collect::<CellsBuf>().as_cells());
        let expected = "\"'=a\",\"b\"\r\n\"-12.5\",\"'@\"\"x\"\",1\"\r\n\"\",\"\"\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn an_ndjson_row_is_one_line() {
        let template = RowTemplate::new(UploadId::now(), &["a".to_owned()]);
        let mut out = Vec::new();
        ndjson_row(&mut out, &template, 3, ["x\ny"].iter().collect::<CellsBuf>().as_cells());
        assert_eq!(out, b"{\"row\":3,\"data\":{\"a\":\"x\\ny\"}}\n");
    }
}
