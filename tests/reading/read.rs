//! A file read from its bytes alone, by the reader that the server uses.

use rowcast::domain::{ColumnProfile, Limits, Problem, ReadOptions};
use rowcast::reader::{Item, Reader};

/// What is said of a file.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    /// The file's text, which lines are counted in.
    pub text: String,
    pub columns: Vec<String>,
    pub header_rows: u32,
    pub encoding: String,
    pub decimal: Option<char>,
    pub thousands: Option<char>,
    pub profiles: Vec<ColumnProfile>,
    pub rows: Vec<Row>,
    pub problems: Vec<Problem>,
}

#[derive(Debug, PartialEq)]
pub struct Row {
    pub number: u64,
    pub line: u64,
    pub cells: Vec<String>,
}

/// Reads a file that is there as a whole; none if it cannot be read.
pub fn read(bytes: &[u8]) -> Option<Told> {
    read_with(bytes, &ReadOptions::default())
}

/// The same, with these parts of the reading given.
pub fn read_with(bytes: &[u8], options: &ReadOptions) -> Option<Told> {
    let mut told = Told::default();
    let mut reader = Reader::new(&Limits::default(), options);
    reader.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
    reader.commit(bytes.len());
    reader.finish();
    loop {
        match reader.next() {
            Ok(Item::Header(reading)) => {
                told.columns.clone_from(&reading.columns);
                told.header_rows = reading.header_rows;
                told.encoding.clone_from(&reading.encoding);
                (told.decimal, told.thousands) = (reading.decimal, reading.thousands);
                told.text = text_of(bytes, &reading.encoding);
            }
            Ok(Item::Row(row)) => told.rows.push(Row {
                number: row.number,
                line: row.line,
                cells: row.cells.iter().map(str::to_owned).collect(),
            }),
            Ok(Item::Problem(problem)) => told.problems.push(problem),
            Ok(Item::NeedMore) => panic!("more is needed of a file that is over"),
            Ok(Item::End) => {
                told.profiles = reader.profiles().to_vec();
                return Some(told);
            }
            Err(_) => return None,
        }
    }
}

/// The file's text, as far as its lines are concerned: in every other encoding line ends are the bytes that they are in ASCII.
fn text_of(bytes: &[u8], encoding: &str) -> String {
    let unit_of: fn(&[u8]) -> u32 = match encoding {
        "utf-16le" => |unit| u32::from(u16::from_le_bytes([unit[0], unit[1]])),
        "utf-16be" => |unit| u32::from(u16::from_be_bytes([unit[0], unit[1]])),
        "utf-32le" => |unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]),
        "utf-32be" => |unit| u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]),
        _ => return String::from_utf8_lossy(bytes).into_owned(),
    };
    let width = if encoding.starts_with("utf-16") { 2 } else { 4 };
    // Halves of pairs, and bytes at the end that are no unit, are characters that end no line.
    let whole = bytes.chunks(width).map(|unit| if unit.len() == width { unit_of(unit) } else { u32::MAX });
    whole.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
