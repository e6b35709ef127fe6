//! How often and how much: rate limits of addresses, keys and clients, who an address is behind proxies, and what each client
//! keeps.
//!
//! Layer 1: pure, and told the time by its clock. The table of policies is in `policy`; each is a generic cell rate
//! algorithm (`governor`): an allowance that may be used at once and comes back evenly over its window.
//!
//! Invariants:
//! - What is remembered of whoever asks is one number under a keyed hash: no address, name or client is kept.
//! - So many are remembered and no more (`rates-tracked-max`); further ones share a few allowances. Who has their whole
//!   allowance back is forgotten.
//! - A policy without a limit costs nothing and refuses nobody.
//!
//! Not for: statuses and headers as poem has them, or which request counts where (`http`).

mod field;
mod forwarded;
mod kept;
mod network;
mod policy;
mod states;

pub use forwarded::{Proxies, Said, Sender};
pub use kept::{Full, Kept};
pub use network::{BadNetwork, Network};
pub use policy::{Policy, Whose, Window};

use crate::domain::Limits;
use crate::tally::Count;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};
use states::{Key, States};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// Most cells of one allowance: what is larger is counted in coarser ones.
const CELLS_MAX: u64 = 1 << 30;

/// Most bytes that are gathered before they are taken from an allowance.
const STEP_BYTES_MAX: u64 = 256 << 10;

/// Whoever an allowance belongs to, as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject(u64);

/// How somebody stands with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The policy.
    pub policy: Policy,
    /// The whole allowance, in requests or bytes.
    pub quota: u64,
    /// What is left of it.
    pub remaining: u64,
    /// Seconds until it is whole again.
    pub reset_s: u64,
}

/// Somebody has used an allowance up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told())]
pub struct Exceeded {
    /// How they stand: nothing is left.
    pub standing: Standing,
    /// Seconds after which there is enough again for what was refused.
    pub retry_after_s: u32,
}

/// All policies that have a limit, and how everybody stands with them.
#[derive(Debug)]
pub struct Rates<C: Clock = MonotonicClock> {
    meters: [Option<Meter<C>>; Policy::ALL.len()],
    refused: [Count; Policy::ALL.len()],
    hasher: RandomState,
}

impl Rates {
    /// Nobody has used anything yet.
    pub fn new(limits: &Limits) -> Self {
        Self::by(MonotonicClock, limits)
    }
}

impl<C: Clock + Clone> Rates<C> {
    /// The same by another clock.
    pub fn by(clock: C, limits: &Limits) -> Self {
        let tracked_max = usize::try_from(limits.rates_tracked_max).unwrap_or(usize::MAX);
        let meters = Policy::ALL.map(|policy| Meter::new(policy, policy.quota(limits), tracked_max, clock.clone()));
        Self { meters, refused: Default::default(), hasher: RandomState::new() }
    }

    /// An address. Of IPv6 the first 64 bits count: whoever has one such network has all addresses in it.
    pub fn address(&self, address: IpAddr) -> Subject {
        Subject(self.hasher.hash_one(("address", network_of(address))))
    }

    /// An address that asks how the server is: apart from whatever else comes from there.
    pub fn probe(&self, address: IpAddr) -> Subject {
        Subject(self.hasher.hash_one(("probe", network_of(address))))
    }

    /// A name: of a client, or of whom a key belongs to.
    pub fn name(&self, name: &str) -> Subject {
        Subject(self.hasher.hash_one(("name", name)))
    }

    /// Uses the allowance of `who` once. None where the policy has no limit.
    ///
    /// # Errors
    /// [`Exceeded`], and nothing is used.
    pub fn take(&self, policy: Policy, who: Subject) -> Result<Option<Standing>, Exceeded> {
        self.with(policy, |meter| meter.take(who, 1, false))
    }

    /// How `who` stands, with nothing used.
    ///
    /// # Errors
    /// [`Exceeded`] where [`Rates::take`] would refuse.
    pub fn look(&self, policy: Policy, who: Subject) -> Result<Option<Standing>, Exceeded> {
        self.with(policy, |meter| meter.take(who, 1, true))
    }

    /// Uses so many bytes of the allowance. What is too little to be counted by itself is left in `owed`, to be given again
    /// the next time.
    ///
    /// # Errors
    /// [`Exceeded`], and nothing is used.
    pub fn take_bytes(&self, policy: Policy, who: Subject, owed: &mut u64, bytes: u64) -> Result<(), Exceeded> {
        let Some(meter) = self.meter(policy) else { return Ok(()) };
        *owed += bytes;
        let cells = *owed / meter.cell;
        *owed %= meter.cell;
        if cells == 0 {
            return Ok(());
        }
        self.with(policy, |meter| meter.take(who, cells, false)).map(drop)
    }

