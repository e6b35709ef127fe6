//! Which characters separate and quote cells.

use crate::domain::{Escape, Reading};

/// What the grammar of a file's records depends on. Quote and comment are ASCII, so they mean themselves in any UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What stands between fields. Never empty.
    pub delimiter: String,
    pub quote: Option<u8>,
    /// A backslash takes the meaning from a quote within a quoted field.
    pub backslash: bool,
    pub comment: Option<u8>,
    /// Blanks around unquoted cells are no part of them.
    pub trim: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: ",".to_owned(), quote: Some(b'"'), backslash: false, comment: None, trim: false }
    }
}

impl Dialect {
    /// With this delimiter, and the quote of RFC 4180.
    pub fn delimited(delimiter: &str) -> Self {
        Self { delimiter: delimiter.to_owned(), ..Self::default() }
    }

    /// The one that was decided when the file was begun.
    pub fn of(reading: &Reading) -> Self {
        let ascii = |character: Option<char>| character.filter(char::is_ascii).map(|character| character as u8);
        Self {
            delimiter: reading.delimiter.clone(),
            quote: ascii(reading.quote),
            backslash: reading.escape == Escape::Backslash,
            comment: ascii(reading.comment),
            trim: reading.trim,
        }
    }
}
