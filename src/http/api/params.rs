//! Parameters that are more than a number, and what each of them can be.

use crate::domain::{BadClientName, ClientName, KindSet, ProblemCode, Severity, UploadId};
use crate::http::payload::field::FieldValue;
use crate::http::payload::structured;
use crate::http::tus;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, Type};
use std::borrow::Cow;

/// Most rows that can be named in one request.
const NUMBERS_MAX: usize = 256;

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident($inner:ty) $label:literal $schema:expr, $parse:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub $inner);

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $label.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> ParseResult<Self> {
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                parse(value).map(Self).map_err(ParseError::custom)
            }
        }
    )+};
}

parameters! {
    /// The name of a client.
    ClientParam(ClientName) "client"
        MetaSchema {
            pattern: Some("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$".into()),
            example: Some("harbour-crm".into()),
            ..MetaSchema::new("string")
        },
        |text| ClientName::parse(text).map_err(|error: BadClientName| error.to_string());

    /// The name of a client that is not the server's own.
    WritableClientParam(ClientName) "client"
        MetaSchema {
            pattern: Some("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$".into()),
            example: Some("harbour-crm".into()),
            ..MetaSchema::new("string")
        },
        |text| match ClientParam::parse_from_parameter(text) {
            Ok(ClientParam(client)) if client.is_system() => Err("'system' is the server's own; take another name".into()),
            Ok(ClientParam(client)) => Ok(client),
            Err(error) => Err(error.into_message()),
        };

    /// The name of an upload.
    UploadParam(UploadId) "id"
        MetaSchema {
            example: Some("0199a5f3-9f40-7d2a-8000-000000000000".into()),
            ..MetaSchema::new_with_format("string", "uuid")
        },
        |text| match text.parse() {
            Ok(uuid) => Ok(UploadId(uuid)),
            Err(_) => Err("an upload's id is a UUID, such as 0199a5f3-9f40-7d2a-8000-000000000000".into()),
        };

    /// The kinds of event that a watcher wants.
    KindsParam(KindSet) "events"
        MetaSchema { example: Some("progress,toast,stage".into()), ..MetaSchema::new("string") },
        |text| if text.is_empty() { Ok(KindSet::ALL) } else { text.parse().map_err(|error: crate::domain::BadKinds| error.to_string()) };

    /// Codes of problems.
    CodesParam(Vec<ProblemCode>) "code"
        MetaSchema { example: Some("missing-cell,extra-cell".into()), ..MetaSchema::new("string") },
        |text| named(text, ProblemCode::parse, |name| {
            let known: Vec<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
            format!("'{name}' is no problem code; there are {}, joined by commas", known.join(", "))
        });

    /// How bad problems are.
    SeveritiesParam(Vec<Severity>) "severity"
        MetaSchema { example: Some("error,warning".into()), ..MetaSchema::new("string") },
        |text| named(text, Severity::parse, |name| {
            let known = Severity::ALL.map(Severity::as_str).join(", ");
            format!("'{name}' is no severity; there are {known}, joined by commas")
        });

    /// Numbers of rows.
    NumbersParam(Vec<u64>) "numbers"
        // No example: with one filled in, the place and the length of a page would be refused beside it.
        MetaSchema::new("string"),
        numbers;

    /// Where a watcher without a last event begins.
    FromParam(()) "from"
        MetaSchema { enum_items: vec!["start".into()], example: Some("start".into()), ..MetaSchema::new("string") },
        |text| if text == "start" { Ok(()) } else { Err("it can only be 'start'".into()) };

    /// The version of tus that a request speaks. Any other was refused before.
    TusParam(()) "tus"
        MetaSchema { enum_items: vec![tus::VERSION.into()], example: Some(tus::VERSION.into()), ..MetaSchema::new("string") },
        |text| if text == tus::VERSION { Ok(()) } else { Err(format!("it can only be {}", tus::VERSION)) };

    /// When a watcher's stream ends by itself.
    UntilParam(()) "until"
        MetaSchema { enum_items: vec!["done".into()], example: Some("done".into()), ..MetaSchema::new("string") },
        |text| if text == "done" { Ok(()) } else { Err("it can only be 'done'".into()) };
}

/// What is named in a list joined by commas; a list without any name asks for nothing in particular.
fn named<T>(text: &str, parse: fn(&str) -> Option<T>, unknown: fn(&str) -> String) -> Result<Vec<T>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !str::is_empty(name));
    names.map(|name| parse(name).ok_or_else(|| unknown(&name.chars().take(32).collect::<String>()))).collect()
}

