//! Finds the dialect of a text: how even the records are, times how well their cells fit types, times where its quotes
//! stand.

use super::class::Class;
use super::dialect::Dialect;
use super::fields::{Fields, Split};
use super::lines::line;
use super::repair::name_of;

/// Lines that dialects are judged by, at most.
const LINES_MAX: usize = 300;
/// Bytes that dialects are judged by, at most: a look at more would make the first row late.
const BYTES_MAX: usize = 24 << 10;
/// Records whose cells are classed.
const CLASSED_RECORDS_MAX: usize = 150;
/// Lines that one record may take up while nothing is known of the file.
const LINES_OF_A_RECORD_MAX: usize = 40;

/// Delimiters, with how readily each is believed.
const DELIMITERS: [(&str, f64); 11] = [
    (",", 1.0),
    (";", 1.0),
    ("\t", 1.0),
    ("|", 1.0),
    (" ", 0.6),
    (":", 0.5),
    ("^", 0.5),
    ("~", 0.5),
    ("#", 0.5),
    ("§", 0.5),
    ("\u{1f}", 1.0),
];

/// Further signs that could be delimiters, and how readily they are believed.
const OTHER_SIGNS: &[u8] = b"!$%&*+=@`?<>{}\\";
const SELDOM: f64 = 0.4;

/// What a delimiter that is seldom one must score where no quotes stand by it: words stand behind blanks in any text.
const SELDOM_MIN: f64 = 0.25;

/// The dialect that fits best, and how sure that is.
#[derive(Debug, Clone)]
pub(super) struct Sniffed {
    pub dialect: Dialect,
    pub sure_percent: u8,
    pub why: Vec<String>,
}

/// What is given by whoever sends the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub delimiter: Option<String>,
    /// Some(None): nothing is quoted.
    pub quote: Option<Option<u8>>,
    pub backslash: Option<bool>,
    pub trim: Option<bool>,
}

/// A record of a text that is there as a whole.
#[derive(Debug, Clone)]
pub(super) struct Found<'t> {
    pub fields: Fields<'t>,
    /// Its first byte.
    pub start: usize,
    /// After its terminator, both bytes of a CRLF.
    pub end: usize,
}

/// The record at `start`, reading no further than over so many lines for an open quote; what has none is one line.
pub(super) fn record<'t>(text: &'t [u8], start: usize, dialect: &Dialect, lines_max: usize) -> Found<'t> {
    let rest = &text[start..];
    let (len, mut reach) = line(rest);
    let split = Split::by(dialect);
    let mut fields = split.fields(&rest[..reach]);
    if dialect.comment.is_some_and(|comment| rest.first() == Some(&comment)) {
        fields = split.whole().fields(&rest[..len]);
    } else if fields.open {
        for _ in 1..lines_max {
            reach += line(&rest[reach..]).1;
        }
        fields = split.fields(&rest[..reach]);
        if fields.open {
            fields = split.whole().fields(&rest[..len]);
            fields.odd += 1;
        }
    }
    let end = start + fields.len + line(&rest[fields.len..]).1;
    Found { fields, start, end }
}

/// The records of a text, without blank lines.
pub(super) fn records<'t>(text: &'t [u8], dialect: &Dialect, lines_max: usize) -> impl Iterator<Item = Found<'t>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(b'\r' | b'\n') = text.get(at) {
            at += 1;
        }
        (at < text.len()).then(|| {
            let found = record(text, at, dialect, lines_max);
            at = found.end;
            found
        })
    })
}

/// The width that most records have, and how many have it. Of equals the widest; one cell counts for little.
pub(super) fn usual_width(widths: impl Iterator<Item = usize>) -> (usize, usize) {
    let mut counts = std::collections::BTreeMap::new();
    for width in widths {
        *counts.entry(width).or_insert(0) += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (if *width > 1 { *count } else { 0 }, *width)).unwrap_or((1, 0))
}

