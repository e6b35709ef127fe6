//! Raw bytes of a file in, UTF-8 text out: decompressed and transcoded, piece by piece.
//!
//! First [`decide`] looks at the beginning of a file and says how it becomes text. Where [`Decision::passthrough`] says
//! that the bytes are the text, nothing is left to do. Else a [`Decoder`] takes the whole file again, from its first byte.
//!
//! Invariants:
//! - The text depends on the bytes and the decision alone, never on how the bytes were cut into pieces.
//! - Memory is bounded: by the window of the compression, and by the room that each call gives for text.
//! - Bytes that are no text are text all the same: U+FFFD where they were transcoded, with their places told; in UTF-8
//!   they stay as they are, since only whoever knows the cells can say where they are.
//! - What compressed bytes give before the first fault in them is given out before the fault is told.
//! - A byte order mark stays in the text, as U+FEFF, in every encoding alike.
//!
//! Not for: waiting, files; looking for cells or lines; going on in the middle: a file that has to be decoded is decoded
//! from its beginning again.

mod decision;
mod detect;
mod encoding;
mod error;
mod gzip;
#[cfg(test)]
mod tests;
mod transcode;
mod unpack;
mod zstd;

pub use decision::{Decision, Extent, RAW_EXAMINED_MAX, TEXT_EXAMINED_MAX, check_encoding, decide};
pub use error::DecodeError;
pub(super) use unpack::is_compressed;

use crate::domain::{Compression, Limits};
use transcode::{Malformed, ROOM_MIN, Sink, Transcoder};
use unpack::{Broken, Unpack};

/// How much is unpacked at once before it is transcoded.
const STAGED_MAX: usize = 16 << 10;

/// Decodes one file. See the [module](self) for how it is used.
#[derive(Debug)]
pub struct Decoder {
    unpack: Option<(Compression, Unpack)>,
    /// Unpacked bytes that are not transcoded yet, from `staged_taken` on.
    staged: Vec<u8>,
    staged_taken: usize,
    transcoder: Transcoder,
    bounds: Bounds,
    raw_bytes: u64,
    expanded_bytes: u64,
    text_bytes: u64,
    malformed: Malformed,
    /// Told once all text from before it was given out, and again from then on.
    failed: Option<DecodeError>,
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    expanded: u64,
    ratio: u64,
    free: u64,
    window: u64,
}

impl Bounds {
    fn excess(self, raw: u64, expanded: u64) -> Option<DecodeError> {
        if expanded > self.expanded {
            return Some(DecodeError::TooLarge { max: self.expanded });
        }
        let dense = expanded > self.free && expanded > raw.saturating_mul(self.ratio);
        dense.then_some(DecodeError::TooDense { raw, expanded, max: self.ratio })
    }
}

/// What a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// How many of the bytes were used up; the rest belongs at the beginning of the next push.
    pub used: usize,
    /// The room for text is full, and there may be more: push again, with whatever is left, before anything else.
    pub full: bool,
}

impl Decoder {
    /// Begins at the first byte of a file.
    ///
    /// # Errors
    /// [`DecodeError::NoMemory`] when there is none for the decompressor.
    pub fn new(decision: &Decision, limits: &Limits) -> Result<Self, DecodeError> {
        let unpack = decision.compression.map(|compression| Ok((compression, Unpack::new(compression, limits)?)));
        Ok(Self {
            unpack: unpack.transpose()?,
            staged: Vec::new(),
            staged_taken: 0,
            transcoder: Transcoder::new(decision.encoding_found),
            bounds: Bounds {
                expanded: limits.expanded_bytes_max,
                ratio: limits.expansion_ratio_max,
                free: limits.expansion_free_bytes,
                window: limits.decode_window_bytes_max,
            },
            raw_bytes: 0,
            expanded_bytes: 0,
            text_bytes: 0,
            malformed: Malformed::default(),
            failed: None,
        })
    }

