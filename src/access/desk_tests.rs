//! Keys, sessions and tickets over their lives.

use super::*;
use crate::access::{Act, KeyDigest, KeyLines, new_key};
use std::fs;
use tempfile::TempDir;

struct Stage {
    folder: TempDir,
    access: Access,
    key: String,
}

const NOW: u64 = 1_000_000;

fn line(key: &str, rest: &str) -> String {
    format!("sha256:{} sub=alice {rest}\n", KeyDigest::of(key).unwrap())
}

impl Stage {
    fn new(rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = new_key().unwrap();
        fs::write(folder.path().join("keys"), line(&key, rest)).unwrap();
        let access = open(&folder).unwrap();
        Self { folder, access, key }
    }

    fn write(&self, text: &str) -> Result<bool, AccessError> {
        fs::write(self.folder.path().join("keys"), text).unwrap();
        // Once it is found, and once more it counts.
        assert!(!self.access.look_again()?);
        self.access.look_again()
    }

    fn who(&self) -> Principal {
        self.access.bearer(&self.key, NOW).unwrap()
    }
}

fn open(folder: &TempDir) -> Result<Access, AccessError> {
    let mode = Mode::Token { file: Some(folder.path().join("keys")), lines: KeyLines::default() };
    Access::open(mode, folder.path(), &Limits::for_tests())
}

fn client(name: &str) -> ClientName {
    ClientName::parse(name).unwrap()
}

#[test]
fn a_key_that_is_taken_out_of_the_file_takes_along_what_stems_from_it() {
    let stage = Stage::new("roles=uploader clients=*");
    let (cookie, session) = stage.access.session(&stage.who(), NOW, 1_000).unwrap();
    let (ticket, _) = stage.access.ticket(&session, client("me"), NOW, 500);
    assert_eq!(stage.access.of_session(&cookie, NOW), Ok(session.clone()));
    let watcher = stage.access.of_ticket(&ticket, NOW).unwrap();
    assert!(watcher.may(Act::Read, &client("me")) && !watcher.may(Act::Upload, &client("me")));
    assert!(stage.write("# nobody\n").unwrap());
    assert!(matches!(stage.access.bearer(&stage.key, NOW), Err(Refusal::Invalid(_))));
    assert_eq!(stage.access.of_session(&cookie, NOW), Err(Refusal::Invalid("its key was revoked")));
    assert_eq!(stage.access.of_ticket(&ticket, NOW), Err(Refusal::Invalid("its key was revoked")));
    assert!(stage.access.again(&watcher, NOW).is_err());
}

#[test]
fn a_bad_file_changes_nothing() {
    let stage = Stage::new("roles=viewer");
    assert!(matches!(stage.write("rct_nonsense sub=x roles=admin\n"), Err(AccessError::Line { .. })));
    assert!(!stage.access.look_again().unwrap(), "it is told once");
    assert_eq!(stage.who().sub, "alice");
    fs::remove_file(stage.folder.path().join("keys")).unwrap();
    assert!(stage.access.look_again().is_err());
    assert_eq!(stage.who().sub, "alice");
    assert!(open(&stage.folder).is_err(), "but nothing starts without it");
}

#[test]
fn a_session_is_good_for_what_its_key_is_good_for_today() {
    let stage = Stage::new("roles=uploader clients=*");
    let (cookie, _) = stage.access.session(&stage.who(), NOW, 1_000).unwrap();
    assert!(stage.write(&line(&stage.key, "roles=viewer clients=orders-*")).unwrap());
    let today = stage.access.of_session(&cookie, NOW).unwrap();
    assert!(today.may(Act::Read, &client("orders-1")));
    assert!(!today.may(Act::Upload, &client("orders-1")) && !today.may(Act::Read, &client("me")));
    assert_eq!(today.expires_ms, Some(NOW + 1_000));
}

#[test]
fn nothing_outlives_what_it_stems_from() {
    let stage = Stage::new("roles=viewer expires=1970-01-01T00:16:50Z");
    let ends = 1_010_000;
    let (cookie, session) = stage.access.session(&stage.who(), NOW, u64::MAX).unwrap();
    assert_eq!(session.expires_ms, Some(ends));
    let (ticket, watcher) = stage.access.ticket(&session, client("alice"), NOW, 60_000);
    assert_eq!(watcher.expires_ms, Some(ends));
    let (brief, _) = stage.access.ticket(&session, client("alice"), NOW, 5);
    assert_eq!(stage.access.of_ticket(&brief, NOW + 5), Err(Refusal::Expired));
    assert!(stage.access.of_session(&cookie, ends - 1).is_ok() && stage.access.of_ticket(&ticket, ends - 1).is_ok());
    for outcome in [
        stage.access.bearer(&stage.key, ends),
        stage.access.of_session(&cookie, ends),
        stage.access.of_ticket(&ticket, ends),
    ] {
        assert_eq!(outcome, Err(Refusal::Expired));
    }
}

