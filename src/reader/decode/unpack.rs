//! Decompression of either kind, one bounded step at a time.

use super::DecodeError;
use super::gzip::Gzip;
use super::zstd::Zstd;
use crate::domain::{Compression, Limits};

/// What one step came to. It ends when its room is full, when the bytes are used up and nothing more can be had of them,
/// or when something is wrong; what was written until then counts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub used: usize,
    pub written: usize,
    pub broken: Option<Broken>,
}

/// What can be wrong with compressed bytes themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    Corrupt(&'static str),
    /// More memory would be needed than is given.
    Window,
}

#[derive(Debug)]
pub(super) enum Unpack {
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

impl Unpack {
    pub fn new(compression: Compression, limits: &Limits) -> Result<Self, DecodeError> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(Box::new(Gzip::new())),
            Compression::Zstd => {
                let zstd = Zstd::new(limits.decode_window_bytes_max).map_err(|_| DecodeError::NoMemory)?;
                Self::Zstd(Box::new(zstd))
            }
        })
    }

    pub fn step(&mut self, raw: &[u8], out: &mut [u8]) -> Step {
        match self {
            Self::Gzip(gzip) => gzip.step(raw, out),
            Self::Zstd(zstd) => zstd.step(raw, out),
        }
    }

    /// Whether the file may end here.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Gzip(gzip) => gzip.is_whole(),
            Self::Zstd(zstd) => zstd.is_whole(),
        }
    }
}

/// What the first bytes say of compression.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Magic {
    Is(Compression),
    Not,
    /// So far it could be either.
    Open,
}

/// Whether a file that begins so is compressed.
pub fn is_compressed(start: &[u8]) -> bool {
    matches!(magic(start), Magic::Is(_))
}

/// Looks at a file's first bytes: `1F 8B 08` (RFC 1952), `28 B5 2F FD` or `5x 2A 4D 18` (RFC 8878, 3.1).
pub(super) fn magic(start: &[u8]) -> Magic {
    let begins = |magic: &[u8]| {
        let known = start.len().min(magic.len());
        (start[..known] == magic[..known]).then_some(known == magic.len())
    };
    let skippable = start.first().filter(|byte| *byte & 0xf0 == 0x50).map(|&byte| [byte, 0x2a, 0x4d, 0x18]);
    let zstd = begins(&[0x28, 0xb5, 0x2f, 0xfd]).or_else(|| skippable.and_then(|magic| begins(&magic)));
    match (begins(&[0x1f, 0x8b, 8]), zstd) {
        (Some(true), _) => Magic::Is(Compression::Gzip),
        (_, Some(true)) => Magic::Is(Compression::Zstd),
        (None, None) => Magic::Not,
        _ => Magic::Open,
    }
}
