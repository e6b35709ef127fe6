//! Words and numbers for people, safe to show.

use std::fmt::Write as _;
use std::time::Duration;

/// The text without anything that a terminal would obey: a cell may hold whatever somebody wrote into a file.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Marks that turn the direction of writing around would let a text look like another.
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => _ = write!(out, "{}", char.escape_unicode()),
            char if char.is_control() => _ = write!(out, "{}", char.escape_unicode()),
            char => out.push(char),
        }
    }
    out
}

/// `1,234 rows`, `1 row`.
pub(super) fn counted(count: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12.3 MiB`.
pub(super) fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec().to_string()
}

/// `0.8 s`, `2:05 min`.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shown_is_obeyed_by_a_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\u{9b}2J\nc\u{202e}d ä"), "a\\u{1b}[31mb\\u{9b}2J\\nc\\u{202e}d ä");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!((counted(1, "row"), counted(1_234, "row")), ("1 row".into(), "1,234 rows".into()));
        let spans = [800, 61_000, 3_720_000].map(|ms| span(Duration::from_millis(ms)));
        assert_eq!(spans, ["0.8 s", "1:01 min", "1:02 h"]);
    }
}
