//! What happens to one record of a file, and what its cells then are.

use crate::file::Plan;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Damage {
    /// The delimiter after that column is missing.
    MissingDelimiter(usize),
    /// The delimiter after that column is there twice.
    DoubledDelimiter(usize),
    /// A quote opens the cell, which nothing closes.
    OpeningQuote(usize),
    /// A quote stands within an unquoted cell.
    InnerQuote(usize),
    /// Quotes within a quoted cell are not escaped.
    BareQuotes(usize),
    /// The cell has a delimiter, and no quotes.
    UnquotedDelimiter(usize),
    /// The record is written with another delimiter.
    OtherDelimiter(&'static str),
    /// The cell has a line break, and no quotes.
    LineBreak(usize),
}

impl Damage {
    /// The damaged record. Puts into `cells` what a person would read.
    pub fn write(self, plan: &Plan, cells: &mut [String]) -> String {
        let delimiter = plan.delimiter;
        let bare = |cell: &str| cell.replace(['"', '\'', ',', ';', '\t', '|'], " ").trim().to_owned();
        match self {
            Self::MissingDelimiter(after) | Self::DoubledDelimiter(after) => {
                let between = if self == Self::MissingDelimiter(after) { "" } else { &delimiter.repeat(2) };
                format!("{}{between}{}", plan.record(&cells[..=after]), plan.record(&cells[after + 1..]))
            }
            Self::OpeningQuote(at) => {
                cells[at] = format!("{}{}", plan.quote, bare(&cells[at]));
                around(plan, cells, at, &cells[at])
            }
            Self::InnerQuote(at) => {
                cells[at] = format!("{} 15{} wide", bare(&cells[at]), plan.quote);
                around(plan, cells, at, &cells[at])
            }
            Self::BareQuotes(at) => {
                let quote = plan.quote;
                cells[at] = format!("the {quote}{}{quote} of old", bare(&cells[at]));
                around(plan, cells, at, &format!("{quote}{}{quote}", cells[at]))
            }
            Self::UnquotedDelimiter(at) => {
                cells[at] = format!("{}{delimiter} and others", bare(&cells[at]));
                around(plan, cells, at, &cells[at])
            }
            Self::OtherDelimiter(other) => {
                cells.iter_mut().for_each(|cell| *cell = bare(cell));
                cells.join(other)
            }
            Self::LineBreak(at) => {
                cells[at] = format!("{}{}and others", bare(&cells[at]), plan.line_end);
                around(plan, cells, at, &cells[at])
            }
        }
    }
}

/// The record with the cell at `at` written as `written`.
fn around(plan: &Plan, cells: &[String], at: usize, written: &str) -> String {
    let mut fields: Vec<_> = cells.iter().map(|cell| plan.cell(cell)).collect();
    fields[at] = written.to_owned();
    fields.join(plan.delimiter)
}
