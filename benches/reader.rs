//! How fast bytes become rows.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rowcast::domain::{Escape, Limits, ReadOptions};
use rowcast::reader::scan::{Grammar, Scan, Scanner};
use rowcast::reader::{Item, Reader};
use std::fmt::Write;
use std::hint::black_box;

const ROWS: u64 = 100_000;

/// Eight columns, about 90 bytes a row.
fn file(name: &str) -> Vec<u8> {
    let mut text = String::from("id,name,email,phone,street,zip,city,amount\r\n");
    for i in 0..ROWS {
        let (person, street) = match name {
            "quoted" => (format!("\"Lind, Ana {}\"", i % 90), format!("\"Quay \"\"{}\"\"\"", i % 900)),
            "accented" => (format!("Zoë Lindström {}", i % 90), format!("Hafenstraße {}", i % 900)),
            _ => (format!("Ana Lindqvist {}", i % 90), format!("Harbour St {}", i % 900)),
        };
        let email = i % 90_000;
        write!(text, "{i:07},{person},a{email:05}@example.org,+46 70 123 45,{street},01234,Malmoe,{i}.50\r\n").unwrap();
    }
    text.into_bytes()
}

fn read(text: &[u8], piece: usize) -> u64 {
    let mut reader = Reader::new(&Limits::default(), &ReadOptions::default());
    let mut rest = text;
    let mut rows = 0;
    loop {
        match reader.next() {
            Ok(Item::Row(row)) => rows += u64::from(!black_box(&row).cells.is_empty()),
            Ok(Item::NeedMore) if rest.is_empty() => reader.finish(),
            Ok(Item::NeedMore) => {
                let (now, later) = rest.split_at(piece.min(rest.len()));
                reader.space(piece)[..now.len()].copy_from_slice(now);
                reader.commit(now.len());
                rest = later;
            }
            Ok(Item::End) => return rows,
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// The strict scanner alone, on windows that begin with a whole record; the header is a record like any other.
fn scan(text: &[u8], window: usize) -> u64 {
    let mut scanner = Scanner::new(Grammar {
        delimiter: ",".into(),
        quote: Some(b'"'),
        escape: Escape::Doubled,
        comment: None,
        columns: 8,
        record_bytes_max: 1 << 20,
        field_bytes_max: 1 << 18,
    });
    let (mut start, mut end, mut rows) = (0, 0, 0);
    while start < text.len() {
        if text[start] == b'\n' {
            start += 1;
            continue;
        }
        let record = &text[start..end.max(start)];
        match scanner.scan(record, end == text.len()) {
            Scan::Clean { len, .. } => {
                rows += u64::from(!black_box(scanner.cells(record)).is_empty());
                start += len;
            }
            Scan::NeedMore => end = text.len().min(end + window),
            Scan::Suspicious => panic!("row {rows} is suspicious"),
        }
    }
    rows
}

/// csv-core alone with a UTF-8 check: what the reader is measured against.
fn csv_core(mut text: &[u8]) -> u64 {
    let mut core = csv_core::Reader::new();
    let (mut out, mut ends) = (vec![0; 4096], vec![0; 64]);
    let (mut rows, mut written, mut cells) = (0, 0, 0);
    loop {
        let (result, read, w, c) = core.read_record(text, &mut out[written..], &mut ends[cells..]);
        (text, written, cells) = (&text[read..], written + w, cells + c);
        match result {
            csv_core::ReadRecordResult::Record => {
                rows += u64::from(std::str::from_utf8(black_box(&out[..written])).is_ok());
                (written, cells) = (0, 0);
            }
            csv_core::ReadRecordResult::End => return rows,
            _ => {}
        }
    }
}

/// The crate that most programs use.
fn csv(text: &[u8]) -> u64 {
    let mut reader = csv::Reader::from_reader(text);
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    while reader.read_record(&mut record).expect("the file is clean") {
        rows += u64::from(!black_box(&record).is_empty());
    }
    rows
}

/// The fastest crate known, with the same UTF-8 check.
fn simd_csv(text: &[u8]) -> u64 {
    let mut reader = simd_csv::Reader::from_reader(text);
    let mut record = simd_csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).expect("the file is clean") {
        rows += u64::from(std::str::from_utf8(black_box(&record).as_slice()).is_ok());
    }
    rows
}

/// Aim: 600 MB/s of `plain` for rowcast.
fn reader(c: &mut Criterion) {
    let mut group = c.benchmark_group("reader");
    for name in ["plain", "accented", "quoted"] {
        let text = file(name);
        assert_eq!(read(&text, 64 << 10), ROWS);
        group.throughput(Throughput::ElementsAndBytes { elements: ROWS, bytes: text.len() as u64 });
        group.bench_function(BenchmarkId::new("rowcast", name), |b| b.iter(|| read(&text, 64 << 10)));
        assert_eq!(scan(&text, 64 << 10), ROWS + 1);
        group.bench_function(BenchmarkId::new("scan", name), |b| b.iter(|| scan(&text, 64 << 10)));
        group.bench_function(BenchmarkId::new("csv-core", name), |b| b.iter(|| csv_core(&text)));
        group.bench_function(BenchmarkId::new("csv", name), |b| b.iter(|| csv(&text)));
        group.bench_function(BenchmarkId::new("simd-csv", name), |b| b.iter(|| simd_csv(&text)));
    }
    group.finish();
}

criterion_group!(benches, reader);
criterion_main!(benches);
