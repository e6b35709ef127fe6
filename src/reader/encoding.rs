//! Text and bytes: the byte order mark, and how raw text is shown.

/// U+FEFF as UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a file that begins with `start` begins with a byte order mark; none while more bytes are needed to tell.
pub(super) fn has_byte_order_mark(start: &[u8], finished: bool) -> Option<bool> {
    let known = start.len().min(BYTE_ORDER_MARK.len());
    let same = start[..known] == BYTE_ORDER_MARK[..known];
    if same && known < BYTE_ORDER_MARK.len() && !finished { None } else { Some(same && known == 3) }
}

/// What a problem quotes of a record: its first `max` bytes, less a character that would be cut, and bytes that are not
/// UTF-8 as `\xNN`. `prefix` is the record or at least that much of it, `len` its length; also says whether it was cut.
pub(super) fn quote_raw(prefix: &[u8], len: u64, max: usize) -> (String, bool) {
    let cut = len > max as u64;
    let shown = &prefix[..prefix.len().min(max)];
    let mut raw = String::with_capacity(shown.len());
    let mut chunks = shown.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        raw.push_str(chunk.valid());
        let is_cut_character = |bytes| std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none());
        if cut && chunks.peek().is_none() && is_cut_character(chunk.invalid()) {
            break;
        }
        for byte in chunk.invalid() {
            use std::fmt::Write;
            let _ = write!(raw, "\\x{byte:02X}");
        }
    }
    (raw, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_known_as_soon_as_it_can_be() {
        for (start, finished, expected) in [
            (&b""[..], false, None),
            (b"", true, Some(false)),
            (b"\xef\xbb", false, None),
            (b"\xef\xbb", true, Some(false)),
            (b"\xefa", false, Some(false)),
            (b"\xef\xbb\xbfa", false, Some(true)),
        ] {
            assert_eq!(has_byte_order_mark(start, finished), expected, "{start:?} {finished}");
        }
    }

    #[test]
    fn raw_text_is_cut_between_characters_and_shows_stray_bytes() {
        assert_eq!(quote_raw("aé".as_bytes(), 3, 3), ("aé".into(), false));
        assert_eq!(quote_raw("aéb".as_bytes(), 4, 2), ("a".into(), true));
        assert_eq!(quote_raw(b"a\xc3", 2, 2), ("a\\xC3".into(), false));
        assert_eq!(quote_raw(b"a\xffb\xfe", 9, 4), ("a\\xFFb\\xFE".into(), true));
    }
}
