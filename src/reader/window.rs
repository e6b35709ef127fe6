//! The piece of the text that is in memory.

use std::ops::Range;

/// Text from some offset on, in one piece. It moves forward only when room is made, so text that was there
/// stays there until then.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Initialised memory; the text is its first `filled` bytes. It is never cut, so room is zeroed only once.
    memory: Vec<u8>,
    filled: usize,
    /// Offset in the text of the first byte.
    base: u64,
    /// How much of the room given out may still be committed.
    room: usize,
}

impl Window {
    pub fn starting_at(base: u64) -> Self {
        Self { base, ..Self::default() }
    }

    /// Lets go of the text before `keep`, and gives room for `bytes` more after the rest.
    pub fn space(&mut self, keep: usize, bytes: usize) -> &mut [u8] {
        if keep > 0 {
            self.memory.copy_within(keep..self.filled, 0);
            self.filled -= keep;
            self.base += keep as u64;
        }
        let end = self.filled + bytes;
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        self.room = bytes;
        &mut self.memory[self.filled..end]
    }

    pub fn commit(&mut self, bytes: usize) {
        assert!(bytes <= self.room, "committed {bytes} bytes into room for {}", self.room);
        self.room -= bytes;
        self.filled += bytes;
    }

    pub fn len(&self) -> usize {
        self.filled
    }

    /// Offset in the text of the byte at `index`.
    pub fn offset(&self, index: usize) -> u64 {
        self.base + index as u64
    }

    /// The text there is.
    pub fn text(&self) -> &[u8] {
        &self.memory[..self.filled]
    }

    /// The text between two offsets, if all of it is there.
    pub fn between(&self, range: Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(range.start.checked_sub(self.base)?).ok()?;
        let end = usize::try_from(range.end.checked_sub(self.base)?).ok()?;
        self.text().get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_moves_only_when_room_is_made() {
        let mut window = Window::starting_at(10);
        window.space(0, 4).copy_from_slice(b"abcd");
        window.commit(3);
        assert_eq!((window.text(), window.between(11..13)), (&b"abc"[..], Some(&b"bc"[..])));
        window.space(2, 2).copy_from_slice(b"xy");
        window.commit(2);
        assert_eq!((window.text(), window.offset(0)), (&b"cxy"[..], 12));
        assert_eq!((window.between(11..13), window.between(12..16)), (None, None));
    }
}
