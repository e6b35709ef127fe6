//! Tokens that somebody else signs.

use super::{by, cookie, upload, written};
use crate::client::Request;
use crate::patience::until;
use crate::server::Server;
use crate::watcher::Watcher;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use rowcast::access::Algorithm;
use rowcast::config::AuthMode;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Whoever signs.
pub enum Signer {
    Secret(Vec<u8>),
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Signer {
    pub fn secret(text: &str) -> Self {
        Self::Secret(text.as_bytes().into())
    }

    fn ed25519() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key"))
    }

    fn p256() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        Self::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).expect("a key"))
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    /// What the server needs of it.
    fn file(&self) -> Vec<u8> {
        let pem = |head: &[u8], key: &[u8]| {
            let der = STANDARD.encode([head, key].concat());
            format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n").into_bytes()
        };
        match self {
            Self::Secret(secret) => secret.clone(),
            Self::Ed25519(key) => pem(b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", key.public_key().as_ref()),
            Self::P256(key) => pem(
                b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
                key.public_key().as_ref(),
            ),
        }
    }

    pub fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm().as_str(), "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = match self {
            Self::Secret(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes()).as_ref().to_vec()
            }
            Self::Ed25519(key) => key.sign(signed.as_bytes()).as_ref().to_vec(),
            Self::P256(key) => {
                key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature").as_ref().to_vec()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn in_seconds(seconds: u64) -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs() + seconds
}

fn claims(seconds: u64) -> Value {
    json!({"sub": "alice", "exp": in_seconds(seconds), "roles": ["uploader"], "clients": ["orders-*", "{sub}"],
           "iss": "https://id.example", "aud": ["rowcast"]})
}

async fn asking(folder: &Path, signer: &Signer) -> Server {
    let file = written(folder, "jwt.key", signer.file());
    Server::with(|args| {
        args.auth.auth = AuthMode::Jwt;
        args.auth.jwt_key = Some(file);
        args.auth.jwt_algorithm = Some(signer.algorithm());
        args.auth.jwt_issuer = Some("https://id.example".into());
        args.auth.jwt_audience = Some("rowcast".into());
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_each_algorithm_are_taken_for_what_they_claim() {
    for signer in [Signer::secret("0123456789abcdef0123456789abcdef"), Signer::ed25519(), Signer::p256()] {
        let folder = TempDir::new().expect("a folder");
        let server = asking(folder.path(), &signer).await;
        let token = signer.token(&claims(60));
        server.ask(&by(&token, upload("orders-1"))).await.ok(201);
        server.ask(&by(&token, upload("alice"))).await.ok(201);
        server.ask(&by(&token, upload("me"))).await.problem(403, "forbidden");
        let session = server.ask(&by(&token, Request::post("/session"))).await;
        assert_eq!((&session.ok(201)["mode"], &session.json()["sub"]), (&"jwt".into(), &"alice".into()));
        let by_cookie = Request::get("/uploads?client=alice").header("Cookie", &cookie(&session));
        assert_eq!(server.ask(&by_cookie).await.status(), 200);
        // Its own server's keys mean nothing here, nor another's tokens.
        let other = Signer::secret("another secret of 32 bytes or so").token(&claims(60));
        for wrong in [other, rowcast::access::new_key().expect("a key"), token.replace('.', "")] {
            server.ask(&by(&wrong, Request::get("/uploads?client=alice"))).await.problem(401, "invalid-token");
        }
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("x")),
            ("nbf", json!(in_seconds(60))),
            ("sub", json!("")),
        ] {
            let mut claims = claims(60);
            claims[claim] = value;
            let wrong = signer.token(&claims);
            server.ask(&by(&wrong, Request::get("/uploads?client=alice"))).await.problem(401, "invalid-token");
        }
        let late = signer.token(&json!({"sub": "alice", "exp": 1, "aud": "rowcast", "iss": "https://id.example"}));
        server.ask(&by(&late, Request::get("/uploads?client=alice"))).await.problem(401, "token-expired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token_and_a_session_with_it() {
    let folder = TempDir::new().expect("a folder");
    let signer = Signer::ed25519();
    let server = asking(folder.path(), &signer).await;
    let token = signer.token(&claims(3));
    let session = cookie(&server.ask(&by(&token, Request::post("/session"))).await);
    let mut by_token = Watcher::attach_with(&server, &by(&token, Request::get("/sse/alice"))).await;
    let mut by_session = Watcher::attach_with(&server, &Request::get("/sse/alice").header("Cookie", &session)).await;
    assert!(by_token.rest().await.is_empty() && by_session.rest().await.is_empty());
    server.ask(&by(&token, Request::get("/sse/alice"))).await.problem(401, "token-expired");
    server.ask(&Request::get("/sse/alice").header("Cookie", &session)).await.problem(401, "token-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_changes_takes_its_tokens_along() {
    let folder = TempDir::new().expect("a folder");
    let (old, new) = (Signer::p256(), Signer::p256());
    let server = asking(folder.path(), &old).await;
    let (before, after) = (old.token(&claims(600)), new.token(&claims(600)));
    let watch = |token: &str| by(token, Request::get("/sse/alice"));
    let mut watcher = Watcher::attach_with(&server, &watch(&before)).await;
    // Both for a while, as it is done.
    written(folder.path(), "jwt.key", [old.file(), new.file()].concat());
    let mut both = until("the new key", async || Watcher::try_attach(&server, &watch(&after)).await.ok()).await;
    watcher.comment().await;
    written(folder.path(), "jwt.key", new.file());
    assert!(watcher.rest().await.is_empty());
    server.ask(&watch(&before)).await.problem(401, "invalid-token");
    both.comment().await;
}
