//! Which bytes of a block are special: 64 at a time, one bit each.
//!
//! Vectors are those of the `wide` crate: SSE2 on x86-64, NEON on 64-bit ARM, and plain arithmetic elsewhere.

use wide::u8x16;

/// How many bytes a block has.
pub(super) const BLOCK: usize = 64;

/// Bytes that mean something to the grammar; fewer than five are repeated.
pub(super) type Needles = [u8; 5];

/// A bit for each byte of a block, the first one lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    /// It is one of the needles.
    pub special: u64,
    /// It is not ASCII.
    pub beyond: u64,
}

/// The marks of the (up to) [`BLOCK`] bytes at `at`. `FIFTH` says whether the last needle counts.
#[inline]
pub(super) fn marks<const FIFTH: bool>(text: &[u8], at: usize, needles: &Needles) -> Marks {
    let rest = &text[at..];
    if let Some(block) = rest.first_chunk::<BLOCK>() {
        return of_block::<FIFTH>(block, needles);
    }
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    let Marks { special, beyond } = of_block::<FIFTH>(&block, needles);
    // A needle may be the zero byte.
    Marks { special: special & ((1 << rest.len()) - 1), beyond }
}

#[inline]
fn of_block<const FIFTH: bool>(block: &[u8; BLOCK], needles: &Needles) -> Marks {
    let needles = needles.map(u8x16::splat);
    let (mut special, mut beyond) = (0, 0);
    for (index, lane) in block.as_chunks::<16>().0.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let [a, b, c, d, e] = needles.map(|needle| lane.simd_eq(needle));
        let found = if FIFTH { (a | b) | (c | d) | e } else { (a | b) | (c | d) };
        special |= u64::from(found.to_bitmask()) << (16 * index);
        beyond |= u64::from(lane.to_bitmask()) << (16 * index);
    }
    Marks { special, beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_those_of_byte_after_byte() {
        let mut state = 7_u32;
        for round in 0..2_000 {
            let mut block = [0; BLOCK];
            for byte in &mut block {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte =
                    if round % 2 == 0 { (state >> 24) as u8 } else { b",\"\r\n\\a\0\x80-"[(state >> 24) as usize % 9] };
            }
            let needles = [if round % 4 == 1 { 0 } else { b',' }, b'"', b'\r', b'\n', b'\\'];
            let bit = |is: &dyn Fn(u8) -> bool| (0..BLOCK).fold(0, |bits, i| bits | u64::from(is(block[i])) << i);
            let beyond = bit(&|byte| byte >= 0x80);
            let five = Marks { special: bit(&|byte| needles.contains(&byte)), beyond };
            let four = Marks { special: bit(&|byte| needles[..4].contains(&byte)), beyond };
            assert_eq!(marks::<true>(&block, 0, &needles), five);
            assert_eq!(marks::<false>(&block, 0, &needles), four);
            let len = round % BLOCK;
            assert_eq!(marks::<true>(&block[..len], 0, &needles).special, five.special & ((1 << len) - 1));
        }
    }
}
