//! The few ways in which a suspicious record could have been meant, and which of them fits its columns best.
//!
//! Each way is charged for what it assumes; how the record stands is one of them. A way counts only if it gives a cell for
//! each column, and none costs more than a bounded number of tries. Not for: reading further than the record that is given.

use super::dialect::Dialect;
use super::fields::{Fields, Split, is_blank, texts};
use super::judge::Judge;
use crate::domain::ProblemCode;
use std::borrow::Cow;

/// A way to read a record.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    pub cells: Vec<String>,
    /// What was repaired; none if this is how the record stands.
    pub repair: Option<(ProblemCode, String)>,
    /// How well it fits, less what the repair itself is against it.
    pub score: f64,
}

/// By how much a repair must be better than the record as it stands, beyond what is against the repair itself.
const CLEARLY: f64 = 0.5;
/// What a cell that is missing behind the last one is against a reading.
const MISSING_CELL: f64 = 2.0;
/// What a cell beyond the last column is against a reading.
const EXTRA_CELL: f64 = 3.0;
/// Most quotes of one record that are tried as literal ones.
const QUOTES_MAX: usize = 14;
/// Most cells and columns of a record whose cells are joined or left out.
const JOIN_CELLS_MAX: usize = 70;
const JOIN_COLUMNS_MAX: usize = 40;
/// Longest record that is searched for the place of a missing delimiter, in bytes.
const SPLIT_BYTES_MAX: usize = 3000;
/// Delimiters of which a single record may use another than its file.
const OTHER_DELIMITERS: [&str; 5] = [" ", ";", ",", "\t", "|"];

/// Looks for the best meaning of one record.
pub(super) struct Repairs<'a> {
    raw: &'a [u8],
    standard: &'a Fields<'a>,
    judge: Judge<'a>,
    dialect: &'a Dialect,
    /// The record as it stands, if it can stand.
    standing: Option<Meaning>,
    /// The best repair, if there is one that is clearly better: only that is worth more than the record's own bytes.
    best: Option<Meaning>,
}

/// The best meaning of the record `raw`, which the dialect reads as `standard`; none if there is none with a cell for
/// each column.
pub(super) fn best_meaning(raw: &[u8], standard: &Fields<'_>, judge: Judge<'_>, dialect: &Dialect) -> Option<Meaning> {
    let standing = as_it_stands(standard, judge);
    let mut repairs = Repairs { raw, standard, judge, dialect, standing, best: None };
    let (found, columns) = (standard.cells.len(), judge.columns());
    if found > columns {
        repairs.without_empty_cells();
        repairs.with_joined_cells();
    }
    repairs.with_literal_quotes();
    if raw.len() < SPLIT_BYTES_MAX {
        if found + 1 == columns {
            repairs.with_one_cell_split();
        }
        if found <= columns && !standard.is_strict() {
            repairs.with_a_delimiter_at_a_quote();
        }
    }
    repairs.with_another_delimiter();
    repairs.best.or(repairs.standing)
}

/// Not with a quote that is still open: it would be gone, and everything behind it is in doubt.
fn as_it_stands(standard: &Fields<'_>, judge: Judge<'_>) -> Option<Meaning> {
    let Fields { cells, quoted, odd, open, .. } = standard;
    if *open {
        return None;
    }
    let columns = judge.columns();
    let score = match columns.checked_sub(cells.len()) {
        None => {
            let kept = judge.record(&cells[..columns], &quoted[..columns]).expect("it was cut to the columns");
            kept - EXTRA_CELL * (cells.len() - columns) as f64
        }
        // What is missing at the end is against the record once, whatever its columns usually hold.
        Some(missing) => {
            let fit: f64 = (0..cells.len()).map(|at| judge.cell(at, &cells[at], Some(quoted[at]))).sum();
            fit - if missing == 0 && *odd > 0 { 0.5 } else { MISSING_CELL * missing as f64 }
        }
    };
    Some(Meaning { cells: texts(&standard.cells), repair: None, score })
}

