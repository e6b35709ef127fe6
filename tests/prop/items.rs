//! What a reader gives, owned, so that it can be compared.

use rowcast::domain::{Limits, Problem, ProblemCode, Reading};
use rowcast::reader::{Item, Position, ReadError, Reader};
use std::ops::Range;

#[derive(Debug, Clone, PartialEq)]
pub enum Owned {
    Header(Reading),
    Row { number: u64, line: u64, bytes: Range<u64>, cells: Vec<String>, problems: usize },
    Problem(Problem),
    Error(ReadError),
}

impl Owned {
    pub fn code(&self) -> Option<ProblemCode> {
        if let Self::Problem(problem) = self { Some(problem.code) } else { None }
    }
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
            let (number, line, bytes, problems) = (row.number, row.line, row.bytes.clone(), row.problems);
            let cells = row.cells.iter().map(str::to_owned).collect();
            Owned::Row { number, line, bytes, cells, problems }
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

pub fn read(limits: &Limits, text: &[u8]) -> Vec<Owned> {
    read_with(Reader::new(limits), [text])
}

/// After each item: where to resume, and how many items were given out by then.
pub fn checkpoints<'a>(
    limits: &Limits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Owned>, Vec<(usize, Position)>) {
    let mut reader = Reader::new(limits);
    let (mut items, mut places) = (Vec::new(), vec![(0, reader.checkpoint())]);
    let mut pieces = pieces.into_iter();
    loop {
        let more = pieces.next();
        match more {
            Some(piece) => feed(&mut reader, piece),
            None => reader.finish(),
        }
        while let Some(item) = pull(&mut reader) {
            let failed = matches!(item, Owned::Error(_));
            items.push(item);
            if failed {
                return (items, places);
            }
            places.push((items.len(), reader.checkpoint()));
        }
        places.push((items.len(), reader.checkpoint()));
        if more.is_none() {
            return (items, places);
        }
    }
}
