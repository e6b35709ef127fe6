//! Rows that are kept as the event's data, read back from it.

use super::row::DATA_HEAD;
use crate::domain::CellsBuf;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A row's event data, as [`super::RowTemplate::event_json`] wrote it: `{"upload":"…","row":17,"data":{…},"extra":[…]}`.
#[derive(Debug, Clone, Copy)]
pub struct RowLiteral<'a> {
    json: &'a str,
    number: u64,
}

/// Text that is no row's event data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row is not what was written")]
pub struct NoRow;

impl<'a> RowLiteral<'a> {
    /// Looks at the data of a row event. Costs nothing but the number.
    ///
    /// # Errors
    /// [`NoRow`] where it does not begin like one.
    pub fn of(json: &'a str) -> Result<Self, NoRow> {
        let rest = json.get(DATA_HEAD..).ok_or(NoRow)?;
        let number = rest.split(',').next().and_then(|number| number.parse().ok()).ok_or(NoRow)?;
        Ok(Self { json, number })
    }

    /// The row's number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Appends `{"row":17,"data":{…}}`: the same bytes as [`super::row_json`] gives of the cells.
    pub fn row_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"row":"#);
        out.extend_from_slice(&self.json.as_bytes()[DATA_HEAD..]);
    }

    /// Puts the row's cells into `cells`, in the order in which they were written, which is that of the columns: one for
    /// each column, empty where it is null, and the further ones behind.
    ///
    /// # Errors
    /// [`NoRow`] where it is not a row's data.
    pub fn cells(&self, cells: &mut CellsBuf) -> Result<(), NoRow> {
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow)]
            data: Values<'a>,
            #[serde(borrow, default)]
            extra: Vec<Text<'a>>,
        }
        let row: Row<'_> = serde_json::from_str(self.json).map_err(|_| NoRow)?;
        cells.clear();
        for value in &row.data.0 {
            cells.push(value.as_ref().map_or("", |text| &text.0));
        }
        for further in &row.extra {
            cells.push(&further.0);
        }
        Ok(())
    }
}

/// A string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The values of an object in the order in which they stand; a map would not keep it.
struct Values<'a>(Vec<Option<Text<'a>>>);

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Values<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts and nulls")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some((_, value)) = members.next_entry::<IgnoredAny, Option<Text<'de>>>()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// Texts as one JSON array: a cell of a CSV that holds several.
pub fn json_array<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    #[derive(Serialize)]
    struct Array<'a>(Vec<&'a str>);
    serde_json::to_string(&Array(texts.collect())).expect("texts always serialise")
}

#[cfg(test)]
mod tests {
    use super::super::{CsvExport, RowTemplate, row_json};
    use super::*;
    use crate::domain::UploadId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_literal_gives_the_same_bytes_as_the_cells_it_was_written_from(
            columns in prop::collection::hash_set("[a-c\"é0-9]{1,3}", 0..5),
            cells in prop::collection::vec("[a-z\"\\\\\n,\u{0}é🦀]{0,4}", 0..7),
            number in 1u64..,
        ) {
            let columns: Vec<String> = columns.into_iter().collect();
            let cells: CellsBuf = cells.iter().collect();
            let template = RowTemplate::new(UploadId::now(), &columns);
            let json = template.event_json(number, cells.as_cells());
            let literal = RowLiteral::of(&json).unwrap();
            prop_assert_eq!(literal.number(), number);
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            row_json(&mut expected, &template, number, cells.as_cells());
            literal.row_json(&mut found);
            prop_assert_eq!(&found, &expected);
            let mut read = CellsBuf::default();
            literal.cells(&mut read).unwrap();
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            CsvExport::default().row(&mut expected, columns.len(), cells.as_cells());
            CsvExport::default().row(&mut found, columns.len(), read.as_cells());
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_order_is_that_of_the_text_and_a_null_is_an_empty_cell() {
        let upload = UploadId::now();
        let json =
            format!(r#"{{"upload":"{upload}","row":9,"data":{{"z":"1","2019":null,"a":"\n"}},"extra":["","x"]}}"#);
        let mut cells = CellsBuf::default();
        RowLiteral::of(&json).unwrap().cells(&mut cells).unwrap();
        assert_eq!(cells.as_cells().iter().collect::<Vec<_>>(), ["1", "", "\n", "", "x"]);
    }

    #[test]
    fn what_is_no_row_is_refused() {
        assert!(RowLiteral::of("").is_err());
        let id = UploadId::now();
        assert!(RowLiteral::of(&format!(r#"{{"upload":"{id}","stage":"done"}}"#)).is_err());
        let broken = format!(r#"{{"upload":"{id}","row":1,"data":[]}}"#);
        assert_eq!(RowLiteral::of(&broken).unwrap().cells(&mut CellsBuf::default()), Err(NoRow));
    }
}
