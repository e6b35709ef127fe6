//! The keys of `--auth token`: one a line, in a file that people write or in the environment.
//!
//! `sha256:<64 hex digits> sub=alice roles=uploader,viewer clients=orders-*,{sub} expires=2027-01-01T00:00:00Z`
//!
//! A line may begin with the key itself instead of its digest, for an environment that holds secrets anyway. `#` begins a
//! comment. `roles` has to be said; `clients` is `{sub}` where nothing is said, the least that is of any use.

use super::key::KeyDigest;
use super::pattern::ClientPattern;
use super::principal::{KeyId, PATTERNS_MAX, Principal, are_few, is_sub};
use super::role::{Role, Roles};
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Lines of keys as somebody gave them. They may hold keys themselves, so nothing shows them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyLines(String);

impl KeyLines {
    /// The lines, separated by line breaks or `;`.
    pub fn new(text: &str) -> Self {
        Self(text.replace(';', "\n"))
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(&more.0);
        self
    }

    /// The lines.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLines(…)")
    }
}

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// What is kept of the key.
    pub digest: KeyDigest,
    /// Whose it is.
    pub sub: String,
    /// What it is good for.
    pub roles: Roles,
    /// At which clients.
    pub clients: Vec<ClientPattern>,
    /// Milliseconds of Unix time until which it is good; none for ever.
    pub expires_ms: Option<u64>,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadLine {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it; nothing of a key.
    pub what: String,
}

impl KeyLine {
    /// Reads one line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split_ascii_whitespace();
        let key = words.next().unwrap_or_default();
        let digest = match key.strip_prefix("sha256:") {
            Some(hex) => KeyDigest::parse(hex),
            None => KeyDigest::of(key),
        };
        // Not shown: it may be a key that was copied badly.
        let digest = digest.ok_or("it does not begin with sha256:<64 hex digits>, as 'rowcast token new' writes it")?;
        let (mut sub, mut roles, mut clients, mut expires_ms) = (None, None, None, None);
        for word in words {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("'{word}' is not name=value"))?;
            let twice = match name {
                "sub" => sub.replace(parse_sub(value)?).is_some(),
                "roles" => roles.replace(parse_roles(value)?).is_some(),
                "clients" => clients.replace(parse_clients(value)?).is_some(),
                "expires" => expires_ms.replace(parse_time(value)?).is_some(),
                _ => return Err(format!("'{name}' is not known; there are sub, roles, clients and expires")),
            };
            if twice {
                return Err(format!("{name} stands twice"));
            }
        }
        Ok(Self {
            digest,
            sub: sub.ok_or("sub is missing")?,
            roles: roles.ok_or("roles is missing")?,
            clients: clients.unwrap_or_else(|| vec![ClientPattern::parse("{sub}").expect("a pattern")]),
            expires_ms,
        })
    }

    /// The line.
    pub fn text(&self) -> String {
        let clients: Vec<_> = self.clients.iter().map(ClientPattern::as_str).collect();
        let mut line =
            format!("sha256:{} sub={} roles={} clients={}", self.digest, self.sub, self.roles, clients.join(","));
        if let Some(expires_ms) = self.expires_ms {
            let at = UNIX_EPOCH + Duration::from_millis(expires_ms);
            line += &format!(" expires={}", humantime::format_rfc3339_seconds(at));
        }
        line
    }

    fn principal(&self) -> Principal {
        Principal {
            sub: self.sub.clone(),
            roles: self.roles,
            clients: self.clients.clone(),
            expires_ms: self.expires_ms,
            key: KeyId::of_digest(self.digest.bytes()),
            session: None,
            only: None,
        }
    }
}

/// A `sub` as it can stand in a line: nothing that separates words.
///
/// # Errors
/// What was expected.
pub fn parse_sub(text: &str) -> Result<String, String> {
    if is_sub(text) && !text.contains([' ', '#']) && !text.contains(char::is_whitespace) {
        Ok(text.to_owned())
    } else {
        Err("sub has from 1 to 128 bytes, without blanks and '#'".into())
    }
}

/// Roles joined by commas.
///
/// # Errors
/// What was expected.
pub fn parse_roles(text: &str) -> Result<Roles, String> {
    let known = || Role::ALL.map(Role::as_str).join(", ");
    let roles = text.split(',').map(|name| {
        Role::parse(name).ok_or_else(|| format!("'{name}' is no role; there are {}, joined by commas", known()))
    });
    roles.collect()
}

/// Client patterns joined by commas.
///
/// # Errors
/// What was expected.
pub fn parse_clients(text: &str) -> Result<Vec<ClientPattern>, String> {
    let patterns: Result<Vec<_>, _> = text.split(',').map(ClientPattern::parse).collect();
    let patterns = patterns.map_err(|bad| bad.to_string())?;
    if !are_few(&patterns) {
        return Err(format!("at most {PATTERNS_MAX} client patterns are taken, of 2048 bytes in all"));
    }
    Ok(patterns)
}

