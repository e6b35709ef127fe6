//! An upload as the API shows it.

use super::options::{ColumnDocument, OptionsDocument};
use crate::domain::{Reading, Severity, Stage, UploadRecord};
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};
use uuid::Uuid;

/// Where an upload stands. `done`, `failed` and `cancelled` are final; `interrupted` can be cancelled or deleted;
/// `understood` lasts only where the upload is held, until `POST /uploads/{id}/next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "Stage", rename_all = "lowercase")]
pub enum StageName {
    Receiving,
    Understood,
    Reading,
    Done,
    Failed,
    Cancelled,
    Interrupted,
}

impl From<Stage> for StageName {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Receiving => Self::Receiving,
            Stage::Understood => Self::Understood,
            Stage::Reading => Self::Reading,
            Stage::Done => Self::Done,
            Stage::Failed => Self::Failed,
            Stage::Cancelled => Self::Cancelled,
            Stage::Interrupted => Self::Interrupted,
        }
    }
}

/// How bad a problem is: the row is wrong, it is as meant most likely, it was repaired, or lines are no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "Severity", rename_all = "lowercase")]
pub enum SeverityName {
    Error,
    Warning,
    Repaired,
    Skipped,
}

impl From<Severity> for SeverityName {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Repaired => Self::Repaired,
            Severity::Skipped => Self::Skipped,
        }
    }
}

/// How a file is read: decided before its first row, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "Reading", example)]
pub struct ReadingDocument {
    /// What stands between cells: one character, or two.
    pub delimiter: String,
    /// The character around cells that hold delimiters, quotes or line breaks; null if the file quotes nothing.
    #[oai(nullable)]
    pub quote: Option<String>,
    /// How a quote within a quoted cell is written: `doubled` or `backslash`.
    pub escape: String,
    /// The encoding's label (WHATWG Encoding Standard).
    pub encoding: String,
    /// How the file was compressed, if it was: `gzip` or `zstd`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Whether the file begins with a byte order mark.
    pub byte_order_mark: bool,
    /// How most lines end: `crlf`, `lf` or `cr`.
    pub line_end: String,
    /// Lines that begin with this are no records.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether blanks around cells are left out.
    pub trim: bool,
    /// The decimal separator of its numbers, where it has numbers with one.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<String>,
    /// What stands between the thousands of its numbers, where it has numbers with such a separator.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<String>,
    /// Texts that stand for no value.
    #[oai(default, skip_serializing_if_is_empty)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_values: Vec<String>,
    /// Lines before the header that are no records.
    pub preamble_lines: u64,
    /// How many records name the columns; with 0 they are named by their place.
    pub header_rows: u32,
    /// What becomes of suspicious records: `off`, `report` or `fix`.
    pub repair: String,
    /// Bytes of text from which this was found.
    pub examined_bytes: u64,
    /// How sure that is, in percent.
    pub sure_percent: u8,
    /// Why it is read so, one sentence for each decision.
    pub why: Vec<String>,
    /// The columns' names, made unique, in the order of the file.
    pub columns: Vec<String>,
}

impl From<Reading> for ReadingDocument {
    fn from(reading: Reading) -> Self {
        Self {
            delimiter: reading.delimiter,
            quote: reading.quote.map(String::from),
            escape: reading.escape.as_str().to_owned(),
            encoding: reading.encoding,
            compression: reading.compression.map(|compression| compression.as_str().to_owned()),
            byte_order_mark: reading.byte_order_mark,
            line_end: reading.line_end.as_str().to_owned(),
            comment: reading.comment.map(String::from),
            trim: reading.trim,
            decimal: reading.decimal.map(String::from),
            thousands: reading.thousands.map(String::from),
            null_values: reading.null_values,
            preamble_lines: reading.preamble_lines,
            header_rows: reading.header_rows,
            repair: reading.repair.as_str().to_owned(),
            examined_bytes: reading.examined_bytes,
            sure_percent: reading.sure_percent,
            why: reading.why,
            columns: reading.columns,
        }
    }
}

