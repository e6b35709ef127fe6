//! Structured field values (RFC 9651), as far as request headers here have them: a string item, a dictionary of byte
//! sequences.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Standard base64. Padding may be missing and the last bits may be any, as section 4.2.7 asks of parsers.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A value that is not of its form; says what was expected.
pub type Malformed = &'static str;

/// The value of a string item: `"text"`. Parameters are passed over: nothing defines any.
///
/// # Errors
/// What is wrong with it.
pub fn string(value: &str) -> Result<String, Malformed> {
    let mut rest = Rest(value.trim_matches(' '));
    let text = rest.string()?;
    rest.parameters()?;
    if rest.0.is_empty() { Ok(text) } else { Err("something follows the closing quote") }
}

/// A dictionary whose values are all byte sequences: `sha-256=:…:, sha-512=:…:`. Of two members with the same name the
/// last counts. Parameters are passed over.
///
/// # Errors
/// What is wrong with it.
pub fn byte_sequences(value: &str) -> Result<Vec<(String, Vec<u8>)>, Malformed> {
    let mut rest = Rest(value.trim_matches(' '));
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    while !rest.0.is_empty() {
        let name = rest.name()?;
        if !rest.take('=') {
            return Err("a name is followed by something else than '='");
        }
        let bytes = rest.bytes()?;
        rest.parameters()?;
        members.retain(|(known, _)| *known != name);
        members.push((name, bytes));
        rest.skip(&[' ', '\t']);
        if rest.0.is_empty() {
            break;
        }
        if !rest.take(',') {
            return Err("its members are not separated by commas");
        }
        rest.skip(&[' ', '\t']);
        if rest.0.is_empty() {
            return Err("it ends with a comma");
        }
    }
    Ok(members)
}

/// What is still to be read.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    fn take(&mut self, char: char) -> bool {
        let found = self.0.strip_prefix(char);
        self.0 = found.unwrap_or(self.0);
        found.is_some()
    }

    fn skip(&mut self, chars: &[char]) {
        self.0 = self.0.trim_start_matches(chars);
    }

    fn take_while(&mut self, allowed: impl Fn(char) -> bool) -> &'t str {
        let (taken, rest) = self.0.split_at(self.0.find(|char| !allowed(char)).unwrap_or(self.0.len()));
        self.0 = rest;
        taken
    }

    fn name(&mut self) -> Result<String, Malformed> {
        if !self.0.starts_with(|c: char| c.is_ascii_lowercase() || c == '*') {
            return Err("a name begins with a lower-case letter");
        }
        Ok(self.take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c)).to_owned())
    }

    fn string(&mut self) -> Result<String, Malformed> {
        const UNCLOSED: Malformed = "its quote is never closed";
        if !self.take('"') {
            return Err("a quote was expected");
        }
        let mut text = String::new();
        let mut chars = self.0.chars();
        loop {
            match chars.next().ok_or(UNCLOSED)? {
                '"' => break,
                '\\' => match chars.next() {
                    Some(escaped @ ('"' | '\\')) => text.push(escaped),
                    _ => return Err("a backslash stands only before a quote or a backslash"),
                },
                char @ ' '..='~' => text.push(char),
                _ => return Err("only printable ASCII can stand in it"),
            }
        }
        self.0 = chars.as_str();
        Ok(text)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Malformed> {
        const NO_BYTES: Malformed = "a value is not base64 between colons";
        if !self.take(':') {
            return Err(NO_BYTES);
        }
        let text = self.take_while(|c| c != ':');
        if !self.take(':') {
            return Err(NO_BYTES);
        }
        BASE64.decode(text).map_err(|_| NO_BYTES)
    }

    fn parameters(&mut self) -> Result<(), Malformed> {
        while self.take(';') {
            self.skip(&[' ']);
            self.name()?;
            if self.take('=') {
                match self.0.chars().next() {
                    Some('"') => drop(self.string()?),
                    Some(':') => drop(self.bytes()?),
                    // Numbers, tokens, booleans, dates: none has a character that ends a parameter.
                    _ if self.take_while(|c| c.is_ascii_graphic() && !",;\"()".contains(c)).is_empty() => {
                        return Err("a parameter has no value");
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_what_stands_between_its_quotes() {
        for (value, text) in
            [(r#""abc""#, "abc"), (r#""a\"b\\c""#, r#"a"b\c"#), (r#"" ~" "#, " ~"), (r#""a";b=1; c="d"; e"#, "a")]
        {
            assert_eq!(string(value).as_deref(), Ok(text), "{value}");
        }
        for value in
            ["", "abc", r#"""#, r#""abc"#, r#""a"b"#, r#""a", "b""#, r#""a\n""#, "\"a\tb\"", "\"é\"", r#""a";"#]
        {
            assert!(string(value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_dictionary_of_bytes_is_read_whole_or_not_at_all() {
        let read = |value: &str| byte_sequences(value).map(|members| format!("{members:?}"));
        assert_eq!(read("").as_deref(), Ok("[]"));
        for value in ["a=:AQI=:,b2=::", " a=:AQI=: \t, b2=::", "a=:AA==:,a=:AQI=:;x=1;y, b2=::;z=\"s\""] {
            assert_eq!(read(value).as_deref(), Ok(r#"[("a", [1, 2]), ("b2", [])]"#), "{value}");
        }
        assert_eq!(read("a=:AQI:").as_deref(), Ok(r#"[("a", [1, 2])]"#), "without its padding");
        for value in [
            "a",
            "a=",
            "a=:",
            "a=:AQI=",
            "a=AQI=",
            "a=\"AQI=\"",
            "a=:A*:",
            "A=:AQI=:",
            "a=:AQI=:,",
            "a=:AQI=:b=:AQI=:",
            "a=:AQI=:;",
            "a=:AQI=:;b=",
            ",a=:AQI=:",
            "=:AQI=:",
            "sha-256=deadbeef",
            "a=?1",
        ] {
            assert!(byte_sequences(value).is_err(), "{value}");
        }
    }
}
