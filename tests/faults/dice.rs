//! Chance that can be had again: every choice of a test comes from one seed, which is printed.

use std::ops::RangeInclusive;

/// A source of choices (SplitMix64). Each task has one of its own, so that what it chooses hangs on nobody's speed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The test's own; `ROWCAST_FAULTS_SEED` repeats the choices of an earlier run.
    pub fn of(test: &str) -> Self {
        let given = std::env::var("ROWCAST_FAULTS_SEED").ok();
        let seed = match &given {
            Some(seed) => seed.parse().unwrap_or_else(|_| panic!("ROWCAST_FAULTS_SEED is a number, not {seed:?}")),
            None => u64::try_from(uuid::Uuid::new_v4().as_u128() >> 96).expect("32 bits fit"),
        };
        eprintln!("{test}: ROWCAST_FAULTS_SEED={seed}");
        Self(seed ^ test.bytes().fold(0, |sum, byte| sum * 31 + u64::from(byte)))
    }

    /// For whoever leaves nothing to chance.
    pub fn still() -> Self {
        Self(0)
    }

    /// One more, independent of this one from now on.
    pub fn fork(&mut self) -> Self {
        Self(self.number())
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range, each as likely as the others.
    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.number() % (range.end() - range.start() + 1)
    }

    /// A number up to `most`, of every size: small ones as often as large ones.
    pub fn size(&mut self, most: u64) -> u64 {
        let bits = self.within(0..=u64::from(most.max(1).ilog2()));
        self.within(1..=(2 << bits) - 1).min(most.max(1))
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.number().is_multiple_of(times)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.within(0..=of.len() as u64 - 1) as usize]
    }
}

/// How many times to try: few usually, all of them with `tests/run --long`.
pub fn rounds(usual: u64, long: u64) -> u64 {
    if is_long() { long } else { usual }
}

pub fn is_long() -> bool {
    std::env::var_os("ROWCAST_TESTS_LONG").is_some()
}
