//! What the columns hold, for people: types, ranges, examples.

use super::class::{is_date, is_email, is_money, is_null_word, is_number, is_time};
use super::fields::Fields;
use super::tally::tally;
use super::{dates, numbers};
use crate::domain::{ColumnProfile, ReadOptions, ValueType};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Texts of one column that a category has at most.
const CATEGORIES_MAX: usize = 24;
/// Examples of a column.
const EXAMPLES_MAX: usize = 3;
/// Characters of an example, of a least and of a greatest value.
const CHARS_MAX: usize = 80;
/// The share of a column's values that must be of a type: the rest may be mistakes.
const OF_TYPE_PERCENT: u64 = 95;

/// What the rows say of their columns, and of the numbers in all of them.
pub(super) struct Profiled {
    pub columns: Vec<ColumnProfile>,
    /// What stands before the fraction of a number, if something does.
    pub decimal: Option<char>,
    /// What stands between its thousands, if something does.
    pub thousands: Option<char>,
}

/// Profiles the columns with these names by the rows. A name may have no cells: a header can be longer than its rows.
pub(super) fn profile(names: &[String], rows: &[&Fields<'_>], options: &ReadOptions) -> Profiled {
    let mut columns = Vec::with_capacity(names.len());
    let mut separated = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let cells = tally(rows, at);
        separated.extend(numbers::separated(&cells));
        let mut column = Column::of(&cells, &options.null_values);
        column.find_examples(rows, at);
        columns.push(column.finish(name, rows.len() as u64));
    }
    let decimal = options.decimal.or_else(|| numbers::decimal(&separated));
    Profiled { columns, decimal, thousands: numbers::thousands(&separated, decimal) }
}

/// A text that stands for a value.
struct Value<'t> {
    text: &'t str,
    value_type: ValueType,
}

#[derive(Default)]
struct Column<'t> {
    nulls: u64,
    types: BTreeMap<ValueType, u64>,
    /// Every one once, in their order.
    values: Vec<Value<'t>>,
    examples: Vec<&'t str>,
    dates: BTreeMap<dates::Written, u64>,
}

impl<'t> Column<'t> {
    fn of(cells: &[(&'t str, u32)], null_values: &[String]) -> Self {
        let mut column = Self::default();
        for &(cell, times) in cells {
            let (text, times) = (cell.trim(), u64::from(times));
            if text.is_empty() || is_null_word(text) || null_values.iter().any(|null| null == cell) {
                column.nulls += times;
                continue;
            }
            let value_type = type_of(text);
            *column.types.entry(value_type).or_default() += times;
            if matches!(value_type, ValueType::Date | ValueType::Datetime) {
                *column.dates.entry(dates::written(text)).or_default() += times;
            }
            column.values.push(Value { text: cell, value_type });
        }
        column
    }

    /// The first values in the order of the rows.
    fn find_examples(&mut self, rows: &[&'t Fields<'_>], at: usize) {
        for cell in rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| &**cell) {
            if self.examples.len() == EXAMPLES_MAX.min(self.values.len()) {
                return;
            }
            let is_value = self.values.binary_search_by(|value| value.text.cmp(cell)).is_ok();
            if is_value && !self.examples.contains(&cell) {
                self.examples.push(cell);
            }
        }
    }

    fn value_type(&self) -> ValueType {
        let all: u64 = self.types.values().sum();
        let count = |value_type| -> u64 {
            self.types.iter().filter(|(found, _)| accepts(value_type, **found)).map(|(_, times)| times).sum()
        };
        let is = |value_type| all > 0 && count(value_type) * 100 >= all * OF_TYPE_PERCENT;
        let binary = self.values.len() == 2 && self.values.iter().all(|value| matches!(value.text, "0" | "1"));
        if self.types.get(&ValueType::Boolean).is_some_and(|times| times * 100 >= all * OF_TYPE_PERCENT)
            || all > 3 && binary
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
        let few = self.values.len() <= CATEGORIES_MAX;
        if few && all >= 4 * self.values.len() as u64 && all > 0 { ValueType::Category } else { ValueType::Text }
    }

    fn finish(self, name: &str, rows: u64) -> ColumnProfile {
        let value_type = self.value_type();
        let is_dates = matches!(value_type, ValueType::Date | ValueType::Datetime);
        let (date_format, date_format_or) = if is_dates { dates::format(&self.dates) } else { (None, None) };
        // A mistake among numbers is neither the least nor the greatest of them.
        let values = self.values.iter().filter(|value| accepts(value_type, value.value_type)).map(|value| value.text);
        let (min, max) = match (value_type, &date_format) {
            (ValueType::Integer | ValueType::Number | ValueType::Currency, _) => extremes(values, numbers::value),
            (_, Some(format)) => extremes(values, |text| dates::key(text, format)),
            _ => extremes(values, |_| ()),
        };
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

/// The least and the greatest text by its key, if that compares; of texts with the same by itself.
fn extremes<'t, K: PartialOrd>(
    texts: impl Iterator<Item = &'t str>,
    key: impl Fn(&'t str) -> K,
) -> (Option<&'t str>, Option<&'t str>) {
    let keyed = texts.map(|text| (key(text), text)).filter(|(key, _)| key.partial_cmp(key).is_some());
    let keyed: Vec<(K, &str)> = keyed.collect();
    let order = |one: &&(K, &'t str), other: &&(K, &'t str)| {
        one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal).then_with(|| one.1.cmp(other.1))
    };
    let text = |found: Option<&(K, &'t str)>| found.map(|(_, text)| *text);
    (text(keyed.iter().min_by(order)), text(keyed.iter().max_by(order)))
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
