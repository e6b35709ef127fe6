use super::super::Journal;
use super::*;
use crate::domain::{
    ClientName, ColumnProfile, ColumnShape, Learned, QuoteOption, ReadOptions, Reading, Repair, Stage, UploadId,
    UploadRecord, ValueType,
};
use std::sync::Arc;

const ID: &str = "0199a5f3-9f40-7d2a-8000-000000000000";

/// The tables of version 1 that matter here, with an upload that was interrupted.
pub(in crate::journal) const VERSION_1: &str = "
CREATE TABLE epochs (ordinal INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, began_ms INTEGER NOT NULL);
CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE uploads (
    id BLOB PRIMARY KEY, client INTEGER NOT NULL, stage TEXT NOT NULL, filename TEXT NOT NULL,
    received_bytes INTEGER NOT NULL, read_bytes INTEGER NOT NULL, total_bytes INTEGER,
    rows INTEGER NOT NULL, problems INTEGER NOT NULL, problems_by_code TEXT NOT NULL, reading TEXT, failure TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE leaving (upload BLOB PRIMARY KEY, client INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO clients VALUES (7, 'me');
INSERT INTO uploads VALUES
    (x'0199a5f39f407d2a8000000000000000', 7, 'interrupted', 'a.csv', 4, 4, 4, 1, 0, '{}', NULL, NULL, 1, 1);
PRAGMA user_version = 1;
";

/// What version 2 had more, with how the upload is read as that version wrote it.
const VERSION_2: &str = r#"
ALTER TABLE uploads ADD COLUMN length_bytes INTEGER;
ALTER TABLE uploads ADD COLUMN resumable TEXT;
ALTER TABLE uploads ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;
CREATE TABLE departed (upload BLOB PRIMARY KEY, reason TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
UPDATE uploads SET length_bytes = 9, resumable = '{}',
    reading = '{"delimiter":",","quote":"\"","encoding":"utf-8","byte_order_mark":true,"header_rows":1,"columns":["a","b"]}';
PRAGMA user_version = 2;
"#;

fn journal(path: &Path) -> Journal {
    Journal::open(path, 1 << 20).unwrap()
}

#[test]
fn every_earlier_version_becomes_this_one_and_keeps_everything_that_is_said_later() {
    let id = UploadId(ID.parse().unwrap());
    for (earlier, length_bytes) in [(vec![VERSION_1], None), (vec![VERSION_1, VERSION_2], Some(9))] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        earlier.iter().for_each(|sql| Connection::open(&path).unwrap().execute_batch(sql).unwrap());
        let mut record = journal(&path).upload(id).unwrap().unwrap();
        assert_eq!((record.stage, record.length_bytes), (Stage::Interrupted, length_bytes));
        assert_eq!((&record.options, record.hold, record.source), (&ReadOptions::default(), false, None));
        let reading = length_bytes.map(|_| Reading {
            byte_order_mark: true,
            columns: vec!["a".into(), "b".into()],
            ..Reading::default()
        });
        assert_eq!((&record.reading, &record.learned, record.profiles.len()), (&reading, &None, 0));

        record.hold = true;
        record.learned = Some(Arc::new(learned()));
        record.profiles = vec![profile()];
        for _ in 0..2 {
            let journal = journal(&path);
            journal.keep(&record).unwrap();
            journal.close().unwrap();
            assert_eq!(self::journal(&path).upload(id).unwrap().as_ref(), Some(&record), "it stands after a restart");
        }
    }
}

#[test]
fn what_was_said_of_an_upload_is_kept_and_what_was_learned_only_as_long_as_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(&dir.path().join("journal.db"));
    let me = ClientName::parse("me").unwrap();
    let mut record = UploadRecord {
        stage: Stage::Reading,
        options: ReadOptions {
            delimiter: Some("||".into()),
            quote: Some(QuoteOption::None),
            header_rows: Some(2),
            null_values: vec!["NA".into(), String::new()],
            repair: Some(Repair::Report),
            ..ReadOptions::default()
        },
        source: Some(UploadId(ID.parse().unwrap())),
        learned: Some(Arc::new(learned())),
        profiles: vec![profile()],
        ..UploadRecord::new(UploadId::now(), me, "b.csv", 5)
    };
    journal.keep(&record).unwrap();
    assert_eq!(journal.unfinished().unwrap(), [record.clone()]);
    let shown = UploadRecord { learned: None, ..record.clone() };
    assert_eq!(journal.uploads(None, None, 9).unwrap(), [shown], "a list needs not what was learned");
    record.stage = Stage::Done;
    journal.keep(&record).unwrap();
    record.learned = None;
    assert_eq!(journal.upload(record.id).unwrap(), Some(record));
}

fn learned() -> Learned {
    let shape = ColumnShape { cells: 3, classes: [('t', 3)].into(), ..ColumnShape::default() };
    Learned { columns: vec![shape], header: vec!["zip".into()], labels: vec!["Zip".into()], first: Vec::new() }
}

fn profile() -> ColumnProfile {
    ColumnProfile {
        name: "a".into(),
        value_type: ValueType::Date,
        date_format: Some("DD.MM.YYYY".into()),
        date_format_or: None,
        rows: 3,
        nulls: 1,
        distinct: 2,
        min: Some("01.02.2026".into()),
        max: None,
        examples: vec!["01.02.2026".into()],
    }
}
