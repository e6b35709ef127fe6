//! Numbers that depend on nothing but a key: same seed, same bytes, on every platform and in every release.
//!
//! Why not `rand`'s generators: `SmallRng` is another algorithm on 32-bit machines and may change with `rand`'s version,
//! and a stream of numbers ties every cell to all cells before it. Here each cell has a key of its own, made from the
//! seed, the row and the column; so a longer file begins like a shorter one, a column keeps its values whichever
//! columns stand beside it, and what is wrong with row 7,000,000 is known without making the rows before it.

use std::convert::Infallible;

/// The odd constant of SplitMix64: multiples of it, added to a key, are spread evenly over all 64-bit numbers.
pub(super) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finisher (Steele, Lea, Flood 2014): a bijection in which each bit of the input reaches each of the output.
#[inline(always)]
pub(super) const fn mix(mut key: u64) -> u64 {
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// A whole number below `below` from the upper half of `random`. The bias is under `below` / 2³², which no reader sees.
#[inline(always)]
pub(super) const fn below(random: u64, below: u32) -> u32 {
    (((random >> 32) * below as u64) >> 32) as u32
}

/// A stream of numbers from one key, for places that need many: filling pools, shaping a fault.
pub(super) struct Stream(u64);

impl Stream {
    /// The stream of that key.
    pub(super) const fn new(key: u64) -> Self {
        Self(key)
    }

    /// The next number.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// The next number, below `limit`.
    pub(super) const fn below(&mut self, limit: usize) -> usize {
        below(self.next(), limit as u32) as usize
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// The way in for `fake`, which draws from any generator of `rand`.
impl rand::TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for piece in bytes.chunks_mut(8) {
            piece.copy_from_slice(&self.next().to_le_bytes()[..piece.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The reference sequence for seed 1234567, as other implementations publish it.
        let mut stream = Stream::new(1_234_567);
        assert_eq!(stream.next(), 6_457_827_717_110_365_317);
        assert_eq!(stream.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_below_a_limit_reach_all_of_it_and_no_more() {
        let mut stream = Stream::new(7);
        let mut seen = [0u32; 10];
        (0..10_000).for_each(|_| seen[stream.below(10)] += 1);
        assert!(seen.iter().all(|&count| (800..1_200).contains(&count)), "{seen:?}");
    }
}