impl Repairs<'_> {
    fn is_best(&self, score: f64) -> bool {
        match (&self.best, &self.standing) {
            (Some(best), _) => score > best.score,
            (None, Some(standing)) => score >= standing.score + CLEARLY,
            (None, None) => true,
        }
    }

    fn offer(
        &mut self,
        cells: impl FnOnce() -> Vec<String>,
        score: f64,
        repair: impl FnOnce() -> (ProblemCode, String),
    ) {
        if self.is_best(score) {
            self.best = Some(Meaning { cells: cells(), repair: Some(repair()), score });
        }
    }

    fn offer_fields(&mut self, fields: Fields<'_>, penalty: f64, repair: impl FnOnce() -> (ProblemCode, String)) {
        if fields.open {
            return;
        }
        if let Some(fit) = self.judge.record(&fields.cells, &fields.quoted) {
            self.offer(|| fields.into_texts(), fit - penalty, repair);
        }
    }

    /// Too many cells: the empty ones that fit nowhere are left out.
    fn without_empty_cells(&mut self) {
        let columns = self.judge.columns();
        let (mut cells, mut quoted) = (self.standard.cells.clone(), self.standard.quoted.clone());
        let too_many = cells.len() - columns;
        let mut kept = vec![true; cells.len()];
        // Of many the last ones are left out, without a look at where they would fit best.
        let few = columns.max(60.min(columns + 6));
        let mut surplus = cells.len().saturating_sub(few);
        for at in (0..cells.len()).rev() {
            if surplus > 0 && is_blank(&cells[at]) {
                (kept[at], surplus) = (false, surplus - 1);
            }
        }
        if surplus > 0 {
            return;
        }
        let mut of_kept = kept.iter();
        cells.retain(|_| *of_kept.next().expect("one for each cell"));
        let mut of_kept = kept.iter();
        quoted.retain(|_| *of_kept.next().expect("one for each cell"));
        while cells.len() > columns {
            let mut empty: Vec<usize> = (0..cells.len()).filter(|at| cells[*at].trim().is_empty()).collect();
            if empty.is_empty() {
                return;
            }
            // Of a run of empty cells one is as good as the other.
            empty.dedup_by(|later, earlier| *later == *earlier + 1);
            let fit_without = |leave: usize| -> f64 {
                let rest = cells.iter().enumerate().filter(|(at, _)| *at != leave).map(|(_, cell)| cell);
                rest.take(columns).enumerate().map(|(at, cell)| self.judge.cell(at, cell, None)).sum()
            };
            let fits: Vec<f64> = empty.iter().map(|at| fit_without(*at)).collect();
            // The first of equals.
            let best = (1..empty.len()).fold(0, |best, at| if fits[at] > fits[best] { at } else { best });
            cells.remove(empty[best]);
            quoted.remove(empty[best]);
        }
        let Some(fit) = self.judge.record(&cells, &quoted) else { return };
        let what = || {
            let cells = if too_many == 1 { "cell" } else { "cells" };
            (ProblemCode::DoubledDelimiter, format!("{too_many} empty {cells} too many left out"))
        };
        self.offer(|| texts(&cells), fit - 0.5 * too_many as f64, what);
    }

    /// Too many cells: neighbours are joined so that each column has its best text.
    fn with_joined_cells(&mut self) {
        let (cells, quoted) = (&self.standard.cells, &self.standard.quoted);
        if let Some((joined, fit)) = join(cells, quoted, self.judge, &self.dialect.delimiter) {
            let what = format!("{} cells joined to {}", cells.len(), joined.len());
            self.offer(|| joined, fit - 1.0, || (ProblemCode::UnquotedDelimiter, what));
        }
    }

    fn opening_quotes(&self) -> Vec<usize> {
        let Some(quote) = self.dialect.quote else { return Vec::new() };
        let delimiter = self.dialect.delimiter.as_bytes();
        memchr::memchr_iter(quote, self.raw)
            .filter(|at| *at == 0 || self.raw[..*at].ends_with(delimiter))
            .take(QUOTES_MAX)
            .collect()
    }

    /// A quote that seems to open a cell is a character of it.
    fn with_literal_quotes(&mut self) {
        let split = Split::by(self.dialect).whole().keeping(self.judge.columns() + 1);
        for at in self.opening_quotes() {
            let what =
                || (ProblemCode::StrayQuote, format!("the quote at byte {at} of the record taken as a character"));
            let fields = split.with_literal(at).fields(self.raw);
            let penalty = 0.8 + 0.3 * f64::from(fields.odd);
            self.offer_fields(fields, penalty, what);
            // A doubled quote in front of a quoted text: the first is a character.
            let quote = self.raw[at];
            if self.raw.get(at + 1) == Some(&quote) {
                let without = [&self.raw[..at], &self.raw[at + 1..]].concat();
                let mut fields = split.fields(&without);
                let column = if at == 0 { 0 } else { split.fields(&self.raw[..at]).cells.len() - 1 };
                if let Some(cell) = fields.cells.get_mut(column) {
                    cell.to_mut().insert(0, char::from(quote));
                    let penalty = 1.0 + 0.3 * f64::from(fields.odd);
                    self.offer_fields(fields, penalty, what);
                }
            }
        }
    }

    /// One cell too few: two cells ran together.
    fn with_one_cell_split(&mut self) {
        let (cells, quoted) = (&self.standard.cells, &self.standard.quoted);
        let fit = |at: usize, column: usize| self.judge.cell(column, &cells[at], Some(quoted[at]));
        let mut before: f64 = 0.0;
        let mut after: f64 = (0..cells.len()).map(|at| fit(at, at + 1)).sum();
        let mut best: Option<(f64, usize, usize)> = None;
        for at in 0..cells.len() {
            after -= fit(at, at + 1);
            let cell = &cells[at];
            for (cut, _) in cell.char_indices().skip(1) {
                let (left, right) = cell.split_at(cut);
                // Two cells seldom look like one word when they run together, nor do quotes fall away with a delimiter.
                let cuts_a_word = kind(left.chars().next_back()) == kind(right.chars().next());
                let penalty = if cuts_a_word { 0.8 } else { 0.0 } + if quoted[at] { 2.0 } else { 0.0 };
                let score = before - penalty
                    + self.judge.cell(at, left, Some(quoted[at]))
                    + self.judge.cell(at + 1, right, Some(quoted[at]))
                    + after;
                if best.is_none_or(|(known, ..)| score > known) {
                    best = Some((score, at, cut));
                }
            }
            before += fit(at, at);
        }
        if let Some((score, at, cut)) = best {
            let (left, right) = cells[at].split_at(cut);
            let what = || {
                let what = format!("cell {} split in two where a delimiter is missing", at + 1);
                (ProblemCode::MissingDelimiter, what)
            };
            let split = || {
                let mut split = texts(&self.standard.cells);
                split.splice(at..=at, [left.to_owned(), right.to_owned()]);
                split
            };
            self.offer(split, score - 1.2 - 0.3 * f64::from(self.standard.odd), what);
        }
    }

    /// One cell too few, and the missing delimiter would change which quotes open and close.
    fn with_a_delimiter_at_a_quote(&mut self) {
        let Some(quote) = self.dialect.quote else { return };
        let delimiter = self.dialect.delimiter.as_bytes();
        let places: Vec<usize> = memchr::memchr_iter(quote, self.raw)
            .flat_map(|at| [at, at + 1])
            .filter(|at| *at > 0 && *at < self.raw.len())
            .take(4 * QUOTES_MAX)
            .collect();
        for at in places {
            let raw = [&self.raw[..at], delimiter, &self.raw[at..]].concat();
            let fields = Split::by(self.dialect).whole().keeping(self.judge.columns() + 1).fields(&raw);
            let penalty = 1.2 + 0.3 * f64::from(fields.odd);
            self.offer_fields(fields, penalty, || {
                (ProblemCode::MissingDelimiter, format!("a delimiter put in at byte {at} of the record"))
            });
        }
    }

    /// The record is written with another delimiter than the file.
    fn with_another_delimiter(&mut self) {
        let columns = self.judge.columns();
        if self.standard.cells.len() == columns {
            // By the file's own delimiter it is a whole record, whatever quotes stand in it.
            return;
        }
        for delimiter in OTHER_DELIMITERS {
            let count = self.raw.iter().filter(|byte| **byte == delimiter.as_bytes()[0]).count();
            if delimiter == self.dialect.delimiter || count + 1 < columns || columns == 1 {
                continue;
            }
            let other = Dialect { delimiter: delimiter.to_owned(), ..self.dialect.clone() };
            let fields = Split::by(&other).whole().keeping(columns.max(JOIN_CELLS_MAX) + 1).fields(self.raw);
            let name = name_of(delimiter);
            let what = move || (ProblemCode::OtherDelimiter, format!("read with {name} as its delimiter"));
            if fields.cells.len() > columns && !fields.open {
                if let Some((cells, fit)) = join(&fields.cells, &fields.quoted, self.judge, delimiter) {
                    self.offer(|| cells, fit - 2.5, what);
                }
            } else {
                let penalty = 2.0 + 0.3 * f64::from(fields.odd);
                self.offer_fields(fields, penalty, what);
            }
        }
    }
}

