//! What comes again in the midst of a table: its header, where files were joined or a report has sections, or all of it.

use super::doubt::Outcome;
use super::fields::{Fields, are_blank, filled, is_blank};
use super::lines::line;
use super::pull::Reader;

/// What comes again where a record stands.
pub(super) enum Again {
    Nothing,
    /// The header alone, above further rows.
    Header,
    /// Blank lines and titles, and behind them the header: the kind of each line, and its bytes with and without its end.
    Section(Vec<(Line, usize, usize)>),
    /// A table: another one with nearly the same header, or the same once more.
    Table,
}

/// A line between two sections.
pub(super) enum Line {
    Blank,
    Title,
    Header,
}

/// Lines of titles and blanks between two sections, at most.
const SECTION_LINES_MAX: usize = 8;

impl Reader {
    /// Whether the header comes again here, or soon and with nothing but titles before it. The same header above other
    /// rows is what joined files and reports have: those rows are rows. None while what follows is not there.
    pub(super) fn comes_again(&self, fields: &Fields) -> Option<Again> {
        let Some(learned) = self.learned.as_ref().filter(|learned| !learned.header.is_empty()) else {
            return Some(Again::Nothing);
        };
        if self.is_sparse(fields) {
            return self.section();
        }
        if !self.is_like_header(fields) {
            return Some(Again::Nothing);
        }
        if fields.cells.len() != self.columns {
            return Some(Again::Table);
        }
        let next = &self.window.text()[self.pos + fields.len..];
        let (_, terminator) = line(&next[..next.len().min(2)]);
        let next = &next[terminator..];
        let next = &next[..next.len().min(self.bounds.record.saturating_add(1))];
        let below = self.split().fields(next);
        if below.len == next.len() && next.len() <= self.bounds.record && !self.finished {
            return None;
        }
        Some(if below.cells == learned.first { Again::Table } else { Again::Header })
    }

    /// Whether most of the header's names stand in a record as well.
    fn is_like_header(&self, fields: &Fields) -> bool {
        let header = self.learned.as_ref().map_or(&[][..], |learned| &learned.header);
        let named = header.iter().filter(|label| !is_blank(label)).count();
        let both = header.iter().zip(&fields.cells);
        let same = both.filter(|(label, cell)| !is_blank(cell) && is_same(label, cell)).count();
        same > 1 && same * 10 >= named * 6
    }

    fn is_header(&self, fields: &Fields) -> bool {
        fields.cells.len() == self.columns && self.is_like_header(fields)
    }

    /// Whether a record says next to nothing, for one of this table.
    fn is_sparse(&self, fields: &Fields) -> bool {
        self.columns > 1 && fields.is_strict() && filled(&fields.cells) <= (self.columns / 3).max(1)
    }

    /// The lines from here to the header that comes again behind them, if nothing else stands between.
    fn section(&self) -> Option<Again> {
        let text = &self.window.text()[self.pos..];
        let split = self.split().whole();
        let (mut at, mut lines) = (0, Vec::new());
        for _ in 0..=SECTION_LINES_MAX {
            let rest = &text[at..];
            let len = if rest.is_empty() && self.finished { return Some(Again::Nothing) } else { self.line_len(rest)? };
            if at + len > self.bounds.record {
                return Some(Again::Nothing);
            }
            let fields = split.fields(&rest[..len]);
            let all = line(rest).1;
            if self.is_header(&fields) {
                lines.push((Line::Header, len, all));
                return Some(Again::Section(lines));
            }
            if len > 0 && !self.is_sparse(&fields) {
                return Some(Again::Nothing);
            }
            lines.push((if are_blank(&fields.cells) { Line::Blank } else { Line::Title }, len, all));
            at += all;
        }
        Some(Again::Nothing)
    }

    /// Tells of the lines between two sections at once, so that reading never goes on in their midst.
    pub(super) fn skip_section(&mut self, lines: &[(Line, usize, usize)]) -> Outcome {
        let (mut at, mut len) = (0, 0);
        for (line, bytes, all) in lines {
            let place = self.place_at(at, *bytes);
            let problem = match line {
                Line::Blank if *bytes == 0 => place.blank_row(),
                Line::Blank => place.blank_record(),
                Line::Title => place.section_title(),
                Line::Header => place.repeated_header(),
            };
            self.pending.push_back(problem);
            len = at + bytes;
            at += all;
        }
        self.pass(len);
        Outcome::Told
    }
}

/// Whether two names are the same to a person.
fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
