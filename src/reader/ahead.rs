//! What the lines behind a record say of it. Each question is answered by the bytes alone, or not yet.

use super::class::Class;
use super::fields::{Fields, are_blank, filled, texts};
use super::judge::Judge;
use super::lines::line;
use super::pull::Reader;
use super::repair::{Meaning, best_meaning};
use super::{layout, lines};
use crate::domain::{Learned, ProblemCode};

/// Lines within which the file must end for a short record to be its footer.
const FOOTER_LINES_MAX: usize = 32;
/// How much worse than usual cells a record's may fit before it is doubted, for each column.
const UNLIKELY: f64 = -3.0;
/// Line breaks in one cell after which it is looked at whether rows were swallowed.
const SWALLOWED_LINES: usize = 64;

impl Reader {
    /// Whether most of the lines within the cell that is open at the end of the first line look like records. Asked only
    /// when so many lines are there, so that the answer is the same whenever it is asked.
    pub(super) fn looks_swallowed(&self, line_len: usize) -> bool {
        let text = &self.window.text()[self.pos + line_len..];
        let split = self.split().whole();
        let (mut at, mut lines, mut whole) = (0, 0, 0);
        for _ in 0..SWALLOWED_LINES {
            let (len, all) = line(&text[at..]);
            if len > 0 {
                lines += 1;
                whole += u64::from(split.fields(&text[at..at + len]).cells.len() == self.columns);
            }
            at += all;
        }
        self.columns > 1 && whole * 2 >= lines
    }

    /// The record's first line by itself, if that is a better reading than the record with all of its lines.
    pub(super) fn first_line_alone(
        &self,
        fields: &Fields,
        line_len: usize,
        learned: &Learned,
    ) -> Option<Fields<'static>> {
        let text = &self.window.text()[self.pos..];
        let judge = Judge::Row(learned);
        let mut alone = self.split().whole().fields(&text[..line_len]);
        alone.odd += 1;
        let meaning = best_meaning(&text[..line_len], &alone, judge, &self.dialect)?;
        let whole = judge.record(&fields.cells, &fields.quoted).unwrap_or(f64::NEG_INFINITY);
        if fields.is_strict() && whole > UNLIKELY * self.columns as f64 {
            return None;
        }
        let next = &text[line_len + line(&text[line_len..]).1..];
        let next = self.split().whole().fields(&next[..line(next).0]);
        let next_is_whole = next.cells.len() == self.columns && whole < UNLIKELY * self.columns as f64;
        (meaning.score > whole - 1.0 || next_is_whole).then(|| alone.into_owned())
    }

    /// Whether nothing but short lines follows, down to the end of the file; none if that cannot be known yet.
    pub(super) fn is_footer(&self, line_len: usize) -> Option<bool> {
        let text = &self.window.text()[self.pos..];
        let split = self.split().whole();
        let short = (self.columns / 3).max(1);
        let mut fields = split.fields(&text[..line_len]);
        // A value of the first column, such as a number, is the beginning of a row that was cut short.
        if self.learned.as_ref().is_some_and(|learned| {
            let class = fields.cells.first().map_or(Class::Empty, |cell| Class::of(cell));
            let of_class = learned.columns[0].classes.get(&class.letter()).copied().unwrap_or_default();
            layout::is_strong(learned, 0) && class.is_strong()
                || self.columns == 2 && of_class * 5 >= learned.columns[0].cells
        }) {
            return Some(false);
        }
        let mut at = 0;
        for number in 0..=FOOTER_LINES_MAX {
            let rest = &text[at..];
            if rest.is_empty() && self.finished {
                return Some(true);
            }
            if number > 0 {
                let len = self.line_len(rest)?;
                if len > self.bounds.record {
                    return Some(false);
                }
                fields = split.fields(&rest[..len]);
            }
            let Fields { cells, beyond, .. } = &fields;
            if *beyond > 0 || filled(cells) > short || cells.len() == self.columns && !are_blank(cells) {
                return Some(false);
            }
            // What stands in the middle of a table is no footer, however short: only its own first line decides.
            at += line(rest).1;
            if at > self.bounds.record {
                return Some(false);
            }
        }
        Some(false)
    }

    /// This line and the next as one record whose line break is not quoted. None while the next is not there.
    pub(super) fn with_next_line(
        &self,
        fields: &Fields,
        learned: &Learned,
    ) -> Option<Option<(usize, Fields<'static>, Meaning)>> {
        let text = &self.window.text()[self.pos..];
        let rest = &text[fields.len..];
        let (_, terminator) = line(&rest[..rest.len().min(2)]);
        let next = &rest[terminator.min(rest.len())..];
        if next.is_empty() && self.finished {
            return Some(None);
        }
        let len = self.line_len(next)?;
        if len > self.bounds.record {
            return Some(None);
        }
        let split = self.split().whole();
        let alone = split.fields(&next[..len]);
        let together = fields.cells.len() + alone.cells.len() - 1;
        if len == 0
            || alone.cells.len() >= self.columns
            || together != self.columns
            || !fields.is_strict()
            || !alone.is_strict()
        {
            return Some(None);
        }
        let all = fields.len + terminator + len;
        let joined = split.fields(&text[..all]);
        let fit = Judge::Row(learned).record(&joined.cells, &joined.quoted);
        Some(fit.filter(|fit| *fit > 2.0 * UNLIKELY * self.columns as f64).map(|score| {
            let what = "two lines put together, since neither is a whole record".to_owned();
            let meaning = Meaning { cells: texts(&joined.cells), repair: Some((ProblemCode::BrokenLine, what)), score };
            (all, joined.into_owned(), meaning)
        }))
    }
}

/// Where the lines end within which rows can have been swallowed, if so many are there.
pub(super) fn lines_end(text: &[u8]) -> Option<usize> {
    lines::end_of(text, SWALLOWED_LINES)
}
