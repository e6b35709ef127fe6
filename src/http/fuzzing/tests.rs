//! The bodies of this layer, tried as those of `tests/prop` are.

#[path = "../../../tests/prop/corpus.rs"]
mod corpus;

#[test]
fn nothing_from_outside_breaks_a_parser() {
    let long = std::env::var_os("ROWCAST_TESTS_LONG").is_some();
    corpus::hold(&super::BODIES, if long { 20_000 } else { 500 });
}
