//! Which encoding a text is in, as its beginning says: by its byte order mark, by where its zero bytes stand, by being
//! UTF-8, and only then by which letters follow which.

use super::Extent;
use super::encoding::{Encoding, UTF_16BE, UTF_16LE, UTF_32BE, UTF_32LE, byte_order_mark};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub encoding: Encoding,
    pub sure_percent: u8,
    pub why: String,
}

/// The encoding of a text without a byte order mark that begins with `text`.
pub(super) fn detect(text: &[u8], extent: Extent) -> Found {
    let of = text.len();
    if let Some((encoding, share)) = by_zeros(text) {
        let why = format!("{share} % of its characters have zero bytes where only {} has them.", encoding.label());
        return Found { encoding, sure_percent: 95, why };
    }
    if text.is_ascii() && !text.contains(&0x1b) {
        let why = format!("All of the first {of} bytes are ASCII, which is UTF-8 as well.");
        return Found { encoding: Encoding::Utf8, sure_percent: if extent == Extent::Whole { 100 } else { 95 }, why };
    }
    let (characters, invalid) = utf_8(text, extent);
    if characters > 0 && invalid == 0 {
        let sure_percent = if characters < 4 { 95 } else { 99 };
        let why = format!("{characters} characters beyond ASCII in its first {of} bytes, and all are UTF-8.");
        return Found { encoding: Encoding::Utf8, sure_percent, why };
    }
    // Text in another encoding is UTF-8 by chance only here and there.
    if characters > 4 * invalid {
        let why = format!("{characters} characters beyond ASCII are UTF-8, and only {invalid} places are not.");
        return Found { encoding: Encoding::Utf8, sure_percent: 80, why };
    }
    by_letters(text, extent)
}

fn by_letters(text: &[u8], extent: Extent) -> Found {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(text, extent == Extent::Whole);
    let encoding = most_usual(detector.guess(None, Utf8Detection::Deny), text);
    let beyond = text.iter().filter(|byte| !byte.is_ascii()).count();
    // An escape character alone makes no ISO-2022-JP; the guess is then for want of anything.
    if beyond == 0 && encoding != Encoding::Other(encoding_rs::ISO_2022_JP) {
        let why = format!("All of the first {} bytes are ASCII, which is UTF-8 as well.", text.len());
        return Found { encoding: Encoding::Utf8, sure_percent: 95, why };
    }
    let sure_percent = match beyond {
        0..4 => 60,
        4..32 => 80,
        _ => 90,
    };
    let why = format!("It is not UTF-8, and its {beyond} bytes beyond ASCII make most sense as {}.", encoding.label());
    Found { encoding, sure_percent, why }
}

/// Windows-1252, if the text is the same in it: it is by far the most usual of those that share most characters.
fn most_usual(guess: &'static encoding_rs::Encoding, text: &[u8]) -> Encoding {
    let usual = encoding_rs::WINDOWS_1252;
    let is_same = || guess.decode_without_bom_handling(text).0 == usual.decode_without_bom_handling(text).0;
    Encoding::of(if guess.is_single_byte() && is_same() { usual } else { guess })
}

/// How many characters beyond ASCII the text has if it is UTF-8, and how many places that are not UTF-8.
fn utf_8(text: &[u8], extent: Extent) -> (usize, usize) {
    let (mut characters, mut invalid) = (0, 0);
    let mut chunks = text.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        // Every character has one byte that is no continuation.
        characters += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        let Err(error) = std::str::from_utf8(chunk.invalid()) else { continue };
        let is_cut = extent != Extent::Whole && chunks.peek().is_none() && error.error_len().is_none();
        invalid += usize::from(!is_cut);
    }
    (characters, invalid)
}

/// Finds UTF-16 and UTF-32 by their zero bytes. In any of them the characters that a table is made of (line ends,
/// delimiters, quotes, blanks) have them, always at the same places of a unit.
fn by_zeros(text: &[u8]) -> Option<(Encoding, usize)> {
    if !text.contains(&0) {
        return None;
    }
    let mut zeros = [0_usize; 4];
    // By the place in a unit of two of a byte that a table is made of: with a zero as its other half, and without.
    let (mut paired, mut single) = ([0_usize; 2], [0_usize; 2]);
    for unit in text.chunks_exact(4) {
        for (zeros, byte) in zeros.iter_mut().zip(unit) {
            *zeros += usize::from(*byte == 0);
        }
    }
    let rest = text.chunks_exact(4).remainder();
    for (zeros, byte) in zeros.iter_mut().zip(rest) {
        *zeros += usize::from(*byte == 0);
    }
    for pair in text.chunks_exact(2) {
        for (place, other) in [(0, 1), (1, 0)] {
            if matches!(pair[place], b'\t' | b'\n' | b'\r' | b' ' | b'"' | b',' | b';' | b'|') {
                *if pair[other] == 0 { &mut paired[place] } else { &mut single[place] } += 1;
            }
        }
    }
    let quads = text.len() / 4;
    let most = |zeros: usize| quads >= 2 && zeros * 20 >= quads * 19;
    let few = |zeros: usize| zeros * 20 <= quads;
    if most(zeros[2]) && most(zeros[3]) && few(zeros[0]) {
        return Some((UTF_32LE, zeros[2] * 100 / quads.max(1)));
    }
    if most(zeros[0]) && most(zeros[1]) && few(zeros[3]) {
        return Some((UTF_32BE, zeros[1] * 100 / quads.max(1)));
    }
    let pairs = (text.len() / 2).max(1);
    let (even, odd) = (zeros[0] + zeros[2], zeros[1] + zeros[3]);
    let found = |place: usize, zeros: usize, strays: usize| {
        // In a text of letters that have none, there must be the more of those that have.
        let enough = zeros * 2 >= pairs || (zeros * 20 >= pairs && paired[place] >= 8);
        enough && strays * 8 <= zeros && paired[place] > single[place] + single[1 - place]
    };
    if found(0, odd, even) {
        return Some((UTF_16LE, (odd * 100 / pairs).min(100)));
    }
    found(1, even, odd).then(|| (UTF_16BE, (even * 100 / pairs).min(100)))
}

/// The encoding by the mark that the text begins with. None while more bytes are needed to tell whether there is one.
pub(super) fn by_mark(text: &[u8], extent: Extent) -> Option<Option<Found>> {
    let over = extent != Extent::Growing || text.len() >= 4;
    Some(byte_order_mark(text, over)?.map(|(encoding, _)| Found {
        encoding,
        sure_percent: 100,
        why: format!("It begins with the byte order mark of {}.", encoding.label()),
    }))
}
