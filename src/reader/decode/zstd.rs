//! Zstandard (RFC 8878): frames and skippable frames, one after the other, with a bounded window.

use super::unpack::{Broken, Step};
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// How much of a frame says how long its header is.
const HEAD_START: usize = 5;
/// The library asks for the header of the next block together with the end of what is before it.
const BLOCK_HEAD: usize = 3;

pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// How many bytes to hand over next: never more than one block, and never the header of the next with it, since what is
    /// broken takes with it whatever else was decoded by the same call.
    wanted: usize,
    /// The last call filled its room: there may be more without any further byte.
    flushing: bool,
    /// A frame was ended, and no other begun.
    whole: bool,
}

impl std::fmt::Debug for Zstd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Zstd").field("whole", &self.whole).finish_non_exhaustive()
    }
}

impl Zstd {
    /// One that refuses frames which need a larger window than the greatest power of two within `window_bytes_max`.
    pub fn new(window_bytes_max: u64) -> std::io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(window_bytes_max.max(1).ilog2().clamp(10, 27)))?;
        Ok(Self { decoder, wanted: HEAD_START, flushing: false, whole: false })
    }

    /// Whether the file may end here.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    pub fn step(&mut self, raw: &[u8], out: &mut [u8]) -> Step {
        let mut step = Step::default();
        while step.written < out.len() {
            let rest = &raw[step.used..];
            let piece = if self.flushing { 0 } else { rest.len().min(self.wanted) };
            if piece == 0 && !self.flushing {
                return step;
            }
            match self.decoder.run_on_buffers(&rest[..piece], &mut out[step.written..]) {
                Ok(status) => {
                    step.used += status.bytes_read;
                    step.written += status.bytes_written;
                    self.flushing = step.written == out.len() && status.remaining > 0;
                    if status.remaining == 0 {
                        (self.whole, self.wanted) = (true, HEAD_START);
                    } else {
                        self.whole &= status.bytes_read == 0;
                        let more = status.remaining;
                        self.wanted = if more > BLOCK_HEAD { more - BLOCK_HEAD } else { more };
                    }
                }
                Err(error) => {
                    step.broken = Some(match error.to_string().as_str() {
                        "Frame requires too much memory for decoding" => Broken::Window,
                        "Dictionary mismatch" => {
                            Broken::Corrupt("it was compressed with a dictionary, which is not here")
                        }
                        "Unknown frame descriptor" => Broken::Corrupt("no zstd frame begins there"),
                        "Restored data doesn't match checksum" => {
                            Broken::Corrupt("the text before has another checksum than the file says")
                        }
                        _ => Broken::Corrupt("what stands there is no zstd data"),
                    });
                    return step;
                }
            }
        }
        step
    }
}
