//! That every line of a file is told of: as part of a row, of the header, or of a problem that says why it is neither.

use crate::read::Told;
use rowcast::domain::{ProblemCode, Severity};
use std::collections::{HashMap, HashSet};

/// The lines that nothing stands for, from 1.
pub fn lines_not_told(told: &Told) -> Vec<u64> {
    let text = told.text.strip_prefix('\u{feff}').unwrap_or(&told.text);
    let ended = text.is_empty() || text.ends_with(['\r', '\n']);
    let lines = breaks(text) + u64::from(!ended);
    let mut known = HashSet::new();
    // Of each row, and of the header as none: where it begins, and how many lines it is.
    let mut records: HashMap<Option<u64>, (u64, u64)> = HashMap::new();
    for row in &told.rows {
        let span = 1 + row.cells.iter().map(|cell| breaks(cell)).sum::<u64>();
        records.insert(Some(row.number), (row.line, span));
    }
    for problem in &told.problems {
        let span = 1 + breaks(&problem.raw);
        let is_no_record = problem.row.is_none() && problem.severity == Severity::Skipped;
        let is_not_kept =
            matches!(problem.code, ProblemCode::RecordTooLong | ProblemCode::FieldTooLong | ProblemCode::TooManyCells);
        if is_no_record || is_not_kept {
            known.extend(problem.line..problem.line + span);
        } else {
            // Line breaks of a record may not be part of any cell, where lines were put together or a name was made up.
            let of = records.entry(problem.row).or_insert((problem.line, span));
            of.1 = of.1.max(span);
        }
    }
    let header = records.remove(&None);
    for (line, span) in records.into_values() {
        known.extend(line..line + span);
    }
    if told.header_rows > 0 && !told.columns.is_empty() {
        let named = u64::from(told.header_rows) + told.columns.iter().map(|name| breaks(name)).sum::<u64>();
        // Blank lines and comments may stand between the header's records.
        let first_row = told.rows.first().map_or(lines + 1, |row| row.line);
        let free: Vec<u64> = (1..=lines).filter(|line| !known.contains(line)).collect();
        // A header that was repaired may have lost line breaks that stood within its quotes.
        let quoted = |line: &u64| line_of(text, *line).contains(['"', '\'']);
        let above = free.iter().filter(|line| **line < first_row).copied();
        let more: Vec<u64> = if free.iter().take(named as usize).any(quoted) { above.collect() } else { Vec::new() };
        known.extend(free.into_iter().take(named as usize).chain(more));
        known.extend(header.into_iter().flat_map(|(line, span)| line..line + span));
    }
    (1..=lines).filter(|line| !known.contains(line)).collect()
}

/// The text of a line, counted from 1.
fn line_of(text: &str, line: u64) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').nth(line as usize - 1).unwrap_or_default().to_owned()
}

/// CRLF, LF and CR, each of which ends a line.
fn breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |(i, byte): (usize, &u8)| *byte == b'\r' || *byte == b'\n' && (i == 0 || bytes[i - 1] != b'\r');
    bytes.iter().enumerate().filter(|&at| ends(at)).count() as u64
}

mod tests {
    use super::*;
    use crate::read::read;

    #[test]
    fn a_line_that_is_lost_is_seen() {
        let whole = || read(b"a,b\n1,\"2\n2\"\n\n3,4\n5,6").expect("it can be read");
        assert_eq!(lines_not_told(&whole()), [0; 0]);
        for (index, lines) in [(0, vec![2, 3]), (1, vec![5]), (2, vec![6])] {
            let mut told = whole();
            told.rows.remove(index);
            assert_eq!(lines_not_told(&told), lines);
        }
        let blank = Told { problems: Vec::new(), ..whole() };
        assert_eq!(lines_not_told(&blank), [4]);
        assert_eq!(lines_not_told(&Told { header_rows: 0, ..whole() }), [1]);
    }
}
