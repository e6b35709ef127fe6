//! What is kept of a record that is over a limit while the rest of it goes by.

use super::lines::LineBreaks;

/// The beginning of the record, and what is counted of the rest. Memory: the beginning.
#[derive(Debug)]
pub(super) struct Oversize {
    prefix: Vec<u8>,
    prefix_max: usize,
    len: u64,
    breaks: LineBreaks,
}

impl Oversize {
    /// Keeps the first `prefix_max` bytes.
    pub fn new(prefix_max: usize) -> Self {
        Self { prefix: Vec::new(), prefix_max, len: 0, breaks: LineBreaks::default() }
    }

    /// Goes on with more of the record's raw text, its terminator excluded.
    pub fn add(&mut self, raw: &[u8]) {
        let missing = self.prefix_max - self.prefix.len();
        self.prefix.extend_from_slice(&raw[..raw.len().min(missing)]);
        self.len += raw.len() as u64;
        self.breaks.add(raw);
    }

    /// The record's beginning, its whole length, and the line breaks within it.
    pub fn summary(&self) -> (&[u8], u64, u64) {
        (&self.prefix, self.len, self.breaks.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_is_kept() {
        let mut record = Oversize::new(5);
        for piece in [&b"ab"[..], b"c\r", b"\nd", b"e\n"] {
            record.add(piece);
        }
        assert_eq!(record.summary(), (&b"abc\r\n"[..], 8, 2));
    }
}
