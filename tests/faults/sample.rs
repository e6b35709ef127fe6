//! Files to send, and what the `csv` crate reads in them: every row that is told is held to that.

use crate::dice::Dice;
use crate::files::people;
use bytes::Bytes;
use rowcast::mock::{Generator, Spec};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A file.
#[derive(Debug)]
pub struct Sample {
    pub bytes: Bytes,
    columns: Vec<String>,
    rows: Vec<csv::ByteRecord>,
}

/// A row as it is told, in an event or a line of an export.
#[derive(Debug, Deserialize)]
pub struct RowTold {
    #[serde(default)]
    pub upload: String,
    pub row: u64,
    data: HashMap<String, Option<String>>,
    #[serde(default)]
    extra: Vec<String>,
}

impl Sample {
    /// A file of about that many rows: clean, messy, or with quotes and line breaks in many cells.
    pub fn some(dice: &mut Dice, rows: u64) -> Arc<Self> {
        let messy = match dice.within(0..=3) {
            0 => return Arc::new(Self::new(people(rows))),
            1 => 0.0,
            2 => 0.02,
            _ => 0.2,
        };
        let spec = Spec { rows, seed: dice.number(), messy, ..Spec::default() };
        let mut bytes = Vec::new();
        Generator::new(&spec).fill(&mut bytes, usize::MAX);
        if dice.once_in(3) {
            // The last record of a file may have no terminator.
            bytes.truncate(bytes.trim_ascii_end().len());
        }
        Arc::new(Self::new(bytes))
    }

    pub fn new(bytes: Vec<u8>) -> Self {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&*bytes);
        let columns = reader.byte_headers().expect("a header").iter().map(text).collect();
        let rows = reader.byte_records().collect::<Result<_, _>>().expect("records");
        Self { columns, rows, bytes: bytes.into() }
    }

    pub fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Holds a told row to the file.
    #[track_caller]
    pub fn assert_has(&self, told: &RowTold) {
        let index = usize::try_from(told.row - 1).expect("it fits");
        let record = self.rows.get(index).unwrap_or_else(|| panic!("the file has no such row: {told:?}"));
        let mut cells = record.iter();
        assert_eq!(told.data.len(), self.columns.len(), "{told:?}");
        for column in &self.columns {
            let cell = told.data.get(column).unwrap_or_else(|| panic!("{column} is missing: {told:?}"));
            assert_eq!(cell.as_deref(), cells.next().map(text).as_deref(), "{column} of {told:?}");
        }
        assert_eq!(told.extra, cells.map(text).collect::<Vec<_>>(), "{told:?}");
    }
}

fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

/// The samples that were sent, each under a name that is used once.
#[derive(Debug, Clone, Default)]
pub struct Samples(Arc<Mutex<HashMap<String, Arc<Sample>>>>);

impl Samples {
    /// A new name for the sample.
    pub fn name(&self, sample: &Arc<Sample>) -> String {
        let mut known = self.0.lock().expect("the samples");
        let name = format!("sample-{}.csv", known.len());
        known.insert(name.clone(), Arc::clone(sample));
        name
    }

    pub fn named(&self, name: &str) -> Arc<Sample> {
        let known = self.0.lock().expect("the samples");
        Arc::clone(known.get(name).unwrap_or_else(|| panic!("nobody sent {name}")))
    }
}
