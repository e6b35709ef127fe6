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
        "Bytes of the record are no text in the file's encoding. The row is kept; each such sequence became U+FFFD. In a file of UTF-8 `raw` shows the bytes as they were found."
    BlankRow "blank-row" Skipped "Blank line"
        "A line without any character, or a record whose cells are all blank. It is not a row and takes no row number."
    UnclosedQuote "unclosed-quote" Error "Quote not closed"
        "A quoted cell is never closed: a closing quote is missing. The line is kept as a row by itself, its last cell as far as the line goes; the lines after it are read as usual."
    RecordTooLong "record-too-long" Error "Record too long"
        "The line is longer than the server's limit for records. It is not kept; its row number is used up. A file without line ends is a usual reason."
    FieldTooLong "field-too-long" Error "Cell too long"
        "A cell of the record is longer than the server's limit. The record is not kept; its row number is used up."
    TooManyCells "too-many-cells" Error "Too many cells"
        "The record has more cells than the server's limit for columns. It is not kept; its row number is used up."
    DuplicateLabel "duplicate-label" Warning "Column name used twice"
        "Two columns have one name. The later one got a number at its end, so that both can be told apart."
    BlankLabel "blank-label" Warning "Column without a name"
        "A column has no name in the header. It is named by its place, such as `column_3`."
    PreambleLine "preamble-line" Skipped "Line before the table"
        "A line before the header that belongs to no table, such as a title. It is not a row and takes no row number."
    FooterLine "footer-line" Skipped "Line after the table"
        "Lines at the end of the file that belong to no table, such as a source or a note. They are not rows and take no row number."
    CommentLine "comment-line" Skipped "Comment"
        "A line that begins with the comment character. It is not a row and takes no row number."
    SeparatorLine "separator-line" Skipped "Line that names the delimiter"
        "A first line such as `sep=;`, which some spreadsheets write. It says how the file is read, and is not a row."
    SecondTable "second-table" Skipped "Line of a further table"
        "The file's header comes again, changed or with the same rows below it: a further table begins. Its lines are not rows of this one; cut the file there to read them."
    RepeatedHeader "repeated-header" Skipped "Header again"
        "The header comes again above further rows, as where files were joined or a report has sections. It is not a row; those below it are."
    SectionTitle "section-title" Skipped "Title of a section"
        "A line between two sections of the table, above a header that comes again. It is not a row; the rows below that header are."
    StrayQuote "stray-quote" Repaired "Stray quote"
        "A quote that opens or closes nothing. It was taken as a character of its cell, since the record fits its columns so."
    UnquotedDelimiter "unquoted-delimiter" Repaired "Delimiter within a cell"
        "A cell holds the delimiter without being quoted. The pieces were joined again, since the record fits its columns so."
    DoubledDelimiter "doubled-delimiter" Repaired "Delimiter too many"
        "The record has more cells than columns, and empty ones among them. Those that fit no column were left out."
    MissingDelimiter "missing-delimiter" Repaired "Delimiter missing"
        "Two cells ran together. The record was split where the pieces fit their columns."
    OtherDelimiter "other-delimiter" Repaired "Another delimiter"
        "The record is written with another delimiter than the file. It was read by that one."
    BrokenLine "broken-line" Repaired "Line break within a record"
        "A record goes on in the next line without a quote around the line break. The lines were put together."
    SuspiciousRecord "suspicious-record" Warning "Record in doubt"
        "The record's quotes are not as its dialect would have them, and no other meaning fits its columns clearly better. It is kept as it was read; look at it."
    BlankHeader "blank-header" Warning "No header"
        "The file holds no record at all, so there are no columns and no rows."
}

impl ProblemCode {
    /// Whether a record with such a problem is not kept as a row.
    pub const fn drops_the_row(self) -> bool {
        matches!(self, Self::RecordTooLong | Self::FieldTooLong | Self::TooManyCells)
    }

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
    /// Read as it was most likely meant; the message says how.
    Repaired,
    /// Lines that are no rows.
    Skipped,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warning, Self::Repaired, Self::Skipped];

    /// Its name, as it is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Repaired => "repaired",
            Self::Skipped => "skipped",
        }
    }

    /// The severity with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }
}

/// One thing that is wrong with the content of an upload. Bad input is data: a problem never stops the upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The row it is about, from 1; none where no row number was used (a header, a blank line).
    pub row: Option<u64>,
    /// The line of the file the record begins on, from 1. CRLF, LF and CR end a line.
    pub line: u64,
    /// The byte of the decoded text the record begins at, from 0: of the file, where that is plain UTF-8.
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
        for severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.as_str()), Some(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.as_str());
        }
    }
}
