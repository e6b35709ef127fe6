//! The second look at a record that the strict grammar does not read, or reads as something unlikely.
//!
//! In order: comments and lines that are too long, what comes again, blank records, a first line that is better off alone,
//! notes at the end of the file, two lines that are one record, and at last the other meanings of the record itself.
//!
//! It may look ahead, but never further than a record may be long, and says when it needs to; so what it decides depends
//! on the bytes alone. Nothing that was given out is looked at again.

use super::again::Again;
use super::ahead::lines_end;
use super::fields::{Fields, Split, are_blank, texts};
use super::judge::Judge;
use super::pull::{Reader, Step};
use super::repair::{Meaning, best_meaning};
use crate::domain::{Learned, Problem, ProblemCode, Repair, Severity};
use std::ops::Range;
use std::sync::Arc;

/// What became of the record.
pub(super) enum Outcome {
    Row(Range<u64>, u64),
    /// No row, but something to tell.
    Told,
    NeedMore,
    /// Neither: reading goes on behind it, or in another way.
    Again,
}

impl Outcome {
    /// As a step; none to go on.
    pub fn into_step(self) -> Option<Step> {
        match self {
            Self::Row(bytes, line) => Some(Step::Doubtful(bytes, line)),
            Self::Told => Some(Step::Problem),
            Self::NeedMore => Some(Step::NeedMore),
            Self::Again => None,
        }
    }
}

/// How far behind its first line a record is followed that is not as the grammar has it, in bytes.
const LENIENT_BYTES: usize = 16 << 10;

impl Reader {
    /// Looks at the record here, which the strict grammar reads as a `clean` one or not at all; none if it is what that read.
    pub(super) fn doubt(&mut self, clean: bool) -> Option<Outcome> {
        if let Some(scanner) = &mut self.scanner {
            scanner.reset();
        }
        let text = &self.window.text()[self.pos..];
        let Some(line_len) = self.line_len(text) else {
            return Some(Outcome::NeedMore);
        };
        if line_len > self.bounds.record {
            self.open_oversize();
            return Some(Outcome::Again);
        }
        if self.dialect.comment.is_some_and(|comment| text[0] == comment) {
            let problem = self.place(line_len, None).comment_line();
            return Some(self.skip(line_len, problem));
        }
        let Some((fields, swallowed)) = self.record_here(line_len, clean) else {
            return Some(Outcome::NeedMore);
        };
        if fields.beyond > 0 {
            let problem = self.place(fields.len, Some(self.row)).too_many_cells(&fields, &self.bounds);
            self.row += 1;
            return Some(self.skip(fields.len, problem));
        }
        let repairs = self.repairs();
        if repairs {
            match self.comes_again(&fields) {
                None => return Some(Outcome::NeedMore),
                Some(Again::Nothing) => {}
                Some(Again::Table) => {
                    self.second_table = true;
                    return Some(Outcome::Again);
                }
                Some(Again::Header) => {
                    let problem = self.place(fields.len, None).repeated_header();
                    return Some(self.skip(fields.len, problem));
                }
                Some(Again::Section(lines)) => return Some(self.skip_section(&lines)),
            }
        }
        // To the grammar a record of empty cells is a record.
        let is_record = !repairs && fields.cells.len() == self.columns;
        if are_blank(&fields.cells) && self.columns > 1 && !is_record {
            let problem = self.place(fields.len, None).blank_record();
            return Some(self.skip(fields.len, problem));
        }
        let learned = self.learned.clone().filter(|_| self.columns > 1 && repairs);
        let Some(learned) = learned else { return self.as_it_stands(fields, clean) };
        if fields.len > line_len && !swallowed {
            match self.first_line_alone(&fields, line_len, &learned) {
                Some(alone) => return Some(self.take(line_len, &alone, None, &learned)),
                None if fields.is_strict() && fields.cells.len() == self.columns => {
                    return self.as_it_stands(fields, clean);
                }
                None => {}
            }
        }
        if fields.cells.len() < self.columns {
            match self.is_footer(line_len) {
                None => return Some(Outcome::NeedMore),
                Some(true) => {
                    let problem = self.place(line_len, None).footer_line();
                    return Some(self.skip(line_len, problem));
                }
                Some(false) => {}
            }
            if !swallowed {
                match self.with_next_line(&fields, &learned) {
                    None => return Some(Outcome::NeedMore),
                    Some(Some((len, joined, meaning))) => {
                        // Where repairs are only told of, both lines stay records of their own.
                        let (len, fields) = if self.fixes() { (len, &joined) } else { (fields.len, &fields) };
                        return Some(self.take(len, fields, Some(meaning), &learned));
                    }
                    Some(None) => {}
                }
            }
        }
        if fields.is_strict() && fields.cells.len() == self.columns {
            return self.as_it_stands(fields, clean);
        }
        let len = fields.len;
        Some(self.take(len, &fields, None, &learned))
    }

