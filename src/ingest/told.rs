//! What a batch changes in the upload that everybody sees.

use crate::domain::{ProblemCode, Reading, Stage, UploadRecord};
use std::collections::BTreeMap;

/// What everybody may know once a batch is announced.
pub(super) struct Told {
    rows: u64,
    read_bytes: u64,
    problems: u64,
    problems_by_code: Option<BTreeMap<ProblemCode, u64>>,
    header: Option<(Stage, Option<Reading>, u64)>,
}

impl Told {
    pub fn of(record: &UploadRecord, header: bool) -> Self {
        Self {
            rows: record.rows,
            read_bytes: record.read_bytes,
            problems: record.problems,
            problems_by_code: (record.problems > 0).then(|| record.problems_by_code.clone()),
            header: header.then(|| (record.stage, record.reading.clone(), record.updated_ms)),
        }
    }

    pub fn put(self, record: &mut UploadRecord) {
        (record.rows, record.read_bytes, record.problems) = (self.rows, self.read_bytes, self.problems);
        if let Some(problems_by_code) = self.problems_by_code {
            record.problems_by_code = problems_by_code;
        }
        if let Some((stage, reading, updated_ms)) = self.header {
            (record.stage, record.reading, record.updated_ms) = (stage, reading, updated_ms);
        }
    }
}
