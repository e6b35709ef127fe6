//! How files are read of which the truth is known: cases of RFC 4180, and a corpus of our own, polluted in every way that
//! exports are. `tests/reading/score` does the same for other people's files.
//!
//! The first modules make and read the files, the others hold the promises.

mod account;
mod corpus;
mod damage;
mod file;
mod pollution;
mod read;
mod table;

mod found;
mod polluted;
mod profiled;
mod rfc4180;
mod scorer;
mod told;
