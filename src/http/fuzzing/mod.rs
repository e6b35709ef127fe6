//! What holds for any bytes that reach this layer's parsers, one function for each of them: tried by the tests beside it with
//! chance bytes and with every case of `tests/corpus`, and by `cargo fuzz` for as long as somebody likes (`fuzz/`).
//!
//! It stands here because the parsers are nobody else's business, and is compiled for tests and fuzzing alone
//! (`cfg(fuzzing)`, which `cargo fuzz` sets), so nothing of it is in the library that others build.
//!
//! Invariants: a body panics where a promise is broken, and for nothing else; it keeps no state and touches no file.
//!
//! Not for: parsers that are public; theirs are in `tests/prop/bodies`.

pub mod headers;
pub mod multipart;
#[cfg(test)]
mod tests;
pub mod tus;

/// A body: the name of its folder in `tests/corpus` and of its target in `fuzz/`, and words that its inputs are made of.
pub type Body = (&'static str, fn(&[u8]), &'static [&'static str]);

/// All of them.
pub const BODIES: [Body; 3] = [
    ("headers", headers::hold, headers::WORDS),
    ("multipart", multipart::hold, multipart::WORDS),
    ("tus", tus::hold, tus::WORDS),
];
