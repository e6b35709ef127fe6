//! The kinds of column a mock file can have: one table, from which parsing, help and the API's document are made.

/// A list of columns that cannot be read. The text names what is wrong and what there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadColumns {
    /// A name that is no column.
    #[error("there is no column '{0}'; there are {known}", known = Column::names())]
    Unknown(String),
    /// A list without a column.
    #[error("no column was named; there are {known}", known = Column::names())]
    Empty,
    /// A list with more columns than [`Column::COUNT_MAX`].
    #[error("{0} columns were named; a mock file has at most {max}", max = Column::COUNT_MAX)]
    TooMany(usize),
}

macro_rules! columns {
    ($($variant:ident $name:literal $help:literal)+) => {
        /// A kind of column.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Column { $(#[doc = $help] $variant,)+ }

        impl Column {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name, in lists of columns and in the header. Stable.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What stands in it, in a few words.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

columns! {
    Id        "id"         "The row's number, from 1."
    Uuid      "uuid"       "A random UUID (version 4)."
    Name      "name"       "First and last name; about one in eight is not plain ASCII."
    FirstName "first_name" "First name; the same person as `name`."
    LastName  "last_name"  "Last name; the same person as `name`."
    Email     "email"      "Made from `name` and the row's number, so never twice in a column; at example.com, .org or .net, which belong to nobody."
    Phone     "phone"      "A US number from the 555-01xx range, which rings nowhere."
    Company   "company"    "A company; about one in ten needs quotes, for a comma or for quotes inside."
    Job       "job"        "A job title."
    Street    "street"     "House number and street."
    City      "city"       "A town that does not exist."
    Zip       "zip"        "Five digits, often with a zero in front that must survive."
    Country   "country"    "A country, in English."
    Date      "date"       "A day of 2016 to 2025, such as 2024-02-29."
    Datetime  "datetime"   "A second of 2016 to 2025 in UTC, such as 2024-02-29T13:05:59Z."
    Amount    "amount"     "Money with two decimals; small amounts are common, one in fifty is negative."
    Currency  "currency"   "A currency's three letters (ISO 4217)."
    Integer   "integer"    "A whole number, 0 to 9999."
    Boolean   "boolean"    "true or false."
    Url       "url"        "An address at example.com, .org or .net."
    Sentence  "sentence"   "A few words of Latin; about one in ten needs quotes, for a comma or for quotes inside."
}

impl Column {
    /// Most columns of one file. A row stays far below any limit on records with it.
    pub const COUNT_MAX: usize = 256;

    /// What a file has when nobody says: eight columns, just under 100 bytes a row.
    pub const DEFAULT: &[Self] =
        &[Self::Id, Self::Name, Self::Email, Self::City, Self::Zip, Self::Date, Self::Amount, Self::Company];

    /// The column with that name; upper and lower case are one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.as_str().eq_ignore_ascii_case(name))
    }

    /// Reads `name,email,city`. Spaces around a name do not count; a column may be named more than once.
    ///
    /// # Errors
    /// [`BadColumns`] when a name is unknown, when there is none, or when there are too many.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, BadColumns> {
        if list.trim().is_empty() {
            return Err(BadColumns::Empty);
        }
        let count = list.split(',').count();
        if count > Self::COUNT_MAX {
            return Err(BadColumns::TooMany(count));
        }
        list.split(',')
            .map(str::trim)
            .map(|name| Self::parse(name).ok_or_else(|| BadColumns::Unknown(name.to_owned())))
            .collect()
    }

    /// The names of all kinds, joined by commas and spaces.
    pub fn names() -> String {
        let names: Vec<_> = Self::ALL.iter().map(|column| column.as_str()).collect();
        names.join(", ")
    }
}

/// For each column which time it stands in the list: 1 for the first `name`, 2 for the second.
pub(super) fn occurrences(columns: &[Column]) -> impl Iterator<Item = (Column, usize)> + '_ {
    columns.iter().enumerate().map(|(i, &column)| {
        let earlier = columns[..i].iter().filter(|&&other| other == column).count();
        (column, earlier + 1)
    })
}

/// The header's names: a column's own, and `name_2`, `name_3` where it comes again.
pub(super) fn header(columns: &[Column]) -> impl Iterator<Item = String> + '_ {
    occurrences(columns).map(|(column, occurrence)| match occurrence {
        1 => column.as_str().to_owned(),
        again => format!("{}_{again}", column.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_name() {
        for (i, &column) in Column::ALL.iter().enumerate() {
            assert_eq!(Column::parse(column.as_str()), Some(column));
            assert!(Column::ALL[..i].iter().all(|earlier| earlier.as_str() != column.as_str()));
            assert!(!column.as_str().contains([',', '"', ' ', '\r', '\n']), "the header is written without quotes");
        }
        assert_eq!(Column::parse_list(&Column::names()).unwrap(), Column::ALL);
    }

    #[test]
    fn an_unknown_name_is_named_and_the_known_ones_are_listed() {
        let error = Column::parse_list("name, emial").unwrap_err();
        assert_eq!(error, BadColumns::Unknown("emial".into()));
        let text = error.to_string();
        assert!(text.contains("'emial'") && Column::ALL.iter().all(|column| text.contains(column.as_str())), "{text}");
        assert_eq!(Column::parse_list("name,,city"), Err(BadColumns::Unknown(String::new())));
        assert_eq!(Column::parse_list("  "), Err(BadColumns::Empty));
    }

    #[test]
    fn there_is_a_most() {
        assert_eq!(Column::parse_list(&["id"; 256].join(",")).unwrap().len(), 256);
        assert_eq!(Column::parse_list(&["id"; 257].join(",")), Err(BadColumns::TooMany(257)));
    }

    #[test]
    fn a_column_that_comes_again_is_numbered() {
        let columns = Column::parse_list("Name, name,city,NAME").unwrap();
        assert_eq!(header(&columns).collect::<Vec<_>>(), ["name", "name_2", "city", "name_3"]);
    }
}
