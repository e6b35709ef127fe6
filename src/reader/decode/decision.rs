//! How raw bytes become text: decided once, from the first of them.

use super::DecodeError;
use super::detect::{self, Found};
use super::encoding::{Encoding, UTF_16BE, UTF_16LE, byte_order_mark};
use super::unpack::{Magic, Unpack, magic};
use crate::domain::{Compression, Limits, ReadOptions, Reading};
use std::borrow::Cow;

/// How much text is looked at, at most.
pub const TEXT_EXAMINED_MAX: usize = 64 << 10;

/// How much of a compressed file is looked at, at most, where less of it gives too little text. A block of zstd has up
/// to 128 KiB, and there is no text before one is whole.
pub const RAW_EXAMINED_MAX: usize = 256 << 10;

/// How much of a file its prefix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// More may come: only what is certain is decided.
    Growing,
    /// More may come, but the decision is due.
    Settled,
    /// That is all there is.
    Whole,
}

/// How raw bytes become text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// How the file is compressed, if it is.
    pub compression: Option<Compression>,
    /// The encoding's label, as [`Reading::encoding`] has it.
    pub encoding: String,
    /// Whether the text begins with a byte order mark. It stays there, as U+FEFF.
    pub byte_order_mark: bool,
    /// Whether the raw bytes are the text: there is nothing to decode.
    pub passthrough: bool,
    /// How sure that is, in percent.
    pub sure_percent: u8,
    /// Why: a sentence about the compression, if there is any, and one about the encoding.
    pub why: Vec<String>,
    pub(super) encoding_found: Encoding,
}

impl Decision {
    /// The one that was made before the reading was written down: it is not made again.
    ///
    /// # Errors
    /// [`DecodeError::UnknownEncoding`] when the reading names none that there is.
    pub fn of(reading: &Reading) -> Result<Self, DecodeError> {
        let found = Found { encoding: Encoding::parse(&reading.encoding)?, sure_percent: 100, why: String::new() };
        Ok(Self { byte_order_mark: reading.byte_order_mark, why: Vec::new(), ..Self::new(reading.compression, found) })
    }

    fn new(compression: Option<Compression>, found: Found) -> Self {
        Self {
            compression,
            encoding: found.encoding.label(),
            byte_order_mark: false,
            passthrough: compression.is_none() && found.encoding == Encoding::Utf8,
            sure_percent: found.sure_percent,
            why: vec![found.why],
            encoding_found: found.encoding,
        }
    }
}

/// Whether there is an encoding with that label; the check for what somebody gives.
///
/// # Errors
/// [`DecodeError::UnknownEncoding`] when there is none.
pub fn check_encoding(label: &str) -> Result<(), DecodeError> {
    Encoding::parse(label).map(|_| ())
}

/// Decides how the file that begins with `prefix` becomes text; none while that is not certain. With
/// [`TEXT_EXAMINED_MAX`] bytes it always is, unless the file is compressed: then with [`RAW_EXAMINED_MAX`], or when the
/// extent is not [`Extent::Growing`] any more.
///
/// # Errors
/// When the options name an encoding that there is none, or a compression that the file does not have.
pub fn decide(
    prefix: &[u8],
    extent: Extent,
    options: &ReadOptions,
    limits: &Limits,
) -> Result<Option<Decision>, DecodeError> {
    let given = options.encoding.as_deref().map(|label| Ok((label, Encoding::parse(label)?))).transpose()?;
    let compression = match (magic(prefix), options.compression) {
        (Magic::Open, _) if extent == Extent::Growing => return Ok(None),
        (Magic::Is(found), None) => Some(found),
        (Magic::Is(found), Some(said)) if found == said => Some(found),
        (_, None) => None,
        // Not certain yet how it begins: what the refusal shows must not depend on how the bytes arrive.
        (_, Some(_)) if extent == Extent::Growing && prefix.len() < START_SHOWN => return Ok(None),
        (_, Some(said)) => return Err(DecodeError::NotCompressed { said, found: start(prefix) }),
    };
    let (text, is_all) = match compression {
        None => (Cow::Borrowed(&prefix[..prefix.len().min(TEXT_EXAMINED_MAX)]), extent == Extent::Whole),
        // Not unpacked again with every piece that arrives: with so much there is text enough, or very nearly.
        Some(_) if extent == Extent::Growing && prefix.len() < TEXT_EXAMINED_MAX => return Ok(None),
        Some(compression) => {
            let (text, is_all) = unpack(prefix, compression, limits)?;
            (Cow::Owned(text), is_all && extent == Extent::Whole)
        }
    };
    let full = text.len() >= TEXT_EXAMINED_MAX || (compression.is_some() && prefix.len() >= RAW_EXAMINED_MAX);
    if extent == Extent::Settled && text.is_empty() && !full {
        return Ok(None);
    }
    let extent = match extent {
        Extent::Growing if full => Extent::Settled,
        // More text than is looked at, or less than there was to unpack: it does not end where the prefix does.
        Extent::Whole if full && prefix.len() > TEXT_EXAMINED_MAX || !is_all => Extent::Settled,
        extent => extent,
    };
    let Some(marked) = detect::by_mark(&text, extent) else { return Ok(None) };
    let found = match (given, marked) {
        (Some((label, encoding)), marked) => Some(by_option(label, encoding, marked, &text, extent)),
        (None, Some(marked)) => Some(marked),
        (None, None) if extent == Extent::Growing => None,
        (None, None) => Some(detect::detect(&text, extent)),
    };
    Ok(found.map(|found| {
        let mut decision = Decision::new(compression, found);
        let mark = byte_order_mark(&text, true).flatten();
        decision.byte_order_mark = mark.is_some_and(|(encoding, _)| encoding == decision.encoding_found);
        if let Some(compression) = compression {
            decision.why.insert(0, format!("Its first bytes are those of {}.", compression.as_str()));
        }
        decision
    }))
}

/// The encoding as somebody gave it. Where the label leaves the order of bytes open, the text says it.
fn by_option(label: &str, encoding: Encoding, marked: Option<Found>, text: &[u8], extent: Extent) -> Found {
    let why = format!("The encoding was given: {}.", encoding.label());
    let given = Found { encoding, sure_percent: 100, why };
    if !Encoding::is_either_endian(label) {
        return given;
    }
    let found = marked.unwrap_or_else(|| detect::detect(text, extent));
    let same_kind = match encoding {
        Encoding::Utf32(_) => matches!(found.encoding, Encoding::Utf32(_)),
        _ => [UTF_16LE, UTF_16BE].contains(&found.encoding),
    };
    if same_kind { found } else { given }
}

/// As much text as is looked at, and whether that is all of what is there.
fn unpack(raw: &[u8], compression: Compression, limits: &Limits) -> Result<(Vec<u8>, bool), DecodeError> {
    let mut text = vec![0; TEXT_EXAMINED_MAX];
    // What is broken is found again, and told, when the text is decoded.
    let mut unpack = Unpack::new(compression, limits)?;
    let step = unpack.step(raw, &mut text);
    text.truncate(step.written);
    Ok((text, step.used == raw.len() && unpack.is_whole()))
}

/// How many bytes of a file's beginning an error shows.
const START_SHOWN: usize = 4;

/// The first bytes of a file, as an error shows them.
fn start(prefix: &[u8]) -> String {
    let shown: Vec<String> = prefix.iter().take(START_SHOWN).map(|byte| format!("{byte:02X}")).collect();
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(" ") }
}
