//! Which characters separate and quote cells. Today always those of RFC 4180; the place for finding them out later.

use crate::domain::Reading;

/// The two characters that matter, as bytes: both are ASCII, so they mean themselves in any UTF-8 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"' }
    }
}

impl Dialect {
    /// The one that was decided when the file was begun.
    pub fn of(reading: &Reading) -> Self {
        let ascii = |c: char, otherwise| if c.is_ascii() { c as u8 } else { otherwise };
        let Self { delimiter, quote } = Self::default();
        Self { delimiter: ascii(reading.delimiter, delimiter), quote: ascii(reading.quote, quote) }
    }

    /// A parser for it, at the start of a record anywhere in the file.
    pub fn parser(self) -> csv_core::Reader {
        let mut core = csv_core::ReaderBuilder::new().delimiter(self.delimiter).quote(self.quote).build();
        // csv-core drops a byte order mark from the first bytes it sees. That is `encoding`'s business, and in the middle
        // of a file U+FEFF is text like any other; a terminator at a record's start changes nothing but that.
        core.read_record(b"\n", &mut [0], &mut [0]);
        core
    }

    /// Whether a quoted cell is still open at the end of `record`, by the rules csv-core reads it with: a quote opens a
    /// cell only as its first character, a doubled one stands for itself, and text may follow a closing one.
    pub fn is_open_at_end(self, record: &[u8]) -> bool {
        enum In {
            Start,
            Plain,
            Quoted,
            QuotedAfterQuote,
        }
        let mut state = In::Start;
        for &byte in record {
            state = match state {
                In::Quoted if byte == self.quote => In::QuotedAfterQuote,
                In::Quoted => In::Quoted,
                In::Start | In::QuotedAfterQuote if byte == self.quote => In::Quoted,
                _ if byte == self.delimiter => In::Start,
                _ => In::Plain,
            };
        }
        matches!(state, In::Quoted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_open_by_the_parsers_own_rules() {
        let dialect = Dialect::default();
        for open in ["\"", "a,\"b", "\"a\"\"", "\"\"\"", "a,\"b\"\"\n,c"] {
            assert!(dialect.is_open_at_end(open.as_bytes()), "{open}");
        }
        for closed in ["", "a", "\"\"", "a\"", "\"a\"b\"", "\"a\"\"b\",", "\"\"\"\""] {
            assert!(!dialect.is_open_at_end(closed.as_bytes()), "{closed}");
        }
    }

    #[test]
    fn a_byte_order_mark_within_a_file_is_text() {
        let (mut out, mut ends) = ([0; 16], [0; 4]);
        let (_, read, written, cells) =
            Dialect::default().parser().read_record(b"\xef\xbb\xbfa,b\n", &mut out, &mut ends);
        assert_eq!((read, &out[..written], &ends[..cells]), (7, &b"\xef\xbb\xbfab"[..], &[4, 5][..]));
    }
}
