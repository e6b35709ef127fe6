//! What the bytes of a file have to go through to be text.
//!
//! Plain UTF-8 is the window's text as it is. Everything else is decoded from its first byte, also when reading goes on in the
//! middle: the text from before that is made again and dropped.

use super::decode::{Decision, DecodeError, Decoder};
use super::window::Window;
use crate::domain::{Limits, Reading};
use std::collections::VecDeque;
use std::ops::Range;

/// Text that is decoded at once, in bytes: so that each place that was no text is told of.
const PUMP_BYTES: usize = 64 << 10;

/// How bytes become text.
#[derive(Debug)]
pub(super) enum Source {
    /// Not known yet; the bytes are kept in the window.
    Undecided,
    /// They are text.
    Plain,
    /// They are decoded.
    Decoded(Box<Decoded>),
}

impl Source {
    /// For a file whose reading is known, from byte `at` of its text on.
    pub fn resume(reading: &Reading, at: u64, limits: &Limits) -> Self {
        match Decision::of(reading) {
            Ok(decision) if decision.passthrough => Self::Plain,
            decision => match decision.and_then(|decision| Decoded::new(&decision, at, limits)) {
                Ok(decoded) => Self::Decoded(Box::new(decoded)),
                Err(error) => Self::Decoded(Box::new(Decoded::failed(error))),
            },
        }
    }

    /// Why there is no more text than there was.
    pub fn fault(&self) -> Option<&DecodeError> {
        match self {
            Self::Decoded(decoded) => decoded.fault.as_ref(),
            Self::Undecided | Self::Plain => None,
        }
    }
}

/// Bytes of a file on their way to text.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// Bytes of `raw` that were given.
    filled: usize,
    /// Bytes of `raw` that were decoded.
    used: usize,
    /// No more bytes will come.
    finished: bool,
    /// Text before this was told of before.
    skip: u64,
    text: Vec<u8>,
    malformed: VecDeque<u64>,
    fault: Option<DecodeError>,
}

impl Decoded {
    /// Begins at the file's first byte; gives its text from byte `skip` on.
    pub fn new(decision: &Decision, skip: u64, limits: &Limits) -> Result<Self, DecodeError> {
        Ok(Self { decoder: Some(Decoder::new(decision, limits)?), skip, ..Self::default() })
    }

    fn failed(fault: DecodeError) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    pub fn space(&mut self, bytes: usize) -> &mut [u8] {
        self.raw.copy_within(self.used..self.filled, 0);
        self.filled -= std::mem::take(&mut self.used);
        if self.raw.len() < self.filled + bytes {
            self.raw.resize(self.filled + bytes, 0);
        }
        &mut self.raw[self.filled..self.filled + bytes]
    }

    pub fn commit(&mut self, bytes: usize) {
        self.filled += bytes;
    }

    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Bytes of the file that were decoded.
    pub fn raw_bytes(&self) -> u64 {
        self.decoder.as_ref().map_or(0, Decoder::raw_bytes)
    }

    /// Whether a byte of that range of the text was no character; forgets all before its end.
    pub fn take_malformed(&mut self, range: Range<u64>) -> bool {
        let mut any = false;
        while let Some(at) = self.malformed.front().filter(|at| **at < range.end) {
            any |= *at >= range.start;
            self.malformed.pop_front();
        }
        any
    }

    /// Decodes a piece into the window, which lets go of its first `keep` bytes; sets `over` when that was all. Whether
    /// there is anything new.
    pub fn pump(&mut self, window: &mut Window, keep: usize, over: &mut bool) -> bool {
        let mut keep = keep;
        while !*over {
            self.text.clear();
            let Some(decoder) = &mut self.decoder else {
                *over = true;
                break;
            };
            let start = decoder.text_bytes();
            let mut more = true;
            let result = if self.used < self.filled {
                decoder.push(&self.raw[self.used..self.filled], &mut self.text, PUMP_BYTES).map(|pushed| {
                    self.used += pushed.used;
                })
            } else if self.finished {
                decoder.finish(&mut self.text, PUMP_BYTES).map(|all| *over = all)
            } else {
                let pushed = decoder.push(&[], &mut self.text, PUMP_BYTES);
                more = !self.text.is_empty();
                pushed.map(|_| ())
            };
            while let Some(at) = decoder.next_malformed() {
                if at >= self.skip {
                    self.malformed.push_back(at);
                }
            }
            if let Err(error) = result {
                self.fault = Some(error);
                *over = true;
            }
            let told = usize::try_from(self.skip.saturating_sub(start)).unwrap_or(usize::MAX).min(self.text.len());
            let text = &self.text[told..];
            if !text.is_empty() || *over || !more {
                window.space(std::mem::take(&mut keep), text.len())[..text.len()].copy_from_slice(text);
                window.commit(text.len());
                let is_new = *over || !text.is_empty();
                self.forget_malformed(window.offset(0));
                return is_new;
            }
        }
        window.space(keep, 0);
        self.forget_malformed(window.offset(0));
        *over
    }

    /// Nobody tells of what was no character before `offset` any more: lines that are no rows are not asked about.
    fn forget_malformed(&mut self, offset: u64) {
        while self.malformed.front().is_some_and(|at| *at < offset) {
            self.malformed.pop_front();
        }
    }
}
