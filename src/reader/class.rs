//! What a cell looks like: its class, by which dialects and repairs are judged.
//!
//! Classes are coarse on purpose: they only have to tell columns apart.

/// The class of a cell's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Class {
    /// Blank, or a usual word for no value.
    Empty,
    Number,
    Date,
    Time,
    Money,
    /// A web or mail address.
    Address,
    /// Capitals and digits, such as `MG-8769`.
    Code,
    /// Text without a blank.
    Word,
    /// Any other text.
    Text,
}

impl Class {
    pub const ALL: [Self; 9] = [
        Self::Empty,
        Self::Number,
        Self::Date,
        Self::Time,
        Self::Money,
        Self::Address,
        Self::Code,
        Self::Word,
        Self::Text,
    ];

    /// Of the text of a cell.
    pub fn of(cell: &str) -> Self {
        let text = cell.trim();
        if text.is_empty() || is_null_word(text) {
            return Self::Empty;
        }
        // Everything that is not plain text holds a digit or an `@`, or is an address.
        let bytes = text.as_bytes();
        if bytes.iter().any(u8::is_ascii_digit) {
            if is_number(text) {
                return Self::Number;
            }
            if is_date(text) {
                return Self::Date;
            }
            if is_time(text) {
                return Self::Time;
            }
            if is_money(text) {
                return Self::Money;
            }
        }
        if is_address(text) {
            return Self::Address;
        }
        if is_code(bytes) {
            return Self::Code;
        }
        if text.contains(' ') { Self::Text } else { Self::Word }
    }

    /// Whether cells of this class are hardly ever names of columns.
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::Number | Self::Date | Self::Time | Self::Money | Self::Address | Self::Code)
    }

    /// The letter it is journalled by.
    pub const fn letter(self) -> char {
        match self {
            Self::Empty => 'E',
            Self::Number => 'N',
            Self::Date => 'D',
            Self::Time => 'T',
            Self::Money => 'M',
            Self::Address => 'A',
            Self::Code => 'C',
            Self::Word => 'w',
            Self::Text => 'W',
        }
    }
}

/// Whether a text usually stands for no value.
pub(super) fn is_null_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "na", "n/a", "nan", "none", "nil", "-", "?", "#n/a"];
    text.len() <= 4 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What is left of a text that is matched from its front.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn one(&mut self, of: impl Fn(u8) -> bool) -> bool {
        let found = self.0.first().is_some_and(|byte| of(*byte));
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn any(&mut self, of: impl Fn(u8) -> bool) -> usize {
        let count = self.0.iter().take_while(|byte| of(**byte)).count();
        self.0 = &self.0[count..];
        count
    }

    fn digits(&mut self) -> usize {
        self.any(|byte| byte.is_ascii_digit())
    }

    fn is_over(self) -> bool {
        self.0.is_empty()
    }
}

/// `-12`, `1.5e-3`, `1,5`, `12 %`, `1,234,567.8`, `1.234,5`, `1 234`.
pub(super) fn is_number(text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    rest.one(|byte| matches!(byte, b'+' | b'-'));
    is_plain_number(rest) || is_grouped_number(rest)
}

fn is_plain_number(mut rest: Rest<'_>) -> bool {
    let whole = rest.digits();
    let point = rest.one(|byte| matches!(byte, b'.' | b','));
    let fraction = if point { rest.digits() } else { 0 };
    if whole + fraction == 0 {
        return false;
    }
    if rest.one(|byte| matches!(byte, b'e' | b'E')) {
        rest.one(|byte| matches!(byte, b'+' | b'-'));
        if rest.digits() == 0 {
            return false;
        }
    }
    rest.one(|byte| byte == b' ');
    rest.one(|byte| byte == b'%');
    rest.is_over()
}

fn is_grouped_number(mut rest: Rest<'_>) -> bool {
    if !(1..=3).contains(&rest.digits()) {
        return false;
    }
    let Some(&separator) = rest.0.first().filter(|byte| matches!(byte, b',' | b' ' | b'.' | b'\'')) else {
        return false;
    };
    while rest.one(|byte| byte == separator) {
        if rest.digits() != 3 {
            return false;
        }
    }
    if rest.one(|byte| matches!(byte, b'.' | b',') && byte != separator) {
        rest.digits();
    }
    rest.one(|byte| byte == b'%');
    rest.is_over()
}

/// Days, with or without a time: `2024-05-06`, `6/5/24`, `06.05.2024 12:30`, `6 May 2024`, `May-24`.
pub(super) fn is_date(text: &str) -> bool {
    let is_separator = |byte: u8| matches!(byte, b'-' | b'/' | b'.');
    let mut rest = Rest(text.as_bytes());
    let day = rest.digits();
    if (1..=4).contains(&day) {
        let mut numeric = rest;
        if numeric.one(is_separator)
            && (1..=2).contains(&numeric.digits())
            && numeric.one(is_separator)
            && (1..=4).contains(&numeric.digits())
        {
            return numeric.is_over() || numeric.one(|byte| matches!(byte, b' ' | b'T')) && begins_with_time(numeric);
        }
    }
    if (1..=2).contains(&day)
        && rest.one(|byte| matches!(byte, b'-' | b' ' | b'/'))
        && (3..=9).contains(&rest.any(|byte| byte.is_ascii_alphabetic()))
        && rest.any(|byte| matches!(byte, b'-' | b' ' | b',' | b'/')) > 0
        && (2..=4).contains(&rest.digits())
    {
        return rest.is_over() || rest.one(|byte| byte == b' ') && begins_with_time(rest);
    }
    false
}

