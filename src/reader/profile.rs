//! What the columns hold, for people: types, ranges, examples.

use super::class::{is_date, is_email, is_money, is_null_word, is_number, is_time};
use super::fields::Fields;
use crate::domain::{ColumnProfile, ValueType};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// Different values of a column that are counted exactly.
const DISTINCT_MAX: usize = 10_000;
/// Texts of one column that a category has at most.
const CATEGORIES_MAX: usize = 24;
/// Examples of a column.
const EXAMPLES_MAX: usize = 3;
/// Characters of an example, of a least and of a greatest value.
const CHARS_MAX: usize = 80;
/// The share of a column's values that must be of a type: the rest may be mistakes.
const OF_TYPE_PERCENT: u64 = 95;

/// Profiles the columns with these names by the rows.
pub(super) fn profiles<'a>(
    names: &[String],
    rows: impl Iterator<Item = &'a Fields>,
    null_values: &[String],
) -> Vec<ColumnProfile> {
    let mut columns: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    let mut count = 0;
    for row in rows {
        count += 1;
        for (column, cell) in columns.iter_mut().zip(&row.cells) {
            column.add(cell, null_values);
        }
    }
    names.iter().zip(columns).map(|(name, column)| column.finish(name, count)).collect()
}

/// The decimal separator that the numbers of the rows use, if they use one.
pub(super) fn decimal<'a>(rows: impl Iterator<Item = &'a Fields>) -> Option<char> {
    let (mut points, mut commas) = (0_u32, 0_u32);
    for cell in rows.flat_map(|row| &row.cells) {
        let text = cell.trim();
        if !is_number(text) {
            continue;
        }
        match text.rfind(['.', ',']).map(|at| (text.as_bytes()[at], text.len() - at - 1)) {
            // Three digits could be a group of thousands.
            Some((b'.', digits)) if digits != 3 => points += 1,
            Some((b',', digits)) if digits != 3 => commas += 1,
            _ => {}
        }
    }
    (points + commas > 0).then_some(if commas > points { ',' } else { '.' })
}

/// What stands between the thousands of the rows' numbers, if something does. A separator that stands once, before three
/// digits, is one only where it is not the decimal separator.
pub(super) fn thousands<'a>(rows: impl Iterator<Item = &'a Fields>, decimal: Option<char>) -> Option<char> {
    let mut times: BTreeMap<char, u32> = BTreeMap::new();
    for cell in rows.flat_map(|row| &row.cells) {
        let text = cell.trim().trim_start_matches(['+', '-']);
        if !is_number(text) {
            continue;
        }
        let Some(separator) = text.chars().find(|character| matches!(character, ',' | '.' | ' ' | '\'')) else {
            continue;
        };
        let groups: Vec<&str> = text.split(separator).skip(1).collect();
        let is_group = |group: &&str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
        let (last, others) = groups.split_last().expect("there is text behind a separator");
        let ends =
            is_group(last) || last.len() > 3 && matches!(last.as_bytes()[3], b'.' | b',') && is_group(&&last[..3]);
        if others.iter().all(is_group)
            && ends
            && (groups.len() > 1 || decimal.is_some_and(|decimal| decimal != separator))
        {
            *times.entry(separator).or_default() += 1;
        }
    }
    times.into_iter().max_by_key(|(_, times)| *times).map(|(separator, _)| separator)
}

#[derive(Default)]
struct Column<'a> {
    nulls: u64,
    types: BTreeMap<ValueType, u64>,
    values: HashMap<&'a str, u64>,
    more_values: bool,
    examples: Vec<&'a str>,
    orders: BTreeMap<String, u64>,
}