/// Finds the dialect of `text`, which ends with a whole line.
pub(super) fn sniff(text: &[u8], given: &Given) -> Sniffed {
    let text = beginning(text);
    let quotes: Vec<Option<u8>> = match given.quote {
        Some(quote) => vec![quote],
        None if has_single_quotes(text) => vec![Some(b'"'), Some(b'\'')],
        None => vec![Some(b'"')],
    };
    // What stands between cells can neither stand around them nor escape within them.
    let of_delimiter = |quote: &Option<u8>| {
        let is_in = |delimiter: &String| quote.is_some_and(|quote| delimiter.as_bytes().contains(&quote));
        given.delimiter.as_ref().is_some_and(is_in)
    };
    let usual: Vec<Option<u8>> = quotes.iter().copied().filter(|quote| !of_delimiter(quote)).collect();
    let quotes = if usual.is_empty() { vec![None] } else { usual };
    let is_taken = |byte: &u8| Some(Some(*byte)) == given.quote || *byte == b'\\' && given.backslash == Some(true);
    let delimiters = match &given.delimiter {
        Some(delimiter) => vec![(delimiter.clone(), 1.0)],
        None => {
            candidates(text).into_iter().filter(|(delimiter, _)| !delimiter.as_bytes().iter().any(is_taken)).collect()
        }
    };
    let mut judged: Vec<(f64, Dialect, usize, f64)> = Vec::new();
    for quote in quotes {
        for (delimiter, belief) in &delimiters {
            // Blanks around quoted cells are no fault of a dialect as long as none is chosen.
            let dialect = Dialect { quote, trim: true, ..Dialect::delimited(delimiter) };
            let (score, width, even) = judge(text, &dialect, *belief);
            judged.push((score, dialect, width, even));
        }
    }
    if given.delimiter.is_none() {
        let dialect = as_given(given);
        judged.push((as_one_column(text, &dialect), dialect, 1, 1.0));
    }
    // The first of equals.
    judged.sort_by(|one, other| other.0.total_cmp(&one.0));
    let second = judged
        .iter()
        .skip(1)
        .find(|(_, dialect, ..)| judged[0].1.delimiter != dialect.delimiter)
        .map_or(0.0, |second| second.0);
    let (score, mut dialect, width, even) = judged.swap_remove(0);
    let mut why = Vec::new();
    if let Some(delimiter) = &given.delimiter {
        why.push(format!("Delimiter: {}, as was said.", name_of(delimiter)));
    } else if width > 1 {
        why.push(format!(
            "Delimiter: {}, since it gives {:.0} % of the records {width} cells.",
            name_of(&dialect.delimiter),
            even * 100.0
        ));
    } else {
        why.push("No delimiter gives even records; it is read as one column.".to_owned());
    }
    match (given.quote, dialect.quote) {
        (Some(_), _) => why.push("Quote: as was said.".to_owned()),
        (None, Some(quote)) if text.contains(&quote) => {
            why.push(format!("Quote: {}, since it stands around cells.", char::from(quote)))
        }
        _ => why.push("Quote: \", the usual one; none stands in the text.".to_owned()),
    }
    let is_padded = width > 1
        && matches!(dialect.delimiter.as_str(), "," | ";" | "|" | "#")
        && is_followed_by_blanks(text, &dialect.delimiter);
    if is_padded && given.trim.is_none() {
        why.push("A blank follows nearly every delimiter; blanks around cells are left out.".to_owned());
    }
    dialect.trim = given.trim.unwrap_or(is_padded);
    dialect.backslash = given
        .backslash
        .unwrap_or_else(|| !dialect.delimiter.contains('\\') && is_escaped_by_backslashes(text, &dialect));
    if dialect.backslash {
        why.push("Quotes within cells stand behind backslashes.".to_owned());
    }
    let sure = if score <= 0.0 { 0.5 } else { score / (score + second) };
    Sniffed { dialect, sure_percent: (sure * 100.0).round().clamp(1.0, 99.0) as u8, why }
}

/// The usual dialect, with the quote that was given.
fn as_given(given: &Given) -> Dialect {
    let quote = given.quote.unwrap_or(Some(b'"'));
    let delimiter = if quote == Some(b',') { ";" } else { "," };
    Dialect { quote, ..Dialect::delimited(delimiter) }
}

