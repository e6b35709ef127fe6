//! How a file is read: decided once, kept for ever.

use serde::{Deserialize, Serialize};

/// How one upload is read. Decided before its first row, journalled, and used again by restart and replay, which never
/// decide anything themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The character between fields.
    pub delimiter: char,
    /// The character around fields that hold delimiters, quotes or line breaks (RFC 4180, section 2).
    pub quote: char,
    /// The encoding's label (WHATWG Encoding Standard).
    pub encoding: String,
    /// Whether the file begins with a byte order mark.
    pub byte_order_mark: bool,
    /// How many records name the columns.
    pub header_rows: u32,
    /// The columns' names, made unique, in the order of the file.
    pub columns: Vec<String>,
}
