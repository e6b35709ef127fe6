//! The events of a stream, described. `encode` writes them; the types here are only for the document.

use super::options::ColumnDocument;
use super::rows::{CellsDocument, EXAMPLE_UPLOAD};
use super::system::StatsDocument;
use super::upload::{ReadingDocument, SeverityName, StageName};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{Enum, Object};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a stream is, above the schema of its events.
pub const DESCRIPTION: &str = "\
Server-Sent Events. The `event:` field is the kind: `row`, `problem`, `progress`, `toast`, `stage`, `profile` or `gap`; `data:` \
is one line of JSON, described here by kind. Events that somebody published have the names and the data that were given to them. `id:` is the event's place in the client's journal, `<epoch>-<n>` with n = 1, 2, 3, …; \
give the last one as `Last-Event-ID` to go on after it, and nothing is missed. `progress` is a state and has no id. Blocks \
with an id and no data only move that place on. The client `system` has `status` events alone, which are states as well: the same \
as `GET /system/stats`. Lines that begin with a colon keep the connection open.";

/// A stream as it looks on the wire.
pub const EXAMPLE: &str = "\
id: k3v9x0ab-16\n\n\
event: row\ndata: {\"upload\":\"0199a5f3-9f40-7d2a-8000-000000000000\",\"row\":17,\"data\":{\"name\":\"Ana\",\"zip\":\"01234\"}}\nid: k3v9x0ab-17\n\n\
event: progress\ndata: {\"upload\":\"0199a5f3-9f40-7d2a-8000-000000000000\",\"percent\":41,\"received_bytes\":4096,\"read_bytes\":1702,\"total_bytes\":4150,\"rows\":17,\"problems\":0}\n\n";

/// One row of an upload (`event: row`).
#[derive(Debug, Clone, Object)]
#[oai(rename = "RowEvent", example)]
struct RowEvent {
    /// The upload.
    upload: Uuid,
    /// The row's number, from 1.
    row: u64,
    /// Its cells by column; null where the record ended early.
    data: CellsDocument,
    /// Cells beyond the last column, where there are any.
    #[oai(skip_serializing_if_is_none)]
    extra: Option<Vec<String>>,
}

impl Example for RowEvent {
    fn example() -> Self {
        Self { upload: EXAMPLE_UPLOAD, row: 17, data: CellsDocument::example(), extra: None }
    }
}

/// What is wrong with a row, a cell or a line (`event: problem`). A ragged record is a row, followed by its problem.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ProblemEvent", example)]
struct ProblemEvent {
    /// The upload.
    upload: Uuid,
    /// The row it is about; null where no row number was used.
    #[oai(nullable)]
    row: Option<u64>,
    /// The line the record begins on, from 1.
    line: u64,
    /// The byte of the decoded text the record begins at, from 0.
    byte: u64,
    /// The column it is about; null where it is not about one.
    #[oai(nullable)]
    column: Option<String>,
    /// The kind, stable; `/problems/{code}` explains it.
    code: String,
    /// How bad it is.
    severity: SeverityName,
    /// What was found and what was expected, in one sentence.
    message: String,
    /// The record as it stands in the file, or its beginning.
    raw: String,
    /// True where `raw` is only the beginning.
    #[oai(skip_serializing_if_is_none)]
    raw_cut: Option<bool>,
}

impl Example for ProblemEvent {
    fn example() -> Self {
        let problem = super::ProblemDetail::example();
        Self {
            upload: EXAMPLE_UPLOAD,
            row: problem.row,
            line: problem.line,
            byte: problem.byte,
            column: problem.column,
            code: problem.code,
            severity: problem.severity,
            message: problem.message,
            raw: problem.raw,
            raw_cut: problem.raw_cut,
        }
    }
}

/// How far an upload is (`event: progress`): a state, without id, sent at most every 50 ms.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ProgressEvent", example)]
struct ProgressEvent {
    /// The upload.
    upload: Uuid,
    /// How much was read, in whole percent; never falls; 100 exactly once, right before the stage `done`.
    #[oai(nullable)]
    percent: Option<u8>,
    /// Bytes that arrived.
    received_bytes: u64,
    /// Bytes that became events.
    read_bytes: u64,
    /// Bytes of the whole file, estimated; null where it is unknown.
    #[oai(nullable)]
    total_bytes: Option<u64>,
    /// Rows so far.
    rows: u64,
    /// Problems so far.
    problems: u64,
    /// The same by code, where there are any.
    #[oai(skip_serializing_if_is_none)]
    problems_by_code: Option<BTreeMap<String, u64>>,
}

impl Example for ProgressEvent {
    fn example() -> Self {
        Self {
            upload: EXAMPLE_UPLOAD,
            percent: Some(41),
            received_bytes: 4096,
            read_bytes: 1702,
            total_bytes: Some(4150),
            rows: 17,
            problems: 3,
            problems_by_code: Some([("missing-cell".to_owned(), 2), ("blank-row".to_owned(), 1)].into()),
        }
    }
}

/// What a toast is about.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "ToastLevel", rename_all = "lowercase")]
enum ToastLevel {
    Info,
    Success,
    Warning,
    Error,
}

/// A short message for people, on a change of state (`event: toast`).
#[derive(Debug, Clone, Object)]
#[oai(rename = "ToastEvent", example)]
struct ToastEvent {
    /// The upload.
    upload: Uuid,
    /// How it is meant.
    level: ToastLevel,
    /// The message.
    message: String,
}

