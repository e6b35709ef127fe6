//! The headers of tus: whatever is sent is taken or refused, and what was taken is what was written.

use crate::domain::ClientName;
use crate::http::api::files::{declared, number};
use crate::http::payload::checksum::Checksum;
use crate::http::payload::piece::{Concat, Metadata};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What inputs are made of.
pub const WORDS: &[&str] = &[
    "client bWU=",
    "filename cGVvcGxlLmNzdg==",
    "name YQ==",
    "delimiter Ow==",
    "trim dHJ1ZQ==",
    ",",
    ", ",
    " ",
    "final;",
    "partial",
    "/files/0199a5f3-9f40-7d2a-8000-000000000000",
    "http://127.0.0.1:3000/files/0199a5f3-9f40-7d2a-8000-000000000000",
    "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
    "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
    "18446744073709551616",
    "+1",
    "-1",
    "0",
    "1",
];

/// Tries all of it.
pub fn hold(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    hold_metadata(&text);
    hold_concat(&text);
    hold_checksum(data, &text);
    hold_lengths(&text);
}

fn hold_metadata(text: &str) {
    if let Err(error) = Metadata::parse(text) {
        assert!(error.detail.starts_with("Upload-Metadata: "), "{}", error.detail);
    }
    // Any file name comes back as it was.
    let client = ClientName::parse("me").expect("a name");
    let header = format!("filename {},client {}", STANDARD.encode(text), STANDARD.encode("me"));
    let read = Metadata::parse(&header).unwrap_or_else(|error| panic!("{}", error.detail));
    assert_eq!(read, Metadata { client: Some(client), filename: Some(text.to_owned()), ..Metadata::default() });
}

fn hold_concat(text: &str) {
    match Concat::parse(text) {
        Ok(Concat::Partial) => assert_eq!(text, "partial"),
        Ok(Concat::Final(parts)) => {
            assert!(!parts.is_empty());
            let written: Vec<_> = parts.iter().map(|part| crate::http::tus::path(*part)).collect();
            let again = Concat::parse(&format!("final;{}", written.join(" ")));
            assert_eq!(again.map_err(|error| error.detail), Ok(Concat::Final(parts)));
        }
        Err(error) => assert!(error.detail.starts_with("Upload-Concat: "), "{}", error.detail),
    }
}

fn hold_checksum(data: &[u8], text: &str) {
    let fits = |header: &str, bytes: &[u8]| {
        let mut given = Checksum::parse(header).map_err(|error| error.detail)?;
        let mut behind = Checksum::by_trailer();
        for piece in bytes.chunks(7) {
            given.update(piece);
            behind.update(piece);
        }
        let found = given.fits(None).map_err(|error| error.detail)?;
        assert_eq!(behind.fits(Some(header)).map_err(|error| error.detail), Ok(found), "{header}");
        Ok::<_, String>(found)
    };
    let own = format!("sha256 {}", STANDARD.encode(Sha256::digest(data)));
    assert_eq!(fits(&own, data), Ok(true));
    assert_eq!(fits(&own, &[data, b"."].concat()), Ok(false));
    // Nobody writes down the digest of the text that it stands in.
    assert_ne!(fits(text, data), Ok(true), "{text:?}");
}

fn hold_lengths(text: &str) {
    if let Ok(Some(found)) = number("Upload-Offset", Some(text)) {
        let digits = text.trim();
        assert!(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()), "{text:?} is {found}");
        assert_eq!(found.to_string(), digits.trim_start_matches('0').to_owned() + if found == 0 { "0" } else { "" });
    }
    const MAX: u64 = 1000;
    assert!(
        declared(Some(text), None, MAX).is_ok_and(|length| length <= Some(MAX))
            || declared(Some(text), None, MAX).is_err()
    );
    let (length, defer) = text.split_once(' ').unwrap_or((text, ""));
    assert!(declared(Some(length), Some(defer), MAX).is_err(), "a length and none");
}
