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

/// Resumes at the `chosen` of the checkpoints there are when `beginning` is followed by a text in `pieces`.
#[track_caller]
pub fn assert_resumes(
    limits: &Limits,
    options: &ReadOptions,
    beginning: &[u8],
    pieces: &[&[u8]],
    chosen: impl Fn(usize) -> bool,
) {
    let (items, places) = checkpoints(limits, options, beginning, pieces.iter().copied());
    let text = pieces.concat();
    let all = [beginning, &text].concat();
    let shown = format!("{:?} and {:?}", beginning.escape_ascii().to_string(), text.escape_ascii().to_string());
    if matches!(items.last(), Some(Owned::Error(_))) {
        return;
    }
    for place in places.into_iter().enumerate().filter_map(|(number, place)| chosen(number).then_some(place)) {
        let given = place.given;
        let rest = match &place.known {
            None => {
                assert_eq!(place.at, Position::START, "{shown}");
                read_on(limits, options, beginning, [&text[..]])
            }
            Some((reading, learned)) => {
                let is_second_table = |item: &Owned| item.code() == Some(ProblemCode::SecondTable);
                let second_table = items[..given].iter().any(is_second_table);
                let reader = Reader::resume(limits, Arc::clone(reading), place.at);
                let reader = reader.with_learned(Arc::clone(learned), second_table);
                read_with(reader, [&all[place.at.offset as usize..]])
            }
        };
        let from = items.len().checked_sub(rest.len());
        let from = from.unwrap_or_else(|| panic!("{shown} resumed at {place:?} gives more than there was: {rest:#?}"));
        assert_eq!(rest, items[from..], "{shown} resumed at {place:?} after {given} items");
        if from != given {
            // Only where the items of one record were given out in part does it begin with that record again.
            assert!(from < given, "{shown} resumed at {place:?} lost items {given}..{from}");
            assert!(items[given].code().is_some(), "{shown} resumed at {place:?} repeats items from {from}");
            assert!(items[from + 1..given].iter().all(|item| item.code().is_some()), "{shown} at {place:?}");
        }
    }
}
