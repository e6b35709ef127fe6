//! How the numbers of a file are written, and what they are worth.

use super::class::is_number;
use std::collections::BTreeMap;

/// What can stand within a number besides digits and signs.
const SEPARATORS: [char; 4] = [',', '.', ' ', '\''];

/// The numbers among `cells` in which a separator stands, with how often each is there.
pub(super) fn separated<'t>(cells: &[(&'t str, u32)]) -> impl Iterator<Item = (&'t str, u32)> {
    let texts = cells.iter().map(|(cell, times)| (cell.trim(), *times));
    texts.filter(|(text, _)| {
        // Hardly anything else begins so: a look at each character of all other cells would be for nothing.
        text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.' | ','))
            && text.contains(SEPARATORS)
            && is_number(text)
    })
}

/// The decimal separator that numbers use, if they use one.
pub(super) fn decimal(numbers: &[(&str, u32)]) -> Option<char> {
    let (mut points, mut commas) = (0, 0);
    for (text, times) in numbers {
        match text.rfind(['.', ',']).map(|at| (text.as_bytes()[at], text.len() - at - 1)) {
            // Three digits could be a group of thousands.
            Some((b'.', digits)) if digits != 3 => points += times,
            Some((b',', digits)) if digits != 3 => commas += times,
            _ => {}
        }
    }
    (points + commas > 0).then_some(if commas > points { ',' } else { '.' })
}

/// What stands between the thousands of numbers, if something does. A separator that stands once, before three digits, is
/// one only where it is not the decimal separator.
pub(super) fn thousands(numbers: &[(&str, u32)], decimal: Option<char>) -> Option<char> {
    let mut found: BTreeMap<char, u32> = BTreeMap::new();
    for (text, times) in numbers {
        let text = text.trim_start_matches(['+', '-']);
        let Some(separator) = text.chars().find(|character| SEPARATORS.contains(character)) else { continue };
        let groups: Vec<&str> = text.split(separator).skip(1).collect();
        let is_group = |group: &&str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
        let (last, others) = groups.split_last().expect("there is text behind a separator");
        let ends =
            is_group(last) || last.len() > 3 && matches!(last.as_bytes()[3], b'.' | b',') && is_group(&&last[..3]);
        if others.iter().all(is_group)
            && ends
            && (groups.len() > 1 || decimal.is_some_and(|decimal| decimal != separator))
        {
            *found.entry(separator).or_default() += times;
        }
    }
    found.into_iter().max_by_key(|(_, times)| *times).map(|(separator, _)| separator)
}

/// A number's value, for comparing only: of points and commas what comes last is before the fraction, unless it stands there
/// several times, or is a single comma before three digits.
pub(super) fn value(text: &str) -> f64 {
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'e' | b'E' | b'+');
    let count = |separator| memchr::memchr_iter(separator, text.as_bytes()).count();
    let (points, commas) = (count(b'.'), count(b','));
    let digits_behind = |at: usize| text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
    let point = match text.rfind(['.', ',']) {
        Some(at) if text.as_bytes()[at] == b'.' => (points == 1).then_some(at),
        Some(at) => (commas == 1 && (points > 0 || digits_behind(at) != 3)).then_some(at),
        None => None,
    };
    if commas == 0 && points < 2 && text.bytes().all(|byte| is_plain(byte) || byte == b'.') {
        return text.parse().unwrap_or(f64::NAN);
    }
    let plain = text.bytes().enumerate().filter_map(|(at, byte)| match byte {
        _ if Some(at) == point => Some('.'),
        _ => is_plain(byte).then_some(char::from(byte)),
    });
    plain.collect::<String>().parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_worth_what_a_reader_would_say() {
        let numbers = [
            ("12", 12.0),
            ("-1.5e3", -1500.0),
            ("1,5", 1.5),
            ("1,500", 1500.0),
            ("1,234,567", 1_234_567.0),
            ("1.234.567", 1_234_567.0),
            ("1.234,5", 1234.5),
            ("1,234.5", 1234.5),
            ("$ 1 234", 1234.0),
            ("12 %", 12.0),
        ];
        for (text, expected) in numbers {
            assert_eq!(value(text), expected, "{text}");
        }
        assert!(value("+-").is_nan());
    }
}
