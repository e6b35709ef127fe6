//! Who may do what: keys, tokens, sessions and tickets, and what each of them is good for.
//!
//! Layer 1: pure but for reading the key files, and told the time by whoever asks. A [`Principal`] is proved by a key of
//! `--auth token`, a JSON Web Token of `--auth jwt`, or a value that this server sealed for one of them; what they may do
//! follows from their roles and client patterns alone.
//!
//! Invariants:
//! - Of a key only its SHA-256 is kept, and it is compared with all of them in the same time.
//! - What stems from a key (a session, a ticket, a stream) names it, and ends when it is revoked or expires.
//! - A key file that cannot be read revokes nobody, and lets nobody in: the keys that were read last stay.
//! - No error and no `Debug` holds a key, a token or a secret.
//!
//! Not for: requests, headers and cookies, or which route needs what (`http`).

mod desk;
mod jwt;
mod key;
mod keyring;
mod pattern;
mod principal;
mod role;
mod seal;
mod signed_out;
mod watched;

pub use desk::Access;
pub use jwt::{Algorithm, BadJwtKey, Expected, Jwt, JwtKeys, unverified};
pub use key::{KeyDigest, NoRandom, PREFIX, new_key};
pub use keyring::{BadLine, KeyLine, KeyLines, Keyring, parse_clients, parse_roles, parse_sub};
pub use pattern::{BadPattern, ClientPattern};
pub use principal::{KeyId, Principal};
pub use role::{Act, Role, Roles};

use std::io;
use std::path::PathBuf;

/// How somebody proves who they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: whoever reaches the port may do everything.
    #[default]
    None,
    /// By keys of this server.
    Token {
        /// A file with a key a line, looked at again when it changes.
        file: Option<PathBuf>,
        /// Further lines, which stay.
        lines: KeyLines,
    },
    /// By tokens that somebody else signs.
    Jwt {
        /// The file of the key, or of several public keys; looked at again when it changes.
        file: PathBuf,
        /// How they sign.
        algorithm: Algorithm,
        /// What their claims have to be.
        expected: Expected,
    },
}

impl Mode {
    /// The mode's name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token { .. } => "token",
            Self::Jwt { .. } => "jwt",
        }
    }
}

/// Why what somebody showed is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It proves nothing.
    #[error("{0}")]
    Invalid(&'static str),
    /// It did, once.
    #[error("its time is over")]
    Expired,
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A file cannot be read, or made.
    #[error("cannot use {}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A key file has a line that is none.
    #[error("{from}, {bad}")]
    Line {
        /// Where it stands.
        from: String,
        /// What is wrong.
        #[source]
        bad: BadLine,
    },
    /// A file is no key for tokens.
    #[error("{}: {bad}", .path.display())]
    JwtKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        bad: BadJwtKey,
    },
    /// The system gave no random bytes.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}