/// What could be the delimiter, with how readily it is believed: the usual ones that stand in the text, and any other sign
/// that stands in most lines, equally often.
fn candidates(text: &[u8]) -> Vec<(String, f64)> {
    let usual =
        DELIMITERS.into_iter().filter(|(delimiter, _)| memchr::memmem::find(text, delimiter.as_bytes()).is_some());
    let mut all: Vec<(String, f64)> = usual
        .map(|(delimiter, belief)| {
            let twice = delimiter.repeat(2);
            let count = |what: &str| memchr::memmem::find_iter(text, what.as_bytes()).count();
            // A sign that always stands twice is one delimiter of two bytes.
            let is_double = delimiter != " " && count(delimiter) == 2 * count(&twice);
            (if is_double { twice } else { delimiter.to_owned() }, belief)
        })
        .collect();
    let lines: Vec<&[u8]> = text.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty()).collect();
    let signs = (1..=0x7f_u8).filter(|byte| byte.is_ascii_control() || OTHER_SIGNS.contains(byte));
    let signs = signs.filter(|byte| !matches!(byte, b'\t' | b'\r' | b'\n' | 0x1b | 0x1f));
    for sign in signs.filter(|sign| lines.len() > 1 && lines[0].contains(sign)) {
        let times = memchr::memchr_iter(sign, lines[0]).count();
        let even = lines.iter().filter(|line| memchr::memchr_iter(sign, line).count() == times).count();
        if even * 10 >= lines.len() * 9 {
            all.push((char::from(sign).to_string(), SELDOM));
        }
    }
    all
}

fn beginning(text: &[u8]) -> &[u8] {
    let mut end = 0;
    for _ in 0..LINES_MAX {
        let next = end + line(&text[end..]).1;
        if next == end || end > 0 && next > BYTES_MAX {
            break;
        }
        end = next;
    }
    &text[..end]
}

/// Whether some cell could be in single quotes.
fn has_single_quotes(text: &[u8]) -> bool {
    let is_edge = |byte: Option<&u8>| {
        byte.is_none_or(|byte| matches!(byte, b',' | b';' | b'\t' | b'|' | b' ' | b'#' | b'\r' | b'\n'))
    };
    let mut opened = false;
    memchr::memchr_iter(b'\'', text).any(|at| {
        let closes = opened && is_edge(text.get(at + 1));
        opened = at == 0 || is_edge(text.get(at - 1));
        closes
    })
}

/// How well a dialect fits; with the usual width, and the share of records that have it.
fn judge(text: &[u8], dialect: &Dialect, belief: f64) -> (f64, usize, f64) {
    let records: Vec<Fields> = records(text, dialect, LINES_OF_A_RECORD_MAX).map(|found| found.fields).collect();
    if records.is_empty() {
        return (0.0, 1, 1.0);
    }
    let count = records.len() as f64;
    let (width, of_width) = usual_width(records.iter().map(|fields| fields.cells.len()));
    let even = of_width as f64 / count;
    if width == 1 {
        return (0.001, 1, even);
    }
    let usual: Vec<&Fields> =
        records.iter().filter(|fields| fields.cells.len() == width).take(CLASSED_RECORDS_MAX).collect();
    let (mut typed, mut structured) = (0, 0_u32);
    let mut counts = vec![[0_u32; Class::ALL.len()]; width];
    for (at, fields) in usual.iter().enumerate() {
        for ((cell, quoted), counts) in fields.cells.iter().zip(&fields.quoted).zip(&mut counts) {
            let class = Class::of(cell);
            typed += u32::from(class != Class::Text);
            structured += u32::from(
                !quoted && (cell.contains([',', ';', '\t', '|']) || matches!(cell.as_ref(), "#" | ":" | "^" | "~")),
            );
            // The first is the header, most likely.
            if at > 0 {
                counts[class as usize] += 1;
            }
        }
    }
    let typed = f64::from(typed) / (usual.len() * width) as f64;
    let pure: f64 = counts
        .iter()
        .map(|counts| match counts.iter().sum::<u32>() {
            0 => 1.0,
            all => f64::from(counts.iter().copied().max().unwrap_or_default()) / f64::from(all),
        })
        .sum();
    let odd = f64::from(records.iter().map(|fields| fields.odd).sum::<u32>()) / count;
    let is_usual = belief == 1.0 && of_width > 2;
    // A few long lines are more of a text than many short ones above them.
    let bytes = |width: Option<usize>| -> usize {
        let of_width = records.iter().filter(|fields| width.is_none_or(|width| fields.cells.len() == width));
        of_width.map(|fields| fields.len + 1).sum()
    };
    let evenly = if is_usual { even.max(bytes(Some(width)) as f64 / bytes(None) as f64) } else { even };
    let mut score = evenly.powi(2) * (0.35 + typed) * (0.4 + pure / width as f64) * (1.0 - 1.0 / (width + 1) as f64)
        / (1.0 + 0.7 * odd);
    // Who is seldom a delimiter should leave none of the usual ones within its cells.
    if belief < 1.0 {
        score *= belief * (1.0 - 0.7 * f64::from(structured) / (usual.len() * width) as f64);
    }
    let mut stands_by_quotes = false;
    if let Some(quote) = dialect.quote {
        let quotes = memchr::memchr_iter(quote, text).count();
        let bounding = bounding_quotes(text, quote, dialect.delimiter.as_bytes());
        stands_by_quotes = bounding * 2 > quotes;
        if quotes > 0 {
            score *= 0.8 + 0.4 * (bounding as f64 / quotes as f64).min(1.0);
        }
        if quote == b'\'' {
            score *= if bounding * 10 > quotes * 6 { 0.95 } else { 0.3 };
        }
    }
    if belief < 1.0 && score < SELDOM_MIN && !stands_by_quotes {
        score *= 0.4;
    }
    (score, width, even)
}