    /// Takes the next bytes of the file, and appends at most `max` bytes of text to `out` (never fewer than 32 are
    /// allowed).
    ///
    /// # Errors
    /// What is wrong with the compressed bytes, after all text from before the fault; `out` may have grown all the same.
    /// Again on each further call.
    pub fn push(&mut self, raw: &[u8], out: &mut Vec<u8>, max: usize) -> Result<Pushed, DecodeError> {
        let mut used = 0;
        let full = self.run(raw, &mut used, false, out, max)?;
        Ok(Pushed { used, full })
    }

    /// No more bytes will come. Appends what is left of the text, as [`Decoder::push`] does. Gives whether that is all;
    /// until it is, call it again.
    ///
    /// # Errors
    /// As for [`Decoder::push`]; also when the compressed bytes are cut off.
    pub fn finish(&mut self, out: &mut Vec<u8>, max: usize) -> Result<bool, DecodeError> {
        Ok(!self.run(&[], &mut 0, true, out, max)?)
    }

    /// Raw bytes used up so far.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// Text given out so far.
    pub fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    /// Where in the text the next U+FFFD stands that was written for malformed bytes, by its first byte. Asked after
    /// each push of up to 64 KiB of text, it tells of all of them.
    pub fn next_malformed(&mut self) -> Option<u64> {
        self.malformed.offsets.pop_front()
    }

    /// How many malformed places there were of which [`Decoder::next_malformed`] cannot tell, since nobody asked in time.
    pub fn malformed_beyond(&self) -> u64 {
        self.malformed.beyond
    }

    /// Gives whether the room is full and there may be more.
    fn run(
        &mut self,
        raw: &[u8],
        used: &mut usize,
        last: bool,
        out: &mut Vec<u8>,
        max: usize,
    ) -> Result<bool, DecodeError> {
        let Self { unpack, staged, staged_taken, transcoder, text_bytes, malformed, .. } = self;
        let mut sink = Sink { out, room: max.max(ROOM_MIN), offset: text_bytes, malformed };
        loop {
            *staged_taken += transcoder.step(&staged[*staged_taken..], false, &mut sink);
            if *staged_taken < staged.len() {
                return Ok(true);
            }
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            let Some((compression, unpack)) = unpack else {
                let taken = transcoder.step(&raw[*used..], last, &mut sink);
                *used += taken;
                self.raw_bytes += taken as u64;
                return Ok(*used < raw.len() || (last && !transcoder.is_over()));
            };
            if sink.is_full() {
                return Ok(true);
            }
            let as_is = matches!(transcoder, Transcoder::AsIs);
            let most = if as_is { sink.room } else { STAGED_MAX };
            // Text that needs no transcoding is unpacked to where it belongs.
            let start = if as_is { sink.out.len() } else { 0 };
            let into = if as_is { &mut *sink.out } else { &mut *staged };
            into.resize(start + most, 0);
            let step = unpack.step(&raw[*used..], &mut into[start..]);
            *used += step.used;
            self.raw_bytes += step.used as u64;
            self.expanded_bytes += step.written as u64;
            let over = self.bounds.excess(self.raw_bytes, self.expanded_bytes);
            let surplus = self.expanded_bytes.saturating_sub(self.bounds.expanded).min(step.written as u64);
            let kept = step.written - surplus as usize;
            into.truncate(start + kept);
            *staged_taken = 0;
            if as_is {
                sink.pushed(kept);
            }
            let at = |sink: &Sink<'_>| (self.raw_bytes, *sink.offset);
            self.failed = match step.broken {
                _ if over.is_some() => over,
                Some(Broken::Window) => Some(DecodeError::WindowTooLarge { max: self.bounds.window }),
                Some(Broken::Corrupt(what)) => {
                    let (raw, text) = at(&sink);
                    Some(DecodeError::Corrupt { compression: *compression, raw, text, what })
                }
                None if step.written == 0 && *used == raw.len() => {
                    if !last {
                        return Ok(false);
                    }
                    if unpack.is_whole() {
                        transcoder.step(&[], true, &mut sink);
                        return Ok(!transcoder.is_over());
                    }
                    let (raw, text) = at(&sink);
                    Some(DecodeError::Truncated { compression: *compression, raw, text })
                }
                None => None,
            };
        }
    }
}
