//! Values that only this server can have made: sessions and tickets, signed with a key of the data folder.

use super::AccessError;
use super::key::random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const KEY_BYTES: usize = 32;

/// What a sealed value is for; one is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A cookie's value.
    Session,
    /// A `?ticket=`.
    Ticket,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "rcs1.",
            Self::Ticket => "rck1.",
        }
    }
}

/// What is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The key it stems from.
    #[serde(rename = "k")]
    pub key: String,
    /// The session it is, or stems from.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// `sub`; nothing, as with roles and clients, where the key says so.
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub sub: String,
    /// Roles, joined by commas.
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    pub roles: String,
    /// Client patterns, joined by commas.
    #[serde(rename = "c", default, skip_serializing_if = "String::is_empty")]
    pub clients: String,
    /// Milliseconds of Unix time until which it holds.
    #[serde(rename = "e")]
    pub expires_ms: u64,
    /// The only client it is for.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

/// The key that values are sealed with.
pub struct SealKey(hmac::Key);

impl SealKey {
    /// A key that nobody else has and that ends with the process.
    ///
    /// # Errors
    /// [`AccessError::NoRandom`]
    pub fn passing() -> Result<Self, AccessError> {
        Ok(Self::of(&random::<KEY_BYTES>()?))
    }

    /// The key in that file, which is made, for nobody else to read, where there is none.
    ///
    /// # Errors
    /// [`AccessError::File`], [`AccessError::NoRandom`]
    pub fn open(path: &Path) -> Result<Self, AccessError> {
        let file = |error| AccessError::File { path: path.into(), error };
        match fs::read(path) {
            Ok(key) if key.len() == KEY_BYTES => Ok(Self::of(&key)),
            Ok(_) => Err(file(io::Error::new(io::ErrorKind::InvalidData, "it does not hold 32 bytes; remove it"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random::<KEY_BYTES>()?;
                write(path, &key).map_err(file)?;
                Ok(Self::of(&key))
            }
            Err(error) => Err(file(error)),
        }
    }

    fn of(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Writes and signs a value: `<kind>.<JSON>.<HMAC-SHA-256>`, both in base64url.
    pub fn seal(&self, kind: Kind, value: &Sealed) -> String {
        let body = serde_json::to_vec(value).expect("a value of ours is JSON");
        let signed = format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(body));
        let tag = hmac::sign(&self.0, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// The value, if it was sealed here and is of this kind.
    pub fn open_value(&self, kind: Kind, text: &str) -> Option<Sealed> {
        let (signed, tag) = text.rsplit_once('.')?;
        let body = signed.strip_prefix(kind.prefix())?;
        hmac::verify(&self.0, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }
}

/// Whole or not at all: under another name first.
/// Puts a file there as a whole, for nobody else to read.
///
/// # Errors
/// Any I/O error; what was there before stays then.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn value() -> Sealed {
        Sealed {
            key: "abc".into(),
            session: None,
            sub: "alice".into(),
            roles: "viewer".into(),
            clients: "*".into(),
            expires_ms: 7,
            only: Some("me".into()),
        }
    }

    #[test]
    fn a_value_opens_as_what_it_is_and_unchanged_alone() {
        let key = SealKey::passing().unwrap();
        let sealed = key.seal(Kind::Ticket, &value());
        assert_eq!(key.open_value(Kind::Ticket, &sealed), Some(value()));
        assert_eq!(key.open_value(Kind::Session, &sealed), None);
        assert_eq!(key.open_value(Kind::Session, &sealed.replace("rck1", "rcs1")), None);
        assert_eq!(SealKey::passing().unwrap().open_value(Kind::Ticket, &sealed), None);
        for at in 0..sealed.len() {
            let mut bad = sealed.clone().into_bytes();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.open_value(Kind::Ticket, std::str::from_utf8(&bad).unwrap()), None, "{at}");
        }
        for bad in ["", ".", "rck1.", "rck1..", &sealed[..sealed.len() - 1]] {
            assert_eq!(key.open_value(Kind::Ticket, bad), None, "{bad}");
        }
    }

    #[test]
    fn the_key_stays_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let sealed = SealKey::open(&path).unwrap().seal(Kind::Session, &value());
        assert_eq!(SealKey::open(&path).unwrap().open_value(Kind::Session, &sealed), Some(value()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert!(SealKey::open(&path).is_err());
    }
}
