//! What a batch changes in the upload that everybody sees.

use crate::domain::{ColumnProfile, Learned, ProblemCode, Reading, Stage, UploadRecord};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What everybody may know once a batch is announced.
pub(super) struct Told {
    rows: u64,
    read_bytes: u64,
    problems: u64,
    problems_by_code: Option<BTreeMap<ProblemCode, u64>>,
    header: Option<Box<Header>>,
}

/// What is known from the header on.
struct Header {
    stage: Stage,
    hold: bool,
    reading: Option<Reading>,
    learned: Option<Arc<Learned>>,
    profiles: Vec<ColumnProfile>,
    updated_ms: u64,
}

impl Told {
    pub fn of(record: &UploadRecord, header: bool) -> Self {
        let header = header.then(|| {
            Box::new(Header {
                stage: record.stage,
                hold: record.hold,
                reading: record.reading.clone(),
                learned: record.learned.clone(),
                profiles: record.profiles.clone(),
                updated_ms: record.updated_ms,
            })
        });
        Self {
            rows: record.rows,
            read_bytes: record.read_bytes,
            problems: record.problems,
            problems_by_code: (record.problems > 0).then(|| record.problems_by_code.clone()),
            header,
        }
    }

    pub fn put(self, record: &mut UploadRecord) {
        (record.rows, record.read_bytes, record.problems) = (self.rows, self.read_bytes, self.problems);
        if let Some(problems_by_code) = self.problems_by_code {
            record.problems_by_code = problems_by_code;
        }
        if let Some(header) = self.header {
            (record.stage, record.hold, record.updated_ms) = (header.stage, header.hold, header.updated_ms);
            (record.reading, record.learned, record.profiles) = (header.reading, header.learned, header.profiles);
        }
    }
}
