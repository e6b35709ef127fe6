//! What the columns of a file look like: for people, and as the measure that suspicious records are read by.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! types {
    ($($variant:ident $text:literal $help:literal)+) => {
        /// What the values of a column are. Only a finding: values stay the text they are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ValueType { $(#[doc = $help] #[serde(rename = $text)] $variant,)+ }

        impl ValueType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

types! {
    Text "text" "Anything."
    Category "category" "Few different texts, each many times."
    Boolean "boolean" "Yes or no, in one of the usual pairs of words."
    Integer "integer" "Whole numbers."
    Number "number" "Numbers with a fraction, an exponent or a percent sign."
    Currency "currency" "Amounts with a currency's sign or code."
    Date "date" "Days."
    Datetime "datetime" "Days with a time."
    Time "time" "Times of a day, or lengths of time."
    Email "email" "Mail addresses."
    Url "url" "Web addresses."
    Uuid "uuid" "UUIDs (RFC 9562)."
}

/// One column of a file, as its examined rows show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// What most of its values are.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// How its dates are written, as `YYYY-MM-DD`, where they are dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// The other way its dates could be meant, where day and month cannot be told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format_or: Option<String>,
    /// Rows that were examined.
    pub rows: u64,
    /// How many of them have no value here.
    pub nulls: u64,
    /// About how many different values there are among them.
    pub distinct: u64,
    /// The least value: by number or by date where it is one, else as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// The greatest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// A few different values, in the order they were found.
    pub examples: Vec<String>,
}

/// What was learned of a file's columns from its beginning: how a suspicious record is judged. Frozen before the first
/// row and journalled, so that a restart judges as before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// One for each column.
    pub columns: Vec<ColumnShape>,
    /// The header's last record as it is written; empty without a header.
    pub header: Vec<String>,
    /// The columns' names as they are written, joined over the header's records, neither unique nor without blanks.
    pub labels: Vec<String>,
    /// The first row: where it follows the header once more, the whole table comes again.
    #[serde(default)]
    pub first: Vec<String>,
}

/// How often what was seen in one column. Bounded by the beginning of the file that it was learned from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnShape {
    /// Cells that were examined.
    pub cells: u32,
    /// How many of them were quoted.
    pub quoted: u32,
    /// Characters in all of them.
    pub chars: u64,
    /// How many were of each class of cell, by the reader's own letters.
    pub classes: BTreeMap<char, u32>,
    /// How many had each outline: digits as `9`, letters as `a` and `A`, runs as one.
    pub outlines: BTreeMap<String, u32>,
    /// How many had exactly that text.
    pub values: BTreeMap<String, u32>,
}
