//! What holds for any bytes from outside, one function for each parser: tried here with chance bytes and with every case of
//! `tests/corpus`, and by `cargo fuzz` for as long as somebody likes (`fuzz/`). What is private to `rowcast::http` has its own
//! there, in `src/http/fuzzing`.

pub mod access;
pub mod event_stream;
pub mod forwarded;
pub mod last_event_id;
pub mod options;
pub mod reader;
pub mod settings;

/// A body: the name of its folder in `tests/corpus` and of its target in `fuzz/`, and words that its inputs are made of.
pub type Body = (&'static str, fn(&[u8]), &'static [&'static str]);

/// All of them.
pub const BODIES: [Body; 7] = [
    ("access", access::hold, access::WORDS),
    ("event_stream", event_stream::hold, event_stream::WORDS),
    ("forwarded", forwarded::hold, forwarded::WORDS),
    ("last_event_id", last_event_id::hold, last_event_id::WORDS),
    ("options", options::hold, options::WORDS),
    ("reader", reader::hold, reader::WORDS),
    ("settings", settings::hold, settings::WORDS),
];

/// The last bytes of the input decide how the rest is tried: limits, options, cuts.
pub fn with_dice<const N: usize>(data: &[u8]) -> (&[u8], [u8; N]) {
    let (rest, last) = data.split_at(data.len() - N.min(data.len()));
    let mut dice = [0; N];
    dice[..last.len()].copy_from_slice(last);
    (rest, dice)
}
