//! What can be wrong with the content of a file, and how it is told.

use serde::{Deserialize, Serialize};

macro_rules! problem_codes {
    ($($variant:ident $code:literal $severity:ident $title:literal $help:literal)+) => {
        /// What is wrong with a row, a cell or a line. Stable: scripts match on the code's text.
        ///
        /// The names are those of the Frictionless framework where it has one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ProblemCode {
            $(#[doc = $help] #[serde(rename = $code)] $variant,)+
        }

        impl ProblemCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable text of the code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// A few words for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What it means, what becomes of the row, and what to do about it.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

problem_codes! {
    MissingCell "missing-cell" Error "Cell missing"
        "The record ends before its last columns. The row is kept; the missing cells are null."
    ExtraCell "extra-cell" Error "More cells than columns"
        "The record has more cells than the header has columns. The row is kept; the further cells stand under `extra`."
    EncodingError "encoding-error" Error "Not valid UTF-8"
        "Bytes of the record are not UTF-8. The row is kept; each such sequence became U+FFFD. `raw` holds the bytes as they were found."
    BlankRow "blank-row" Skipped "Blank line"
        "A line without any character between two records. It is not a row and takes no row number."
    UnclosedQuote "unclosed-quote" Error "Quote not closed"
        "A quoted cell is still open where the file ends: a closing quote is missing, and every line since the opening quote became part of this cell."
    RecordTooLong "record-too-long" Error "Record too long"
        "The record is longer than the server's limit. It is not kept; its row number is used up. A quote that was never closed is the usual reason."
    FieldTooLong "field-too-long" Error "Cell too long"
        "A cell of the record is longer than the server's limit. The record is not kept; its row number is used up."
    TooManyCells "too-many-cells" Error "Too many cells"
        "The record has more cells than the server's limit for columns. It is not kept; its row number is used up."
    DuplicateLabel "duplicate-label" Warning "Column name used twice"
        "Two columns have one name. The later one got a number at its end, so that both can be told apart."
    BlankLabel "blank-label" Warning "Column without a name"
        "A column has no name in the header. It is named by its place, such as `column_3`."
    BlankHeader "blank-header" Warning "No header"
        "The file holds no record at all, so there are no columns and no rows."
}

impl ProblemCode {
    /// The code with that text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The row is wrong, or could not be kept.
    Error,
    /// Kept as meant, most likely; look at it.
    Warning,
    /// Lines that are no rows.
    Skipped,
}

/// One thing that is wrong with the content of an upload. Bad input is data: a problem never stops the upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The row it is about, from 1; none where no row number was used (a header, a blank line).
    pub row: Option<u64>,
    /// The line of the file the record begins on, from 1. CRLF, LF and CR end a line.
    pub line: u64,
    /// The byte of the file the record begins at, from 0.
    pub byte: u64,
    /// The column's name, where it is about one column.
    pub column: Option<String>,
    /// What is wrong.
    pub code: ProblemCode,
    /// How bad that is.
    pub severity: Severity,
    /// What was found and what was expected, in one sentence.
    pub message: String,
    /// The record as it stands in the file, at most `raw_bytes_max` of it; bytes that are not UTF-8 as `\xNN`.
    pub raw: String,
    /// Whether `raw` is only the beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw_cut: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        for (i, code) in ProblemCode::ALL.iter().enumerate() {
            assert_eq!(ProblemCode::parse(code.as_str()), Some(*code));
            assert!(ProblemCode::ALL[..i].iter().all(|earlier| earlier.as_str() != code.as_str()));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
