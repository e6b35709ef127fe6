//! Rows as JSON.

use super::json::{self, needs_escapes};
use crate::domain::{Cells, Reading, UploadId};

/// What all rows of one upload have in common, as bytes that are ready to be copied.
///
/// Its size is about that of the column names. Immutable: share it.
#[derive(Debug, Clone)]
pub struct RowTemplate {
    /// An event up to the row's number in its data.
    event_head: Vec<u8>,
    /// What stands before each cell: the end of the cell before, the key, the cell's opening quote.
    /// `,"data":{"name":"` for the first, `","zip":"` for a later one. One after the other.
    keys: Vec<u8>,
    /// Where each key ends.
    key_ends: Vec<usize>,
    /// Texts that stand for no value.
    nulls: Vec<String>,
}

/// Before an event's data.
const EVENT_HEAD: &str = "event: row\ndata: ";
/// Bytes of an event's data up to the row's number: `{"upload":"<36 characters>","row":`.
pub(super) const DATA_HEAD: usize = r#"{"upload":"","row":"#.len() + 36;
/// Before the first key's own quote.
const FIRST: &str = r#","data":{"#;
/// Before a later key's own quote.
const LATER: &str = "\",";

impl RowTemplate {
    /// For an upload with these columns. Their names must be unique, as the reader makes them.
    pub fn new(upload: UploadId, columns: &[String]) -> Self {
        let event_head = format!("{EVENT_HEAD}{{\"upload\":\"{upload}\",\"row\":").into_bytes();
        debug_assert_eq!(event_head.len(), EVENT_HEAD.len() + DATA_HEAD);
        let (mut keys, mut key_ends) = (Vec::new(), Vec::with_capacity(columns.len()));
        for (index, name) in columns.iter().enumerate() {
            keys.extend_from_slice(if index == 0 { FIRST } else { LATER }.as_bytes());
            json::string(&mut keys, name);
            keys.extend_from_slice(b":\"");
            key_ends.push(keys.len());
        }
        Self { event_head, keys, key_ends, nulls: Vec::new() }
    }

    /// For an upload that is read so.
    pub fn of(upload: UploadId, reading: &Reading) -> Self {
        Self::new(upload, &reading.columns).with_nulls(&reading.null_values)
    }

    /// With these texts for no value: such cells are null.
    #[must_use]
    pub fn with_nulls(mut self, nulls: &[String]) -> Self {
        nulls.clone_into(&mut self.nulls);
        self
    }

    /// The event's bytes up to the end of its data: `event: row\ndata: {…}`.
    pub(super) fn event_start(&self, out: &mut Vec<u8>, number: u64, cells: Cells<'_>) {
        // One growth at most for a clean row; the rest is what brackets, two numbers and the id's line take.
        out.reserve(self.event_head.len() + self.keys.len() + cells.text().len() + 64);
        out.extend_from_slice(&self.event_head);
        self.number_and_data(out, number, cells);
        out.push(b'}');
    }

    /// The event's data alone: what is kept of a row that its text cannot give again.
    pub fn event_json(&self, number: u64, cells: Cells<'_>) -> String {
        let mut out = Vec::new();
        self.event_start(&mut out, number, cells);
        out.drain(..EVENT_HEAD.len());
        String::from_utf8(out).expect("names and cells are text")
    }