impl<'a> Column<'a> {
    fn add(&mut self, cell: &'a str, null_values: &[String]) {
        let text = cell.trim();
        if text.is_empty() || is_null_word(text) || null_values.iter().any(|null| null == cell) {
            self.nulls += 1;
            return;
        }
        let value_type = type_of(text);
        *self.types.entry(value_type).or_default() += 1;
        if matches!(value_type, ValueType::Date | ValueType::Datetime) {
            *self.orders.entry(date_format(text)).or_default() += 1;
        }
        if let Some(times) = self.values.get_mut(cell) {
            *times += 1;
        } else if self.values.len() < DISTINCT_MAX {
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push(cell);
            }
            self.values.insert(cell, 1);
        } else {
            self.more_values = true;
        }
    }

    fn value_type(&self) -> ValueType {
        let all: u64 = self.types.values().sum();
        let count = |value_type| -> u64 {
            self.types.iter().filter(|(found, _)| accepts(value_type, **found)).map(|(_, times)| times).sum()
        };
        let is = |value_type| all > 0 && count(value_type) * 100 >= all * OF_TYPE_PERCENT;
        let binary = self.values.len() <= 2 && self.values.keys().all(|value| matches!(*value, "0" | "1"));
        if self.types.get(&ValueType::Boolean).is_some_and(|times| times * 100 >= all * OF_TYPE_PERCENT)
            || all > 3 && binary && self.values.len() == 2
        {
            return ValueType::Boolean;
        }
        const STRICT: [ValueType; 9] = [
            ValueType::Integer,
            ValueType::Number,
            ValueType::Currency,
            ValueType::Date,
            ValueType::Datetime,
            ValueType::Time,
            ValueType::Email,
            ValueType::Url,
            ValueType::Uuid,
        ];
        if let Some(value_type) = STRICT.into_iter().find(|value_type| is(*value_type)) {
            return value_type;
        }
        let few = self.values.len() <= CATEGORIES_MAX && !self.more_values;
        if few && all >= 4 * self.values.len() as u64 && all > 0 { ValueType::Category } else { ValueType::Text }
    }

    fn finish(self, name: &str, rows: u64) -> ColumnProfile {
        let value_type = self.value_type();
        let dates = matches!(value_type, ValueType::Date | ValueType::Datetime);
        let (date_format, date_format_or) = if dates { settle_dates(&self.orders) } else { (None, None) };
        let order = |one: &&str, other: &&str| compare(value_type, date_format.as_deref(), one, other);
        // A mistake among numbers is neither the least nor the greatest of them.
        let is_of_type = |value: &&str| accepts(value_type, type_of(value.trim()));
        let min = self.values.keys().copied().filter(is_of_type).min_by(order);
        let max = self.values.keys().copied().filter(is_of_type).max_by(order);
        ColumnProfile {
            name: name.to_owned(),
            value_type,
            rows,
            nulls: self.nulls,
            distinct: self.values.len() as u64,
            min: min.map(short),
            max: max.map(short),
            examples: self.examples.into_iter().map(short).collect(),
            date_format,
            date_format_or,
        }
    }
}

