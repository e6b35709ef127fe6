//! The bodies of `tests/prop`, for `cargo fuzz`. Those of `rowcast::http` come with the library under `cfg(fuzzing)`.
#![forbid(unsafe_code)]

#[path = "../../tests/prop/bodies/mod.rs"]
pub mod bodies;
#[allow(dead_code, reason = "the property tests use all of it")]
#[path = "../../tests/prop/items.rs"]
mod items;
#[allow(dead_code, reason = "the property tests use all of it")]
#[path = "../../tests/prop/texts.rs"]
mod texts;
