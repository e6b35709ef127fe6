//! Nothing is lost without a word, whatever the bytes are.

use crate::account::lines_not_told;
use crate::read::read;
use proptest::prelude::*;

/// Bytes, most of which mean something in a CSV file.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => proptest::sample::select(vec!["\"", ",", "\n", "\r\n", "a"]).prop_map(|text| text.as_bytes().to_vec()),
        3 => proptest::sample::select(vec!["\r", ";", "\t", "'", "|", " ", "\\", "#", "1", "2024-01-02", "x,y\n", "é"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::sample::select(vec![&b"\xff\xfe"[..], b"\xef\xbb\xbf", b"\0", b"\xe9", b"\x1f\x8b", b"sep=;\n"])
            .prop_map(<[u8]>::to_vec),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

/// `tests/run --long` tries thirty times as many.
fn cases() -> u32 {
    if std::env::var_os("ROWCAST_TESTS_LONG").is_some() { 30_000 } else { 1_000 }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn every_line_is_part_of_a_row_the_header_or_a_problem(bytes in bytes()) {
        // What cannot be read at all is told by that.
        if let Some(told) = read(&bytes) {
            prop_assert_eq!(lines_not_told(&told), Vec::<u64>::new(), "{:#?}", told);
        }
    }
}