/// Whether a value of the type `found` is one that a column of `value_type` should have.
fn accepts(value_type: ValueType, found: ValueType) -> bool {
    match value_type {
        ValueType::Text | ValueType::Category | ValueType::Boolean => true,
        ValueType::Number => matches!(found, ValueType::Integer | ValueType::Number),
        ValueType::Datetime => matches!(found, ValueType::Date | ValueType::Datetime),
        _ => value_type == found,
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn type_of(text: &str) -> ValueType {
    if is_number(text) {
        let whole = text.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit());
        return if whole { ValueType::Integer } else { ValueType::Number };
    }
    if is_date(text) {
        return if text.contains(':') { ValueType::Datetime } else { ValueType::Date };
    }
    if is_time(text) {
        return ValueType::Time;
    }
    if is_money(text) {
        return ValueType::Currency;
    }
    if is_email(text) && !text.contains(' ') {
        return ValueType::Email;
    }
    if ["http://", "https://", "ftp://"].iter().any(|scheme| text.starts_with(scheme)) && !text.contains(' ') {
        return ValueType::Url;
    }
    if text.len() == 36 && uuid::Uuid::try_parse(text).is_ok() {
        return ValueType::Uuid;
    }
    const YES_OR_NO: [&str; 8] = ["true", "false", "yes", "no", "t", "f", "y", "n"];
    if YES_OR_NO.iter().any(|word| text.eq_ignore_ascii_case(word)) { ValueType::Boolean } else { ValueType::Text }
}

/// How a date is written, as far as it alone can tell: `?` stands for a day or a month.
fn date_format(text: &str) -> String {
    let day = text.split([' ', 'T']).next().unwrap_or(text);
    if text.bytes().take(11).any(|byte| byte.is_ascii_alphabetic() && byte != b'T') {
        return "D MMM Y".to_owned();
    }
    let Some(separator) = day.chars().find(|character| !character.is_ascii_digit()) else { return "?".to_owned() };
    let parts: Vec<&str> = day.split(separator).collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u32>().ok()).unwrap_or_default();
    if parts[0].len() == 4 {
        return format!("YYYY{separator}MM{separator}DD");
    }
    let year = if parts.last().is_some_and(|year| year.len() == 4) { "YYYY" } else { "YY" };
    let order = match (number(0) > 12, number(1) > 12) {
        (true, false) => format!("DD{separator}MM"),
        (false, true) => format!("MM{separator}DD"),
        _ => format!("?{separator}?"),
    };
    format!("{order}{separator}{year}")
}

/// The format of most dates; with the other one, where nothing tells day and month apart.
fn settle_dates(orders: &BTreeMap<String, u64>) -> (Option<String>, Option<String>) {
    let known = orders.iter().filter(|(format, _)| !format.contains('?')).max_by_key(|(_, times)| **times);
    if let Some((format, _)) = known {
        return (Some(format.clone()), None);
    }
    let Some((open, _)) = orders.iter().max_by_key(|(_, times)| **times) else { return (None, None) };
    let as_order = |first: &str, second: &str| open.replacen('?', first, 1).replacen('?', second, 1);
    (Some(as_order("DD", "MM")), Some(as_order("MM", "DD")))
}

fn compare(value_type: ValueType, date_format: Option<&str>, one: &str, other: &str) -> Ordering {
    let by_number = || number(one).partial_cmp(&number(other));
    let by_date = || date_key(one, date_format?).partial_cmp(&date_key(other, date_format?));
    let order = match value_type {
        ValueType::Integer | ValueType::Number | ValueType::Currency => by_number(),
        ValueType::Date | ValueType::Datetime => by_date(),
        _ => None,
    };
    order.unwrap_or(Ordering::Equal).then_with(|| one.cmp(other))
}

/// A number's value, for comparing only.
fn number(text: &str) -> f64 {
    let plain: String = text
        .chars()
        .filter(|character| character.is_ascii_digit() || matches!(character, '.' | '-' | 'e' | 'E' | '+' | ','))
        .collect();
    let comma_is_point = !plain.contains('.') && plain.split_once(',').is_some_and(|(_, after)| after.len() != 3);
    let plain = if comma_is_point { plain.replace(',', ".") } else { plain.replace(',', "") };
    plain.parse().unwrap_or(f64::NAN)
}

/// Year, month, day and the rest, in an order that compares.
fn date_key(text: &str, format: &str) -> (u32, u32, u32, String) {
    let (day, rest) = text.split_at(text.find([' ', 'T']).unwrap_or(text.len()));
    let parts: Vec<u32> =
        day.split(|character: char| !character.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let (year, month, day) = match format.as_bytes() {
        [b'Y', ..] => (part(0), part(1), part(2)),
        [b'M', ..] => (part(2), part(0), part(1)),
        _ => (part(2), part(1), part(0)),
    };
    (year, month, day, rest.to_owned())
}
