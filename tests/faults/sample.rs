//! Files to send, and what is in them, read at once and in peace: every row that is told is held to that.

use crate::dice::Dice;
use crate::files::people;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rowcast::domain::{Limits, Overrides};
use rowcast::mock::{Generator, Spec};
use rowcast::reader::{Item, Reader};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// How a sample is to be read: by the letter, so that it does not depend on how much of it came at first.
pub const STRICTLY: [(&str, &str); 4] =
    [("repair", "off"), ("header", "true"), ("delimiter", "comma"), ("encoding", "utf-8")];

/// The same as a query.
pub fn strictly() -> String {
    STRICTLY.map(|(name, value)| format!("{name}={value}")).join("&")
}

/// A file.
#[derive(Debug)]
pub struct Sample {
    pub bytes: Bytes,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
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
    /// A file of about that many rows: clean, messy, or with quotes and line breaks in many cells; some are compressed.
    pub fn some(dice: &mut Dice, rows: u64) -> Arc<Self> {
        let messy = match dice.within(0..=3) {
            0 => return Arc::new(Self::clean(people(rows))),
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
        // A compressed one has to be unpacked from its beginning by whoever goes on with it.
        let packed = dice.once_in(4);
        Arc::new(Self::new(if packed { gzip(&bytes) } else { bytes }))
    }

    /// One without a fault, in which the `csv` crate finds the same.
    pub fn clean(bytes: Vec<u8>) -> Self {
        let sample = Self::new(bytes);
        let mut reader = csv::Reader::from_reader(&*sample.bytes);
        assert!(sample.columns.iter().eq(reader.headers().expect("a header")));
        let rows = reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect());
        assert!(sample.rows == rows.collect::<Vec<Vec<String>>>(), "the reader and the crate differ");
        sample
    }

    pub fn new(bytes: Vec<u8>) -> Self {
        let mut options = Overrides::default();
        for (name, value) in STRICTLY {
            options.say(Overrides::named(name).expect("a word"), value).expect("a value");
        }
        let (options, _) = options.finish().expect("they fit together");
        let mut reader = Reader::new(&Limits::default(), &options);
        reader.space(bytes.len())[..bytes.len()].copy_from_slice(&bytes);
        reader.commit(bytes.len());
        reader.finish();
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        loop {
            match reader.next().expect("a header") {
                Item::Header(reading) => columns.clone_from(&reading.columns),
                Item::Row(row) => rows.push(row.cells.iter().map(str::to_owned).collect()),
                Item::Problem(_) => {}
                Item::NeedMore | Item::End => break,
            }
        }
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
            assert_eq!(cell.as_deref(), cells.next().map(String::as_str), "{column} of {told:?}");
        }
        assert_eq!(told.extra, cells.cloned().collect::<Vec<_>>(), "{told:?}");
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
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
