//! Cells that a spreadsheet would compute when it opens a CSV file (CWE-1236, "CSV injection").

/// What is put before such a cell: spreadsheets take what follows for text.
pub const MARK: &str = "'";

/// What a formula begins with, in Latin and in full-width form, as typed with an East Asian keyboard.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet may take `cell` for a formula: it begins with a sign, or with a tab or a line break, which some drop
/// before they look. Blanks and what is invisible do not hide a sign. Plain numbers (`-12.5`, `+1,000.00`, `-1e-9`, `-5%`) are
/// none: computing them changes nothing.
///
/// A cell that begins with [`MARK`] and is a formula behind it counts too. So taking one mark off every cell for which this
/// holds gives back exactly what there was.
pub fn is_one(cell: &str) -> bool {
    let bare = cell.trim_start_matches(MARK);
    let shown = bare.trim_start_matches(is_unseen);
    bare.starts_with(['\t', '\r', '\n']) || shown.starts_with(SIGNS) && !is_number(shown.trim_end_matches(' '))
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A sign, digits in groups, an exponent, a percent sign; all but the digits may be missing.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let text = text.strip_suffix('%').unwrap_or(text);
    let (amount, exponent) = match text.split_once(['e', 'E']) {
        Some((amount, exponent)) => (amount, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    amount.strip_prefix('.').unwrap_or(amount).split(['.', ',']).all(is_digits) && exponent.is_none_or(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_known_and_numbers_are_none() {
        for cell in [
            "=1+1",
            "+1+1",
            "-1-1",
            "-2+3+cmd|' /C calc'!A0",
            "@SUM(A1)",
            "-",
            "--5",
            "+-5",
            "-e5",
            "-1e",
            "-1e+",
            "-.",
            "-1.",
            "-1,,5",
            "-1 000",
            "-٣",
            "\t",
            "\r1",
            "\n1",
            "\tx",
            " =1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{200b}@x",
            "\0=1",
            "＝1",
            "－1",
            "'=1",
            "''=1",
            "+49 170 1234567",
        ] {
            assert!(is_one(cell), "{cell:?}");
        }
        for cell in [
            "",
            "a",
            "1-1",
            "a=1",
            "-12.5",
            "+7",
            "-1,234,567.89",
            "-.5",
            "-1e-9",
            "+1E6",
            "-5%",
            " -5 ",
            "'",
            "''",
            "'-5",
            "'a",
            "\"=1",
            "(1)",
            "–",
            "−1",
        ] {
            assert!(!is_one(cell), "{cell:?}");
        }
    }
}
