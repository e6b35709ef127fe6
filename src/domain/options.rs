//! What somebody says of how a file is to be read, word by word, wherever they say it: in a query, a form, metadata or on
//! a command line. Each of them is read, checked and refused here, and nowhere else.

use super::reading::{Escape, QuoteOption, ReadOptions, Repair};

/// Most records that can name the columns.
const HEADER_ROWS_MAX: u32 = 16;
/// Most lines to skip.
const SKIP_ROWS_MAX: u64 = 10_000;
/// Most texts that stand for no value, and the bytes of the longest.
const NULL_VALUES_MAX: usize = 64;
const NULL_VALUE_BYTES_MAX: usize = 64;

/// What is said, before it is known whether all of it fits together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    options: ReadOptions,
    header: Option<bool>,
    hold: bool,
    said: Vec<(&'static str, String)>,
}

/// A word that cannot be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {what}")]
pub struct BadOption {
    /// Which word.
    pub name: &'static str,
    /// What was found, and what was expected.
    pub what: String,
}

impl Overrides {
    /// Every word that can be said.
    pub const NAMES: [&str; 13] = [
        "delimiter",
        "quote",
        "escape",
        "encoding",
        "header",
        "header_rows",
        "skip_rows",
        "comment",
        "null_values",
        "trim",
        "decimal",
        "repair",
        "hold",
    ];

    /// The word with that name.
    pub fn named(name: &str) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|known| *known == name)
    }

    /// Whether something was said under that name.
    pub fn says(&self, name: &str) -> bool {
        self.said.iter().any(|(said, _)| *said == name)
    }

    /// Says one thing. An empty value says nothing, as forms send it for a field that nobody filled in.
    ///
    /// # Errors
    /// [`BadOption`]: no such value; said before, otherwise.
    pub fn say(&mut self, name: &'static str, value: &str) -> Result<(), BadOption> {
        if value.is_empty() {
            return Ok(());
        }
        if let Some((_, before)) = self.said.iter().find(|(said, before)| *said == name && before != value)
            && name != "null_values"
        {
            return Err(BadOption {
                name,
                what: format!("it is said twice, as {} and {}", shown(before), shown(value)),
            });
        }
        self.set(name, value)
            .map_err(|expected| BadOption { name, what: format!("it is {}; expected {expected}", shown(value)) })?;
        self.said.push((name, value.to_owned()));
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let options = &mut self.options;
        match name {
            "delimiter" => options.delimiter = Some(delimiter(value)?),
            "quote" if value == "none" => options.quote = Some(QuoteOption::None),
            "quote" => options.quote = Some(QuoteOption::Char(one(value).ok_or("one ASCII character, or none")?)),
            "escape" => options.escape = Some(Escape::parse(value).ok_or("doubled or backslash")?),
            "encoding" => options.encoding = Some(encoding(value)?),
            "header" => self.header = Some(boolean(value)?),
            "header_rows" => options.header_rows = Some(number(value, HEADER_ROWS_MAX.into())? as u32),
            "skip_rows" => options.skip_rows = Some(number(value, SKIP_ROWS_MAX)?),
            "comment" => options.comment = Some(one(value).ok_or("one ASCII character")?),
            "null_values" => {
                // All of them or none.
                let mut all = options.null_values.clone();
                null_values(value, &mut all)?;
                options.null_values = all;
            }
            "trim" => options.trim = Some(boolean(value)?),
            "decimal" => options.decimal = Some(one(value).filter(|c| matches!(c, '.' | ',')).ok_or(". or ,")?),
            "repair" => options.repair = Some(Repair::parse(value).ok_or("off, report or fix")?),
            "hold" => self.hold = (value == "review").then_some(true).ok_or("review")?,
            _ => return Err(format!("one of {}", Self::NAMES.join(", "))),
        }
        Ok(())
    }

    /// What was said, and whether the upload is to be held for a review.
    ///
    /// # Errors
    /// [`BadOption`]: two things that cannot both be meant.
    pub fn finish(mut self) -> Result<(ReadOptions, bool), BadOption> {
        let bad = |name, what: String| Err(BadOption { name, what });
        let options = &mut self.options;
        match (self.header, options.header_rows) {
            (Some(false), Some(rows @ 1..)) => {
                return bad("header", format!("it is false, but header_rows is {rows}; expected one of the two"));
            }
            (Some(true), Some(0)) => {
                return bad("header", "it is true, but header_rows is 0; expected one of the two".into());
            }
            (Some(header), None) => options.header_rows = Some(header.into()),
            _ => {}
        }
        let delimiter = options.delimiter.as_deref().unwrap_or_default();
        match options.quote {
            Some(QuoteOption::Char(quote)) if delimiter.contains(quote) => {
                let what = format!("it is {}, which is in the delimiter; expected another character", show(quote));
                return bad("quote", what);
            }
            _ if options.escape == Some(Escape::Backslash) && delimiter.contains('\\') => {
                return bad("escape", "it is backslash, which is in the delimiter; expected another".into());
            }
            Some(QuoteOption::None) if options.escape.is_some() => {
                return bad("escape", "nothing is to be escaped, since quote is none; expected one of the two".into());
            }
            _ => {}
        }
        if let Some(comment) = options.comment {
            let what = format!("it is {}, which is ", show(comment));
            if delimiter.starts_with(comment) {
                return bad("comment", what + "how the delimiter begins; expected another character");
            }
            if options.quote == Some(QuoteOption::Char(comment)) {
                return bad("comment", what + "the quote as well; expected another character");
            }
        }
        Ok((self.options, self.hold))
    }
}