impl Example for ReadingDocument {
    fn example() -> Self {
        let columns = vec!["name".into(), "zip".into()];
        Reading { columns, examined_bytes: 23, sure_percent: 97, ..Reading::default() }.into()
    }
}

/// Why an upload did not finish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "Failure", example)]
pub struct FailureDocument {
    /// The kind, stable; `/problems/{code}` explains it.
    pub code: String,
    /// What was found here, in one sentence.
    pub message: String,
}

impl Example for FailureDocument {
    fn example() -> Self {
        Self {
            code: "upload-interrupted".into(),
            message: "The connection closed before the file was complete.".into(),
        }
    }
}

/// One file being ingested, or one that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "Upload", example)]
pub struct UploadDocument {
    /// Its name: a UUID of version 7, so ids sort by time.
    pub id: Uuid,
    /// The client it feeds.
    pub client: String,
    /// The file's name as its sender gave it; a label, never a path.
    pub filename: String,
    /// Where it stands.
    pub stage: StageName,
    /// How much of the file was read, in whole percent; 100 only when it is done, null while its size is unknown.
    #[oai(nullable)]
    pub percent: Option<u8>,
    /// Bytes of the file that arrived.
    pub received_bytes: u64,
    /// Bytes of the file that became events.
    pub read_bytes: u64,
    /// Bytes of the whole file: an estimate while it arrives, exact at the end, null where it is unknown.
    #[oai(nullable)]
    pub total_bytes: Option<u64>,
    /// The highest row number used so far.
    pub rows: u64,
    /// Problems found so far.
    pub problems: u64,
    /// Problems by their code.
    pub problems_by_code: BTreeMap<String, u64>,
    /// The columns in the order of the file; empty until the header was read.
    pub columns: Vec<String>,
    /// How it is read; null until the header was read.
    #[oai(nullable)]
    pub reading: Option<ReadingDocument>,
    /// What its columns look like; empty until that is known.
    pub profile: Vec<ColumnDocument>,
    /// What was said of how it is to be read.
    pub options: OptionsDocument,
    /// Whether it waits, or will wait, at `understood` until somebody lets it go on.
    pub hold: bool,
    /// The upload whose bytes it reads again; null where it was sent.
    #[oai(nullable)]
    pub source: Option<Uuid>,
    /// Why it did not finish; null unless it failed, was cancelled or interrupted.
    #[oai(nullable)]
    pub failure: Option<FailureDocument>,
    /// Where its sender can go on with it (tus 1.0); null where it cannot.
    #[oai(nullable)]
    pub resume: Option<String>,
    /// When it began (RFC 3339, UTC).
    pub created_at: String,
    /// When it last changed its stage (RFC 3339, UTC).
    pub updated_at: String,
}

impl From<UploadRecord> for UploadDocument {
    fn from(record: UploadRecord) -> Self {
        let (percent, resume) = (record.percent(), record.resume_path());
        let problems_by_code = record.problems_by_code.iter().map(|(code, n)| (code.as_str().to_owned(), *n));
        Self {
            id: record.id.0,
            client: record.client.to_string(),
            filename: record.filename,
            stage: record.stage.into(),
            percent,
            received_bytes: record.received_bytes,
            read_bytes: record.read_bytes,
            total_bytes: record.total_bytes,
            rows: record.rows,
            problems: record.problems,
            problems_by_code: problems_by_code.collect(),
            columns: record.reading.as_ref().map(|reading| reading.columns.clone()).unwrap_or_default(),
            reading: record.reading.map(Into::into),
            profile: record.profiles.into_iter().map(Into::into).collect(),
            options: record.options.into(),
            hold: record.hold,
            source: record.source.map(|source| source.0),
            failure: record
                .failure
                .map(|failure| FailureDocument { code: failure.code.as_str().into(), message: failure.message }),
            resume,
            created_at: rfc3339(record.created_ms),
            updated_at: rfc3339(record.updated_ms),
        }
    }
}

