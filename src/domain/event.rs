//! The kinds of event a watcher can receive.

use std::fmt;
use std::str::FromStr;

/// What an event is about; the `event:` field on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// One row of an upload.
    Row = 0,
    /// What is wrong with a row, a cell or a line.
    Problem = 1,
    /// How far an upload is. A state: no id, not journalled.
    Progress = 2,
    /// A short message for people, on a state change.
    Toast = 3,
    /// An upload entered a stage of its life.
    Stage = 4,
    /// Events that this watcher can no longer have.
    Gap = 5,
    /// What the columns of an upload look like.
    Profile = 6,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Row, Self::Problem, Self::Progress, Self::Toast, Self::Stage, Self::Gap, Self::Profile];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Problem => "problem",
            Self::Progress => "progress",
            Self::Toast => "toast",
            Self::Stage => "stage",
            Self::Gap => "gap",
            Self::Profile => "profile",
        }
    }

    /// The kind with that number, as the journal keeps it.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of kinds: what a watcher asked for. A `gap` is always in it, since it speaks of the delivery itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindSet(u8);

/// A name that is no kind of event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no kind of event; there are row, problem, progress, toast, stage, profile and gap, joined by commas")]
pub struct UnknownKind(pub String);

impl KindSet {
    /// Every kind.
    pub const ALL: Self = Self(0b111_1111);

    /// Whether `kind` was asked for.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether nothing is left out.
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }
}

impl FromStr for KindSet {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let mut set = Self(1 << Kind::Gap as u8);
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
            let kind = kind.ok_or_else(|| UnknownKind(name.chars().take(32).collect()))?;
            set.0 |= 1 << kind as u8;
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_named_by_commas_and_always_holds_gap() {
        let set: KindSet = "progress, toast".parse().unwrap();
        let held: Vec<_> = Kind::ALL.into_iter().filter(|kind| set.contains(*kind)).collect();
        assert_eq!(held, [Kind::Progress, Kind::Toast, Kind::Gap]);
        assert_eq!("rows".parse::<KindSet>(), Err(UnknownKind("rows".into())));
        assert_eq!("row,problem,progress,toast,stage,profile".parse::<KindSet>(), Ok(KindSet::ALL));
    }

    #[test]
    fn a_kind_is_found_by_its_number() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind as u8), Some(kind));
        }
        assert_eq!(Kind::from_number(7), None);
    }
}
