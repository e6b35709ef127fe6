//! How well cells fit the columns they would stand in: what repairs are judged by.
//!
//! Scores are logarithms of odds, by and large: 0 is a cell like all others of its column, each unit below is about a
//! third as likely.

use super::class::{Class, outline, outline_into};
use super::fields::Fields;
use super::tally::tally;
use crate::domain::{ColumnShape, Learned};

/// Longest text that is remembered as a value of its column, in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// Learns the columns from records that are as they should be, each with a cell for every one.
pub(super) fn learn(records: &[&Fields<'_>], columns: usize) -> Learned {
    let columns = (0..columns).map(|at| learn_column(records, at)).collect();
    Learned { columns, ..Learned::default() }
}

fn learn_column(records: &[&Fields<'_>], at: usize) -> ColumnShape {
    let quoted = records.iter().filter(|record| record.quoted[at]).count();
    let cells = u32::try_from(records.len()).expect("there are few records in a beginning");
    let quoted = u32::try_from(quoted).expect("they are some of these");
    let mut shape = ColumnShape { cells, quoted, ..ColumnShape::default() };
    let mut classes = [0; Class::ALL.len()];
    let mut of_cell = String::new();
    let mut values = tally(records, at);
    for (cell, times) in &values {
        classes[Class::of(cell) as usize] += times;
        shape.chars += u64::from(*times) * cell.chars().count() as u64;
        of_cell.clear();
        outline_into(cell, &mut of_cell);
        match shape.outlines.get_mut(&of_cell) {
            Some(of_outline) => *of_outline += times,
            None => _ = shape.outlines.insert(of_cell.clone(), *times),
        }
    }
    values.retain(|(cell, _)| cell.len() <= VALUE_BYTES_MAX);
    shape.values = values.into_iter().map(|(cell, times)| (cell.to_owned(), times)).collect();
    let classes = Class::ALL.into_iter().zip(classes).filter(|(_, times)| *times > 0);
    shape.classes = classes.map(|(class, times)| (class.letter(), times)).collect();
    shape
}

/// Judges cells by what was learned of the columns, or by what names of columns look like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Judge<'a> {
    /// As a row.
    Row(&'a Learned),
    /// As a header of so many columns, in a file with this delimiter.
    Header(usize, &'a str),
}

impl Judge<'_> {
    pub fn columns(self) -> usize {
        match self {
            Self::Row(learned) => learned.columns.len(),
            Self::Header(columns, _) => columns,
        }
    }

    /// How well a record fits, if it has as many cells as there are columns.
    pub fn record(self, cells: &[impl AsRef<str>], quoted: &[bool]) -> Option<f64> {
        (cells.len() == self.columns()).then(|| {
            let cells = cells.iter().zip(quoted).enumerate();
            cells.map(|(at, (cell, quoted))| self.cell(at, cell.as_ref(), Some(*quoted))).sum()
        })
    }

    /// How well a text fits the column at `at`.
    pub fn cell(self, at: usize, cell: &str, quoted: Option<bool>) -> f64 {
        match self {
            Self::Row(learned) => of_column(&learned.columns[at], cell, quoted),
            Self::Header(_, delimiter) => as_name(delimiter, cell, quoted == Some(true)),
        }
    }
}

fn share(part: u32, all: u32) -> f64 {
    f64::from(part) / f64::from(all.max(1))
}

fn of_column(shape: &ColumnShape, cell: &str, quoted: Option<bool>) -> f64 {
    let class = Class::of(cell);
    let of_class = shape.classes.get(&class.letter()).copied().unwrap_or_default();
    let mut score = ((share(of_class, shape.cells) + 0.01) / 1.01).ln();
    if class.is_strong() {
        let same = shape.outlines.get(&outline(cell)).copied().unwrap_or_default();
        score += 0.6 * ((f64::from(same) + 0.1) / (f64::from(shape.cells) + 0.1)).ln();
    }
    if !cell.is_empty() && shape.values.contains_key(cell) {
        score += 1.0;
    }
    if cell.starts_with(' ') || cell.ends_with(' ') {
        score -= 0.7;
    }
    if cell.starts_with([',', ';']) || cell.ends_with([',', ';']) {
        score -= 1.0;
    }
    if let Some(quoted) = quoted.filter(|_| !cell.is_empty()) {
        let of_quoted = share(shape.quoted, shape.cells);
        score += 0.5 * (if quoted { of_quoted } else { 1.0 - of_quoted } * 0.9 + 0.1).ln();
    }
    let usual_chars = shape.chars as f64 / f64::from(shape.cells.max(1));
    if matches!(class, Class::Word | Class::Text)
        && usual_chars > 25.0
        && (cell.chars().count() as f64) < usual_chars / 6.0
    {
        score -= 1.5;
    }
    score
}

/// One short name without structure in it.
fn as_name(delimiter: &str, cell: &str, quoted: bool) -> f64 {
    let mut score = match Class::of(cell) {
        Class::Text => -0.2,
        Class::Word => -0.4,
        Class::Code => -0.5,
        Class::Empty => -1.5,
        _ => -2.5,
    };
    if !quoted && (cell.contains(delimiter) || cell.contains('"')) {
        score -= 1.0;
    }
    if quoted && cell.contains(delimiter) && !cell.contains(&format!("{delimiter} ")) {
        score -= 2.0;
    }
    if cell.starts_with([' ', '_']) || cell.ends_with(' ') {
        score -= 0.5;
    }
    if cell.chars().count() == 1 || cell.starts_with(|first: char| first.is_lowercase()) {
        score -= 0.15;
    }
    // Two words that ran together.
    let bytes = cell.as_bytes();
    let humps = bytes.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count()
        + bytes
            .windows(3)
            .filter(|three| {
                three[0].is_ascii_uppercase() && three[1].is_ascii_uppercase() && three[2].is_ascii_lowercase()
            })
            .count();
    score - 0.25 * humps as f64
}