impl ReadOptions {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn delimiter(value: &str) -> Result<String, String> {
    let meant = match value {
        "comma" => ",".to_owned(),
        "semicolon" => ";".to_owned(),
        "tab" => "\t".to_owned(),
        "pipe" => "|".to_owned(),
        "space" => " ".to_owned(),
        other => other.replace("\\t", "\t"),
    };
    let fits = meant.chars().count() <= 2 && !meant.contains(['\r', '\n', '\0']);
    fits.then_some(meant)
        .ok_or_else(|| "one or two characters, or comma, semicolon, tab (also \\t), pipe or space".to_owned())
}

fn encoding(value: &str) -> Result<String, String> {
    let label = value.trim().to_ascii_lowercase();
    // The standard leaves these out, and files have them all the same.
    if matches!(label.as_str(), "utf-32" | "utf-32le" | "utf-32be") {
        return Ok(label);
    }
    let known = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
    let known = known.ok_or("a label of the WHATWG Encoding Standard, such as utf-8, utf-16le or windows-1252")?;
    Ok(known.name().to_ascii_lowercase())
}

fn null_values(value: &str, found: &mut Vec<String>) -> Result<(), String> {
    for text in value.split(',') {
        if text.len() > NULL_VALUE_BYTES_MAX || found.len() == NULL_VALUES_MAX {
            let expected = "texts joined by commas, at most 64 of at most 64 bytes each";
            return Err(expected.to_owned());
        }
        if !found.iter().any(|known| known == text) {
            found.push(text.to_owned());
        }
    }
    Ok(())
}

fn boolean(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "true or false".to_owned())
}

fn number(value: &str, max: u64) -> Result<u64, String> {
    value.parse().ok().filter(|number| *number <= max).ok_or_else(|| format!("a whole number from 0 to {max}"))
}

/// A single character that does not end a line, and is one byte in every text that is read.
fn one(value: &str) -> Option<char> {
    let mut chars = value.chars();
    let first = chars.next().filter(|char| char.is_ascii() && !matches!(char, '\r' | '\n' | '\0'))?;
    chars.next().is_none().then_some(first)
}

fn show(char: char) -> String {
    format!("'{}'", char.escape_debug())
}

