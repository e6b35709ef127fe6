//! What shows who somebody is, and the files that say who may do what: nothing that is made up lets anybody in.

use super::with_dice;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rowcast::access::{
    Access, Algorithm, ClientPattern, Expected, Jwt, JwtKeys, KeyId, KeyLine, KeyLines, Keyring, Mode, Roles,
    unverified,
};
use rowcast::domain::{ClientName, Limits};
use std::sync::LazyLock;

pub const WORDS: &[&str] = &[
    "rct_",
    "rcs1.",
    "rck1.",
    "sha256:",
    " sub=alice",
    " roles=viewer,admin",
    " clients=orders-*,{sub}",
    " expires=2027-01-01T00:00:00Z",
    "\n",
    "#",
    "{\"sub\":\"alice\"",
    ",\"exp\":4000000000",
    ",\"roles\":[\"viewer\"]",
    ",\"clients\":\"orders-* {sub}\"",
    "}",
    "1e400",
    "-----BEGIN PUBLIC KEY-----\n",
    "MCowBQYDK2VwAyEA",
    "\n-----END PUBLIC KEY-----\n",
    "*",
    "{sub}",
    "a",
    "b",
    ".",
];

static ACCESS: LazyLock<(Access, tempfile::TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = Mode::Token { file: None, lines: KeyLines::default() };
    (Access::open(mode, folder.path(), &Limits::for_tests()).expect("it opens"), folder)
});

/// The slow way: every way to cut the name is tried.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|at| matches(rest, &name[at..])),
        Some((first, rest)) => name.split_first().is_some_and(|(found, name)| found == first && matches(rest, name)),
    }
}

pub fn hold(data: &[u8]) {
    let (data, [at, which]) = with_dice(data);
    let text = String::from_utf8_lossy(data);
    let (access, _) = &*ACCESS;
    for now_ms in [0, u64::MAX] {
        assert!(access.bearer(&text, now_ms).is_err(), "{text:?}");
        assert!(access.of_session(&text, now_ms).is_err() && access.of_ticket(&text, now_ms).is_err(), "{text:?}");
    }
    hold_tokens(data, &text, now(which));
    hold_files(data, &text);
    let begins = (0..=usize::from(at).min(text.len())).rfind(|at| text.is_char_boundary(*at));
    let (pattern, name) = text.split_at(begins.unwrap_or(0));
    hold_pattern(pattern, name);
}

fn now(which: u8) -> u64 {
    [0, 1_800_000_000_000, u64::MAX][usize::from(which) % 3]
}

/// Nobody can sign but who has the key, and what was signed says no more than it says.
fn hold_tokens(data: &[u8], text: &str, now_ms: u64) {
    let keys = JwtKeys::parse(Algorithm::Hs256, &[7; 32]).expect("a secret");
    let jwt = Jwt::new(keys, Expected::default());
    assert!(jwt.verify(text, now_ms).is_err(), "{text:?}");
    let made_up = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(data));
    assert!(jwt.verify(&made_up, now_ms).is_err());
    _ = (unverified(text), unverified(&made_up));
    for audience in [None, Some("rowcast".to_owned())] {
        let expected = Expected { issuer: None, audience, leeway_ms: 30_000 };
        if let Ok(found) = expected.principal(data, KeyId::named("k"), now_ms) {
            assert!(!found.is_over(now_ms), "{found:?}");
            assert!(!found.sub.is_empty() && !found.sub.contains(char::is_control), "{found:?}");
            // JSON may also write the name in escapes.
            let named = text.contains("roles") || text.contains('\\');
            assert!(named || found.roles == Roles::default(), "{found:?}");
        }
    }
}

/// Files of keys: what is read is written back as it was meant.
fn hold_files(data: &[u8], text: &str) {
    if let Ok(ring) = Keyring::parse(text) {
        assert!(ring.len() <= text.lines().flat_map(|line| line.split(';')).count());
    }
    for line in text.lines() {
        let Ok(read) = KeyLine::parse(line) else { continue };
        let again = KeyLine::parse(&read.text()).unwrap_or_else(|what| panic!("{:?}: {what}", read.text()));
        let whole_s = |line: &KeyLine| KeyLine { expires_ms: line.expires_ms.map(|ms| ms / 1000), ..line.clone() };
        assert_eq!(whole_s(&again), whole_s(&read), "{line:?}");
    }
    for algorithm in Algorithm::ALL {
        if let Ok(keys) = JwtKeys::parse(algorithm, data) {
            assert_eq!(keys.algorithm(), algorithm);
        }
    }
}

fn hold_pattern(pattern: &str, name: &str) {
    let (Ok(pattern), Ok(client)) = (ClientPattern::parse(pattern), ClientName::parse(name)) else { return };
    for sub in ["", "alice", "a*", "{sub}"] {
        let found = pattern.matches(&client, sub);
        assert!(!pattern.is_all() || found, "{pattern} is for everybody");
        // A star of whoever asks is no wildcard; no name has one.
        let plain = pattern.as_str().replace("{sub}", &sub.replace('*', "\u{1}"));
        if plain.len() + name.len() < 24 {
            assert_eq!(found, matches(plain.as_bytes(), name.as_bytes()), "{pattern} {name} {sub}");
        }
    }
}
