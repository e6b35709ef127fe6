//! Files that are not RFC 4180 in UTF-8, or whose reading has to be found out: what that costs.
//!
//! A file that is not read to as many rows as it has comes out with 0 rows/s, not as an error: how well files are read
//! is for `tests/reading` to say.

use super::csv::File;
use super::http::{Upload, send};
use super::server::Server;
use super::watcher::Watcher;
use super::{Line, Options, per_second};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::time::Instant;

/// What a scenario's lines are called, and the rows in a second that are aimed at.
struct Names {
    client: &'static str,
    rows: &'static str,
    memory: &'static str,
    aim: &'static str,
}

/// The file that `live` sends as well: what it costs to find out how it is read must not be seen.
pub fn clean(options: &Options, file: &File) -> Vec<Line> {
    let names = Names {
        client: "reading-clean",
        rows: "reading: clean with detection",
        memory: "reading: clean, server's peak memory",
        aim: "2000000",
    };
    one(options, file, &names)
}

/// Every tenth record is one that no reader of RFC 4180 gets right.
pub fn dirty(options: &Options, file: &File) -> Vec<Line> {
    let names = Names {
        client: "reading-dirty",
        rows: "reading: 10 % dirty records",
        memory: "reading: 10 % dirty, server's peak memory",
        aim: "300000",
    };
    one(options, &file.written(file.header.clone(), dirtied(file)), &names)
}

/// As a spreadsheet saves "Unicode text": little-endian, with a byte order mark.
pub fn utf16(options: &Options, file: &File) -> Vec<Line> {
    let names = Names {
        client: "reading-utf-16",
        rows: "reading: utf-16",
        memory: "reading: utf-16, server's peak memory",
        aim: "400000",
    };
    let encoded = |text: &[u8]| -> Vec<u8> {
        let text = std::str::from_utf8(text).expect("the clean file is UTF-8");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let header = [b"\xff\xfe".to_vec(), encoded(&file.header)].concat();
    one(options, &file.written(header, encoded(&file.block)), &names)
}

/// Of several members (RFC 1952, section 2.2), as they come out when compressed files are put together.
pub fn gzip(options: &Options, file: &File) -> Vec<Line> {
    let names = Names {
        client: "reading-gzip",
        rows: "reading: gzip",
        memory: "reading: gzip, server's peak memory",
        aim: "400000",
    };
    let member = |text: &[u8]| -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    };
    one(options, &file.written(member(&file.header), member(&file.block)), &names)
}

/// One upload, one watcher that was there before it.
fn one(options: &Options, file: &File, names: &Names) -> Vec<Line> {
    let server = Server::start();
    let watcher = Watcher::attach(server.address, names.client, "");
    let watching = std::thread::spawn({
        let rows = options.rows;
        move || watcher.rows_or_end(rows)
    });
    let begun = Instant::now();
    let answer = send(server.address, names.client, Upload { file, rows: options.rows });
    let (rate, peak) = if answer.rows() == Some(options.rows) {
        let seen = watching.join().expect("the watcher ends").expect("every row is shown");
        (per_second(options.rows, seen.last - begun), server.peak_mib())
    } else {
        eprintln!("{}: {} rows were sent, the answer was {}", names.rows, options.rows, answer.in_short());
        let peak = server.peak_mib();
        // Without the server the watcher ends, whatever it still waits for.
        drop(server);
        let _ = watching.join();
        (0.0, peak)
    };
    vec![Line::one(names.rows, "rows/s", names.aim, rate), Line::one(names.memory, "MiB", "64", peak)]
}

/// The block with every tenth record damaged, each way in turn. A damaged record is still one line.
fn dirtied(file: &File) -> Vec<u8> {
    let mut block = Vec::with_capacity(file.block.len() + file.block.len() / 10);
    let mut records = ::csv::ReaderBuilder::new().has_headers(false).from_reader(file.block.as_slice());
    let mut lines = file.block.split_inclusive(|byte| *byte == b'\n');
    for (i, record) in records.records().enumerate() {
        let line = lines.next().expect("no cell has a line break");
        match (i % 10, i / 10 % WAYS.len()) {
            (0, way) => {
                let record = record.expect("the clean file can be read");
                let cells: Vec<_> = record.iter().map(|cell| cell.replace([',', '"'], "")).collect();
                block.extend_from_slice(WAYS[way](cells).as_bytes());
                block.extend_from_slice(b"\r\n");
            }
            _ => block.extend_from_slice(line),
        }
    }
    block
}

/// The ways to damage a record, whose cells need no quotes: id, name, email, city, zip, date, amount, company.
const WAYS: [fn(Vec<String>) -> String; 6] = [
    // A delimiter is missing.
    |cells| format!("{}{}", cells[..5].join(","), cells[5..].join(",")),
    // One is there twice.
    |cells| format!("{},,{}", cells[..3].join(","), cells[3..].join(",")),
    // A cell has one in it, and no quotes.
    |cells| format!("{},{}, and Sons", cells[..7].join(","), cells[7]),
    // A quote that opens nothing.
    |cells| format!("{},the \"{},{}", cells[0], cells[1], cells[2..].join(",")),
    // Quotes in a quoted cell, not doubled.
    |cells| format!("{},\"the \"{}\", Ltd\"", cells[..7].join(","), cells[7]),
    // Another delimiter.
    |cells| cells.join(";"),
];
