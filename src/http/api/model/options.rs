//! What was said of how a file is to be read, and what its columns look like, as the API shows them.

use crate::domain::{ColumnProfile, QuoteOption, ReadOptions};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

/// What was said of how a file is to be read; what is not there was found out, and stands in `reading`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "ReadOptions", example)]
pub struct OptionsDocument {
    /// What stands between cells: one character, or two.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The quote, or `none`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// How a quote within a quoted cell is written: `doubled` or `backslash`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<String>,
    /// The encoding, by its name in the WHATWG Encoding Standard.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// How the file is compressed, as `Content-Encoding` said: `gzip` or `zstd`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// How many records name the columns.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<u32>,
    /// Lines to skip before anything else.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_rows: Option<u64>,
    /// Lines that begin with this are no records.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Texts that stand for no value.
    #[oai(default, skip_serializing_if_is_empty)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_values: Vec<String>,
    /// Whether blanks around cells are left out.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trim: Option<bool>,
    /// The decimal separator.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<String>,
    /// What becomes of suspicious records: `off`, `report` or `fix`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

impl From<ReadOptions> for OptionsDocument {
    fn from(options: ReadOptions) -> Self {
        Self {
            delimiter: options.delimiter,
            quote: options.quote.map(|quote| match quote {
                QuoteOption::None => "none".to_owned(),
                QuoteOption::Char(quote) => quote.into(),
            }),
            escape: options.escape.map(|escape| escape.as_str().to_owned()),
            encoding: options.encoding,
            compression: options.compression.map(|compression| compression.as_str().to_owned()),
            header_rows: options.header_rows,
            skip_rows: options.skip_rows,
            comment: options.comment.map(String::from),
            null_values: options.null_values,
            trim: options.trim,
            decimal: options.decimal.map(String::from),
            repair: options.repair.map(|repair| repair.as_str().to_owned()),
        }
    }
}

impl Example for OptionsDocument {
    fn example() -> Self {
        Self { delimiter: Some(";".into()), header_rows: Some(1), ..Self::default() }
    }
}

/// What a column looks like in the rows that were examined. Values stay the text they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "ColumnProfile", example)]
pub struct ColumnDocument {
    /// Its name.
    pub name: String,
    /// What most of its values are: `text`, `category`, `boolean`, `integer`, `number`, `currency`, `date`, `datetime`,
    /// `time`, `email`, `url` or `uuid`.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub value_type: String,
    /// How its dates are written, where they are dates.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// The other way they could be meant, where day and month cannot be told apart.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format_or: Option<String>,
    /// Rows that were examined.
    pub rows: u64,
    /// How many of them have no value here.
    pub nulls: u64,
    /// About how many different values there are among them.
    pub distinct: u64,
    /// The least value: by number or by date where it is one, else as text.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// The greatest value.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// A few different values, in the order they were found.
    pub examples: Vec<String>,
}

impl From<ColumnProfile> for ColumnDocument {
    fn from(column: ColumnProfile) -> Self {
        Self {
            name: column.name,
            value_type: column.value_type.as_str().to_owned(),
            date_format: column.date_format,
            date_format_or: column.date_format_or,
            rows: column.rows,
            nulls: column.nulls,
            distinct: column.distinct,
            min: column.min,
            max: column.max,
            examples: column.examples,
        }
    }
}

impl Example for ColumnDocument {
    fn example() -> Self {
        Self {
            name: "born".into(),
            value_type: "date".into(),
            date_format: Some("DD.MM.YYYY".into()),
            date_format_or: None,
            rows: 512,
            nulls: 3,
            distinct: 480,
            min: Some("02.01.1931".into()),
            max: Some("30.11.2007".into()),
            examples: vec!["17.05.1984".into(), "02.01.1931".into()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ValueType;
    use poem_openapi::types::ToJSON;

    #[test]
    fn a_column_is_shown_as_it_is_kept() {
        let column = ColumnProfile {
            name: "n".into(),
            value_type: ValueType::Integer,
            date_format: None,
            date_format_or: None,
            rows: 2,
            nulls: 0,
            distinct: 2,
            min: Some("01".into()),
            max: Some("10".into()),
            examples: vec!["10".into(), "01".into()],
        };
        let shown = serde_json::to_value(ColumnDocument::from(column.clone())).unwrap();
        assert_eq!(shown, serde_json::to_value(column).unwrap());
    }

    #[test]
    fn the_document_describes_what_is_sent() {
        let (options, column) = (OptionsDocument::example(), ColumnDocument::example());
        assert_eq!(options.to_json(), Some(serde_json::to_value(&options).unwrap()));
        assert_eq!(column.to_json(), Some(serde_json::to_value(&column).unwrap()));
    }
}
