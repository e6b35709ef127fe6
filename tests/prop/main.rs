//! Promises that hold for any input, tried with many.

mod access;
mod bodies;
mod bounds;
mod corpus;
mod decode;
mod encoder;
mod event_stream;
mod items;
mod log;
mod reader;
mod scan;
mod sse;
mod texts;

/// How many cases to try: `tests/run --long` tries thirty times as many.
fn cases(usual: u32) -> u32 {
    if std::env::var_os("ROWCAST_TESTS_LONG").is_some() { usual * 30 } else { usual }
}

#[test]
fn nothing_from_outside_breaks_a_parser() {
    corpus::hold(&bodies::BODIES, cases(200));
}