/// How well a text fits as a single column: well if its lines are values as they stand.
fn as_one_column(text: &[u8], dialect: &Dialect) -> f64 {
    let cells: Vec<Fields> = records(text, dialect, LINES_OF_A_RECORD_MAX).map(|found| found.fields).collect();
    let below = cells.get(1..).unwrap_or_default();
    let values =
        below.iter().filter(|fields| fields.cells.len() == 1 && Class::of(&fields.cells[0]).is_strong()).count();
    0.12 + values as f64 / below.len().max(1) as f64
}

/// Quotes that stand at the edge of a cell.
fn bounding_quotes(text: &[u8], quote: u8, delimiter: &[u8]) -> usize {
    let ends_line = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b'\r' | b'\n'));
    memchr::memchr_iter(quote, text)
        .filter(|&at| {
            let before = &text[..at];
            let opens = ends_line(before.last())
                || before.ends_with(delimiter)
                || before.strip_suffix(b" ").is_some_and(|before| before.ends_with(delimiter));
            let after = text[at + 1..].strip_prefix(b" ").unwrap_or(&text[at + 1..]);
            opens
                || ends_line(text.get(at + 1))
                || after.starts_with(delimiter)
                || text[at + 1..].starts_with(delimiter)
        })
        .count()
}

fn is_followed_by_blanks(text: &[u8], delimiter: &str) -> bool {
    let delimiter = delimiter.as_bytes()[0];
    let (mut all, mut followed) = (0_u32, 0_u32);
    for at in memchr::memchr_iter(delimiter, text) {
        all += 1;
        followed += u32::from(text.get(at + 1) == Some(&b' '));
    }
    all > 0 && f64::from(followed) / f64::from(all) > 0.85
}

/// Whether quotes within cells stand behind backslashes, and none is doubled.
fn is_escaped_by_backslashes(text: &[u8], dialect: &Dialect) -> bool {
    let Some(quote) = dialect.quote else { return false };
    let delimiter = dialect.delimiter.as_bytes();
    let (mut behind, mut doubled) = (0, 0);
    for at in memchr::memchr_iter(quote, text) {
        let after = &text[at + 1..];
        let ends_cell =
            |rest: &[u8]| rest.is_empty() || rest.starts_with(delimiter) || matches!(rest[0], b'\r' | b'\n');
        behind += u32::from(at > 0 && text[at - 1] == b'\\' && !ends_cell(after));
        doubled += u32::from(
            after.first() == Some(&quote) && !ends_cell(&after[1..]) && at > 0 && !text[..at].ends_with(delimiter),
        );
    }
    behind > doubled
}
