//! The beginning of a file: its byte order mark, and the decision how it is read.

use super::decode::{Extent, decide};
use super::encoding::{self, BYTE_ORDER_MARK};
use super::lines::{self, LineBreaks};
use super::plan::{Above, Plan, plan, skipped};
use super::pull::{Mark, Reader, Step};
use super::source::{Decoded, Source};
use super::window::Window;
use super::{Position, ReadError, place::Place};
use std::sync::Arc;

/// Bytes of text that the decision is made from, at most.
pub(super) const PREFIX_BYTES: usize = 64 << 10;

/// Lines that the decision is made from, at most: those above the first row are told of at once, each by itself.
const PREFIX_LINES: usize = 8_000;

impl Reader {
    pub(super) fn begin(&mut self) -> Result<Step, ReadError> {
        if matches!(self.source, Source::Undecided) && !self.decide_source()? {
            return Ok(Step::NeedMore);
        }
        let text = self.window.text();
        let Some(marked) = encoding::has_byte_order_mark(text, self.finished) else { return Ok(Step::NeedMore) };
        let start = if marked { BYTE_ORDER_MARK.len() } else { 0 };
        let all = &text[start..];
        // The lines to skip say nothing of what comes behind them.
        let skipped = match skipped(all, &self.options) {
            Some(skipped) => skipped,
            None if self.finished => all.len(),
            None if all.len() > self.bounds.record => {
                let (byte, max) = (start as u64, self.bounds.record as u64);
                return Err(ReadError::HeaderTooLong { line: 1, byte, max });
            }
            None => return Ok(Step::NeedMore),
        };
        // One more: a file that ends just there is a whole one, whether its end is known by now or not.
        let most = lines::end_of(&all[skipped..], PREFIX_LINES).unwrap_or(PREFIX_BYTES).min(PREFIX_BYTES);
        let enough = all.len() > skipped + most;
        // Cut behind a line: half a record would look like a broken one.
        let prefix = if enough { &all[..skipped + most] } else { all };
        let is_whole = self.finished && prefix.len() == all.len();
        let end = if is_whole { prefix.len() } else { memchr::memrchr2(b'\n', b'\r', prefix).map_or(0, |at| at + 1) };
        // Neither a CR whose LF may follow nor an open line is the end of one.
        let end = if !is_whole && end > 0 && prefix[end - 1] == b'\r' && all.len() == end { end - 1 } else { end };
        let has_record = prefix[..end].iter().skip(skipped).any(|byte| !matches!(byte, b'\r' | b'\n'));
        if !is_whole && !(has_record && (enough || self.settled)) {
            if enough && !has_record || all.len() - skipped > self.bounds.header.max(PREFIX_BYTES) {
                let max = self.bounds.header as u64;
                let line = 1 + LineBreaks::within(&all[..skipped]);
                return Err(ReadError::HeaderTooLong { line, byte: (start + skipped) as u64, max });
            }
            return Ok(Step::NeedMore);
        }
        let plan = plan(&prefix[..end], &self.options);
        self.put(plan, marked, start)
    }

    /// Decides how the bytes become text; whether that was possible.
    fn decide_source(&mut self) -> Result<bool, ReadError> {
        let extent = match (self.finished, self.settled) {
            (true, _) => Extent::Whole,
            (false, true) => Extent::Settled,
            (false, false) => Extent::Growing,
        };
        let Some(decision) = decide(self.window.text(), extent, &self.options, &self.limits)? else { return Ok(false) };
        if decision.passthrough {
            self.source = Source::Plain;
        } else {
            let mut decoded = Decoded::new(&decision, 0, &self.limits)?;
            decoded.space(self.window.len()).copy_from_slice(self.window.text());
            decoded.commit(self.window.len());
            if std::mem::take(&mut self.finished) {
                decoded.finish();
            }
            self.window = Window::starting_at(0);
            self.source = Source::Decoded(Box::new(decoded));
        }
        self.decision = Some(decision);
        Ok(true)
    }

