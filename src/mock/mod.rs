//! Makes plausible CSV files of any length from a seed, and on request broken ones, to try the server with.
//!
//! Layer 1. Pure: no clock, no files, no global random numbers; it uses `domain` at most and gives bytes.
//!
//! Invariants:
//! - Same [`Spec`], same bytes: on every platform, and however the file is cut into pieces. (A new version of `fake` may
//!   bring other words; a test pins the bytes, so that this is seen and told in the change log.)
//! - A cell depends on seed, row and column alone. So a longer file begins with the rows of a shorter one, and a column
//!   has the same values whichever columns stand beside it.
//! - RFC 4180: CRLF, quotes only where they are needed, every record as wide as the header; no cell has a line break.
//! - `messy` changes only the records it damages. Each fault stays within its record, and [`Generator::fault`] tells for
//!   every row what is wrong with it.
//! - Nobody is hurt by using the values: e-mail addresses and phone numbers are those reserved for examples.
//!
//! Not for: realistic statistics, foreign keys between files, or other formats than comma-separated UTF-8.

mod cell;
mod column;
mod fault;
mod generator;
mod pool;
mod random;
#[cfg(test)]
mod tests;

pub use column::{BadColumns, Column};
pub use fault::{Fault, FaultKind};
pub use generator::Generator;

/// Which file to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Records after the header.
    pub rows: u64,
    /// Which of all files with this shape.
    pub seed: u64,
    /// The columns, in their order; one that stands here twice is named `name` and `name_2`, with values of its own.
    pub columns: Vec<Column>,
    /// Share of records with one fault each, from 0 (none) to 1 (every record).
    pub messy: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { rows: 1000, seed: 42, columns: Column::DEFAULT.to_vec(), messy: 0.0 }
    }
}

/// A [`Spec`] that no file is made for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadSpec {
    /// More rows than allowed.
    #[error("{rows} rows were asked for; at most {max} are made")]
    TooManyRows {
        /// How many were asked for.
        rows: u64,
        /// How many are allowed.
        max: u64,
    },
    /// `messy` is not a share.
    #[error("messy is {0}; it is the share of damaged records, from 0 to 1")]
    BadShare(f64),
    /// No column, or too many.
    #[error(transparent)]
    BadColumns(#[from] BadColumns),
}

impl Spec {
    /// Whether a file should be made for it; `rows_max` is the limit `mock_rows_max`.
    ///
    /// # Errors
    /// [`BadSpec`] says what is out of bounds, and the bounds.
    pub fn check(&self, rows_max: u64) -> Result<(), BadSpec> {
        if self.rows > rows_max {
            return Err(BadSpec::TooManyRows { rows: self.rows, max: rows_max });
        }
        if !(0.0..=1.0).contains(&self.messy) {
            return Err(BadSpec::BadShare(self.messy));
        }
        match self.columns.len() {
            0 => Err(BadColumns::Empty.into()),
            count if count > Column::COUNT_MAX => Err(BadColumns::TooMany(count).into()),
            _ => Ok(()),
        }
    }
}

/// The name to save the file under, such as `mock-1000-seed-42.csv`.
pub fn file_name(spec: &Spec) -> String {
    let messy = if spec.messy > 0.0 { "messy-" } else { "" };
    format!("mock-{messy}{}-seed-{}.csv", spec.rows, spec.seed)
}
