//! Where the table begins: lines before it, and the records that name its columns.

use super::class::Class;
use super::dialect::Dialect;
use super::fields::{are_blank, filled, is_blank, texts};
use super::judge::Judge;
use super::repair::best_meaning;
use super::sniff::{Found, usual_width};
use crate::domain::Learned;

/// Records at the beginning of a file among which the header is looked for.
const RECORDS_MAX: usize = 60;
/// Records that name columns, at most.
const HEADER_ROWS_MAX: usize = 4;

/// The beginning of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Records before the header.
    pub preamble: usize,
    /// The records of the header; blank ones may stand between them.
    pub head: Vec<usize>,
    /// The columns' names as they are written; empty without a header.
    pub labels: Vec<String>,
    /// The header's last record.
    pub header: Vec<String>,
    pub why: String,
}

/// How many columns there are, by the records that were found with a dialect.
pub(super) fn columns(records: &[Found], dialect: &Dialect, has_header: bool) -> usize {
    let widths =
        || records.iter().filter(|found| !are_blank(&found.fields.cells)).map(|found| found.fields.cells.len());
    let (mut width, mut of_width) = usual_width(widths());
    let count = widths().count();
    // Of equals the first record is right where somebody said that it names the columns.
    if has_header
        && let Some(first) = widths().next().filter(|first| *first > 1)
        && widths().filter(|width| *width == first).count() == of_width
    {
        width = first;
    }
    // Several delimiters in a row may stand between two cells when they are blanks: then the header knows best.
    if dialect.delimiter.trim().is_empty()
        && let Some(first) = widths().next()
        && first > 1
        && widths().filter(|width| *width >= first).count() * 100 > count * 95
    {
        width = first;
        of_width = count;
    }
    let single = widths().filter(|width| *width == 1).count();
    // Few records with a delimiter among many lines without one are lines that hold one by chance.
    if single > of_width && (count - single) * 10 < count * 4 { 1 } else { width }
}

/// A record as it might be meant, for looking at it as a header.
struct Row {
    cells: Vec<String>,
    /// Cells as the dialect has them.
    width: usize,
}

impl Row {
    fn filled(&self) -> usize {
        filled(&self.cells)
    }
}

/// Finds the header among the first of `records` of `text`; `header_rows` where somebody said how many there are.
pub(super) fn layout(
    text: &[u8],
    records: &[Found],
    learned: &Learned,
    dialect: &Dialect,
    header_rows: Option<u32>,
) -> Layout {
    let columns = learned.columns.len();
    let strong: Vec<usize> = (0..columns).filter(|at| is_strong(learned, *at)).collect();
    // Below the first whole record no header is looked for among the suspicious ones.
    let mut below_whole = false;
    let mut rows = Vec::new();
    for found in records.iter().take(RECORDS_MAX) {
        rows.push(as_row(text, found, learned, below_whole || strong.is_empty(), dialect));
        below_whole |=
            found.fields.cells.len() == columns && found.fields.is_strict() && !are_blank(&found.fields.cells);
    }
    let is_data = |row: &Row| is_data(row, learned, &strong);
    let preamble = preamble(&rows, columns, &is_data);
    let body = &rows[preamble..];
    let head = match header_rows {
        Some(said) => (0..body.len().min(said as usize)).collect(),
        None => header(body, records, &strong, learned, &is_data),
    };
    let why = match head.len() {
        0 => "Header: none, since the first record looks like the others.".to_owned(),
        1 => "Header: one record, which looks unlike those below it.".to_owned(),
        more => format!("Header: {more} records, which look unlike those below them."),
    };
    let named: Vec<&Row> = head.iter().map(|at| &body[*at]).collect();
    let labels = labels(&named, columns);
    let header = named.last().map(|row| row.cells.clone()).unwrap_or_default();
    Layout { preamble, head: head.iter().map(|at| preamble + at).collect(), labels, header, why }
}

