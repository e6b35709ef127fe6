//! Tokens of the RFCs themselves, one of another implementation, and everything that is wrong with others.

use super::*;
use crate::access::{Act, Role};
use crate::domain::ClientName;
use ring::hmac;
use serde_json::{Value, json};

/// RFC 7515, appendix A.1: its payload has `exp` 1300819380 and no `sub`.
const HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const HS256_SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
/// RFC 7515, appendix A.3.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const ES256_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END PUBLIC KEY-----
";
/// RFC 8037, appendix A.4: its payload is a sentence.
const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
const EDDSA_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";
/// Signed by OpenSSL, of joe for his own client, with the same `exp`.
const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJqb2UiLCJzdWIiOiJqb2UiLCJleHAiOjEzMDA4MTkzODAsInJvbGVzIjpbInZpZXdlciJdLCJjbGllbnRzIjpbIntzdWJ9Il19.fFCFDo9Idx5TRva0rXbkkhSu5-3amdKLPxNrbCwP2GIsqyKSwsuNJnFxGeJsNCxX73c_YO-pAc32XaidqqD21Bzngmy9qlXJKKMnCBWqbJ9vVCaUozEzd6B11kr35DtT7AzBu75BFkj-izFywOP4f336xtqXFcze6AqKXdWkKm1RvL0FTB5AHl2_mClpsXPNGDnezMEJRuq6BnV1JhVm7_dR_o0IHsPGrwLH1GWfqV0uktJGgoyQHjRCm2d5UX6vLLlHhMIrPRnEjw7HkGiWj7fgwx7mFFf6r0g2r9MtFMVSe8kiFrgSlNhqUgV__31UfmhO1E2OJrkYkX5HdYaaMQ";
const RS256_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhPIWRQ9aWRcUDMPKfFI2
sjIxwa2VEliJ4bsWzZe48DEfp58LgC/rPnVz/ljKQnBaK7GKeVqaQgTFbzOu6QTs
StOZVCO7iHu9Iqh9XHZYXEzkidLqiJwfhLT7d3lCbxz/6fnkIGY0jzqvQqVOFdXT
AWekwNFLZ20AlvLyK3JSNSEEtFJ5BDiWmChdkqhlu7J9uL2kOsV8hbCFE4uQ+ZN9
YTRz+cBy4IDW7wReWKvf49lLgVWspnEwntVCVZeAfTpK4B6l9S/M66SHWPMZF+fW
2OO81Ok5sTGWrtB58l6p058MfynBv7ZAdp76mFcc/EFX7XRy/ESddde+Lu8oXg1k
ywIDAQAB
-----END PUBLIC KEY-----
";

/// Before the tokens of the RFCs ended.
const THEN_MS: u64 = 1_300_819_000_000;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn split(token: &str) -> (&str, Vec<u8>) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    (signed, URL_SAFE_NO_PAD.decode(signature).unwrap())
}

fn signed(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn jwt(expected: Expected) -> Jwt {
    Jwt::new(JwtKeys::parse(Algorithm::Hs256, SECRET).unwrap(), expected)
}

/// The claims of a good token, changed.
fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = json!({"sub": "alice", "exp": 1000, "roles": ["uploader"], "clients": ["orders-*", "{sub}"]});
    change(&mut claims);
    claims
}

fn check(expected: Expected, claims: &Value, now_ms: u64) -> Result<Principal, Refusal> {
    jwt(expected).verify(&signed(&json!({"alg": "HS256"}), claims), now_ms)
}

