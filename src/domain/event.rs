//! The kinds of event a watcher can receive.

use super::EventName;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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
    /// What somebody published, under a name of their own.
    Published = 7,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 8] =
        [Self::Row, Self::Problem, Self::Progress, Self::Toast, Self::Stage, Self::Gap, Self::Profile, Self::Published];

    /// The name on the wire, where published events have their own, and in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Problem => "problem",
            Self::Progress => "progress",
            Self::Toast => "toast",
            Self::Stage => "stage",
            Self::Gap => "gap",
            Self::Profile => "profile",
            Self::Published => "published",
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

/// A set of kinds: what a watcher asked for, and of published events either all or those of some names. A `gap` is always
/// in it, since it speaks of the delivery itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSet {
    kinds: u8,
    /// The names of published events that are wanted; none where all are, or none is.
    names: Option<Arc<[EventName]>>,
}

/// What is no set of kinds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKinds {
    /// A name that is no kind of event.
    #[error(
        "'{0}' is no kind of event; there are row, problem, progress, toast, stage, profile, gap, published and \
         published:<name>, joined by commas"
    )]
    Unknown(String),
    /// More names of published events than a watcher may ask for.
    #[error("it names more than {max} published events", max = KindSet::NAMES_MAX)]
    TooManyNames,
}

impl KindSet {
    /// Every kind.
    pub const ALL: Self = Self { kinds: 0b1111_1111, names: None };
    /// Most names of published events in a set.
    pub const NAMES_MAX: usize = 32;

    /// Whether `kind` was asked for; of published events, whether any was.
    pub const fn contains(&self, kind: Kind) -> bool {
        self.kinds & (1 << kind as u8) != 0
    }

    /// Whether the published event of that name was asked for.
    pub fn contains_published(&self, name: &str) -> bool {
        let named = self.names.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted.as_str() == name));
        named && self.contains(Kind::Published)
    }

    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        *self == Self::ALL
    }
}

impl FromStr for KindSet {
    type Err = BadKinds;

    fn from_str(text: &str) -> Result<Self, BadKinds> {
        let mut kinds = 1 << Kind::Gap as u8;
        let mut names = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let unknown = || BadKinds::Unknown(name.chars().take(80).collect());
            if let Some(published) = name.strip_prefix("published:") {
                names.push(EventName::parse(published).map_err(|_| unknown())?);
                if names.len() > Self::NAMES_MAX {
                    return Err(BadKinds::TooManyNames);
                }
                continue;
            }
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
            kinds |= 1 << kind.ok_or_else(unknown)? as u8;
        }
        let published = 1 << Kind::Published as u8;
        // Whoever wants all of them wants those as well.
        let some = kinds & published == 0 && !names.is_empty();
        Ok(Self { kinds: if some { kinds | published } else { kinds }, names: some.then(|| names.into()) })
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
        assert_eq!("rows".parse::<KindSet>(), Err(BadKinds::Unknown("rows".into())));
        assert_eq!("row,problem,progress,toast,stage,profile,published".parse::<KindSet>(), Ok(KindSet::ALL));
    }

    #[test]
    fn published_events_are_wanted_all_together_or_by_name() {
        let of = |text: &str| text.parse::<KindSet>().unwrap();
        let some = of("toast,published:order.created,published:chat");
        assert!(some.contains(Kind::Published) && some.contains_published("chat"));
        assert!(!some.contains_published("Chat") && !some.contains_published("order"));
        assert!(!of("toast").contains(Kind::Published) && !of("toast").contains_published("chat"));
        assert!(of("published").contains_published("chat") && KindSet::ALL.contains_published("chat"));
        assert_eq!(of("published:chat,published"), of("published"));
        for bad in ["chat", "published:", "published:row", "published:a b"] {
            assert_eq!(bad.parse::<KindSet>(), Err(BadKinds::Unknown(bad.into())));
        }
        let many = vec!["published:a"; KindSet::NAMES_MAX + 1].join(",");
        assert_eq!(many.parse::<KindSet>(), Err(BadKinds::TooManyNames));
    }

    #[test]
    fn a_kind_is_found_by_its_number() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind as u8), Some(kind));
        }
        assert_eq!(Kind::from_number(8), None);
    }
}
