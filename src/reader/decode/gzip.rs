//! gzip (RFC 1952): one member after the other, each checked by its length and its CRC-32.

use super::unpack::{Broken, Step};
use flate2::{Decompress, FlushDecompress, Status};

const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const HEAD_CRC: u8 = 1 << 1;
const RESERVED: u8 = 0xe0;

/// Where in the file the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The ten bytes that every member begins with; so many were seen.
    Head(u8),
    /// The length of the extra field; its low byte once it was seen.
    ExtraLen(Option<u8>),
    /// The extra field; so many bytes of it are left.
    Extra(u16),
    Name,
    Comment,
    /// The header's own checksum; so many bytes are left.
    HeadCrc(u8),
    Body,
    /// CRC-32 and length; so many bytes were seen.
    Trailer(u8),
    /// A member is over: another may begin.
    Between,
    /// Nothing but zero bytes may follow, as tapes and block devices leave them.
    Padding,
}

#[derive(Debug)]
pub(super) struct Gzip {
    at: At,
    flags: u8,
    inflate: Decompress,
    crc: crc32fast::Hasher,
    /// Bytes of text of this member, modulo 2^32 as its trailer has it.
    len: u32,
    trailer: [u8; 8],
}

impl Gzip {
    pub fn new() -> Self {
        Self {
            at: At::Head(0),
            flags: 0,
            inflate: Decompress::new(false),
            crc: crc32fast::Hasher::new(),
            len: 0,
            trailer: [0; 8],
        }
    }

    /// Whether the file may end here.
    pub fn is_whole(&self) -> bool {
        matches!(self.at, At::Between | At::Padding)
    }

    pub fn step(&mut self, raw: &[u8], out: &mut [u8]) -> Step {
        let mut step = Step::default();
        loop {
            if self.at == At::Body {
                let before = step;
                step.broken = self.body(raw, out, &mut step);
                // Within a body, no progress means that it waits for bytes or for room.
                if step.broken.is_some() || (step == before && self.at == At::Body) {
                    return step;
                }
            } else {
                let Some(&byte) = raw.get(step.used) else { return step };
                match self.frame(byte) {
                    Ok(()) => step.used += 1,
                    Err(broken) => {
                        step.broken = Some(broken);
                        return step;
                    }
                }
            }
        }
    }

    fn body(&mut self, raw: &[u8], out: &mut [u8], step: &mut Step) -> Option<Broken> {
        let (was_in, was_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(&raw[step.used..], &mut out[step.written..], FlushDecompress::None);
        // Counted even where it failed: what was written before the fault is text like any other.
        let read = (self.inflate.total_in() - was_in) as usize;
        let written = (self.inflate.total_out() - was_out) as usize;
        self.crc.update(&out[step.written..step.written + written]);
        self.len = self.len.wrapping_add(written as u32);
        step.used += read;
        step.written += written;
        match status {
            Ok(Status::StreamEnd) => self.at = At::Trailer(0),
            Ok(_) => {}
            Err(_) => return Some(Broken::Corrupt("what stands there is no deflate data")),
        }
        None
    }

    /// Takes one byte of what stands around the bodies.
    fn frame(&mut self, byte: u8) -> Result<(), Broken> {
        self.at = match self.at {
            At::Head(index) => {
                match (index, byte) {
                    (0, 0x1f) | (1, 0x8b) | (2, 8) | (4.., _) => {}
                    (3, flags) if flags & RESERVED == 0 => self.flags = flags,
                    _ => return Err(Broken::Corrupt("no gzip header stands there")),
                }
                if index < 9 { At::Head(index + 1) } else { self.after(0) }
            }
            At::ExtraLen(None) => At::ExtraLen(Some(byte)),
            At::ExtraLen(Some(low)) => match u16::from_le_bytes([low, byte]) {
                0 => self.after(1),
                len => At::Extra(len),
            },
            At::Extra(1) => self.after(1),
            At::Extra(left) => At::Extra(left - 1),
            At::Name if byte == 0 => self.after(2),
            At::Comment if byte == 0 => self.after(3),
            At::HeadCrc(1) => self.begin_body(),
            At::HeadCrc(left) => At::HeadCrc(left - 1),
            At::Trailer(index) => {
                self.trailer[usize::from(index)] = byte;
                if index == 7 { self.end_member()? } else { At::Trailer(index + 1) }
            }
            At::Between if byte == 0x1f => At::Head(1),
            At::Between | At::Padding if byte == 0 => At::Padding,
            At::Between | At::Padding => return Err(Broken::Corrupt("something that is no gzip follows its end")),
            At::Name | At::Comment | At::Body => self.at,
        };
        Ok(())
    }

    /// What comes after the header's part `index`: the next of the optional parts that is there, else the body.
    fn after(&mut self, index: usize) -> At {
        let parts = [(EXTRA, At::ExtraLen(None)), (NAME, At::Name), (COMMENT, At::Comment), (HEAD_CRC, At::HeadCrc(2))];
        let next = parts[index..].iter().find(|(flag, _)| self.flags & flag != 0);
        next.map_or_else(|| self.begin_body(), |&(_, at)| at)
    }

    fn begin_body(&mut self) -> At {
        self.inflate.reset(false);
        self.crc = crc32fast::Hasher::new();
        self.len = 0;
        At::Body
    }

    fn end_member(&mut self) -> Result<At, Broken> {
        let [a, b, c, d, e, f, g, h] = self.trailer;
        if u32::from_le_bytes([a, b, c, d]) != self.crc.clone().finalize() {
            return Err(Broken::Corrupt("the text before has another checksum than the file says"));
        }
        if u32::from_le_bytes([e, f, g, h]) != self.len {
            return Err(Broken::Corrupt("the text before has another length than the file says"));
        }
        Ok(At::Between)
    }
}
