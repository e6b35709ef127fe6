//! How the dates of a column are written, and which comes first.

use std::collections::BTreeMap;

/// How a date is written, as far as it alone can tell: the order of its parts, in which `?` stands for a day or a month, and
/// what stands between them, for which the order has `-`.
pub(super) type Written = (&'static str, char);

/// How a date is written.
pub(super) fn written(text: &str) -> Written {
    let day = text.split([' ', 'T']).next().unwrap_or(text);
    if text.bytes().take(11).any(|byte| byte.is_ascii_alphabetic() && byte != b'T') {
        return ("D MMM Y", '-');
    }
    let Some(separator) = day.chars().find(|character| !character.is_ascii_digit()) else { return ("?", '-') };
    let mut parts = day.split(separator);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if first.len() == 4 {
        return ("YYYY-MM-DD", separator);
    }
    let is_over_12 = |part: &str| part.parse::<u32>().is_ok_and(|number| number > 12);
    let last = parts.next_back().unwrap_or(second);
    let order = match (is_over_12(first), is_over_12(second), last.len() == 4) {
        (true, false, true) => "DD-MM-YYYY",
        (true, false, false) => "DD-MM-YY",
        (false, true, true) => "MM-DD-YYYY",
        (false, true, false) => "MM-DD-YY",
        (_, _, true) => "?-?-YYYY",
        (_, _, false) => "?-?-YY",
    };
    (order, separator)
}

/// The format of most dates; with the other one, where nothing tells day and month apart.
pub(super) fn format(dates: &BTreeMap<Written, u64>) -> (Option<String>, Option<String>) {
    let formats = dates.iter().map(|((order, separator), times)| (order.replace('-', &separator.to_string()), times));
    let formats: BTreeMap<String, &u64> = formats.collect();
    let known = formats.iter().filter(|(format, _)| !format.contains('?')).max_by_key(|(_, times)| **times);
    if let Some((format, _)) = known {
        return (Some(format.clone()), None);
    }
    let Some((open, _)) = formats.iter().max_by_key(|(_, times)| **times) else { return (None, None) };
    let as_order = |first: &str, second: &str| open.replacen('?', first, 1).replacen('?', second, 1);
    (Some(as_order("DD", "MM")), Some(as_order("MM", "DD")))
}

/// Year, month, day and the rest, in an order that compares.
pub(super) fn key<'t>(text: &'t str, format: &str) -> (u32, u32, u32, &'t str) {
    let (day, rest) = text.split_at(text.find([' ', 'T']).unwrap_or(text.len()));
    let mut parts = day.split(|character: char| !character.is_ascii_digit()).filter_map(|part| part.parse().ok());
    let mut part = || parts.next().unwrap_or_default();
    let (first, second, third) = (part(), part(), part());
    match format.as_bytes() {
        [b'Y', ..] => (first, second, third, rest),
        [b'M', ..] => (third, first, second, rest),
        _ => (third, second, first, rest),
    }
}