    /// `17,"data":{…}`, and `,"extra":[…]` if there is more.
    fn number_and_data(&self, out: &mut Vec<u8>, number: u64, cells: Cells<'_>) {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        if !self.nulls.is_empty() {
            return self.data_with_nulls(out, cells);
        }
        let (text, ends, gap) = (cells.text().as_bytes(), cells.ends(), cells.gap());
        // Gaps are looked at as well: what is escaped without need comes to the same bytes.
        let clean = !needs_escapes(text);
        let (mut key_start, mut start) = (0, 0);
        for (&key_end, &end) in self.key_ends.iter().zip(ends) {
            out.extend_from_slice(&self.keys[key_start..key_end]);
            if clean {
                out.extend_from_slice(&text[start..end]);
            } else {
                json::escape(out, &text[start..end]);
            }
            (key_start, start) = (key_end, end + gap);
        }
        if self.key_ends.len() == ends.len() && !ends.is_empty() {
            out.extend_from_slice(b"\"}");
        } else {
            self.end_ragged(out, cells);
        }
    }

    /// The same with null for cells that stand for no value.
    #[cold]
    fn data_with_nulls(&self, out: &mut Vec<u8>, cells: Cells<'_>) {
        out.extend_from_slice(br#","data":{"#);
        let mut start = 0;
        for (column, &end) in self.key_ends.iter().enumerate() {
            let before = if column == 0 { FIRST.len() } else { LATER.len() };
            // The key and its colon, without what stands around them.
            let key = &self.keys[start + before..end - 1];
            if column > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            match cells.get(column).filter(|cell| !self.nulls.iter().any(|null| null == cell)) {
                Some(cell) => json::string(out, cell),
                None => out.extend_from_slice(b"null"),
            }
            start = end;
        }
        out.push(b'}');
        if cells.len() > self.key_ends.len() {
            out.extend_from_slice(br#","extra":"#);
            out.extend_from_slice(super::json_array(cells.iter().skip(self.key_ends.len())).as_bytes());
        }
    }

    /// Ends the data of a record that has not one cell for each column.
    #[cold]
    fn end_ragged(&self, out: &mut Vec<u8>, cells: Cells<'_>) {
        let (columns, found) = (self.key_ends.len(), cells.len());
        match (columns, found) {
            (0, _) => out.extend_from_slice(FIRST.as_bytes()),
            (_, 0) => {}
            _ => out.push(b'"'),
        }
        for column in found..columns {
            let start = if column == 0 { 0 } else { self.key_ends[column - 1] };
            let key = &self.keys[start..self.key_ends[column]];
            // Without the quote of a cell before, which is written already, and that of the cell that is not there.
            out.extend_from_slice(&key[usize::from(column > 0)..key.len() - 1]);
            out.extend_from_slice(b"null");
        }
        out.push(b'}');
        if found > columns {
            out.extend_from_slice(br#","extra":["#);
            for (index, cell) in cells.iter().skip(columns).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                json::string(out, cell);
            }
            out.push(b']');
        }
    }
}

/// Appends `{"row":17,"data":{…}}`: a row in a page or a download. A cell that is missing is null; cells beyond the last
/// column stand in `"extra":[…]` after `data`.
pub fn row_json(out: &mut Vec<u8>, template: &RowTemplate, number: u64, cells: Cells<'_>) {
    out.extend_from_slice(br#"{"row":"#);
    template.number_and_data(out, number, cells);
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CellsBuf;

    fn row(columns: &[&str], cells: &[&str]) -> String {
        let columns: Vec<_> = columns.iter().map(|&name| name.to_owned()).collect();
        let cells: CellsBuf = cells.iter().collect();
        let mut out = Vec::new();
        row_json(&mut out, &RowTemplate::new(UploadId::now(), &columns), 7, cells.as_cells());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_has_its_keys_in_the_order_of_the_columns() {
        assert_eq!(row(&["zip", "a\"b"], &["01234", "x\n"]), r#"{"row":7,"data":{"zip":"01234","a\"b":"x\n"}}"#);
        assert_eq!(row(&["a"], &[""]), r#"{"row":7,"data":{"a":""}}"#);
    }

    #[test]
    fn texts_for_no_value_are_null() {
        let columns = ["a\"".to_owned(), "b".to_owned(), "c".to_owned()];
        let template = RowTemplate::new(UploadId::now(), &columns).with_nulls(&["NA".to_owned(), String::new()]);
        let mut out = Vec::new();
        let cells: CellsBuf = ["NA", "x\n"].iter().collect();
        row_json(&mut out, &template, 7, cells.as_cells());
        let cells: CellsBuf = ["", "NAN", "1", "NA"].iter().collect();
        row_json(&mut out, &template, 8, cells.as_cells());
        let expected = [
            r#"{"row":7,"data":{"a\"":null,"b":"x\n","c":null}}"#,
            r#"{"row":8,"data":{"a\"":null,"b":"NAN","c":"1"},"extra":["NA"]}"#,
        ];
        assert_eq!(String::from_utf8(out).unwrap(), expected.concat());
    }

    #[test]
    fn missing_cells_are_null_and_further_ones_extra() {
        assert_eq!(row(&["a", "b", "c"], &["1"]), r#"{"row":7,"data":{"a":"1","b":null,"c":null}}"#);
        assert_eq!(row(&["a", "b"], &[]), r#"{"row":7,"data":{"a":null,"b":null}}"#);
        assert_eq!(row(&["a"], &["1", "\"", ""]), r#"{"row":7,"data":{"a":"1"},"extra":["\"",""]}"#);
        assert_eq!(row(&[], &["1"]), r#"{"row":7,"data":{},"extra":["1"]}"#);
        assert_eq!(row(&[], &[]), r#"{"row":7,"data":{}}"#);
    }
}
