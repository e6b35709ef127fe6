//! Where allowances are remembered: one number for each hash, and no more of them than there may be.

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many allowances those share whom there is no room for.
const CROWD: usize = 256;

/// Whose allowance, and whether it is only looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// A hash of who it is.
    pub who: u64,
    /// Whether nothing is to change.
    pub look: bool,
}

/// The allowances of one policy. Cheap to clone.
#[derive(Debug, Clone)]
pub struct States(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    known: Mutex<Known>,
    /// Whether somebody came for whom there was no room, and it is worth looking for some.
    crowded: AtomicBool,
    max: usize,
}

#[derive(Debug)]
struct Known {
    /// When each has their whole allowance back.
    of: HashMap<u64, Nanos>,
    /// The same of those who share one.
    crowd: Vec<Option<Nanos>>,
    /// How many came in vain since it was looked for room.
    missed: usize,
    /// How many may, before it is looked again: looking goes through all of them.
    patience: usize,
}

impl States {
    /// Nobody yet, and room for `max`.
    pub fn new(max: usize) -> Self {
        let known = Known { of: HashMap::new(), crowd: vec![None; CROWD], missed: 0, patience: 1 };
        Self(Arc::new(Shared { known: Mutex::new(known), crowded: AtomicBool::new(false), max }))
    }

    /// Whether it is time to forget those who have their whole allowance.
    pub fn is_crowded(&self) -> bool {
        self.0.crowded.load(Ordering::Relaxed)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for States {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let known = &mut *self.known();
        let is_known = known.of.contains_key(&key.who);
        let has_room = known.of.len() < self.0.max;
        let slot = usize::try_from(key.who % CROWD as u64).expect("it is small");
        let before = if is_known || has_room { known.of.get(&key.who).copied() } else { known.crowd[slot] };
        let (outcome, after) = f(before)?;
        if key.look {
            return Ok(outcome);
        }
        if is_known || has_room {
            known.of.insert(key.who, after);
        } else {
            known.crowd[slot] = Some(after);
            known.missed += 1;
            if known.missed >= known.patience {
                self.0.crowded.store(true, Ordering::Relaxed);
            }
        }
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<Key> for States {
    fn retain_recent(&self, drop_below: Nanos) {
        let known = &mut *self.known();
        let before = known.of.len();
        known.of.retain(|_, whole_again| *whole_again > drop_below);
        let freed = before - known.of.len();
        known.missed = 0;
        // Where looking found little, it is not done again for everybody who comes.
        known.patience = if freed > self.0.max / 8 { 1 } else { self.0.max / 8 + 1 };
        self.0.crowded.store(false, Ordering::Relaxed);
    }

    fn shrink_to_fit(&self) {
        self.known().of.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.known().of.len()
    }

    fn is_empty(&self) -> bool {
        self.known().of.is_empty()
    }
}
