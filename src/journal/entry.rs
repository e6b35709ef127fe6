//! One batch of events as the journal keeps it.

use crate::domain::{EventName, Kind, ProblemCode, UploadId};
use std::collections::BTreeMap;

/// A batch of events of one client, journalled as one: the run of numbers it takes, and what stands in it, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number of the first event.
    pub first_n: u64,
    /// Number of the last event; there is at least one.
    pub last_n: u64,
    /// The upload it speaks of; [`UploadId::NONE`] for what was published.
    pub upload: UploadId,
    /// The next row number when the batch began: the first row in it, if it has rows. Of what was published, when that
    /// was, in milliseconds since the Unix epoch: the index by upload and row then finds the oldest.
    pub first_row: u64,
    /// How many problems of the upload were told before this batch.
    pub first_problem: u64,
    /// Where reading goes on after this batch.
    pub checkpoint: Checkpoint,
    /// The events, in order.
    pub parts: Vec<Part>,
}

/// Where reading an upload's text goes on, always at a record's start, and what was counted before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// Byte of the text.
    pub offset: u64,
    /// The next row's number, from 1.
    pub row: u64,
    /// The line at `offset`, from 1.
    pub line: u64,
    /// Bytes of the file that all of this was read from. More or fewer than `offset` where the file had to be decoded.
    pub read_bytes: u64,
    /// Problems so far, those that were only counted among them.
    pub problems_by_code: BTreeMap<ProblemCode, u64>,
}

/// A run of events within a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Rows that stand in the spool, to be read again by the upload's reading.
    Span(Span),
    /// One event as it was announced: what the text alone cannot give.
    Literal {
        /// The event's kind.
        kind: Kind,
        /// Its data, one line of JSON.
        json: String,
    },
    /// What somebody published.
    Published {
        /// Its name.
        name: EventName,
        /// Its data, one line of JSON.
        json: String,
    },
    /// An error of the row before that was only counted, as so many were told already. It is no event and takes no number;
    /// it says that the row is not a good one.
    Counted {
        /// What is wrong.
        code: ProblemCode,
        /// The line the record begins on, from 1.
        line: u64,
    },
}

impl Part {
    /// How many events it is.
    pub fn events(&self) -> u64 {
        match self {
            Self::Span(span) => span.rows,
            Self::Literal { .. } | Self::Published { .. } => 1,
            Self::Counted { .. } => 0,
        }
    }
}

/// Clean text in the spool: `rows` records, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Byte the first record begins at.
    pub offset: u64,
    /// Bytes up to and with the last record's terminator.
    pub bytes: u64,
    /// Number of the first row.
    pub first_row: u64,
    /// How many rows; at least one.
    pub rows: u64,
    /// CRC-32 (IEEE) of the bytes: a torn spool is noticed, not announced again as something else.
    pub crc: u32,
}

/// A journalled body that cannot be what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a journal entry is damaged")]
pub struct Damaged;

const VERSION: u8 = 2;
/// The same without the bytes that were read: of files that were their own text.
const VERSION_1: u8 = 1;
const SPAN: u8 = 0xff;
const COUNTED: u8 = 0xfe;
const PUBLISHED: u8 = 0xfd;

impl Entry {
    /// How many rows are in it.
    pub fn rows(&self) -> u64 {
        let rows = |part: &Part| match part {
            Part::Span(_) | Part::Literal { kind: Kind::Row, .. } => part.events(),
            Part::Literal { .. } | Part::Published { .. } | Part::Counted { .. } => 0,
        };
        self.parts.iter().map(rows).sum()
    }

    /// How many problems are told in it.
    pub fn problems(&self) -> u64 {
        let problems = self.parts.iter().filter(|part| matches!(part, Part::Literal { kind: Kind::Problem, .. }));
        problems.count() as u64
    }

    /// How many problems of the upload were told up to its end.
    pub fn problems_told(&self) -> u64 {
        self.first_problem + self.problems()
    }