impl Example for UploadDocument {
    fn example() -> Self {
        Self {
            id: Uuid::from_u128(0x0199_a5f3_9f40_7d2a_8000_0000_0000_0000),
            client: "harbour-crm".into(),
            filename: "people.csv".into(),
            stage: StageName::Reading,
            percent: Some(41),
            received_bytes: 48_234_496,
            read_bytes: 48_168_960,
            total_bytes: Some(117_440_512),
            rows: 512_000,
            problems: 3,
            problems_by_code: BTreeMap::from([("missing-cell".to_owned(), 3)]),
            columns: vec!["name".into(), "zip".into()],
            reading: Some(ReadingDocument::example()),
            profile: vec![ColumnDocument::example()],
            options: OptionsDocument::example(),
            hold: false,
            source: None,
            failure: None,
            resume: None,
            created_at: "2026-03-01T09:30:00.000Z".into(),
            updated_at: "2026-03-01T09:30:00.012Z".into(),
        }
    }
}

/// Uploads, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "UploadsPage", example)]
pub struct UploadsPage {
    /// The uploads of this page.
    pub uploads: Vec<UploadDocument>,
    /// What to give as `before` to get the next page; null on the last.
    #[oai(nullable)]
    pub next: Option<Uuid>,
}

impl Example for UploadsPage {
    fn example() -> Self {
        let upload = UploadDocument::example();
        Self { next: Some(upload.id), uploads: vec![upload] }
    }
}

/// Milliseconds since the Unix epoch as RFC 3339 writes them. Times beyond the year 9999 do not occur.
pub fn rfc3339(ms: u64) -> String {
    const MS_MAX: u64 = 253_402_300_799_999;
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(ms.min(MS_MAX))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClientName, Failure, FailureCode, ProblemCode, UploadId};
    use poem_openapi::types::ToJSON;

    #[test]
    fn an_upload_is_shown_as_the_contract_says() {
        let me = ClientName::parse("me").unwrap();
        let record = UploadRecord {
            stage: Stage::Failed,
            received_bytes: 10,
            read_bytes: 5,
            total_bytes: Some(20),
            rows: 2,
            problems: 1,
            problems_by_code: BTreeMap::from([(ProblemCode::ExtraCell, 1)]),
            failure: Some(Failure::new(FailureCode::DiskFull, "no room")),
            updated_ms: u64::MAX,
            ..UploadRecord::new(UploadId(Uuid::from_u128(7)), me, "a.csv", 1_700_000_000_123)
        };
        let shown = serde_json::to_value(UploadDocument::from(record)).unwrap();
        assert_eq!(
            shown,
            serde_json::json!({
                "id": "00000000-0000-0000-0000-000000000007", "client": "me", "filename": "a.csv", "stage": "failed",
                "percent": 25, "received_bytes": 10, "read_bytes": 5, "total_bytes": 20, "rows": 2, "problems": 1,
                "problems_by_code": {"extra-cell": 1}, "columns": [], "reading": null,
                "profile": [], "options": {}, "hold": false, "source": null,
                "failure": {"code": "disk-full", "message": "no room"}, "resume": null,
                "created_at": "2023-11-14T22:13:20.123Z", "updated_at": "9999-12-31T23:59:59.999Z",
            })
        );
    }

    #[test]
    fn the_document_describes_what_is_sent() {
        let example = UploadsPage::example();
        assert_eq!(example.to_json(), Some(serde_json::to_value(&example).unwrap()));
    }

    #[test]
    fn every_name_is_that_of_the_domain() {
        for stage in Stage::ALL {
            assert_eq!(serde_json::to_value(StageName::from(stage)).unwrap(), stage.as_str());
            assert_eq!(StageName::from(stage).to_json(), Some(stage.as_str().into()));
        }
        for severity in [Severity::Error, Severity::Warning, Severity::Skipped] {
            let name = serde_json::to_value(severity).unwrap();
            assert_eq!(SeverityName::from(severity).to_json(), Some(name));
        }
    }
}
