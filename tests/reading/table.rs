//! Clean tables, of several shapes, from a seed.

use rowcast::mock::{Column, Generator, Spec};
use std::sync::LazyLock;

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// What tables are about: people, money, things, places, events.
const SHAPES: [&[Column]; 6] = [
    Column::DEFAULT,
    &[Column::Date, Column::Company, Column::Amount, Column::Currency, Column::Sentence],
    &[Column::Uuid, Column::Name, Column::Phone, Column::Boolean, Column::Integer, Column::Job],
    &[Column::City, Column::Country, Column::Zip, Column::Integer, Column::Url],
    &[Column::Datetime, Column::Id, Column::Email, Column::Sentence, Column::Amount, Column::Street, Column::Date],
    &[Column::Id, Column::FirstName, Column::LastName, Column::Date],
];

/// Rows of each shape that tables are cut from.
const STOCK_ROWS: usize = 500;

/// A large table of each shape, made once: what makes cells is slow to set up.
static STOCK: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let table = |(columns, seed): (&&[Column], u64)| {
        let spec = Spec { rows: STOCK_ROWS as u64, seed, columns: columns.to_vec(), messy: 0.0 };
        let text: Vec<u8> = Generator::new(&spec).flatten().collect();
        let mut records = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
        let cells =
            |record: csv::Result<csv::StringRecord>| record.expect("a clean file").iter().map(str::to_owned).collect();
        let mut rows: Vec<Vec<String>> = records.records().map(cells).collect();
        Table { columns: rows.remove(0), rows }
    };
    SHAPES.iter().zip(1..).map(table).collect()
});

impl Table {
    /// As many shapes as there are, in turn; 15 to 60 rows.
    pub fn from_seed(seed: u64) -> Self {
        let seed = seed as usize;
        let stock = &STOCK[seed % SHAPES.len()];
        let rows = 15 + seed * 7 % 46;
        let first = seed * 61 % (STOCK_ROWS - rows);
        Self { columns: stock.columns.clone(), rows: stock.rows[first..first + rows].to_vec() }
    }

    /// Columns of free text.
    pub fn texts(&self) -> Vec<usize> {
        let names = ["name", "city", "company", "sentence", "job", "street", "country", "first_name", "last_name"];
        (0..self.columns.len()).filter(|&column| names.contains(&self.columns[column].as_str())).collect()
    }

    /// Gives a cell of free text a few words that need quotes where `delimiter` is one.
    pub fn put_delimiter(&mut self, row: usize, column: usize, delimiter: &str) {
        let cell = &mut self.rows[row][column];
        let words = cell.replace([',', '"', ';', '\t', '|'], " ");
        *cell = format!("{}{delimiter} and others", words.trim());
    }
}