pub(super) fn is_strong(learned: &Learned, at: usize) -> bool {
    let shape = &learned.columns[at];
    let strong: u32 = Class::ALL
        .iter()
        .filter(|class| class.is_strong())
        .filter_map(|class| shape.classes.get(&class.letter()))
        .sum();
    let empty = shape.classes.get(&Class::Empty.letter()).copied().unwrap_or_default();
    let filled = shape.cells - empty;
    // What stands in a fifth of the rows says what the column is for.
    filled > 0 && filled * 5 >= shape.cells && f64::from(strong) >= 0.6 * f64::from(filled)
}

/// The record with its cells in their columns; by what rows look like, or names where it does not look like a row.
fn as_row(text: &[u8], found: &Found, learned: &Learned, is_row: bool, dialect: &Dialect) -> Row {
    let columns = learned.columns.len();
    let width = found.fields.cells.len();
    let mut cells = texts(&found.fields.cells);
    if columns > 1 && (width != columns || !found.fields.is_strict()) {
        let raw = &text[found.start..found.start + found.fields.len];
        let judge = if is_row || has_strong_words(raw) {
            Judge::Row(learned)
        } else {
            Judge::Header(columns, &dialect.delimiter)
        };
        if let Some(meaning) = best_meaning(raw, &found.fields, judge, dialect) {
            cells = meaning.cells;
        }
    }
    if cells.len() < columns {
        cells.resize(columns, String::new());
    }
    Row { cells, width }
}

/// Whether a fifth of a text's words could be values.
fn has_strong_words(raw: &[u8]) -> bool {
    let text = String::from_utf8_lossy(raw);
    let words: Vec<_> = text.split([',', ';', '\t', '|', ' ', '"']).filter(|word| !word.is_empty()).collect();
    let strong = words.iter().filter(|word| Class::of(word).is_strong()).count();
    strong * 5 >= words.len().max(1)
}

/// Whether a row looks like those of the body: by its strong columns, and by values that stand there as well.
fn is_data(row: &Row, learned: &Learned, strong: &[usize]) -> Option<bool> {
    if row.cells.len() != learned.columns.len() {
        return None;
    }
    let filled = || row.cells.iter().enumerate().filter(|(_, cell)| !is_blank(cell));
    let known =
        filled().filter(|(at, cell)| learned.columns[*at].values.get(*cell).is_some_and(|times| *times > 1)).count();
    if known * 2 > filled().count() && known > 0 {
        return Some(true);
    }
    let classes: Vec<_> =
        strong.iter().map(|at| Class::of(&row.cells[*at])).filter(|class| *class != Class::Empty).collect();
    let fits = classes.iter().filter(|class| class.is_strong()).count();
    (!classes.is_empty()).then_some(fits * 2 >= classes.len())
}

/// How many records stand before the header.
fn preamble(rows: &[Row], columns: usize, is_data: &impl Fn(&Row) -> Option<bool>) -> usize {
    let is_title = |at: usize| {
        let row = &rows[at];
        let filled = row.filled();
        let alone = rows.get(at + 1).is_some_and(|next| next.filled() == 0);
        filled == 0
            || columns > 2 && filled <= (columns / 4).max(1)
            || columns == 2 && filled == 1 && alone
            || row.width < columns && row.width <= (columns / 3).max(1) && filled * 10 < columns * 7
    };
    let mut count = 0;
    while count + 1 < rows.len() && is_title(count) {
        count += 1;
    }
    // A line that is no record of the table, and a whole one below it that could be the header.
    let body =
        (count..rows.len()).find(|at| rows[*at].width == columns && is_data(&rows[*at]) == Some(true)).unwrap_or(count);
    let whole = |row: &Row| row.width == columns && row.filled() * 2 > columns;
    if let Some(first_whole) = (count..body).find(|at| whole(&rows[*at]))
        && rows[count..first_whole].iter().all(|row| row.width != columns || row.filled() == 0)
    {
        count = first_whole;
    }
    count
}