    /// The checkpoint and the parts as bytes: LEB128 numbers, and a CRC-32 at the end.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.push(VERSION);
        for number in [self.checkpoint.offset, self.checkpoint.row, self.checkpoint.line, self.checkpoint.read_bytes] {
            put(&mut out, number);
        }
        put(&mut out, self.checkpoint.problems_by_code.len() as u64);
        for (code, count) in &self.checkpoint.problems_by_code {
            put_text(&mut out, code.as_str());
            put(&mut out, *count);
        }
        for part in &self.parts {
            match part {
                Part::Span(span) => {
                    out.push(SPAN);
                    for number in [span.offset, span.bytes, span.first_row, span.rows, u64::from(span.crc)] {
                        put(&mut out, number);
                    }
                }
                Part::Literal { kind, json } => {
                    out.push(*kind as u8);
                    put_text(&mut out, json);
                }
                Part::Published { name, json } => {
                    out.push(PUBLISHED);
                    put_text(&mut out, name.as_str());
                    put_text(&mut out, json);
                }
                Part::Counted { code, line } => {
                    out.push(COUNTED);
                    put_text(&mut out, code.as_str());
                    put(&mut out, *line);
                }
            }
        }
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads a body back.
    pub(super) fn parse_body(body: &[u8]) -> Result<(Checkpoint, Vec<Part>), Damaged> {
        let (content, crc) = body.split_last_chunk::<4>().ok_or(Damaged)?;
        if crc32fast::hash(content) != u32::from_le_bytes(*crc) {
            return Err(Damaged);
        }
        let mut rest = content;
        let version = take_byte(&mut rest)?;
        if !matches!(version, VERSION | VERSION_1) {
            return Err(Damaged);
        }
        let [offset, row, line] = [take(&mut rest)?, take(&mut rest)?, take(&mut rest)?];
        let read_bytes = if version == VERSION { take(&mut rest)? } else { offset };
        let mut problems_by_code = BTreeMap::new();
        for _ in 0..take(&mut rest)? {
            let code = ProblemCode::parse(&take_text(&mut rest)?).ok_or(Damaged)?;
            problems_by_code.insert(code, take(&mut rest)?);
        }
        let checkpoint = Checkpoint { offset, row, line, read_bytes, problems_by_code };
        let mut parts = Vec::new();
        while !rest.is_empty() {
            parts.push(match take_byte(&mut rest)? {
                SPAN => Part::Span(Span {
                    offset: take(&mut rest)?,
                    bytes: take(&mut rest)?,
                    first_row: take(&mut rest)?,
                    rows: take(&mut rest)?,
                    crc: u32::try_from(take(&mut rest)?).map_err(|_| Damaged)?,
                }),
                COUNTED => Part::Counted {
                    code: ProblemCode::parse(&take_text(&mut rest)?).ok_or(Damaged)?,
                    line: take(&mut rest)?,
                },
                PUBLISHED => Part::Published {
                    name: EventName::kept(&take_text(&mut rest)?).ok_or(Damaged)?,
                    json: take_text(&mut rest)?,
                },
                number => {
                    let kind = Kind::from_number(number).ok_or(Damaged)?;
                    Part::Literal { kind, json: take_text(&mut rest)? }
                }
            });
        }
        Ok((checkpoint, parts))
    }
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn take_text(rest: &mut &[u8]) -> Result<String, Damaged> {
    let length = usize::try_from(take(rest)?).map_err(|_| Damaged)?;
    let (text, after) = rest.split_at_checked(length).ok_or(Damaged)?;
    *rest = after;
    String::from_utf8(text.to_vec()).map_err(|_| Damaged)
}

fn take(rest: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(rest)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

fn take_byte(rest: &mut &[u8]) -> Result<u8, Damaged> {
    let (byte, after) = rest.split_first().ok_or(Damaged)?;
    *rest = after;
    Ok(*byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part() -> impl Strategy<Value = Part> {
        prop_oneof![
            (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>(), any::<u32>()).prop_map(
                |(offset, bytes, first_row, rows, crc)| Part::Span(Span { offset, bytes, first_row, rows, crc })
            ),
            (0..ProblemCode::ALL.len(), any::<u64>())
                .prop_map(|(at, line)| Part::Counted { code: ProblemCode::ALL[at], line }),
            ("[b-d][a-z0-9._-]{0,9}", ".*")
                .prop_map(|(name, json)| Part::Published { name: EventName::parse(&name).unwrap(), json }),
            (0u8..6, ".*").prop_map(|(kind, json)| Part::Literal { kind: Kind::from_number(kind).unwrap(), json }),
        ]
    }

    #[test]
    fn rows_are_counted_however_they_are_kept() {
        let literal = |kind| Part::Literal { kind, json: String::new() };
        let parts = vec![
            Part::Span(Span { offset: 0, bytes: 9, first_row: 1, rows: 3, crc: 0 }),
            literal(Kind::Row),
            Part::Counted { code: ProblemCode::MissingCell, line: 5 },
            literal(Kind::Row),
            literal(Kind::Problem),
            literal(Kind::Toast),
        ];
        assert_eq!(parts.iter().map(Part::events).sum::<u64>(), 7);
        let checkpoint = Checkpoint::default();
        let entry =
            Entry { first_n: 1, last_n: 7, upload: UploadId::now(), first_row: 1, first_problem: 4, checkpoint, parts };
        assert_eq!((entry.rows(), entry.problems(), entry.problems_told()), (5, 1, 5));
    }

    #[test]
    fn an_older_body_reads_back_as_one_of_a_file_that_is_its_own_text() {
        let mut body = vec![VERSION_1, 9, 2, 3, 0];
        body.extend(crc32fast::hash(&body).to_le_bytes());
        let checkpoint = Checkpoint { offset: 9, row: 2, line: 3, read_bytes: 9, problems_by_code: BTreeMap::new() };
        assert_eq!(Entry::parse_body(&body), Ok((checkpoint, Vec::new())));
    }

    proptest! {
        #[test]
        fn a_body_reads_back_and_a_damaged_one_is_noticed(
            parts in prop::collection::vec(part(), 0..8), offset: u64, row: u64, line: u64, read_bytes: u64,
            problems: u64,
            at: prop::sample::Index, flip in 1u8..,
        ) {
            let problems_by_code = [(ProblemCode::ExtraCell, problems)].into();
            let checkpoint = Checkpoint { offset, row, line, read_bytes, problems_by_code };
            let entry = Entry {
                first_n: 1, last_n: 1, upload: UploadId::now(), first_row: 1, first_problem: 0, checkpoint: checkpoint.clone(), parts,
            };
            let mut body = entry.body();
            prop_assert_eq!(Entry::parse_body(&body), Ok((checkpoint, entry.parts)));
            let at = at.index(body.len());
            body[at] ^= flip;
            prop_assert_eq!(Entry::parse_body(&body), Err(Damaged));
            body.truncate(at);
            prop_assert_eq!(Entry::parse_body(&body), Err(Damaged));
        }
    }
}