#[test]
fn the_signatures_of_the_rfcs_fit_and_no_bit_may_change() {
    let secret = URL_SAFE_NO_PAD.decode(HS256_SECRET).unwrap();
    for (algorithm, key, token) in [
        (Algorithm::Hs256, secret.as_slice(), HS256),
        (Algorithm::Es256, ES256_KEY.as_bytes(), ES256),
        (Algorithm::EdDsa, EDDSA_KEY.as_bytes(), EDDSA),
        (Algorithm::Rs256, RS256_KEY.as_bytes(), RS256),
    ] {
        let keys = JwtKeys::parse(algorithm, key).unwrap();
        let (signed, signature) = split(token);
        let id = keys.verify(signed.as_bytes(), &signature).unwrap();
        assert!(keys.has(&id) && Algorithm::parse(algorithm.as_str()) == Some(algorithm));
        assert!(keys.verify(&signed.as_bytes()[1..], &signature).is_none());
        for at in 0..signature.len() {
            let mut bad = signature.clone();
            bad[at] ^= 1;
            assert!(keys.verify(signed.as_bytes(), &bad).is_none(), "{algorithm:?} {at}");
        }
        assert!(keys.verify(signed.as_bytes(), &[]).is_none());
    }
}

#[test]
fn a_token_of_another_implementation_names_its_bearer() {
    let jwt = Jwt::new(JwtKeys::parse(Algorithm::Rs256, RS256_KEY.as_bytes()).unwrap(), Expected::default());
    let joe = jwt.verify(RS256, THEN_MS).unwrap();
    assert!(joe.may(Act::Read, &ClientName::parse("joe").unwrap()));
    assert_eq!((joe.sub.as_str(), joe.expires_ms), ("joe", Some(1_300_819_380_000)));
    assert_eq!(jwt.verify(RS256, 1_300_819_380_000), Err(Refusal::Expired));
}

#[test]
fn the_algorithm_is_the_configured_one_whatever_a_token_says() {
    for (alg, says) in [("none", true), ("hs256", true), ("RS256", true), ("HS512", true), ("HS256", false)] {
        let outcome = jwt(Expected::default()).verify(&signed(&json!({"alg": alg}), &claims(|_| ())), 0);
        assert_eq!(outcome.is_err(), says, "{alg}");
    }
    // The public key is public: taken as a secret it would let anybody sign.
    let jwt = Jwt::new(JwtKeys::parse(Algorithm::Es256, ES256_KEY.as_bytes()).unwrap(), Expected::default());
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let forged = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims(|_| ())));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, ES256_KEY.as_bytes()), forged.as_bytes());
    assert!(jwt.verify(&format!("{forged}.{}", URL_SAFE_NO_PAD.encode(tag)), 0).is_err());
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims(|_| ())));
    assert!(jwt.verify(&unsigned, 0).is_err());
    let critical = signed(&json!({"alg": "HS256", "crit": ["b64"], "b64": false}), &claims(|_| ()));
    assert!(
        matches!(self::jwt(Expected::default()).verify(&critical, 0), Err(Refusal::Invalid(why)) if why.contains("crit"))
    );
}

#[test]
fn times_are_kept_with_a_little_leeway() {
    let expected = Expected { leeway_ms: 5_000, ..Expected::default() };
    let at = |claims: &Value, now_ms| check(expected.clone(), claims, now_ms).map(|principal| principal.expires_ms);
    assert_eq!(at(&claims(|_| ()), 1_004_999), Ok(Some(1_005_000)));
    assert_eq!(at(&claims(|_| ()), 1_005_000), Err(Refusal::Expired));
    let later = claims(|claims| claims["nbf"] = json!(900));
    assert!(at(&later, 894_000).is_err() && at(&later, 895_000).is_ok());
    assert!(at(&claims(|claims| claims["exp"] = json!(999.5)), 1_004_499).is_ok());
    for exp in [Value::Null, json!("1000"), json!(-1), json!(1e300)] {
        assert!(at(&claims(|claims| claims["exp"] = exp.clone()), 0).is_err(), "{exp}");
    }
}

#[test]
fn issuer_and_audience_have_to_be_ours() {
    let expected =
        Expected { issuer: Some("https://id.example".into()), audience: Some("rowcast".into()), leeway_ms: 0 };
    let good = claims(|claims| {
        claims["iss"] = json!("https://id.example");
        claims["aud"] = json!(["other", "rowcast"]);
    });
    assert!(check(expected.clone(), &good, 0).is_ok());
    for (name, value) in [
        ("iss", json!("https://id.example/")),
        ("iss", Value::Null),
        ("aud", json!("other")),
        ("aud", json!("rowcast other")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("x".repeat(129))),
        ("sub", json!(7)),
        ("clients", json!("a/b")),
        ("clients", json!(vec!["a"; 33])),
        ("roles", json!({"viewer": true})),
    ] {
        let mut bad = good.clone();
        bad[name] = value.clone();
        assert!(check(expected.clone(), &bad, 0).is_err(), "{name}: {value}");
    }
    // Made for somebody else, where nobody said that we are they.
    assert!(check(Expected::default(), &good, 0).is_err());
}