    /// Takes the plan, whose places count from `start`.
    fn put(&mut self, plan: Plan, marked: bool, start: usize) -> Result<Step, ReadError> {
        let Plan { dialect, mut reading, learned, profiles, renamed, above, head, body } = plan;
        let text = &self.window.text()[start..];
        let line_of = line_starts(&text[..body]);
        let header = match &head[..] {
            [] => body..body,
            [first, ..] => first.start..head[head.len() - 1].end,
        };
        let (header_line, header_byte) = (line_of(header.start), (start + header.start) as u64);
        if header.len() > self.bounds.header {
            return Err(ReadError::HeaderTooLong {
                line: header_line,
                byte: header_byte,
                max: self.bounds.header as u64,
            });
        }
        if reading.columns.len() > self.bounds.cells {
            let (found, max) = (reading.columns.len() as u64, self.bounds.cells as u64);
            return Err(ReadError::TooManyColumns { line: header_line, byte: header_byte, found, max });
        }
        let place = |range: &std::ops::Range<usize>| Place {
            row: None,
            line: line_of(range.start),
            byte: (start + range.start) as u64,
            prefix: &text[range.clone()],
            len: range.len() as u64,
            raw_max: self.bounds.raw,
        };
        let problem = |(range, what): &(std::ops::Range<usize>, Above)| match what {
            Above::Separator => place(range).separator_line(),
            Above::Preamble => place(range).preamble_line(),
            Above::Blank => place(range).blank_record(),
            Above::Comment => place(range).comment_line(),
        };
        let mut problems: Vec<_> = above.iter().map(problem).collect();
        // Blank lines above the body stand between the others.
        let told = above.iter().map(|(range, _)| range).chain(&head).cloned().collect();
        problems.extend(blank_lines(&text[..body], told).map(|at| place(&(at..at)).blank_row()));
        problems.sort_by_key(|problem| problem.byte);
        let of_header = place(&header);
        problems.extend(
            renamed
                .iter()
                .filter(|_| reading.header_rows > 0)
                .map(|renamed| of_header.renamed(renamed, &reading.columns)),
        );
        if reading.columns.is_empty() {
            problems.push(place(&(body..body)).blank_header());
        } else if std::str::from_utf8(&text[header.clone()]).is_err() {
            problems.push(of_header.encoding_error(0, &reading.columns));
        }
        let line = line_of(body);
        reading.byte_order_mark = marked;
        if let Some(decision) = self.decision.take() {
            reading.encoding = decision.encoding;
            reading.compression = decision.compression;
            reading.byte_order_mark = decision.byte_order_mark;
            reading.sure_percent = reading.sure_percent.min(decision.sure_percent);
            reading.why.splice(0..0, decision.why);
        }
        (self.dialect, self.columns) = (dialect, reading.columns.len());
        (self.learned, self.profiles) = (Some(Arc::new(learned)), profiles);
        self.reading = Some(Arc::new(reading));
        if !self.quiet {
            self.pending.extend(problems);
        }
        self.set_scanner();
        self.pos = start + body;
        self.line = line;
        self.after_cr = body > 0 && self.window.text()[self.pos - 1] == b'\r';
        let end = self.pos as u64;
        // The last byte of the terminator, as everywhere.
        let terminated = body > 0 && matches!(self.window.text()[self.pos - 1], b'\r' | b'\n');
        let position =
            Position { offset: end - u64::from(terminated), row: self.row, line: line - u64::from(terminated) };
        self.after = Mark { position, end };
        Ok(Step::Header)
    }
}

/// Says which line of `text`, from 1, a place in it is on. There may be as many places to ask for as lines.
fn line_starts(text: &[u8]) -> impl Fn(usize) -> u64 + use<> {
    let mut starts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (len, all) = lines::line(&text[at..]);
        at += all;
        if all > len {
            starts.push(at);
        }
    }
    move |at| 1 + starts.partition_point(|start| *start <= at) as u64
}

/// Where blank lines begin that are part of no other range.
fn blank_lines(text: &[u8], mut told: Vec<std::ops::Range<usize>>) -> impl Iterator<Item = usize> + '_ {
    told.sort_by_key(|range| range.start);
    let mut told = told.into_iter().peekable();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let begin = at;
            let (len, all) = lines::line(&text[at..]);
            at += all;
            while told.next_if(|range| range.end.max(range.start + 1) <= begin).is_some() {}
            if len == 0 && told.peek().is_none_or(|range| begin < range.start) {
                return Some(begin);
            }
        }
        None
    })
}