/// Row numbers joined by commas, each higher than the one before.
fn numbers(text: &str) -> Result<Vec<u64>, String> {
    let shown = |name: &str| name.chars().take(32).collect::<String>();
    let mut numbers = Vec::new();
    for name in text.split(',').map(str::trim) {
        let number = name.parse().ok().filter(|number| (1..=i64::MAX as u64).contains(number));
        let number =
            number.ok_or_else(|| format!("'{}' is no row number; they are whole numbers from 1", shown(name)))?;
        if numbers.last().is_some_and(|&before| before >= number) {
            return Err(format!("{number} does not ascend; each number is higher than the one before"));
        }
        if numbers.len() == NUMBERS_MAX {
            return Err(format!("there are more than {NUMBERS_MAX} numbers"));
        }
        numbers.push(number);
    }
    Ok(numbers)
}

/// The name that a sender gives to a request, so that it can be made again without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl FieldValue for IdempotencyKey {
    fn schema() -> MetaSchema {
        MetaSchema { example: Some("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"".into()), ..MetaSchema::new("string") }
    }

    fn parse(value: &str) -> Result<Self, String> {
        let key = if value.starts_with('"') {
            structured::string(value).map_err(|what| format!("it is no string of RFC 9651: {what}"))?
        } else {
            // Many senders leave the quotes out. What separates values or parameters cannot stand in a bare one.
            let is_bare = value.bytes().all(|b| b.is_ascii_graphic() && !b"\",;\\".contains(&b));
            let expected = || "without quotes it can have neither spaces nor any of , ; \" \\".to_owned();
            is_bare.then(|| value.to_owned()).ok_or_else(expected)?
        };
        if key.is_empty() { Err("it is empty".into()) } else { Ok(Self(key)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_says_what_it_can_be() {
        assert_eq!(ClientParam::parse_from_parameter("me").unwrap().0.as_str(), "me");
        let error = ClientParam::parse_from_parameter("a/b").unwrap_err().into_message();
        assert!(error.contains("a client name is a letter or digit"), "{error}");
        assert!(UploadParam::parse_from_parameter("7").unwrap_err().into_message().contains("UUID"));
        assert!(KindsParam::parse_from_parameter("").unwrap().0.is_all());
        assert!(KindsParam::parse_from_parameter("rows").unwrap_err().into_message().contains("'rows'"));
        let codes = CodesParam::parse_from_parameter("blank-row, ,extra-cell,").unwrap().0;
        assert_eq!(codes, [ProblemCode::BlankRow, ProblemCode::ExtraCell]);
        assert!(CodesParam::parse_from_parameter("extra-cel").unwrap_err().into_message().contains("'extra-cel'"));
        let error = SeveritiesParam::parse_from_parameter("error,fatal").unwrap_err().into_message();
        assert!(error.contains("'fatal'") && error.contains("error, warning, repaired, skipped"), "{error}");
        assert_eq!(NumbersParam::parse_from_parameter("1, 7,900").unwrap().0, [1, 7, 900]);
        let many = (1..=NUMBERS_MAX as u64 + 1).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
        for (bad, why) in
            [("", "''"), ("0", "'0'"), ("7,7", "7 does not"), ("9,8", "8 does not"), ("-1", "'-1'"), (&many, "256")]
        {
            let error = NumbersParam::parse_from_parameter(bad).unwrap_err().into_message();
            assert!(error.contains(why), "{bad}: {error}");
        }
        assert!(FromParam::parse_from_parameter("end").is_err() && UntilParam::parse_from_parameter("done").is_ok());
    }

    #[test]
    fn a_key_is_the_same_with_quotes_and_without() {
        let key = |value: &str| IdempotencyKey::parse(value).map(|key| key.0);
        for value in ["\"a-1\"", "a-1", "\"a-1\";v=2"] {
            assert_eq!(key(value).as_deref(), Ok("a-1"), "{value}");
        }
        assert_eq!(key("\"a, b\"").as_deref(), Ok("a, b"));
        for value in ["", "\"\"", "a b", "a, b", "\"a\", \"b\"", "\"a", "a\"", "a;b", "é"] {
            assert!(key(value).is_err(), "{value}");
        }
    }
}