    /// The fields of the record here, the first line of which has so many bytes; and whether it is that line alone, since
    /// the quote that is open at its end would swallow others. None while what follows is not there.
    ///
    /// It looks no further than it must: in a file with a stray quote on each line, each record would look as far as the
    /// first one does.
    fn record_here(&self, line_len: usize, clean: bool) -> Option<(Fields<'static>, bool)> {
        let text = &self.window.text()[self.pos..];
        let most = text.len().min(self.bounds.record.saturating_add(1));
        let split = self.split();
        let fields = split.fields(&text[..most.min(line_len + 1)]);
        if !fields.open {
            return Some((fields.into_owned(), false));
        }
        let by_itself = || {
            let mut fields = split.whole().fields(&text[..line_len]);
            fields.odd += 1;
            Some((fields.into_owned(), true))
        };
        let lenient = line_len + LENIENT_BYTES;
        let lines = lines_end(&text[..most]);
        if let Some(reach) = lines.filter(|reach| *reach <= lenient) {
            let fields = split.fields(&text[..reach]);
            if !fields.open {
                return Some((fields.into_owned(), false));
            }
            if self.looks_swallowed(line_len) {
                return by_itself();
            }
        }
        if lenient < most && !clean {
            let fields = split.fields(&text[..lenient]);
            if fields.len < lenient {
                return Some((fields.into_owned(), false));
            }
            if fields.odd > u32::from(fields.open) {
                return by_itself();
            }
        }
        let fields = split.fields(&text[..most]);
        let swallowed = lines.is_some_and(|lines| lines <= fields.len) && self.looks_swallowed(line_len);
        if swallowed || fields.len > self.bounds.record || fields.open && self.finished {
            return by_itself();
        }
        (self.finished || fields.len < text.len()).then(|| (fields.into_owned(), false))
    }

    /// Splits by the file's dialect, into no more cells than a record may have.
    pub(super) fn split(&self) -> Split<'_> {
        Split::by(&self.dialect).keeping(self.bounds.cells.max(self.columns))
    }

    /// Whether more is done than to follow the grammar.
    pub(super) fn repairs(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.repair != Repair::Off)
    }

    /// Whether repairs are made, and not only told of.
    fn fixes(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.repair == Repair::Fix)
    }

    /// Tells of a line or record that is no row.
    pub(super) fn skip(&mut self, len: usize, problem: Problem) -> Outcome {
        self.pending.push_back(problem);
        self.pass(len);
        Outcome::Told
    }

    /// Moves past a record of so many bytes, and its terminator if it has one; answers with the offset behind them.
    pub(super) fn pass(&mut self, len: usize) -> u64 {
        let breaks = self.breaks(len);
        let terminated = self.pos + len < self.window.len();
        self.close(len, terminated, breaks)
    }

    /// The record as its dialect reads it; none if that is what the strict grammar reads.
    fn as_it_stands(&mut self, fields: Fields<'_>, clean: bool) -> Option<Outcome> {
        // The strict grammar leaves blanks where they are.
        let fits = fields.cells.len() == self.columns && fields.is_strict();
        if clean && fits && !self.dialect.trim {
            return None;
        }
        let (len, broken, doubt) = (fields.len, fields.broken, doubt_of(&fields));
        Some(self.give(len, fields.into_texts(), broken, None, doubt))
    }

    /// Gives the record by its best meaning.
    fn take(&mut self, len: usize, fields: &Fields, meaning: Option<Meaning>, learned: &Arc<Learned>) -> Outcome {
        let raw = &self.window.text()[self.pos..self.pos + len];
        let meaning = meaning.or_else(|| best_meaning(raw, fields, Judge::Row(learned), &self.dialect));
        let repair = meaning.and_then(|meaning| meaning.repair.map(|(code, what)| (meaning.cells, code, what)));
        let Some((cells, code, what)) = repair else {
            return self.give(len, texts(&fields.cells), fields.broken, None, doubt_of(fields));
        };
        if self.fixes() {
            let problem = self.place(len, Some(self.row)).told(code, None, what);
            return self.give(len, cells, fields.broken, Some(problem), None);
        }
        let mut problem = self.place(len, Some(self.row)).told(code, None, format!("{what}: so it would be repaired"));
        problem.severity = Severity::Warning;
        self.give(len, texts(&fields.cells), fields.broken, Some(problem), None)
    }

    /// Gives these cells as the next row, with what is wrong with it.
    fn give(
        &mut self,
        len: usize,
        cells: Vec<String>,
        broken: Option<usize>,
        told: Option<Problem>,
        doubt: Option<ProblemCode>,
    ) -> Outcome {
        let reading = self.reading.clone();
        let columns = reading.as_ref().map_or(&[][..], |reading| &reading.columns);
        let place = self.place(len, Some(self.row));
        let mut problems = Vec::new();
        if let Some(excess) = place.excess(&cells, columns, &self.bounds) {
            problems.push(excess);
        } else {
            problems.extend(told);
            let is_ragged = cells.len() != columns.len();
            problems.extend(place.ragged(cells.len(), columns));
            problems.extend(broken.map(|index| place.encoding_error(index, columns)));
            if let Some(doubt) = doubt.filter(|doubt| *doubt == ProblemCode::UnclosedQuote || !is_ragged) {
                problems.push(place.in_doubt(doubt));
            }
        }
        let is_row = !matches!(problems.first(), Some(problem) if problem.code.drops_the_row());
        self.pending.extend(problems);
        let (start, line) = (self.window.offset(self.pos), self.line);
        self.row += 1;
        let end = self.pass(len);
        if !is_row {
            return Outcome::Told;
        }
        self.tell_malformed(start..end, line);
        self.cells = cells.into_iter().collect();
        Outcome::Row(start..end, line)
    }
}

/// What is to be said of a record that is kept as its dialect reads it, besides how many cells it has.
fn doubt_of(fields: &Fields) -> Option<ProblemCode> {
    match fields {
        Fields { open: true, .. } => Some(ProblemCode::UnclosedQuote),
        Fields { odd: 1.., .. } => Some(ProblemCode::SuspiciousRecord),
        _ => None,
    }
}
