//! Lines: each CRLF, LF and CR ends one.

/// Bytes of the line at the beginning of `text`, without and with its terminator.
pub(super) fn line(text: &[u8]) -> (usize, usize) {
    match memchr::memchr2(b'\r', b'\n', text) {
        None => (text.len(), text.len()),
        Some(at) => (at, at + if text[at..].starts_with(b"\r\n") { 2 } else { 1 }),
    }
}

/// Where so many lines end, at least one, if they do.
pub(super) fn end_of(text: &[u8], lines: usize) -> Option<usize> {
    let breaks = memchr::memchr2_iter(b'\r', b'\n', text);
    let mut ends = breaks.filter(|at| text[*at] == b'\n' || text.get(at + 1) != Some(&b'\n'));
    ends.nth(lines - 1).map(|at| at + 1)
}

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
    fn lines_are_found_whatever_ends_them() {
        let text = b"a\r\nb\rc\n\n\r\r\nd";
        assert_eq!((line(text), line(&text[3..]), line(b"d"), line(b"")), ((1, 3), (1, 2), (1, 1), (0, 0)));
        let ends: Vec<_> = (1..=7).map(|lines| end_of(text, lines)).collect();
        assert_eq!(ends, [Some(3), Some(5), Some(7), Some(8), Some(9), Some(11), None]);
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
