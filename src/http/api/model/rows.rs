//! Rows and problems as the API shows them. The layers below write these documents; the types here describe them.

use super::upload::SeverityName;
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{Example, ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::{Value, json};
use std::borrow::Cow;
use uuid::Uuid;

/// A row's cells by their column's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellsDocument(Value);

impl Type for CellsDocument {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Cells".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let cell = MetaSchema { nullable: true, ..MetaSchema::new("string") };
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(cell)))),
            example: Some(Self::example().0),
            ..MetaSchema::new("object")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for CellsDocument {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        value.filter(Value::is_object).map(Self).ok_or_else(ParseError::expected_input)
    }
}

impl ToJSON for CellsDocument {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

impl Example for CellsDocument {
    fn example() -> Self {
        Self(json!({"name": "Ana", "zip": "01234"}))
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "Row", example)]
pub struct RowDocument {
    /// Its number, from 1.
    pub row: u64,
    /// Its cells by column: text exactly as in the file, null where the record ended early. (JSON objects do not keep the
    /// order of names such as "2019"; `columns` does.)
    pub data: CellsDocument,
    /// Cells beyond the last column, where there are any.
    #[oai(skip_serializing_if_is_none)]
    pub extra: Option<Vec<String>>,
}

impl Example for RowDocument {
    fn example() -> Self {
        Self { row: 17, data: CellsDocument::example(), extra: None }
    }
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "RowsPage", example)]
pub struct RowsPage {
    /// The upload.
    pub upload: Uuid,
    /// The columns in the order of the file.
    pub columns: Vec<String>,
    /// The row number that was asked for.
    pub from: u64,
    /// The rows from there. Numbers can be missing: records that were not kept use theirs up.
    pub rows: Vec<RowDocument>,
    /// What to give as `from` to get the next page; null at the end.
    #[oai(nullable)]
    pub next: Option<u64>,
    /// The highest row number so far.
    pub total: u64,
}

impl Example for RowsPage {
    fn example() -> Self {
        Self {
            upload: EXAMPLE_UPLOAD,
            columns: vec!["name".into(), "zip".into()],
            from: 17,
            rows: vec![RowDocument::example()],
            next: Some(18),
            total: 512_000,
        }
    }
}

/// What is wrong with a row, a cell or a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "RowProblem", example)]
pub struct ProblemDetail {
    /// The row it is about; null where no row number was used (the header, a blank line).
    #[oai(nullable)]
    pub row: Option<u64>,
    /// The line the record begins on, from 1.
    pub line: u64,
    /// The byte of the decoded text the record begins at, from 0.
    pub byte: u64,
    /// The column it is about; null where it is not about one.
    #[oai(nullable)]
    pub column: Option<String>,
    /// The kind, stable; `/problems/{code}` explains it.
    pub code: String,
    /// How bad it is.
    pub severity: SeverityName,
    /// What was found and what was expected, in one sentence.
    pub message: String,
    /// The record as it stands in the file, or its beginning.
    pub raw: String,
    /// True where `raw` is only the beginning.
    #[oai(skip_serializing_if_is_none)]
    pub raw_cut: Option<bool>,
}

impl Example for ProblemDetail {
    fn example() -> Self {
        Self {
            row: Some(18),
            line: 20,
            byte: 1311,
            column: Some("zip".into()),
            code: "missing-cell".into(),
            severity: SeverityName::Error,
            message: "The record has 1 cell where the header has 2 columns.".into(),
            raw: "Bob".into(),
            raw_cut: None,
        }
    }
}

/// A page of problems.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "ProblemsPage", example)]
pub struct ProblemsPage {
    /// The upload.
    pub upload: Uuid,
    /// The index that was asked for, from 0.
    pub from: u64,
    /// The problems from there that are wanted, in the order they were found.
    pub problems: Vec<ProblemDetail>,
    /// What to give as `from` to get the next page; null when every problem was looked at.
    #[oai(nullable)]
    pub next: Option<u64>,
    /// How many problems, wanted or not, were told in detail so far.
    pub total: u64,
}

impl Example for ProblemsPage {
    fn example() -> Self {
        Self { upload: EXAMPLE_UPLOAD, from: 0, problems: vec![ProblemDetail::example()], next: None, total: 1 }
    }
}

pub(super) const EXAMPLE_UPLOAD: Uuid = Uuid::from_u128(0x0199_a5f3_9f40_7d2a_8000_0000_0000_0000);
