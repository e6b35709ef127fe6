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

#[cfg(test)]
mod tests {
    use super::*;

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