/// Which rows are the header.
fn header(
    rows: &[Row],
    records: &[Found],
    strong: &[usize],
    learned: &Learned,
    is_data: &impl Fn(&Row) -> Option<bool>,
) -> Vec<usize> {
    let Some(first) = rows.first() else { return Vec::new() };
    if strong.is_empty() {
        // Nothing but text: a first record whose cells come again below is a row.
        let again = is_data(first) == Some(true) && learned.columns.iter().any(|shape| shape.cells > 4);
        return if again { Vec::new() } else { vec![0] };
    }
    let mut head: Vec<usize> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        // Blank records may stand between those of a header.
        if row.filled() == 0 && !head.is_empty() {
            continue;
        }
        let is_row = match is_data(row) {
            Some(true) => !head.is_empty() || !names_columns(row, &rows[at + 1..], records, strong),
            Some(false) => false,
            None => !head.is_empty() && !names_the_rest(row, &head, rows),
        };
        if is_row || head.len() == HEADER_ROWS_MAX {
            break;
        }
        head.push(at);
    }
    head
}

/// Whether a row names columns that the header above it leaves without a name.
fn names_the_rest(row: &Row, head: &[usize], rows: &[Row]) -> bool {
    let is_name = |at: usize| row.cells.get(at).is_some_and(|cell| !is_blank(cell));
    let is_free = |at: usize| head.iter().all(|above| rows[*above].cells.get(at).is_none_or(is_blank));
    let free = (0..row.cells.len()).filter(|at| is_name(*at) && is_free(*at)).count();
    free > 1 && free * 2 >= row.filled() && row.cells.iter().all(|cell| !Class::of(cell).is_strong())
}

/// Whether a row is a header all the same, though its cells stand in other rows as well or are values by themselves.
fn names_columns(row: &Row, below: &[Row], records: &[Found], strong: &[usize]) -> bool {
    if has_years(row, strong) {
        return !below.iter().any(|row| has_years(row, strong));
    }
    // It comes again as a whole, and its cells are as different as names are.
    let is_name = |at: &usize| row.cells.get(*at).is_some_and(|cell| !Class::of(cell).is_strong());
    let distinct: std::collections::HashSet<_> = row.cells.iter().filter(|cell| !is_blank(cell)).collect();
    let again = || records.iter().filter(|found| found.fields.cells == row.cells).count() > 1;
    distinct.len() > 1 && distinct.len() == row.filled() && strong.iter().all(is_name) && again()
}

/// Whether the cells of these columns are years that go on by equal steps, as they do above a table.
fn has_years(row: &Row, columns: &[usize]) -> bool {
    let years: Option<Vec<i32>> = columns.iter().map(|at| row.cells.get(*at)?.trim().parse().ok()).collect();
    let Some(years) = years.filter(|years| years.len() > 1) else { return false };
    let step = years[1] - years[0];
    years.iter().all(|year| (1800..=2100).contains(year))
        && (1..=10).contains(&step.abs())
        && years.windows(2).all(|pair| pair[1] - pair[0] == step)
}

/// Joins the names of a header of several records. A name that stands above several columns is written once.
fn labels(head: &[&Row], columns: usize) -> Vec<String> {
    let Some((last, above)) = head.split_last() else { return Vec::new() };
    if above.is_empty() {
        return last.cells.clone();
    }
    let above: Vec<Vec<&str>> = above
        .iter()
        .map(|row| {
            let sparse = row.filled() < columns;
            let mut spread = "";
            row.cells
                .iter()
                .map(|cell| {
                    if !is_blank(cell) || !sparse {
                        spread = cell;
                    }
                    spread
                })
                .collect()
        })
        .collect();
    (0..columns)
        .map(|at| {
            let parts = above.iter().map(|row| row.get(at).copied().unwrap_or_default());
            let parts = parts.chain([last.cells.get(at).map_or("", String::as_str)]);
            parts.filter(|part| !is_blank(part)).collect::<Vec<_>>().join(" ")
        })
        .collect()
}