/// A value as a message shows it: not too long, and without anything that would break a line.
fn shown(value: &str) -> String {
    const SHOWN: usize = 40;
    let cut = if value.chars().count() > SHOWN { "…" } else { "" };
    let begin: String = value.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    format!("'{begin}{cut}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Result<(ReadOptions, bool), String> {
        let mut overrides = Overrides::default();
        for (name, value) in pairs {
            let name = Overrides::named(name).unwrap();
            overrides.say(name, value).map_err(|bad| bad.to_string())?;
        }
        overrides.finish().map_err(|bad| bad.to_string())
    }

    #[test]
    fn every_word_is_understood() {
        let (options, hold) = said(&[
            ("delimiter", "||"),
            ("quote", "'"),
            ("escape", "backslash"),
            ("encoding", "Latin1"),
            ("header_rows", "2"),
            ("skip_rows", "3"),
            ("comment", "#"),
            ("null_values", "NA,-"),
            ("null_values", "n/a,NA"),
            ("trim", "true"),
            ("decimal", ","),
            ("repair", "report"),
            ("hold", "review"),
        ])
        .unwrap();
        let expected = ReadOptions {
            delimiter: Some("||".into()),
            quote: Some(QuoteOption::Char('\'')),
            escape: Some(Escape::Backslash),
            encoding: Some("windows-1252".into()),
            compression: None,
            header_rows: Some(2),
            skip_rows: Some(3),
            comment: Some('#'),
            null_values: vec!["NA".into(), "-".into(), "n/a".into()],
            trim: Some(true),
            decimal: Some(','),
            repair: Some(Repair::Report),
        };
        assert_eq!((options, hold), (expected, true));
        for (word, delimiter) in [("tab", "\t"), ("\\t", "\t"), ("space", " "), (", ", ", "), ("pipe", "|"), ("§", "§")]
        {
            assert_eq!(said(&[("delimiter", word)]).unwrap().0.delimiter.as_deref(), Some(delimiter));
        }
        assert_eq!(said(&[("quote", "none")]).unwrap().0.quote, Some(QuoteOption::None));
        let rows = |header| said(&[("header", header)]).unwrap().0.header_rows;
        assert_eq!((rows("true"), rows("false")), (Some(1), Some(0)));
        assert_eq!(said(&[("encoding", "UTF-32LE")]).unwrap().0.encoding.as_deref(), Some("utf-32le"));
        let nothing: Vec<_> = Overrides::NAMES.iter().map(|name| (*name, "")).collect();
        assert_eq!(said(&nothing).unwrap(), (ReadOptions::default(), false), "an empty field of a form");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name_with_what_was_expected() {
        let refused: [(&[(&str, &str)], &str); 21] = [
            (&[("delimiter", "abc")], "delimiter: it is 'abc'; expected one or two characters, or comma,"),
            (&[("delimiter", "\n")], "delimiter: it is '\\n'; expected"),
            (&[("quote", "''")], "quote: it is '\\'\\''; expected one ASCII character, or none"),
            (&[("quote", "“")], "quote: it is '“'; expected one ASCII character, or none"),
            (&[("comment", "§")], "comment: it is '§'; expected one ASCII character"),
            (&[("delimiter", "\\"), ("escape", "backslash")], "escape: it is backslash, which is in the delimiter"),
            (&[("escape", "^")], "escape: it is '^'; expected doubled or backslash"),
            (&[("encoding", "klingon")], "encoding: it is 'klingon'; expected a label of the WHATWG"),
            (&[("header", "yes")], "header: it is 'yes'; expected true or false"),
            (&[("header_rows", "17")], "header_rows: it is '17'; expected a whole number from 0 to 16"),
            (&[("skip_rows", "-1")], "skip_rows: it is '-1'; expected a whole number from 0 to 10000"),
            (&[("comment", "//")], "comment: it is '//'; expected one ASCII character"),
            (&[("trim", "1")], "trim: it is '1'; expected true or false"),
            (&[("decimal", "'")], "decimal: it is '\\''; expected . or ,"),
            (&[("repair", "no")], "repair: it is 'no'; expected off, report or fix"),
            (&[("hold", "true")], "hold: it is 'true'; expected review"),
            (&[("trim", "true"), ("trim", "false")], "trim: it is said twice, as 'true' and 'false'"),
            (&[("delimiter", "'"), ("quote", "'")], "quote: it is '\\'', which is in the delimiter; expected another"),
            (&[("header", "false"), ("header_rows", "2")], "header: it is false, but header_rows is 2; expected one"),
            (&[("quote", "none"), ("escape", "doubled")], "escape: nothing is to be escaped, since quote is none"),
            (&[("comment", "#"), ("quote", "#")], "comment: it is '#', which is the quote as well; expected another"),
        ];
        for (pairs, message) in refused {
            let found = said(pairs).unwrap_err();
            assert!(found.starts_with(message), "{pairs:?}: {found}");
        }
        let many = (0..65).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
        let found = said(&[("null_values", &many)]).unwrap_err();
        assert!(found.len() < 150 && found.contains("at most 64"), "{found}");
    }
}
