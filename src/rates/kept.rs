//! How many bytes each client keeps, as they come and go: a sum for each, and nothing of single uploads.

use crate::domain::ClientName;
use crate::tally::Count;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The bytes that each client keeps. Without a limit nothing is counted.
#[derive(Debug, Default)]
pub struct Kept {
    /// Most bytes that one may keep; 0 is no limit.
    max: u64,
    bytes: Mutex<HashMap<ClientName, u64>>,
    refused: Count,
}

/// A client may not keep so many bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The client '{client}' keeps {kept} bytes of the {max} that it may; there is no room for {more} more.")]
pub struct Full {
    /// The client.
    pub client: ClientName,
    /// What it keeps.
    pub kept: u64,
    /// What it may keep.
    pub max: u64,
    /// What it wanted to keep besides.
    pub more: u64,
}

impl Kept {
    /// Nobody keeps anything yet, and each may keep `max` bytes, or any where that is 0.
    pub fn new(max: u64) -> Self {
        Self { max, ..Self::default() }
    }

    /// Whether anything is counted.
    pub fn is_counted(&self) -> bool {
        self.max > 0
    }

    /// Counts bytes that are there, however many.
    pub fn found(&self, client: &ClientName, bytes: u64) {
        if self.is_counted() && bytes > 0 {
            let mut all = self.all();
            let kept = all.entry(client.clone()).or_default();
            *kept = kept.saturating_add(bytes);
        }
    }

    /// Whether so many more would fit.
    ///
    /// # Errors
    /// [`Full`]
    pub fn room(&self, client: &ClientName, more: u64) -> Result<(), Full> {
        if !self.is_counted() {
            return Ok(());
        }
        let kept = self.all().get(client).copied().unwrap_or(0);
        self.fits(client, kept, more).inspect_err(|_| self.refused.add(1))
    }

    /// Counts bytes that come, where they fit.
    ///
    /// # Errors
    /// [`Full`], and nothing is counted.
    pub fn take(&self, client: &ClientName, more: u64) -> Result<(), Full> {
        if !self.is_counted() {
            return Ok(());
        }
        let mut all = self.all();
        // By far most calls find it, and need no name of their own.
        if let Some(kept) = all.get_mut(client) {
            self.fits(client, *kept, more).inspect_err(|_| self.refused.add(1))?;
            *kept += more;
            return Ok(());
        }
        self.fits(client, 0, more).inspect_err(|_| self.refused.add(1))?;
        if more > 0 {
            all.insert(client.clone(), more);
        }
        Ok(())
    }

    /// Bytes are gone. Who keeps none is forgotten.
    pub fn gone(&self, client: &ClientName, bytes: u64) {
        if !self.is_counted() {
            return;
        }
        let mut all = self.all();
        if let Some(kept) = all.get_mut(client) {
            *kept = kept.saturating_sub(bytes);
            if *kept == 0 {
                all.remove(client);
            }
        }
    }

    /// How often a client was refused.
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }

    fn fits(&self, client: &ClientName, kept: u64, more: u64) -> Result<(), Full> {
        let fits = kept.checked_add(more).is_some_and(|bytes| bytes <= self.max);
        if fits { Ok(()) } else { Err(Full { client: client.clone(), kept, max: self.max, more }) }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ClientName, u64>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientName {
        ClientName::parse(name).unwrap()
    }

    #[test]
    fn each_client_has_room_of_its_own() {
        let kept = Kept::new(10);
        let (me, you) = (client("me"), client("you"));
        kept.take(&me, 8).unwrap();
        let full = kept.take(&me, 3).unwrap_err();
        assert_eq!(full, Full { client: me.clone(), kept: 8, max: 10, more: 3 });
        kept.take(&me, 2).unwrap();
        kept.take(&you, 10).unwrap();
        assert!(kept.room(&you, 1).is_err() && kept.room(&you, 0).is_ok() && kept.take(&you, u64::MAX).is_err());
        kept.gone(&me, 4);
        assert!(kept.room(&me, 4).is_ok() && kept.room(&me, 5).is_err());
        assert_eq!(kept.refused(), 4);
    }

    #[test]
    fn who_keeps_nothing_is_forgotten() {
        let kept = Kept::new(10);
        for number in 0..100 {
            let client = client(&format!("c{number}"));
            kept.take(&client, 1).unwrap();
            kept.take(&client, 0).unwrap();
            kept.gone(&client, 5);
        }
        assert!(kept.all().is_empty());
    }

    #[test]
    fn what_was_there_counts_even_if_it_is_too_much() {
        let kept = Kept::new(10);
        kept.found(&client("me"), 25);
        assert!(kept.take(&client("me"), 1).is_err());
        kept.gone(&client("me"), 20);
        kept.take(&client("me"), 5).unwrap();
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let kept = Kept::new(0);
        kept.found(&client("me"), 1);
        kept.take(&client("me"), u64::MAX).unwrap();
        assert!(kept.all().is_empty() && kept.room(&client("me"), u64::MAX).is_ok());
    }
}
