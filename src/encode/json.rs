//! Strings in JSON (RFC 8259, section 7).

/// For each byte: 0 where it stands for itself, the letter after the backslash, or `u` for `\u00XX`.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Whether any byte of `text` cannot stand in a JSON string as it is.
pub(super) fn needs_escapes(text: &[u8]) -> bool {
    // Without an early exit and in blocks of one size, the compiler compares sixteen bytes at a time.
    let special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    let any = |bytes: &[u8]| bytes.iter().fold(false, |found, &byte| found | special(byte));
    let (blocks, rest) = text.as_chunks::<16>();
    blocks.iter().fold(false, |found, block| found | any(block)) | any(rest)
}

/// Appends `text` as the inside of a JSON string.
pub(super) fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let mut start = 0;
    for (at, &byte) in text.iter().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&text[start..at]);
        start = at + 1;
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            let digit = |n: u8| b"0123456789abcdef"[usize::from(n)];
            out.extend_from_slice(&[b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out.extend_from_slice(&text[start..]);
}

/// Appends `text` as a JSON string, with its quotes.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape(out, text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ascii_character_reads_back() {
        for byte in 0..=0x7f {
            let text = format!("aaaaaaaaaaaaaaaaé{}b", char::from(byte));
            let mut out = Vec::new();
            string(&mut out, &text);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            assert!(out.iter().all(|&b| b >= 0x20));
            assert_eq!(needs_escapes(text.as_bytes()), out.len() > text.len() + 2, "{byte:#x}");
        }
    }
}
