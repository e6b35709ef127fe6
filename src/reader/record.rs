//! The incremental record parser: csv-core, fed each byte once, with buffers that stop growing at the limits.

use super::Bounds;
use super::dialect::Dialect;
use csv_core::ReadRecordResult;

/// Parses one record after the other. Between records it is given no terminators: csv-core would drop blank lines unseen.
#[derive(Debug)]
pub(super) struct RecordParser {
    core: csv_core::Reader,
    limits: CellLimits,
    /// Unescaped text of the cells so far, in the first `text_len` bytes.
    text: Vec<u8>,
    text_len: usize,
    /// Where each cell ends, in the first `ends_len` places.
    ends: Vec<usize>,
    ends_len: usize,
    /// Raw bytes of the record so far.
    bytes: u64,
    /// What is known of a record that is over a limit: its text is no longer kept.
    counted: Option<Counted>,
}

/// How much of a record is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellLimits {
    pub record: usize,
    pub field: usize,
    pub cells: usize,
}

impl CellLimits {
    /// For the header, which is bounded as a whole.
    pub fn of_header(bounds: &Bounds) -> Self {
        Self { record: bounds.header, field: usize::MAX, cells: usize::MAX }
    }

    /// For every record after it.
    pub fn of_rows(bounds: &Bounds) -> Self {
        Self { record: bounds.record, field: bounds.field, cells: bounds.cells }
    }
}

/// The cells of a record whose text is not kept.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counted {
    cells: u64,
    last_end: usize,
    long_cell: Option<u64>,
}

impl Counted {
    fn add(&mut self, ends: &[usize], field_max: usize) {
        for &end in ends {
            if self.long_cell.is_none() && end - self.last_end > field_max {
                self.long_cell = Some(self.cells);
            }
            self.last_end = end;
            self.cells += 1;
        }
    }
}

/// Which limit a record is over. A record over several is told of in this order, so that the answer does not depend on
/// which was noticed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    /// Its raw text is too long.
    Record,
    /// It has this many cells.
    Cells(u64),
    /// The cell at this index is too long.
    Cell(u64),
}

impl RecordParser {
    pub fn new(dialect: Dialect, limits: CellLimits) -> Self {
        let (text, ends) = (vec![0; 4096], vec![0; 64]);
        Self { core: dialect.parser(), limits, text, text_len: 0, ends, ends_len: 0, bytes: 0, counted: None }
    }

    /// Changes the limits, from the next record on.
    pub fn set_limits(&mut self, limits: CellLimits) {
        self.limits = limits;
    }

    /// Forgets the record before.
    pub fn begin(&mut self) {
        (self.text_len, self.ends_len, self.bytes, self.counted) = (0, 0, 0, None);
    }

    /// Reads on in the record, which goes on with `fresh`. Gives how many bytes of it belong to the record, with its
    /// terminator byte, and whether it ended; if it did not, those are all.
    pub fn feed(&mut self, fresh: &[u8]) -> (usize, bool) {
        let mut read = 0;
        loop {
            let (result, bytes, written, cells) =
                self.core.read_record(&fresh[read..], &mut self.text[self.text_len..], &mut self.ends[self.ends_len..]);
            read += bytes;
            self.text_len += written;
            self.ends_len += cells;
            self.bytes += bytes as u64;
            if result == ReadRecordResult::Record {
                self.count();
                return (read, true);
            }
            self.keep_room();
            if read == fresh.len() {
                return (read, false);
            }
        }
    }

    /// The file ends here, within the record.
    pub fn end(&mut self) {
        self.keep_room();
        let (result, _, _, cells) = self.core.read_record(&[], &mut [], &mut self.ends[self.ends_len..]);
        debug_assert_eq!(result, ReadRecordResult::Record);
        self.ends_len += cells;
        self.count();
    }

    /// Makes room for one byte and one end more: by growing up to the limits, by keeping nothing beyond them.
    fn keep_room(&mut self) {
        let over = self.bytes > self.limits.record as u64 || self.ends_len > self.limits.cells;
        if over && self.counted.is_none() {
            self.counted = Some(Counted::default());
        }
        self.count();
        if self.text_len == self.text.len() {
            self.text.resize(2 * self.text_len, 0);
        }
        if self.ends_len == self.ends.len() {
            self.ends.resize(2 * self.ends_len, 0);
        }
    }

    /// Turns kept cells into counted ones, if the record is over a limit.
    fn count(&mut self) {
        if let Some(counted) = &mut self.counted {
            counted.add(&self.ends[..self.ends_len], self.limits.field);
            (self.text_len, self.ends_len) = (0, 0);
        }
    }

    /// Whether the record is known to be over a limit already. It may be over one without that, once it has ended.
    pub fn is_dropping(&self) -> bool {
        self.counted.is_some()
    }

    /// Which limit the record that just ended is over, if its raw text has `len` bytes without the terminator.
    pub fn excess(&self, len: u64) -> Option<Excess> {
        if len > self.limits.record as u64 {
            return Some(Excess::Record);
        }
        let fits = self.text_len <= self.limits.field && self.ends_len <= self.limits.cells;
        if fits && self.counted.is_none() {
            return None;
        }
        let counted = self.counted.unwrap_or_else(|| {
            let mut counted = Counted::default();
            counted.add(self.ends(), self.limits.field);
            counted
        });
        if counted.cells > self.limits.cells as u64 {
            return Some(Excess::Cells(counted.cells));
        }
        counted.long_cell.map(Excess::Cell)
    }

    /// Text of all cells, joined. Empty if the record is over a limit.
    pub fn text(&self) -> &[u8] {
        &self.text[..self.text_len]
    }

    /// Where each cell ends in the text.
    pub fn ends(&self) -> &[usize] {
        &self.ends[..self.ends_len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parser(record: usize, field: usize, cells: usize) -> RecordParser {
        RecordParser::new(Dialect::default(), CellLimits { record, field, cells })
    }

    #[test]
    fn the_limit_a_record_is_over_does_not_depend_on_the_pieces() {
        let over = [
            ("aaaa,bbbb,cc", Some(Excess::Record)),
            ("a,b,c,d", Some(Excess::Cells(4))),
            ("a,bbbb,cccc", Some(Excess::Record)),
            ("a,bbbb,c", Some(Excess::Cell(1))),
            ("a,\"\"\"b\"", None),
            ("aaa,bbb,cc", None),
        ];
        for (text, expected) in over {
            let mut whole = parser(10, 3, 3);
            assert_eq!(whole.feed(format!("{text}\n").as_bytes()), (text.len() + 1, true));
            assert_eq!(whole.excess(text.len() as u64), expected, "{text}");
            let mut trickled = parser(10, 3, 3);
            text.bytes().for_each(|byte| assert_eq!(trickled.feed(&[byte]), (1, false)));
            trickled.end();
            assert_eq!(trickled.excess(text.len() as u64), expected, "{text} trickled");
        }
    }

    #[test]
    fn buffers_do_not_grow_with_a_record_over_the_limit() {
        let mut parser = parser(1000, 1000, 100);
        for piece in [&b"\"aaaaaaaaaaaaaaaa"[..], b",,,,,,,,,,,,,,,,,", b"\",,,,,,,,,,,,,,,,,,"].repeat(10_000) {
            assert_eq!(parser.feed(piece), (piece.len(), false));
        }
        assert!(parser.text.len() <= 8192 && parser.ends.len() <= 256, "{} {}", parser.text.len(), parser.ends.len());
    }
}
