//! How a file is read: decided once, kept for ever.

use serde::{Deserialize, Serialize};

/// How one upload is read. Decided before its first row, journalled, and used again by restart and replay, which never
/// decide anything themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// What stands between fields: one character, or two such as `, ` or `||`. Never empty.
    pub delimiter: String,
    /// The character around fields that hold delimiters, quotes or line breaks (RFC 4180, section 2); null if the file
    /// quotes nothing.
    pub quote: Option<char>,
    /// How a quote within a quoted field is written.
    pub escape: Escape,
    /// The encoding's label (WHATWG Encoding Standard).
    pub encoding: String,
    /// How the file was compressed, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// Whether the file begins with a byte order mark.
    pub byte_order_mark: bool,
    /// How most lines end.
    pub line_end: LineEnd,
    /// Lines that begin with this are no records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
    /// Blanks around cells are not part of them.
    pub trim: bool,
    /// The decimal separator of its numbers, where it has numbers with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What stands between the thousands of its numbers, where it has numbers with such a separator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// Texts that stand for no value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_values: Vec<String>,
    /// Lines before the header that are no records.
    pub preamble_lines: u64,
    /// How many records name the columns; with 0 they are named by their place.
    pub header_rows: u32,
    /// What becomes of suspicious records.
    pub repair: Repair,
    /// Bytes of text from which this was found.
    pub examined_bytes: u64,
    /// How sure that is, in percent.
    pub sure_percent: u8,
    /// Why it is read so, one sentence for each decision.
    pub why: Vec<String>,
    /// The columns' names, made unique, in the order of the file.
    pub columns: Vec<String>,
}

impl Default for Reading {
    /// RFC 4180, without any column.
    fn default() -> Self {
        Self {
            delimiter: ",".to_owned(),
            quote: Some('"'),
            escape: Escape::Doubled,
            encoding: "utf-8".to_owned(),
            compression: None,
            byte_order_mark: false,
            line_end: LineEnd::Lf,
            comment: None,
            trim: false,
            decimal: None,
            thousands: None,
            null_values: Vec::new(),
            preamble_lines: 0,
            header_rows: 1,
            repair: Repair::Fix,
            examined_bytes: 0,
            sure_percent: 100,
            why: Vec::new(),
            columns: Vec::new(),
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $text:literal)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one with that word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}

words! {
    /// How a quote within a quoted field is written.
    Escape {
        /// Twice (RFC 4180, section 2, rule 7).
        Doubled "doubled"
        /// After a backslash; a doubled one is understood as well.
        Backslash "backslash"
    }
}

words! {
    /// How lines end. Each of the three always ends a line, whatever most do.
    LineEnd {
        /// Carriage return and line feed (RFC 4180, section 2, rule 1).
        Crlf "crlf"
        /// Line feed.
        Lf "lf"
        /// Carriage return.
        Cr "cr"
    }
}

words! {
    /// How a file is compressed.
    Compression {
        /// RFC 1952.
        Gzip "gzip"
        /// RFC 8878.
        Zstd "zstd"
    }
}

words! {
    /// What becomes of a suspicious record.
    Repair {
        /// It is read by the dialect alone, and what is wrong with it is told. Below the header nothing but blank lines and
        /// comments is left out.
        Off "off"
        /// Its cells stay as the dialect reads them, and the repair that would be made is told as a warning. What is no row is
        /// left out as with `fix`.
        Report "report"
        /// It is repaired where one meaning is clearly better, and the repair is told.
        Fix "fix"
    }
}

/// What somebody says of how a file is to be read; what is not said is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// What stands between fields: one character, or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The quote, or that there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuoteOption>,
    /// How a quote within a quoted field is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<Escape>,
    /// The encoding's label (WHATWG Encoding Standard).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// How the file is compressed, as `Content-Encoding` says it; its magic number counts as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// How many records name the columns; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<u32>,
    /// Lines to skip before anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_rows: Option<u64>,
    /// Lines that begin with this are no records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
    /// Texts that stand for no value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_values: Vec<String>,
    /// Whether blanks around cells are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trim: Option<bool>,
    /// The decimal separator: `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What becomes of suspicious records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
}

/// A quote that somebody named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuoteOption {
    /// Nothing is quoted.
    None,
    /// This character.
    Char(char),
}
