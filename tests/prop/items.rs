//! What a reader gives, owned, so that it can be compared.

use rowcast::domain::{Learned, Limits, Problem, ProblemCode, ReadOptions, Reading};
use rowcast::reader::{Item, Position, ReadError, Reader};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq)]
pub enum Owned {
    Header(Reading),
    Row { number: u64, line: u64, bytes: Range<u64>, cells: Vec<String>, clean: bool, problems: usize },
    Problem(Problem),
    Error(ReadError),
}

impl Owned {
    pub fn code(&self) -> Option<ProblemCode> {
        if let Self::Problem(problem) = self { Some(problem.code) } else { None }
    }
}

/// How long this thread had a processor: what else the machine does takes nothing from it.
pub fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).expect("less than a second"))
}

pub fn feed(reader: &mut Reader, bytes: &[u8]) {
    // More room than bytes, as a read that came back short leaves it.
    reader.space(bytes.len() + 3)[..bytes.len()].copy_from_slice(bytes);
    reader.commit(bytes.len());
}

/// Pulls one item; none when more is needed or nothing is left.
pub fn pull(reader: &mut Reader) -> Option<Owned> {
    Some(match reader.next() {
        Ok(Item::Header(reading)) => Owned::Header(Reading::clone(reading)),
        Ok(Item::Row(row)) => {
            let (number, line, bytes) = (row.number, row.line, row.bytes.clone());
            let (clean, problems) = (row.clean, row.problems);
            let cells = row.cells.iter().map(str::to_owned).collect();
            Owned::Row { number, line, bytes, cells, clean, problems }
        }
        Ok(Item::Problem(problem)) => Owned::Problem(problem),
        Ok(Item::NeedMore | Item::End) => return None,
        Err(error) => Owned::Error(error),
    })
}

/// Pulls until more is needed, or the header failed.
pub fn drain(reader: &mut Reader, into: &mut Vec<Owned>) {
    while let Some(item) = pull(reader) {
        let failed = matches!(item, Owned::Error(_));
        if !(failed && into.last() == Some(&item)) {
            into.push(item);
        }
        if failed {
            return;
        }
    }
}

/// Everything a reader gives for a text that comes in `pieces`.
pub fn read_with<'a>(mut reader: Reader, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut items = Vec::new();
    for piece in pieces {
        feed(&mut reader, piece);
        drain(&mut reader, &mut items);
    }
    reader.finish();
    drain(&mut reader, &mut items);
    items
}

pub fn read(limits: &Limits, options: &ReadOptions, text: &[u8]) -> Vec<Owned> {
    read_with(Reader::new(limits, options), [text])
}

/// A reader that decided by `beginning` how the file is read, and gave what that holds. An empty one decides nothing.
pub fn begun(limits: &Limits, options: &ReadOptions, beginning: &[u8], into: &mut Vec<Owned>) -> Reader {
    let mut reader = Reader::new(limits, options);
    feed(&mut reader, beginning);
    drain(&mut reader, into);
    if !beginning.is_empty() {
        reader.settle();
        drain(&mut reader, into);
    }
    reader
}

/// Everything of a text that comes in `pieces` after the `beginning` by which it was decided how it is read.
pub fn read_on<'a>(
    limits: &Limits,
    options: &ReadOptions,
    beginning: &[u8],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Owned> {
    let mut items = Vec::new();
    let reader = begun(limits, options, beginning, &mut items);
    if !matches!(items.last(), Some(Owned::Error(_))) {
        items.extend(read_with(reader, pieces));
    }
    items
}

/// A place to resume at.
#[derive(Debug, Clone)]
pub struct Place {
    /// Items given out by then.
    pub given: usize,
    pub at: Position,
    /// What the reader knew by then, once the header was given out with all that is wrong with it.
    pub known: Option<(Arc<Reading>, Arc<Learned>)>,
}

/// After each item: where to resume. The same texts as for [`read_on`].
pub fn checkpoints<'a>(
    limits: &Limits,
    options: &ReadOptions,
    beginning: &'a [u8],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Owned>, Vec<Place>) {
    let mut reader = Reader::new(limits, options);
    let (mut items, mut places, mut told) = (Vec::new(), Vec::new(), false);
    let mut pull_all = |reader: &mut Reader, items: &mut Vec<Owned>| {
        loop {
            told |= !items.is_empty() && reader.problems_to_come() == 0;
            let known = reader.reading().zip(reader.learned()).filter(|_| told);
            let known = known.map(|(reading, learned)| (Arc::clone(reading), Arc::clone(learned)));
            places.push(Place { given: items.len(), at: reader.checkpoint(), known });
            match pull(reader) {
                None => return true,
                Some(item) => items.push(item),
            }
            if matches!(items.last(), Some(Owned::Error(_))) {
                return false;
            }
        }
    };
    feed(&mut reader, beginning);
    let mut goes_on = pull_all(&mut reader, &mut items);
    if !beginning.is_empty() {
        reader.settle();
        goes_on = goes_on && pull_all(&mut reader, &mut items);
    }
    for piece in pieces {
        if goes_on {
            feed(&mut reader, piece);
            goes_on = pull_all(&mut reader, &mut items);
        }
    }
    if goes_on {
        reader.finish();
        pull_all(&mut reader, &mut items);
    }
    (items, places)
}