/// The time behind a date: `12:30`, `07:08:09.25Z`, `7:08:09 PM`, `07:08 +02:00`.
fn begins_with_time(mut rest: Rest<'_>) -> bool {
    let is_pair = |rest: &mut Rest<'_>| rest.one(|byte| byte == b':') && rest.digits() == 2;
    if !(1..=2).contains(&rest.digits()) || !is_pair(&mut rest) {
        return false;
    }
    let mut seconds = rest;
    if is_pair(&mut seconds) {
        rest = seconds;
        if rest.one(|byte| matches!(byte, b'.' | b',')) {
            rest.digits();
        }
    }
    rest.one(|byte| byte == b' ');
    let zone = rest.any(|byte| byte.is_ascii_alphabetic());
    if rest.one(|byte| matches!(byte, b'+' | b'-')) {
        rest.digits();
        rest.one(|byte| byte == b':');
        rest.digits();
    }
    zone <= 5 && rest.is_over()
}

/// `12:30`, `1:02:03.5`.
pub(super) fn is_time(text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    if !((1..=2).contains(&rest.digits()) && rest.one(|byte| byte == b':') && rest.digits() == 2) {
        return false;
    }
    if rest.one(|byte| byte == b':') {
        if rest.digits() != 2 {
            return false;
        }
        if rest.one(|byte| byte == b'.') {
            rest.digits();
        }
    }
    rest.is_over()
}

const SIGNS: [char; 5] = ['$', '€', '£', '¥', '₹'];

/// `$1,234.50`, `(£12)`, `12,50 €`.
pub(super) fn is_money(text: &str) -> bool {
    let inner = text.strip_prefix(['-', '(']).unwrap_or(text);
    let amount = if let Some(after) = inner.strip_prefix(SIGNS) {
        after.strip_suffix(')').unwrap_or(after).trim_start()
    } else if let Some(before) = inner.strip_suffix(SIGNS) {
        before.trim_end()
    } else {
        return false;
    };
    let digits = amount.strip_prefix('-').unwrap_or(amount);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.'))
}

/// `https://…`, `a@b.c`.
pub(super) fn is_address(text: &str) -> bool {
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return false;
    }
    let web =
        ["http://", "https://", "ftp://"].iter().any(|scheme| text.starts_with(scheme) && text.len() > scheme.len());
    web || is_email(text)
}

pub(super) fn is_email(text: &str) -> bool {
    // Of hardly any text more is looked at than this.
    let at = memchr::memchr(b'@', text.as_bytes());
    at.map(|at| (&text[..at], &text[at + 1..])).is_some_and(|(name, host)| {
        !name.is_empty()
            && !host.contains('@')
            && host.rsplit_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    })
}

fn is_code(text: &[u8]) -> bool {
    let mut rest = Rest(text);
    (1..=6).contains(&rest.any(|byte| byte.is_ascii_uppercase()))
        && {
            rest.one(|byte| matches!(byte, b'-' | b'_'));
            rest.digits() > 0
        }
        && {
            rest.any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
            rest.is_over()
        }
}

/// The outline of a text: digits as `9`, letters as `a` and `A`, runs as one; of its first 40 characters.
pub(super) fn outline(text: &str) -> String {
    let mut outline = String::new();
    outline_into(text, &mut outline);
    outline
}

/// The same, behind what is in `outline`.
pub(super) fn outline_into(text: &str, outline: &mut String) {
    let mut last = None;
    for character in text.chars().take(40) {
        let kind = match character {
            '0'..='9' => '9',
            'a'..='z' => 'a',
            'A'..='Z' => 'A',
            other => other,
        };
        if last != Some(kind) {
            outline.push(kind);
        }
        last = Some(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_class(class: Class, cells: &[&str]) {
        for cell in cells {
            assert_eq!(Class::of(cell), class, "{cell}");
        }
    }

    #[test]
    fn cells_have_the_class_a_reader_would_give_them() {
        assert_class(Class::Empty, &["", "  ", "NULL", "n/a", "-"]);
        assert_class(
            Class::Number,
            &["0", "-1", "+1.5", "1,5", ".5", "1e-3", "12%", "1,234,567.8", "1.234.567,8", "1 234"],
        );
        assert_class(
            Class::Date,
            &["2024-05-06", "6/5/24", "06.05.2024 12:30", "2024-05-06T07:08:09Z", "6 May 2024", "06-Jan-12"],
        );
        assert_class(Class::Time, &["0:00", "12:30:05", "1:02:03.25"]);
        assert_class(Class::Money, &["$1,234.50", "(£12)", "12,50 €", "-$5", "£ 3"]);
        assert_class(Class::Address, &["http://a", "https://a.b/c?d", "a@b.org"]);
        assert_class(Class::Code, &["MG-8769", "A1", "ABC123-X"]);
        assert_class(Class::Word, &["name", "productId", "a1b2"]);
        assert_class(Class::Text, &["two words", "10 a", "see http://a"]);
    }

    #[test]
    fn an_outline_joins_runs() {
        assert_eq!(outline("MG-8769"), "A-9");
        assert_eq!(outline("Ann Bee 2"), "Aa Aa 9");
    }
}
