//! Lines: each CRLF, LF and CR ends one.

/// Counts the line breaks of a text that comes in pieces.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct LineBreaks {
    /// Breaks so far.
    pub count: u64,
    /// Whether the last byte was a CR: an LF now is the rest of a break already counted.
    after_cr: bool,
}

impl LineBreaks {
    /// How many there are in `text`.
    pub fn within(text: &[u8]) -> u64 {
        let mut breaks = Self::default();
        breaks.add(text);
        breaks.count
    }

    /// Goes on with the next piece.
    pub fn add(&mut self, text: &[u8]) {
        for at in memchr::memchr2_iter(b'\r', b'\n', text) {
            let after_cr = if at == 0 { self.after_cr } else { text[at - 1] == b'\r' };
            self.count += u64::from(text[at] == b'\r' || !after_cr);
        }
        if let Some(&last) = text.last() {
            self.after_cr = last == b'\r';
        }
    }
}

/// The blank lines of a text that holds nothing but line breaks, with their offset and line.
#[derive(Debug)]
pub(super) struct BlankLines {
    breaks: Vec<u8>,
    at: usize,
    offset: u64,
    line: u64,
}

impl BlankLines {
    /// Of `breaks`, which stand at the beginning of the file's text, at `offset`.
    pub fn leading(breaks: &[u8], offset: u64) -> Self {
        debug_assert!(breaks.iter().all(|byte| matches!(byte, b'\r' | b'\n')));
        Self { breaks: breaks.to_vec(), at: 0, offset, line: 1 }
    }

    /// Whether none is left.
    pub fn is_over(&self) -> bool {
        self.at == self.breaks.len()
    }
}

impl Iterator for BlankLines {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        let rest = self.breaks.get(self.at..).filter(|rest| !rest.is_empty())?;
        let found = (self.offset + self.at as u64, self.line);
        self.at += if rest.starts_with(b"\r\n") { 2 } else { 1 };
        self.line += 1;
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_blank_line_has_its_place() {
        let lines = BlankLines::leading(b"\r\n\n\r\r\n", 3);
        assert_eq!(lines.collect::<Vec<_>>(), [(3, 1), (5, 2), (6, 3), (7, 4)]);
        assert!(BlankLines::leading(b"", 0).is_over());
    }

    #[test]
    fn a_crlf_is_one_break_even_when_cut() {
        let text = b"a\r\nb\rc\n\n\r\r\n";
        assert_eq!(LineBreaks::within(text), 6);
        for cut in 0..=text.len() {
            let mut breaks = LineBreaks::default();
            breaks.add(&text[..cut]);
            breaks.add(&text[cut..]);
            assert_eq!(breaks.count, 6, "cut at {cut}");
        }
    }
}
