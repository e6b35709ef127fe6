//! The data of each kind of event but rows, as one line of JSON.

use crate::domain::{ColumnProfile, EventId, Failure, Problem, ProblemCode, Reading, Stage, UploadId, UploadRecord};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far an upload is: the data of a `progress` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The upload.
    pub upload: UploadId,
    /// Percent of the file that was read, whole; none while the total is unknown.
    pub percent: Option<u8>,
    /// Bytes of the file in the spool.
    pub received_bytes: u64,
    /// Bytes of the file turned into announced events.
    pub read_bytes: u64,
    /// Bytes of the whole file, estimated until it is complete.
    pub total_bytes: Option<u64>,
    /// The highest row number used.
    pub rows: u64,
    /// Problems found.
    pub problems: u64,
    /// The same by code, where there are any: as a state is whole by itself, it is in every event.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub problems_by_code: BTreeMap<ProblemCode, u64>,
}

impl From<&UploadRecord> for Progress {
    fn from(record: &UploadRecord) -> Self {
        Self {
            upload: record.id,
            percent: record.percent(),
            received_bytes: record.received_bytes,
            read_bytes: record.read_bytes,
            total_bytes: record.total_bytes,
            rows: record.rows,
            problems: record.problems,
            problems_by_code: record.problems_by_code.clone(),
        }
    }
}

/// The tone of a toast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is so.
    Info,
    /// It went well.
    Success,
    /// Look at it.
    Warning,
    /// It went wrong.
    Error,
}

/// The data of a `progress` event.
pub fn progress(progress: &Progress) -> String {
    json(progress)
}

/// The data of a `toast` event.
pub fn toast(upload: UploadId, level: Level, message: &str) -> String {
    #[derive(Serialize)]
    struct Toast<'a> {
        upload: UploadId,
        level: Level,
        message: &'a str,
    }
    json(&Toast { upload, level, message })
}

/// The data of a `problem` event. It begins with `{"upload":"…",`, which pages of problems leave out.
pub fn problem(upload: UploadId, problem: &Problem) -> String {
    #[derive(Serialize)]
    struct Told<'a> {
        upload: UploadId,
        #[serde(flatten)]
        problem: &'a Problem,
    }
    json(&Told { upload, problem })
}

/// The data of a `stage` event: what is worth knowing at that stage. `upload` and `stage` stand first.
pub fn stage(record: &UploadRecord, seconds: f64) -> String {
    #[derive(Serialize)]
    struct Head<'a, T> {
        upload: UploadId,
        stage: Stage,
        filename: &'a str,
        #[serde(flatten)]
        rest: T,
    }
    #[derive(Serialize)]
    struct Receiving {
        total_bytes: Option<u64>,
    }
    #[derive(Serialize)]
    struct Understood<'a> {
        columns: &'a [String],
        reading: &'a Reading,
    }
    #[derive(Serialize)]
    struct Ended<'a> {
        rows: u64,
        problems: u64,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        problems_by_code: &'a BTreeMap<ProblemCode, u64>,
        received_bytes: u64,
        read_bytes: u64,
        total_bytes: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        #[serde(flatten)]
        failure: Option<&'a Failure>,
        #[serde(skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
    }
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Rest<'a> {
        Receiving(Receiving),
        Understood(Understood<'a>),
        Ended(Ended<'a>),
    }
    let rest = match (record.stage, &record.reading) {
        (Stage::Understood | Stage::Reading, Some(reading)) => {
            Rest::Understood(Understood { columns: &reading.columns, reading })
        }
        (Stage::Receiving | Stage::Understood | Stage::Reading, _) => {
            Rest::Receiving(Receiving { total_bytes: record.total_bytes })
        }
        (Stage::Done | Stage::Failed | Stage::Cancelled | Stage::Interrupted, _) => Rest::Ended(Ended {
            rows: record.rows,
            problems: record.problems,
            problems_by_code: &record.problems_by_code,
            received_bytes: record.received_bytes,
            read_bytes: record.read_bytes,
            total_bytes: record.total_bytes,
            seconds: (record.stage == Stage::Done).then_some((seconds * 1000.0).round() / 1000.0),
            failure: record.failure.as_ref(),
            resume: record.resume_path(),
        }),
    };
    json(&Head { upload: record.id, stage: record.stage, filename: &record.filename, rest })
}

/// The data of a `profile` event: what the columns of an upload look like.
pub fn profile(record: &UploadRecord) -> String {
    #[derive(Serialize)]
    struct Profile<'a> {
        upload: UploadId,
        columns: &'a [ColumnProfile],
    }
    json(&Profile { upload: record.id, columns: &record.profiles })
}

/// The data of a `gap` event.
pub(super) fn gap(from: &str, to: EventId, reason: &str) -> String {
    #[derive(Serialize)]
    struct Gap<'a> {
        from: &'a str,
        to: String,
        reason: &'a str,
    }
    json(&Gap { from, to: to.to_string(), reason })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the domain's types always serialise")
}