impl Example for ToastEvent {
    fn example() -> Self {
        Self { upload: EXAMPLE_UPLOAD, level: ToastLevel::Success, message: "1,000,000 rows read.".into() }
    }
}

/// An upload entered a stage of its life (`event: stage`). Which of the further members are there depends on the stage.
#[derive(Debug, Clone, Object)]
#[oai(rename = "StageEvent", example)]
struct StageEvent {
    /// The upload.
    upload: Uuid,
    /// The stage.
    stage: StageName,
    /// The file's name.
    filename: String,
    /// The columns in the order of the file, at `understood` and `reading`.
    #[oai(skip_serializing_if_is_none)]
    columns: Option<Vec<String>>,
    /// How the file is read, at `understood` and `reading`.
    #[oai(skip_serializing_if_is_none)]
    reading: Option<ReadingDocument>,
    /// Rows, at the end.
    #[oai(skip_serializing_if_is_none)]
    rows: Option<u64>,
    /// Problems, at the end.
    #[oai(skip_serializing_if_is_none)]
    problems: Option<u64>,
    /// The same by code, at the end, where there are any.
    #[oai(skip_serializing_if_is_none)]
    problems_by_code: Option<BTreeMap<String, u64>>,
    /// Bytes that arrived, at the end.
    #[oai(skip_serializing_if_is_none)]
    received_bytes: Option<u64>,
    /// Bytes that became events, at the end.
    #[oai(skip_serializing_if_is_none)]
    read_bytes: Option<u64>,
    /// Bytes of the whole file, at the beginning (estimated) and at the end; null where it is unknown.
    #[oai(nullable, skip_serializing_if_is_none)]
    total_bytes: Option<u64>,
    /// How long it took, at `done`.
    #[oai(skip_serializing_if_is_none)]
    seconds: Option<f64>,
    /// Why it did not finish, at `failed`, `cancelled` and `interrupted`; `/problems/{code}` explains it.
    #[oai(skip_serializing_if_is_none)]
    code: Option<String>,
    /// The same in one sentence.
    #[oai(skip_serializing_if_is_none)]
    message: Option<String>,
    /// Where the sender can go on with it (tus 1.0), at `interrupted`.
    #[oai(skip_serializing_if_is_none)]
    resume: Option<String>,
}

impl Example for StageEvent {
    fn example() -> Self {
        Self {
            upload: EXAMPLE_UPLOAD,
            stage: StageName::Done,
            filename: "people.csv".into(),
            columns: None,
            reading: None,
            rows: Some(1_000_000),
            problems: Some(3),
            problems_by_code: Some([("missing-cell".to_owned(), 2), ("blank-row".to_owned(), 1)].into()),
            received_bytes: Some(93_000_118),
            read_bytes: Some(93_000_118),
            total_bytes: Some(93_000_118),
            seconds: Some(0.642),
            code: None,
            message: None,
            resume: None,
        }
    }
}

/// What the columns of an upload look like (`event: profile`), right after its stage `understood`.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ProfileEvent", example)]
struct ProfileEvent {
    /// The upload.
    upload: Uuid,
    /// The columns in the order of the file.
    columns: Vec<ColumnDocument>,
}

impl Example for ProfileEvent {
    fn example() -> Self {
        Self { upload: EXAMPLE_UPLOAD, columns: vec![ColumnDocument::example()] }
    }
}

/// Why events are missing: kept no longer, deleted with their upload, or not from this journal.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "GapReason", rename_all = "kebab-case")]
enum GapReason {
    Expired,
    Deleted,
    UnknownEpoch,
    Ahead,
    Lost,
}

/// Events that this watcher can no longer have (`event: gap`). Its id is `to`.
#[derive(Debug, Clone, Object)]
#[oai(rename = "GapEvent", example)]
struct GapEvent {
    /// The first id that is missing.
    from: String,
    /// The last id that is missing.
    to: String,
    /// Why.
    reason: GapReason,
}

impl Example for GapEvent {
    fn example() -> Self {
        Self { from: "k3v9x0ab-1".into(), to: "k3v9x0ab-2048".into(), reason: GapReason::Expired }
    }
}

/// How many watch (`event: presence`, with `?presence=true` alone): a state, without id, at first and whenever somebody comes
/// or goes. Of several changes in a row the last is told.
#[derive(Debug, Clone, Object)]
#[oai(rename = "PresenceEvent", example)]
struct PresenceEvent {
    /// How many watch now.
    watchers: u64,
    /// How many came since somebody watches.
    joined: u64,
    /// How many of those went.
    left: u64,
}

impl Example for PresenceEvent {
    fn example() -> Self {
        Self { watchers: 2, joined: 3, left: 1 }
    }
}

/// The schema of each kind's `data:`.
pub fn schemas() -> Vec<MetaSchemaRef> {
    vec![
        RowEvent::schema_ref(),
        ProblemEvent::schema_ref(),
        ProgressEvent::schema_ref(),
        ToastEvent::schema_ref(),
        StageEvent::schema_ref(),
        ProfileEvent::schema_ref(),
        GapEvent::schema_ref(),
        PresenceEvent::schema_ref(),
        StatsDocument::schema_ref(),
    ]
}

/// Makes the schemas known to a document.
pub fn register(registry: &mut Registry) {
    RowEvent::register(registry);
    ProblemEvent::register(registry);
    ProgressEvent::register(registry);
    ToastEvent::register(registry);
    StageEvent::register(registry);
    ProfileEvent::register(registry);
    GapEvent::register(registry);
    PresenceEvent::register(registry);
    StatsDocument::register(registry);
}
