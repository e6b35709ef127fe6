//! Who may do what: keys, sessions, tickets and tokens of others, at every operation and over their lives.

mod browsers;
mod commands;
pub mod jwt;
mod operations;
mod origins;
mod streams;

use crate::answer::Answer;
use crate::client::Request;
use crate::server::Server;
use rowcast::access::{KeyDigest, new_key};
use rowcast::config::{AuthMode, ServeArgs};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A file of keys, and a server that asks for them.
pub struct Guarded {
    pub server: Server,
    pub keys: Keys,
}

pub struct Keys {
    folder: TempDir,
}

impl Keys {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::write(folder.path().join("keys"), "").expect("a file of keys");
        Self { folder }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Makes a key: `sub=alice roles=viewer`.
    pub fn add(&self, rest: &str) -> String {
        let key = new_key().expect("a key");
        let line = format!("sha256:{} {rest}\n", KeyDigest::of(&key).expect("a key"));
        let lines = std::fs::read_to_string(self.file()).expect("the file of keys");
        std::fs::write(self.file(), lines + &line).expect("the file of keys");
        key
    }

    /// Takes all lines of `sub` out.
    pub fn revoke(&self, sub: &str) {
        let lines = std::fs::read_to_string(self.file()).expect("the file of keys");
        let kept = lines.lines().filter(|line| !line.contains(&format!("sub={sub} "))).map(|line| format!("{line}\n"));
        std::fs::write(self.file(), kept.collect::<String>()).expect("the file of keys");
    }

    pub fn asked_for(&self, args: &mut ServeArgs) {
        args.auth.auth = AuthMode::Token;
        args.auth.auth_keys = Some(self.file());
    }
}

impl Guarded {
    /// With a key for each of these.
    pub async fn with<const N: usize>(lines: [&str; N]) -> (Self, [String; N]) {
        let keys = Keys::new();
        let made = lines.map(|line| keys.add(line));
        let server = Server::with(|args| keys.asked_for(args)).await;
        (Self { server, keys }, made)
    }
}

/// The request with a key.
pub fn by(key: &str, request: Request) -> Request {
    request.header("Authorization", &format!("Bearer {key}"))
}

/// Uploads as somebody.
pub fn upload(client: &str) -> Request {
    Request::post(&format!("/upload/{client}")).body("text/csv", "name,zip\nAna,01234\n")
}

/// The value of the cookie that an answer sets.
pub fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").expect("a cookie");
    cookie.split(';').next().expect("its value").to_owned()
}

/// Writes a file only its owner has to know of.
pub fn written(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a file");
    path
}
