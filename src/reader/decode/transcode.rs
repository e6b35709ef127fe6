//! Bytes of one encoding in, UTF-8 out.

use super::encoding::{Encoding, Endian};
use encoding_rs::DecoderResult;
use std::collections::VecDeque;

/// What stands for bytes that are no text.
const REPLACEMENT: &str = "\u{fffd}";

/// Less room than this is none: it holds the longest that any step writes at once.
pub(super) const ROOM_MIN: usize = 32;

/// How much room is cleared for a step of its own, so that a step which ends at once has not cleared much.
const ROOM_CLEARED: usize = 4 << 10;

/// How many places of malformed bytes are kept until somebody asks for them. As many as fit into 96 KiB of text: whoever
/// asks after each call loses none.
const MALFORMED_MAX: usize = 32 << 10;

/// Where U+FFFD was written for bytes that are no text.
#[derive(Debug, Default)]
pub(super) struct Malformed {
    pub offsets: VecDeque<u64>,
    /// Those for which there was no place.
    pub beyond: u64,
}

impl Malformed {
    fn add(&mut self, offset: u64) {
        if self.offsets.len() < MALFORMED_MAX {
            self.offsets.push_back(offset);
        } else {
            self.beyond += 1;
        }
    }
}

pub(super) enum Transcoder {
    /// UTF-8 goes through as it is, with whatever is wrong with it: only cells can say where that is.
    AsIs,
    Utf32 {
        endian: Endian,
        unit: [u8; 4],
        filled: usize,
    },
    Other {
        decoder: Box<encoding_rs::Decoder>,
        /// It must not be asked any more.
        over: bool,
    },
}

impl std::fmt::Debug for Transcoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AsIs => "AsIs",
            Self::Utf32 { .. } => "Utf32",
            Self::Other { .. } => "Other",
        })
    }
}

/// Where text goes to.
pub(super) struct Sink<'a> {
    pub out: &'a mut Vec<u8>,
    /// How many bytes more it may have.
    pub room: usize,
    /// Offset in the text of the next byte.
    pub offset: &'a mut u64,
    pub malformed: &'a mut Malformed,
}

impl Sink<'_> {
    pub fn is_full(&self) -> bool {
        self.room < ROOM_MIN
    }

    pub fn push(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
        self.pushed(text.len());
    }

    /// So many bytes were put into `out` directly.
    pub fn pushed(&mut self, bytes: usize) {
        self.room -= bytes;
        *self.offset += bytes as u64;
    }

    fn malformed(&mut self) {
        self.malformed.add(*self.offset);
        self.push(REPLACEMENT.as_bytes());
    }
}

impl Transcoder {
    pub fn new(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 => Self::AsIs,
            Encoding::Utf32(endian) => Self::Utf32 { endian, unit: [0; 4], filled: 0 },
            // A byte order mark is text: whoever reads the text looks for it, in every encoding alike.
            Encoding::Other(encoding) => {
                Self::Other { decoder: Box::new(encoding.new_decoder_without_bom_handling()), over: false }
            }
        }
    }

    /// Whether nothing is held back any more, after a step that was the last.
    pub fn is_over(&self) -> bool {
        match self {
            Self::AsIs => true,
            Self::Utf32 { filled, .. } => *filled == 0,
            Self::Other { over, .. } => *over,
        }
    }

    /// Takes bytes until they are used up or the sink is full, and gives how many. `last` says that no more will come.
    pub fn step(&mut self, bytes: &[u8], last: bool, sink: &mut Sink<'_>) -> usize {
        match self {
            Self::AsIs => {
                let taken = if sink.is_full() { 0 } else { bytes.len().min(sink.room) };
                sink.push(&bytes[..taken]);
                taken
            }
            Self::Utf32 { endian, unit, filled } => {
                let mut taken = 0;
                while !sink.is_full() && taken < bytes.len() {
                    unit[*filled] = bytes[taken];
                    taken += 1;
                    *filled = (*filled + 1) % 4;
                    if *filled == 0 {
                        let value = match endian {
                            Endian::Little => u32::from_le_bytes(*unit),
                            Endian::Big => u32::from_be_bytes(*unit),
                        };
                        match char::from_u32(value) {
                            Some(c) => sink.push(c.encode_utf8(&mut [0; 4]).as_bytes()),
                            None => sink.malformed(),
                        }
                    }
                }
                if last && taken == bytes.len() && *filled > 0 && !sink.is_full() {
                    *filled = 0;
                    sink.malformed();
                }
                taken
            }
            Self::Other { over: true, .. } => 0,
            Self::Other { decoder, over } => {
                let mut taken = 0;
                while !sink.is_full() {
                    let start = sink.out.len();
                    let most = (sink.room - REPLACEMENT.len()).min(ROOM_CLEARED);
                    sink.out.resize(start + most, 0);
                    let (result, read, written) =
                        decoder.decode_to_utf8_without_replacement(&bytes[taken..], &mut sink.out[start..], last);
                    sink.out.truncate(start + written);
                    sink.pushed(written);
                    taken += read;
                    match result {
                        DecoderResult::InputEmpty => {
                            *over = last;
                            break;
                        }
                        DecoderResult::OutputFull if read + written > 0 => {}
                        DecoderResult::OutputFull => break,
                        DecoderResult::Malformed(..) => sink.malformed(),
                    }
                }
                taken
            }
        }
    }
}
