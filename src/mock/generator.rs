//! Puts the cells together to a file, a piece at a time.

use super::Spec;
use super::cell::Source;
use super::column::{self, Column};
use super::fault::{self, Fault, FaultKind};
use super::pool::Pools;
use super::random::{GOLDEN, Stream, mix};

/// Size at which [`Generator`] as an iterator ends a chunk.
const CHUNK_BYTES: usize = 64 * 1024;

/// Writes the file of one [`Spec`]. How it is cut into pieces changes no byte.
///
/// Memory is bounded whatever the number of rows: pools of values (under 1 MiB) and what the caller asks for at once.
pub struct Generator {
    rows: u64,
    columns: Vec<Column>,
    sources: Vec<Source>,
    header: Vec<u8>,
    /// Makes the rows of one seed differ from those of another.
    rows_key: u64,
    faults_key: u64,
    /// A row has a fault when its 53-bit draw is below this.
    faults_below: u64,
    /// The next row to write; 0 stands for the header.
    next: u64,
}

impl Generator {
    /// A generator at the beginning of the file. Draws the pools that the columns need, which takes about a millisecond.
    pub fn new(spec: &Spec) -> Self {
        let mut pools = Pools::new(spec.seed);
        let sources = column::occurrences(&spec.columns)
            .map(|(column, occurrence)| Source::new(column, occurrence, &mut pools))
            .collect();
        let names: Vec<_> = column::header(&spec.columns).collect();
        Self {
            rows: spec.rows,
            columns: spec.columns.clone(),
            sources,
            header: (names.join(",") + "\r\n").into_bytes(),
            rows_key: mix(spec.seed ^ mix(1)),
            faults_key: mix(spec.seed ^ mix(2)),
            // A share that is not a number becomes 0.
            faults_below: (spec.messy.clamp(0.0, 1.0) * (1u64 << 53) as f64) as u64,
            next: 0,
        }
    }

    /// Appends whole records (the header is the first) until `at_least` bytes were added or the file is finished.
    /// False when it is finished: what was appended is its end.
    pub fn fill(&mut self, out: &mut Vec<u8>, at_least: usize) -> bool {
        let end = out.len().saturating_add(at_least);
        while self.next <= self.rows && out.len() < end {
            match self.next {
                0 => out.extend_from_slice(&self.header),
                row => self.write_row(row, out),
            }
            self.next += 1;
        }
        self.next <= self.rows
    }

    /// What is wrong with that row, from 1. Known for any row at once, and so for a file of any length without a record
    /// of its faults; with a smaller `messy` there are fewer of the same faults.
    pub fn fault(&self, row: u64) -> Option<Fault> {
        self.planned(row).map(|(fault, _)| fault)
    }

    /// Every fault of the file, by row.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        (1..=self.rows).filter_map(|row| self.fault(row))
    }

    #[inline(always)]
    fn planned(&self, row: u64) -> Option<(Fault, Stream)> {
        if self.faults_below == 0 || self.columns.is_empty() {
            return None;
        }
        let mut stream = Stream::new(mix(self.faults_key.wrapping_add(row.wrapping_mul(GOLDEN))));
        if stream.next() >> 11 >= self.faults_below {
            return None;
        }
        Some((fault::choose(row, &self.columns, &mut stream), stream))
    }

    #[inline(always)]
    fn write_row(&self, row: u64, out: &mut Vec<u8>) {
        let row_key = mix(self.rows_key.wrapping_add(row.wrapping_mul(GOLDEN)));
        match self.planned(row) {
            None => self.write_cells(row, row_key, self.sources.len(), out),
            Some((fault, stream)) => self.write_damaged(fault, stream, row_key, out),
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The first `count` cells, joined by commas.
    #[inline(always)]
    fn write_cells(&self, row: u64, row_key: u64, count: usize, out: &mut Vec<u8>) {
        for (i, source) in self.sources[..count].iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            source.write(row, row_key, out);
        }
    }

    #[inline(never)]
    fn write_damaged(&self, fault: Fault, mut stream: Stream, row_key: u64, out: &mut Vec<u8>) {
        let row = fault.row;
        match (fault.kind, fault.column) {
            (FaultKind::HeaderAgain, _) => out.extend_from_slice(self.header.trim_ascii_end()),
            (FaultKind::MissingCells, Some(first)) => self.write_cells(row, row_key, first, out),
            (FaultKind::BlankLine, _) => {
                out.extend_from_slice(b"\r\n");
                self.write_cells(row, row_key, self.sources.len(), out);
            }
            (FaultKind::ExtraCells, _) => {
                self.write_cells(row, row_key, self.sources.len(), out);
                out.extend_from_slice(&fault::extra_cells(&mut stream));
            }
            (kind, place) => {
                for (i, (source, &column)) in self.sources.iter().zip(&self.columns).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    let start = out.len();
                    source.write(row, row_key, out);
                    if Some(i) == place {
                        let cell = fault::damage(kind, column, &out[start..], self.columns.len() == 1, &mut stream);
                        out.truncate(start);
                        out.extend_from_slice(&cell);
                    }
                }
            }
        }
    }
}

/// The file in chunks of 64 KiB, each ending with a record (the last one may be shorter).
impl Iterator for Generator {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        // Room for the record that passes the mark.
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + 1024);
        self.fill(&mut chunk, CHUNK_BYTES);
        (!chunk.is_empty()).then_some(chunk)
    }
}
