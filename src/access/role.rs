//! What somebody may do at all, wherever it is.

use std::fmt;

/// What a key or a token is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Watches clients, and reads their uploads.
    Viewer,
    /// The same, and uploads, cancels and deletes.
    Uploader,
    /// Publishes events of its own.
    Publisher,
    /// May do everything, for the clients that it holds for.
    Admin,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Looks, and changes nothing.
    Read,
    /// Makes, changes or removes an upload.
    Upload,
    /// Publishes events.
    Publish,
    /// Looks at, or changes, what concerns everybody.
    Administer,
}

impl Act {
    /// The roles that are enough for it, in words.
    pub const fn enough(self) -> &'static str {
        match self {
            Self::Read => "viewer, uploader or admin",
            Self::Upload => "uploader or admin",
            Self::Publish => "publisher or admin",
            Self::Administer => "admin",
        }
    }
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Uploader, Self::Publisher, Self::Admin];

    /// The role's stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Uploader => "uploader",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
        }
    }

    /// The role with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    const fn allows(self, act: Act) -> bool {
        match self {
            Self::Viewer => matches!(act, Act::Read),
            Self::Uploader => matches!(act, Act::Read | Act::Upload),
            Self::Publisher => matches!(act, Act::Publish),
            Self::Admin => true,
        }
    }
}

/// Some roles, or none.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Whether one of them is enough for `act`.
    pub fn allow(self, act: Act) -> bool {
        self.iter().any(|role| role.allows(act))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.0 & 1 << *role as u8 != 0)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | 1 << role as u8))
    }
}

/// Their names, joined by commas.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Role::as_str).collect();
        f.write_str(&names.join(","))
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roles({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_allows_what_it_says_and_no_more() {
        use Act::{Administer, Publish, Read, Upload};
        for (role, allowed) in [
            (Role::Viewer, &[Read][..]),
            (Role::Uploader, &[Read, Upload]),
            (Role::Publisher, &[Publish]),
            (Role::Admin, &[Read, Upload, Publish, Administer]),
        ] {
            let roles = Roles::from_iter([role]);
            for act in [Read, Upload, Publish, Administer] {
                assert_eq!(roles.allow(act), allowed.contains(&act), "{role:?} {act:?}");
                assert_eq!(act.enough().contains(role.as_str()), allowed.contains(&act), "{role:?} {act:?}");
            }
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        let none = Roles::default();
        assert!(none.is_empty() && !none.allow(Read) && Role::parse("root").is_none());
        let two = Roles::from_iter([Role::Publisher, Role::Viewer, Role::Viewer]);
        assert!(two.allow(Read) && two.allow(Publish) && !two.allow(Upload));
        assert_eq!(two.to_string(), "viewer,publisher");
    }
}