fn parse_time(text: &str) -> Result<u64, String> {
    let wrong = || format!("expires is '{text}'; expected a time such as 2027-01-01T00:00:00Z");
    let at = humantime::parse_rfc3339(text).map_err(|_| wrong())?;
    let since = at.duration_since(UNIX_EPOCH).map_err(|_| wrong())?;
    u64::try_from(since.as_millis()).map_err(|_| wrong())
}

/// Every key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyring(Vec<KeyLine>);

impl Keyring {
    /// Reads lines; blank ones and comments are passed over.
    ///
    /// # Errors
    /// [`BadLine`], of a key that stands twice too: it would not be gone when one of its lines is.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut keys: Vec<KeyLine> = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let bad = |what| BadLine { line: i + 1, what };
            let key = KeyLine::parse(line).map_err(bad)?;
            if keys.iter().any(|known| known.digest == key.digest) {
                return Err(bad("this key stands twice".into()));
            }
            keys.push(key);
        }
        Ok(Self(keys))
    }

    /// These keys and those of `more`.
    ///
    /// # Errors
    /// [`BadLine`] when a key stands in both.
    pub fn and(mut self, more: Self) -> Result<Self, BadLine> {
        for (i, key) in more.0.into_iter().enumerate() {
            if self.line(&key.digest).is_some() {
                let what = "this key stands in the environment or on the command line as well".into();
                return Err(BadLine { line: i + 1, what });
            }
            self.0.push(key);
        }
        Ok(self)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose key this is. It takes as long whichever key it is, or none.
    pub fn find(&self, key: &str) -> Option<Principal> {
        let digest = KeyDigest::of(key)?;
        let mut found = u32::MAX;
        for (i, line) in (0..).zip(&self.0) {
            found.conditional_assign(&i, digest.bytes().ct_eq(line.digest.bytes()));
        }
        self.0.get(usize::try_from(found).ok()?).map(KeyLine::principal)
    }

    /// Whose key has this name.
    pub fn named(&self, key: &KeyId) -> Option<Principal> {
        self.0.iter().map(KeyLine::principal).find(|principal| principal.key == *key)
    }

    /// The line of a key.
    pub fn line(&self, digest: &KeyDigest) -> Option<&KeyLine> {
        self.0.iter().find(|line| line.digest == *digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::new_key;

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let key = new_key().unwrap();
        let digest = KeyDigest::of(&key).unwrap();
        let text = format!(
            "sha256:{digest} sub=alice roles=viewer,uploader clients=orders-*,{{sub}} expires=2027-01-01T00:00:00Z"
        );
        let line = KeyLine::parse(&text).unwrap();
        assert_eq!((line.sub.as_str(), line.expires_ms), ("alice", Some(1_798_761_600_000)));
        assert_eq!(line.text(), text);
        assert_eq!(
            KeyLine::parse(&format!("{key} sub=a roles=admin")).unwrap().text(),
            format!("sha256:{digest} sub=a roles=admin clients={{sub}}")
        );
    }

    #[test]
    fn a_key_is_found_among_many_and_no_other_is() {
        let keys: Vec<_> = (0..20).map(|_| new_key().unwrap()).collect();
        let line = |(i, key): (usize, &String)| {
            format!("sha256:{} sub=s{i} roles=viewer # note\n\n", KeyDigest::of(key).unwrap())
        };
        let text: String = keys.iter().enumerate().map(line).collect();
        let ring = Keyring::parse(&format!("# all of them\n{text}")).unwrap();
        assert_eq!(ring.len(), 20);
        for (i, key) in keys.iter().enumerate() {
            let principal = ring.find(key).unwrap();
            assert_eq!(principal.sub, format!("s{i}"));
            assert_eq!(ring.named(&principal.key), Some(principal));
        }
        assert_eq!(ring.find(&new_key().unwrap()), None);
        assert_eq!(ring.find(&keys[3][..46]), None);
        assert_eq!(Keyring::default().find(&keys[0]), None);
    }

    #[test]
    fn a_bad_line_is_named_and_tells_no_key() {
        let digest = KeyDigest::of(&new_key().unwrap()).unwrap();
        let good = format!("sha256:{digest} sub=a roles=viewer");
        for (bad, why) in [
            ("rct_secret sub=a roles=viewer".to_owned(), "does not begin with"),
            (format!("sha256:{digest} roles=viewer"), "sub is missing"),
            (format!("sha256:{digest} sub=a"), "roles is missing"),
            (format!("{good} roles=admin"), "roles stands twice"),
            (format!("{good} role=admin"), "'role' is not known"),
            (format!("sha256:{digest} sub=a roles=root"), "'root' is no role"),
            (format!("sha256:{digest} sub=a roles="), "'' is no role"),
            (format!("{good} clients=a/b"), "a client pattern has"),
            (format!("{good} clients={}", vec!["a"; 33].join(",")), "at most 32"),
            (format!("{good} expires=tomorrow"), "expected a time"),
            (format!("{good} admin"), "is not name=value"),
            (good.clone(), "stands twice"),
        ] {
            let wrong = Keyring::parse(&format!("# first\n{good}\n{bad}\n")).unwrap_err();
            assert!(wrong.line == 3 && wrong.what.contains(why), "{bad}: {wrong}");
            assert!(!wrong.what.contains("secret"));
        }
    }
}