#[test]
fn who_signs_out_takes_the_tickets_along_and_nobody_else() {
    let stage = Stage::new("roles=viewer");
    let (mine, session) = stage.access.session(&stage.who(), NOW, 1_000).unwrap();
    let (other, _) = stage.access.session(&stage.who(), NOW, 1_000).unwrap();
    let (ticket, _) = stage.access.ticket(&session, client("alice"), NOW, 500);
    assert!(stage.access.sign_out(&session, NOW));
    assert!(stage.access.of_session(&mine, NOW).is_err() && stage.access.of_ticket(&ticket, NOW).is_err());
    assert!(stage.access.of_session(&other, NOW).is_ok() && stage.access.bearer(&stage.key, NOW).is_ok());
    assert!(!stage.access.sign_out(&stage.who(), NOW), "a key is no session");
    let again = open(&stage.folder).unwrap();
    assert!(again.of_session(&mine, NOW).is_err() && again.of_session(&other, NOW).is_ok(), "after a restart as well");
}

#[test]
fn sessions_survive_a_restart_and_are_not_of_another_server() {
    let stage = Stage::new("roles=viewer");
    let (cookie, session) = stage.access.session(&stage.who(), NOW, 1_000).unwrap();
    assert_eq!(open(&stage.folder).unwrap().of_session(&cookie, NOW), Ok(session));
    let other = Stage::new("roles=viewer");
    assert!(other.access.of_session(&cookie, NOW).is_err());
    assert!(stage.access.of_ticket(&cookie, NOW).is_err(), "a session is no ticket");
}

#[test]
fn a_token_beyond_the_limit_is_not_even_looked_at() {
    let stage = Stage::new("roles=viewer");
    let most = usize::try_from(Limits::for_tests().token_bytes_max).unwrap();
    for (bytes, why) in [(most, "there is no such key"), (most + 1, "token-bytes-max")] {
        let refused = stage.access.bearer(&"x".repeat(bytes), NOW).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
}

#[test]
fn the_longest_session_is_a_cookie_that_browsers_keep() {
    let folder = tempfile::tempdir().unwrap();
    let access = Access::open(Mode::None, folder.path(), &Limits::for_tests()).unwrap();
    let patterns = |count: usize| parse_clients(&vec!["x".repeat(63); count].join(","));
    assert!(patterns(33).is_err());
    let longest = Principal {
        sub: "\\".repeat(128),
        roles: parse_roles("viewer,uploader,publisher,admin").unwrap(),
        clients: patterns(32).unwrap(),
        key: KeyId::of_digest(&[7; 32]),
        ..Principal::anybody()
    };
    let (cookie, session) = access.session(&longest, NOW, 1_000).unwrap();
    assert!(cookie.len() + "rowcast_session".len() <= 4096, "{}", cookie.len());
    assert_eq!(access.of_session(&cookie, NOW), Ok(session));
}

#[test]
fn what_stands_in_a_url_tells_as_little_as_it_can() {
    use base64::Engine;
    let read = |sealed: &str| {
        let body = sealed.split('.').nth(1).unwrap();
        String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
    };
    let stage = Stage::new("roles=uploader clients=secret-*,me");
    let (ticket, _) = stage.access.ticket(&stage.who(), client("me"), NOW, 500);
    let (cookie, _) = stage.access.session(&stage.who(), NOW, 500).unwrap();
    for told in [read(&ticket), read(&cookie)] {
        assert!(!["alice", "uploader", "secret"].iter().any(|hidden| told.contains(hidden)), "{told}");
    }
    // Of what others sign no more than the ticket is good for.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), [7; 32]).unwrap();
    let (file, expected) = (folder.path().join("key"), crate::access::Expected::default());
    let mode = Mode::Jwt { file, algorithm: crate::access::Algorithm::Hs256, expected };
    let access = Access::open(mode, folder.path(), &Limits::for_tests()).unwrap();
    let key = KeyId::of_digest(&crate::access::key::sha256(&[7; 32]));
    let (ticket, _) = access.ticket(&Principal { key, ..stage.who() }, client("me"), NOW, 500);
    assert!(!read(&ticket).contains("alice") && !read(&ticket).contains("secret"));
    let holder = access.of_ticket(&ticket, NOW).unwrap();
    assert!(holder.may(Act::Read, &client("me")) && !holder.may(Act::Upload, &client("me")));
    assert!(!holder.may(Act::Read, &client("secret-1")));
}
