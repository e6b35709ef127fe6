//! Who may do what, for any pattern, any name and anything that somebody shows.

use crate::bodies::access::matches;
use proptest::prelude::*;
use rowcast::access::{Access, Algorithm, ClientPattern, Expected, Jwt, JwtKeys, KeyLines, Keyring, Mode};
use rowcast::domain::{ClientName, Limits};
use std::sync::LazyLock;

static ACCESS: LazyLock<Access> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = Mode::Token { file: None, lines: KeyLines::default() };
    Access::open(mode, folder.path(), &Limits::for_tests()).expect("it opens")
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::cases(256)))]

    #[test]
    fn a_pattern_matches_what_the_slow_way_matches(pattern in "[ab*]{1,12}", name in "[ab]{1,14}") {
        let client = ClientName::parse(&name).expect("a name");
        let found = ClientPattern::parse(&pattern).expect("a pattern").matches(&client, "nobody");
        prop_assert_eq!(found, matches(pattern.as_bytes(), name.as_bytes()));
    }

    #[test]
    fn a_name_stands_for_itself_whatever_is_in_it(sub in "[ab*{}]{0,6}|\\{sub\\}", name in "[ab]{1,8}") {
        let client = ClientName::parse(&name).expect("a name");
        let found = ClientPattern::parse("{sub}").expect("a pattern").matches(&client, &sub);
        prop_assert_eq!(found, sub == name);
    }

    #[test]
    fn nothing_that_is_shown_breaks_anything_or_lets_anybody_in(shown in "(rct_|rcs1\\.|rck1\\.)?[-_.A-Za-z0-9]{0,80}|\\PC{0,40}") {
        prop_assert!(ACCESS.bearer(&shown, 0).is_err());
        prop_assert!(ACCESS.of_session(&shown, 0).is_err() && ACCESS.of_ticket(&shown, 0).is_err());
        let keys = JwtKeys::parse(Algorithm::Hs256, &[7; 32]).expect("a secret");
        prop_assert!(Jwt::new(keys, Expected::default()).verify(&shown, 0).is_err());
    }

    #[test]
    fn no_file_breaks_the_reading_of_keys(text in "([a-z:=#*, \\n]|sha256:|sub=|roles=|viewer|\\PC){0,60}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        _ = Keyring::parse(&text);
        for algorithm in Algorithm::ALL {
            _ = JwtKeys::parse(algorithm, &bytes);
            let der = [b"-----BEGIN PUBLIC KEY-----\nMCow", bytes.as_slice(), b"\n-----END PUBLIC KEY-----\n"].concat();
            _ = JwtKeys::parse(algorithm, &der);
        }
    }
}