#[test]
fn roles_of_other_systems_give_nothing() {
    let roles = |value: Value| check(Expected::default(), &claims(|claims| claims["roles"] = value), 0).unwrap().roles;
    assert_eq!(roles(json!(["Admin", "root", "publisher"])).iter().collect::<Vec<_>>(), [Role::Publisher]);
    assert_eq!(roles(json!("viewer uploader,x")).to_string(), "viewer,uploader");
    assert!(roles(Value::Null).is_empty());
    let nowhere = check(Expected::default(), &claims(|claims| claims["clients"] = Value::Null), 0).unwrap();
    assert!(!nowhere.may(Act::Read, &ClientName::parse("alice").unwrap()));
}

#[test]
fn what_is_no_token_is_refused_and_never_breaks_anything() {
    let good = signed(&json!({"alg": "HS256"}), &claims(|_| ()));
    let jwt = jwt(Expected::default());
    assert!(jwt.verify(&good, 0).is_ok());
    for end in 0..good.len() {
        assert!(jwt.verify(&good[..end], 0).is_err(), "{end}");
    }
    for bad in ["", ".", "..", "...", "a.b.c", &format!("{good}."), &format!("{good}="), &format!(".{good}"), "ä.ö.ü"]
    {
        assert!(jwt.verify(bad, 0).is_err(), "{bad}");
    }
    let twice = r#"{"sub":"alice","sub":"bob","exp":1000}"#;
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(twice));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
    assert!(
        jwt.verify(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag)), 0).is_err(),
        "of two names neither counts"
    );
    let (header, claims) = unverified(&good).unwrap();
    assert_eq!((header["alg"].as_str(), claims["sub"].as_str()), (Some("HS256"), Some("alice")));
    assert_eq!(unverified("rct_abc"), None);
}

#[test]
fn a_key_file_is_what_the_algorithm_needs() {
    let parse = |algorithm, text: &str| JwtKeys::parse(algorithm, text.as_bytes()).map(|keys| keys.names().count());
    assert_eq!(parse(Algorithm::Rs256, &format!("# today\n{RS256_KEY}\n{RS256_KEY}")), Ok(2));
    assert_eq!(parse(Algorithm::Rs256, ES256_KEY), Err(BadJwtKey::OtherAlgorithm("RS256")));
    assert_eq!(parse(Algorithm::EdDsa, RS256_KEY), Err(BadJwtKey::OtherAlgorithm("EdDSA")));
    assert_eq!(parse(Algorithm::Es256, "nothing"), Err(BadJwtKey::NoPublicKey));
    assert_eq!(parse(Algorithm::Es256, &EDDSA_KEY.repeat(9)), Err(BadJwtKey::OtherAlgorithm("ES256")));
    assert_eq!(parse(Algorithm::EdDsa, &EDDSA_KEY.repeat(9)), Err(BadJwtKey::TooMany));
    let private = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    assert_eq!(parse(Algorithm::EdDsa, &format!("{EDDSA_KEY}{private}")), Err(BadJwtKey::Private));
    assert_eq!(parse(Algorithm::Hs256, "short"), Err(BadJwtKey::ShortSecret(5)));
    let name = |text: &str| JwtKeys::parse(Algorithm::Hs256, text.as_bytes()).unwrap().names().next().unwrap().clone();
    let secret = "x".repeat(32);
    assert_eq!(name(&secret), name(&format!("{secret}\r\n")));
    assert!(!format!("{:?}", JwtKeys::parse(Algorithm::Hs256, secret.as_bytes()).unwrap()).contains("xxx"));
}
