//! Problems as they were told, read from their events; and which of them are wanted.

use crate::domain::{Kind, ProblemCode, Severity};
use crate::journal::{Entry, JournalError, Part};
use serde::Deserialize;
use std::borrow::Cow;

/// The data of a problem's event.
#[derive(Debug, Deserialize)]
pub(super) struct Told<'a> {
    pub row: Option<u64>,
    pub line: u64,
    pub byte: u64,
    #[serde(borrow)]
    pub column: Option<Text<'a>>,
    #[serde(borrow)]
    pub code: Cow<'a, str>,
    pub severity: Severity,
    #[serde(borrow)]
    pub message: Cow<'a, str>,
    #[serde(borrow)]
    pub raw: Cow<'a, str>,
    #[serde(default)]
    pub raw_cut: bool,
}

/// A text that is borrowed where it has no escapes, also where it may be null.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl<'a> Told<'a> {
    pub fn of(json: &'a str) -> Result<Self, JournalError> {
        serde_json::from_str(json).map_err(|_| JournalError::Damaged)
    }

    /// The column's name; empty where it is about none.
    pub fn column(&self) -> &str {
        self.column.as_ref().map_or("", |name| &name.0)
    }
}

/// The problems of an entry, as their events tell them.
pub(super) fn problems(entry: &Entry) -> impl Iterator<Item = &str> {
    entry.parts.iter().filter_map(|part| match part {
        Part::Literal { kind: Kind::Problem, json } => Some(json.as_str()),
        _ => None,
    })
}

/// Which problems are wanted. What names nothing leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProblemFilter {
    /// Those with one of these codes.
    pub codes: Vec<ProblemCode>,
    /// Those that are so bad.
    pub severities: Vec<Severity>,
    /// Those about one of these columns.
    pub columns: Vec<String>,
}

impl ProblemFilter {
    /// Whether the problem of this event is wanted.
    pub(super) fn takes(&self, json: &str) -> Result<bool, JournalError> {
        if *self == Self::default() {
            return Ok(true);
        }
        let told = Told::of(json)?;
        Ok((self.codes.is_empty() || self.codes.iter().any(|code| code.as_str() == told.code))
            && (self.severities.is_empty() || self.severities.contains(&told.severity))
            && (self.columns.is_empty()
                || told.column.is_some_and(|name| self.columns.iter().any(|wanted| *wanted == name.0))))
    }
}
