//! How a table is written to a file: its dialect, what stands around it, which records are damaged.

use crate::damage::Damage;
use crate::table::Table;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Encoding {
    Utf8,
    Utf8Marked,
    Windows1252,
    Utf16Le,
    Utf16Be,
    /// Without a byte order mark.
    Utf16LeBare,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Header {
    None,
    One,
    /// Groups of columns above their names.
    Two,
}

/// What is written in which way.
#[derive(Debug, Clone)]
pub struct Plan {
    pub table: Table,
    pub delimiter: &'static str,
    pub quote: char,
    /// A quote within quotes stands behind a backslash, instead of being doubled.
    pub backslash: bool,
    pub quotes_all: bool,
    pub line_end: &'static str,
    /// Line ends after the last record.
    pub last_line_ends: usize,
    pub encoding: Encoding,
    /// Lines that are no records, as they stand, with the index of the row before which they do. `rows.len()` is the end.
    pub lines: Vec<(usize, String)>,
    /// Lines before everything.
    pub preamble: Vec<String>,
    pub header: Header,
    /// Rows of a second table with the same header, that is not to be read.
    pub second_table: usize,
    pub damaged: Vec<(usize, Damage)>,
}

/// A file, and the truth about it.
#[derive(Debug)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
    /// None where the file does not say.
    pub columns: Option<Vec<String>>,
    pub rows: Vec<Vec<String>>,
    /// Numbers of the rows, from 1, of which something has to be said.
    pub damaged: Vec<u64>,
    /// Lines, from 1, that are no rows, and of which something has to be said.
    pub skipped: Vec<u64>,
}

impl Plan {
    /// RFC 4180.
    pub fn of(table: Table) -> Self {
        Self {
            table,
            delimiter: ",",
            quote: '"',
            backslash: false,
            quotes_all: false,
            line_end: "\r\n",
            last_line_ends: 1,
            encoding: Encoding::Utf8,
            lines: Vec::new(),
            preamble: Vec::new(),
            header: Header::One,
            second_table: 0,
            damaged: Vec::new(),
        }
    }

    /// The file. Damage to a row changes the truth about it where nobody could know better.
    pub fn write(mut self, name: String) -> File {
        let mut lines: Vec<String> = Vec::new();
        let mut skipped: Vec<u64> = Vec::new();
        // Cells with line breaks are written in one piece: how many lines there are is counted.
        let count = |lines: &[String]| lines.iter().map(|line| 1 + line.matches(self.line_end).count() as u64).sum();
        let skip = |lines: &mut Vec<String>, skipped: &mut Vec<u64>, line: &str| {
            lines.push(line.to_owned());
            skipped.push(count(lines));
        };
        for line in &self.preamble {
            skip(&mut lines, &mut skipped, line);
        }
        let names = self.record(&self.table.columns);
        match self.header {
            Header::None => {}
            Header::One => lines.push(names.clone()),
            Header::Two => {
                let groups: Vec<_> = (0..self.table.columns.len()).map(|i| format!("Part {}", i / 2 + 1)).collect();
                lines.push(self.record(&groups));
                lines.push(names.clone());
            }
        }
        let mut damaged = Vec::new();
        let mut rows = self.table.rows.clone();
        for (index, cells) in rows.iter_mut().enumerate() {
            for (_, line) in self.lines.iter().filter(|(before, _)| *before == index) {
                skip(&mut lines, &mut skipped, line);
            }
            match self.damaged.iter().find(|(row, _)| *row == index) {
                Some((_, damage)) => {
                    lines.push(damage.write(&self, cells));
                    damaged.push(index as u64 + 1);
                }
                None => lines.push(self.record(cells)),
            }
        }
        for (_, line) in self.lines.iter().filter(|(before, _)| *before >= rows.len()) {
            skip(&mut lines, &mut skipped, line);
        }
        if self.second_table > 0 {
            skip(&mut lines, &mut skipped, &names);
            for cells in &self.table.rows[..self.second_table] {
                skip(&mut lines, &mut skipped, &self.record(cells));
            }
        }
        let text = lines.join(self.line_end) + &self.line_end.repeat(self.last_line_ends);
        let columns = (self.header != Header::None).then(|| std::mem::take(&mut self.table.columns));
        File { name, bytes: self.encoding.bytes(&text), columns, rows, damaged, skipped }
    }

    pub fn record(&self, cells: &[String]) -> String {
        cells.iter().map(|cell| self.cell(cell)).collect::<Vec<_>>().join(self.delimiter)
    }

    /// A cell, in quotes where it needs them.
    pub fn cell(&self, cell: &str) -> String {
        let needs = cell.contains([self.quote, '\r', '\n']) || cell.contains(self.delimiter.trim_end());
        if !(needs || self.quotes_all) {
            return cell.to_owned();
        }
        let escape = if self.backslash { '\\' } else { self.quote };
        let inner = cell.replace(self.quote, &format!("{escape}{}", self.quote));
        format!("{quote}{inner}{quote}", quote = self.quote)
    }
}

impl Encoding {
    fn bytes(self, text: &str) -> Vec<u8> {
        let utf16 = |bytes: fn(u16) -> [u8; 2], text: String| text.encode_utf16().flat_map(bytes).collect();
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8Marked => format!("\u{feff}{text}").into_bytes(),
            Self::Utf16Le => utf16(u16::to_le_bytes, format!("\u{feff}{text}")),
            Self::Utf16Be => utf16(u16::to_be_bytes, format!("\u{feff}{text}")),
            Self::Utf16LeBare => utf16(u16::to_le_bytes, text.to_owned()),
            Self::Windows1252 => text.chars().map(windows_1252).collect(),
        }
    }
}

/// The letters that Western European files have.
///
/// # Panics
/// For a letter that the encoding does not have, or that no table here needs.
fn windows_1252(letter: char) -> u8 {
    match letter {
        '€' => 0x80,
        '’' => 0x92,
        '–' => 0x96,
        '\0'..='\u{7f}' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(letter)).expect("it is below 256"),
        _ => panic!("{letter:?} is no letter of windows-1252"),
    }
}