    /// How many bytes to gather before they are taken: few of the whole allowance, and enough that taking them costs nothing.
    pub fn step_bytes(&self, policy: Policy) -> u64 {
        self.meter(policy).map_or(u64::MAX, |meter| (meter.quota / 64).clamp(1, STEP_BYTES_MAX))
    }

    /// How often each policy refused somebody.
    pub fn refused(&self) -> impl Iterator<Item = (Policy, u64)> {
        Policy::ALL.into_iter().zip(self.refused.iter().map(Count::get))
    }

    /// How many allowances are remembered, of all policies.
    pub fn tracked(&self) -> usize {
        self.meters.iter().flatten().map(|meter| meter.states.len()).sum()
    }

    /// Forgets everybody who has their whole allowance. To be called now and then.
    pub fn forget_idle(&self) {
        for meter in self.meters.iter().flatten() {
            meter.limiter.retain_recent();
            meter.limiter.shrink_to_fit();
        }
    }

    fn meter(&self, policy: Policy) -> Option<&Meter<C>> {
        self.meters[policy as usize].as_ref()
    }

    fn with(
        &self,
        policy: Policy,
        act: impl FnOnce(&Meter<C>) -> Result<Standing, Exceeded>,
    ) -> Result<Option<Standing>, Exceeded> {
        let standing = self.meter(policy).map(act).transpose();
        standing.inspect_err(|_| self.refused[policy as usize].add(1))
    }
}

/// What of an address counts.
fn network_of(address: IpAddr) -> u64 {
    match address.to_canonical() {
        // No IPv6 network begins like this.
        IpAddr::V4(address) => u64::MAX << 32 | u64::from(address.to_bits()),
        IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).expect("it is the upper half"),
    }
}

/// One policy at work.
#[derive(Debug)]
struct Meter<C: Clock> {
    policy: Policy,
    quota: u64,
    /// Requests or bytes of one cell.
    cell: u64,
    /// Cells of the whole allowance.
    cells: NonZeroU32,
    /// How long it takes until one cell is back.
    period: Duration,
    limiter: RateLimiter<Key, States, C, StateInformationMiddleware>,
    states: States,
}

impl<C: Clock> Meter<C> {
    fn new(policy: Policy, quota: u64, tracked_max: usize, clock: C) -> Option<Self> {
        let cell = quota.div_ceil(CELLS_MAX).max(1);
        let cells = NonZeroU32::new(u32::try_from(quota / cell).expect("there are few enough"))?;
        let period = policy.window().duration() / cells.get();
        let limit = Quota::with_period(period)?.allow_burst(cells);
        let states = States::new(tracked_max);
        let limiter = RateLimiter::new(limit, states.clone(), clock);
        Some(Self { policy, quota, cell, cells, period, limiter, states })
    }

    fn take(&self, who: Subject, cells: u64, look: bool) -> Result<Standing, Exceeded> {
        if self.states.is_crowded() {
            self.limiter.retain_recent();
        }
        // More at once than the whole of it never fits.
        let cells = u32::try_from(cells).ok().and_then(NonZeroU32::new).filter(|cells| *cells <= self.cells);
        let taken = cells.and_then(|cells| self.limiter.check_key_n(&Key { who: who.0, look }, cells).ok());
        match taken {
            Some(Ok(state)) => Ok(self.standing(&state, look)),
            Some(Err(not_until)) => Err(self.exceeded(not_until.wait_time_from(self.limiter.clock().now()))),
            None => Err(self.exceeded(self.policy.window().duration())),
        }
    }

    fn standing(&self, state: &StateSnapshot, look: bool) -> Standing {
        let cells = u64::from(state.remaining_burst_capacity()) + u64::from(look);
        let remaining = (cells * self.cell).min(self.quota);
        let used = u64::from(self.cells.get()).saturating_sub(cells);
        let reset = self.period.saturating_mul(u32::try_from(used).unwrap_or(u32::MAX));
        Standing { policy: self.policy, quota: self.quota, remaining, reset_s: whole_seconds(reset) }
    }

    fn exceeded(&self, wait: Duration) -> Exceeded {
        let reset_s = self.policy.window().seconds();
        let standing = Standing { policy: self.policy, quota: self.quota, remaining: 0, reset_s };
        Exceeded { standing, retry_after_s: u32::try_from(whole_seconds(wait)).unwrap_or(u32::MAX).max(1) }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
