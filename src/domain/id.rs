//! The place of an event in its client's journal.

use std::fmt;
use std::str::FromStr;

/// Under which run of the journal a number was given.
///
/// A new epoch begins whenever numbers that were already announced might be given again: after a power loss, or when a
/// backup was restored. Eight characters of `[a-z0-9]`, random, so that two data folders never share one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch([u8; 8]);

/// A text that is not an event id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an event id looks like 'k3v9x0ab-1234': the epoch, a dash, and the event's number")]
pub struct BadEventId;

impl Epoch {
    /// A new one, from 40 random bits.
    pub fn random() -> Self {
        const DIGITS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let random = uuid::Uuid::new_v4().into_bytes();
        let mut name = [0; 8];
        for (digit, byte) in name.iter_mut().zip(random) {
            *digit = DIGITS[usize::from(byte) % DIGITS.len()];
        }
        // A v4 UUID's bytes 6 and 8 carry its version and variant; the eight used here hold one of them.
        name[6] = DIGITS[usize::from(random[10]) % DIGITS.len()];
        Self(name)
    }

    /// The epoch's name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an epoch is ASCII")
    }
}

impl FromStr for Epoch {
    type Err = BadEventId;

    fn from_str(text: &str) -> Result<Self, BadEventId> {
        let name: [u8; 8] = text.as_bytes().try_into().map_err(|_| BadEventId)?;
        if name.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) { Ok(Self(name)) } else { Err(BadEventId) }
    }
}

/// An event's id: `<epoch>-<n>`. `n` counts a client's durable events 1, 2, 3, … and never starts again;
/// 0 is the place before the first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    /// Under which the number was announced.
    pub epoch: Epoch,
    /// The event's number in its client's journal.
    pub n: u64,
}

impl FromStr for EventId {
    type Err = BadEventId;

    fn from_str(text: &str) -> Result<Self, BadEventId> {
        let (epoch, n) = text.split_once('-').ok_or(BadEventId)?;
        // `u64::from_str` also takes a leading '+', which no id of ours has. SQLite's integers end at i64::MAX.
        if !n.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadEventId);
        }
        let n = n.parse::<i64>().map_err(|_| BadEventId)?.unsigned_abs();
        Ok(Self { epoch: epoch.parse()?, n })
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.n)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = EventId { epoch: Epoch::random(), n: 1_234_567 };
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "-",
            "abcdefgh",
            "abcdefgh-",
            "abcdefgh-+1",
            "abcdefgh--1",
            "ABCDEFGH-1",
            "abc-1",
            "abcdefgh-1x",
            "abcdefgh-99999999999999999999",
        ] {
            let parsed: Result<EventId, _> = bad.parse();
            assert!(parsed.is_err(), "{bad:?} gave {parsed:?}");
        }
    }
}
