//! How well the corpus is read: tables cell for cell, and that what was done to a file is told.

use crate::account::lines_not_told;
use crate::corpus::corpus;
use crate::file::File;
use crate::read::{Told, read};

/// Of each pollution's files, in percent: the least that are read exactly, and the least of which every damaged record
/// and every skipped line is told. Raise them when the reader gets better; never lower them.
const LEAST: &[(&str, u32, u32)] = &[
    ("clean", 100, 100),
    ("lines-lf", 100, 100),
    ("lines-cr", 100, 100),
    ("no-last-line-end", 100, 100),
    ("quotes-everywhere", 100, 100),
    ("delimiter-semicolon", 0, 100),
    ("delimiter-tab", 0, 100),
    ("delimiter-pipe", 0, 100),
    ("delimiter-comma-blank", 0, 100),
    ("delimiter-two-pipes", 0, 100),
    ("quote-apostrophe", 0, 100),
    ("escape-backslash", 0, 100),
    ("preamble", 0, 0),
    ("preamble-padded", 0, 0),
    ("footer", 0, 100),
    ("comment-lines", 0, 0),
    ("separator-line", 0, 0),
    ("blank-lines", 100, 100),
    ("no-header", 0, 100),
    ("two-header-rows", 0, 100),
    ("second-table", 0, 0),
    ("missing-delimiter", 0, 100),
    ("doubled-delimiter", 0, 100),
    ("opening-quote", 0, 100),
    ("inner-quote", 100, 0),
    ("bare-quotes", 0, 0),
    ("unquoted-delimiter", 0, 100),
    ("other-delimiter", 0, 100),
    ("line-break", 0, 100),
    ("byte-order-mark", 100, 100),
    ("windows-1252", 0, 100),
    ("utf-16-le", 0, 100),
    ("utf-16-be", 0, 100),
    ("utf-16-le-bare", 0, 100),
    ("several", 0, 0),
];

/// What came of one file.
struct Outcome {
    exact: bool,
    told: bool,
    /// What is wrong, for people.
    why: String,
}

fn outcome(file: &File) -> Outcome {
    let Some(told) = read(&file.bytes) else {
        return Outcome { exact: false, told: false, why: "it cannot be read".to_owned() };
    };
    let mut why = String::new();
    let columns_right = match &file.columns {
        None => told.header_rows == 0,
        // Where several rows name a column, its own name is the last of them.
        Some(names) => {
            told.header_rows > 0
                && names.len() == told.columns.len()
                && names.iter().zip(&told.columns).all(|(name, column)| column.ends_with(name.as_str()))
        }
    };
    if !columns_right {
        why += &format!("columns {:?} ({} rows), not {:?}; ", told.columns, told.header_rows, file.columns);
    }
    let same = |(wanted, found): (&Vec<String>, &Vec<String>)| {
        wanted.len() == found.len() && wanted.iter().zip(found).all(|(a, b)| one_line(a) == one_line(b))
    };
    let found: Vec<_> = told.rows.iter().map(|row| row.cells.clone()).collect();
    let rows_right = file.rows.len() == found.len() && file.rows.iter().zip(&found).all(same);
    if !rows_right {
        let first = file.rows.iter().zip(&found).position(|pair| !same(pair));
        let at = first.unwrap_or(file.rows.len().min(found.len()));
        let (wanted, found_there) = (file.rows.get(at), found.get(at));
        why += &format!(
            "{} rows, not {}; row {}: {found_there:?}, not {wanted:?}; ",
            found.len(),
            file.rows.len(),
            at + 1
        );
    }
    let untold = untold(file, &told);
    if !untold.is_empty() {
        why += &untold;
    }
    Outcome { exact: columns_right && rows_right, told: untold.is_empty(), why }
}

/// Damaged rows and skipped lines that no problem is about, and lines that nothing is about.
fn untold(file: &File, told: &Told) -> String {
    let about_row = |row: &&u64| !told.problems.iter().any(|problem| problem.row == Some(**row));
    let covers = |problem: &rowcast::domain::Problem, line: u64| {
        let breaks = problem.raw.replace("\r\n", "\n").matches(['\n', '\r']).count() as u64;
        (problem.line..=problem.line + breaks).contains(&line)
    };
    let about_line = |line: &&u64| !told.problems.iter().any(|problem| covers(problem, **line));
    let rows: Vec<_> = file.damaged.iter().filter(about_row).collect();
    let lines: Vec<_> = file.skipped.iter().filter(about_line).collect();
    let lost = lines_not_told(told);
    let mut why = String::new();
    for (what, numbers) in [("rows", rows), ("lines", lines), ("lines without anything", lost.iter().collect())] {
        if !numbers.is_empty() {
            why += &format!("nothing is said of {what} {numbers:?}; ");
        }
    }
    why
}

/// A line break that was not quoted may be kept or become a blank.
fn one_line(cell: &str) -> String {
    cell.replace("\r\n", " ").replace(['\r', '\n'], " ")
}

#[test]
fn each_pollution_is_read_as_well_as_it_was() {
    let mut fallen = Vec::new();
    let mut table = format!("{:<24} {:>6} {:>6}\n", "", "exact", "told");
    let (mut files, mut exact_files, mut told_files) = (0, 0, 0);
    for (name, all) in corpus() {
        let outcomes: Vec<_> = all.iter().map(|file| (file, outcome(file))).collect();
        let count = |good: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, outcome)| good(outcome)).count() as u32;
        let (exact, told) = (count(|outcome| outcome.exact), count(|outcome| outcome.told));
        let percent = |count: u32| 100 * count / outcomes.len() as u32;
        (files, exact_files, told_files) = (files + outcomes.len() as u32, exact_files + exact, told_files + told);
        table += &format!("{name:<24} {:>6} {:>6}\n", percent(exact), percent(told));
        let &(_, exact_least, told_least) = LEAST.iter().find(|(kind, ..)| *kind == name).expect("one line for each");
        if percent(exact) < exact_least || percent(told) < told_least {
            fallen.push(format!("{name}: {} % exact, {} % told", percent(exact), percent(told)));
            let bad = outcomes.iter().filter(|(_, outcome)| !outcome.why.is_empty());
            fallen.extend(bad.map(|(file, outcome)| format!("    {}: {}", file.name, outcome.why)));
        }
    }
    let all = |count: u32| 100.0 * f64::from(count) / f64::from(files);
    println!("{table}{:<24} {:>6.1} {:>6.1}", format!("all {files} files"), all(exact_files), all(told_files));
    assert!(fallen.is_empty(), "read worse than before:\n{}", fallen.join("\n"));
}