/// Characters that make one word together.
fn kind(character: Option<char>) -> u8 {
    match character {
        Some('0'..='9') => 0,
        Some(letter) if letter.is_lowercase() => 1,
        Some(letter) if letter.is_uppercase() => 2,
        Some(_) => 3,
        None => 4,
    }
}

/// How a delimiter is called in a sentence.
pub(super) fn name_of(delimiter: &str) -> String {
    match delimiter {
        "," => "a comma".to_owned(),
        ";" => "a semicolon".to_owned(),
        "\t" => "a tab".to_owned(),
        "|" => "a vertical bar".to_owned(),
        " " => "a blank".to_owned(),
        ", " => "a comma and a blank".to_owned(),
        other => format!("'{}'", other.escape_default()),
    }
}

/// The best way to join neighbours so that there is one text for each column, by dynamic programming over how many
/// cells make how many columns.
fn join(cells: &[Cow<'_, str>], quoted: &[bool], judge: Judge<'_>, delimiter: &str) -> Option<(Vec<String>, f64)> {
    let (found, columns) = (cells.len(), judge.columns());
    if found <= columns || found > JOIN_CELLS_MAX || columns > JOIN_COLUMNS_MAX {
        return None;
    }
    let longest = found - columns + 1;
    // For each number of columns and of cells used up: the best score, and where its last column begins.
    let mut best = vec![vec![None::<(f64, usize)>; found + 1]; columns + 1];
    best[0][0] = Some((0.0, 0));
    for column in 1..=columns {
        for end in column..=found.min(column - 1 + longest) {
            for start in (column - 1).max(end.saturating_sub(longest))..end {
                let Some((before, _)) = best[column - 1][start] else { continue };
                let group = &cells[start..end];
                if group.len() > 1 && quoted[start..end].contains(&true) {
                    continue;
                }
                let text = group.join(delimiter);
                let fit = judge.cell(column - 1, &text, Some(quoted[start]));
                let score = before + fit - 0.3 * (group.len() - 1) as f64;
                if best[column][end].is_none_or(|(known, _)| score > known) {
                    best[column][end] = Some((score, start));
                }
            }
        }
    }
    let (score, _) = best[columns][found]?;
    let mut joined = Vec::with_capacity(columns);
    let mut end = found;
    for column in (1..=columns).rev() {
        let (_, start) = best[column][end].expect("the way back was walked forth");
        joined.push(cells[start..end].join(delimiter));
        end = start;
    }
    joined.reverse();
    Some((joined, score))
}
