//! The journal's file: its tables, and under which epoch this run gives numbers.

use super::{JournalError, keys, published};
use crate::domain::Epoch;
use rusqlite::{Connection, OpenFlags, params};
use std::path::Path;
use std::time::Duration;

/// Raised with every change of the tables. A file of another version is refused, not guessed at.
pub(super) const VERSION: i64 = 4;

// `entries` is kept in the order it is replayed in; the two indexes find a row and a problem of one upload.
const TABLES: &str = "
CREATE TABLE epochs (ordinal INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, began_ms INTEGER NOT NULL);
CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE uploads (
    id BLOB PRIMARY KEY, client INTEGER NOT NULL, stage TEXT NOT NULL, filename TEXT NOT NULL,
    received_bytes INTEGER NOT NULL, read_bytes INTEGER NOT NULL, total_bytes INTEGER,
    rows INTEGER NOT NULL, problems INTEGER NOT NULL, problems_by_code TEXT NOT NULL, reading TEXT, failure TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
    length_bytes INTEGER, resumable TEXT, partial INTEGER NOT NULL DEFAULT 0,
    options TEXT NOT NULL DEFAULT '{}', hold INTEGER NOT NULL DEFAULT 0, source BLOB, learned TEXT,
    profiles TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
CREATE INDEX uploads_by_client ON uploads (client, id);
CREATE TABLE entries (
    client INTEGER NOT NULL, last_n INTEGER NOT NULL, first_n INTEGER NOT NULL, epoch INTEGER NOT NULL,
    upload BLOB NOT NULL, first_row INTEGER NOT NULL, first_problem INTEGER NOT NULL, problems INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (client, last_n)) WITHOUT ROWID;
CREATE INDEX entries_by_row ON entries (upload, first_row, last_n);
CREATE INDEX entries_by_problem ON entries (upload, first_problem) WHERE problems > 0;
CREATE TABLE gaps (
    client INTEGER NOT NULL, last_n INTEGER NOT NULL, first_n INTEGER NOT NULL, epoch INTEGER NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (client, last_n)) WITHOUT ROWID;
CREATE TABLE leaving (upload BLOB PRIMARY KEY, client INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE departed (upload BLOB PRIMARY KEY, reason TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
";

/// What makes a file of version 1 one of version 2.
const FROM_1_TO_2: &str = "
ALTER TABLE uploads ADD COLUMN length_bytes INTEGER;
ALTER TABLE uploads ADD COLUMN resumable TEXT;
ALTER TABLE uploads ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;
CREATE TABLE departed (upload BLOB PRIMARY KEY, reason TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
";

/// What makes a file of version 2 one of version 3.
const FROM_2_TO_3: &str = "
ALTER TABLE uploads ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE uploads ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN source BLOB;
ALTER TABLE uploads ADD COLUMN learned TEXT;
ALTER TABLE uploads ADD COLUMN profiles TEXT NOT NULL DEFAULT '[]';
";

/// The epoch of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CurrentEpoch {
    pub ordinal: i64,
    pub epoch: Epoch,
}

/// Opens the file for the one connection that writes.
pub(super) fn open(path: &Path) -> Result<(Connection, CurrentEpoch), JournalError> {
    let mut db = Connection::open(path)?;
    // An entry is about a hundred bytes, and a commit writes every page it touches: small pages write less.
    db.pragma_update(None, "page_size", 1024)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    // Checkpoints are taken by a thread of their own (writer.rs): their fsync would hold up announcements.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "journal_size_limit", 4 << 20)?;
    db.pragma_update(None, "cache_size", -2048)?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tx = db.transaction()?;
    match version {
        VERSION => {}
        0 => {
            tx.execute_batch(TABLES)?;
            tx.execute_batch(published::TABLE)?;
        }
        1 => {
            tx.execute_batch(FROM_1_TO_2)?;
            tx.execute_batch(FROM_2_TO_3)?;
            tx.execute_batch(published::TABLE)?;
        }
        2 => {
            tx.execute_batch(FROM_2_TO_3)?;
            tx.execute_batch(published::TABLE)?;
        }
        // Version 4 has published events, which version 3 could not read.
        3 => tx.execute_batch(published::TABLE)?,
        found => return Err(JournalError::Version { found, expected: VERSION }),
    }
    keys::prepare(&tx)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    let epoch = begin_epoch(&tx)?;
    tx.commit()?;
    Ok((db, epoch))
}

/// Opens the file for reading beside the writer.
pub(super) fn open_reader(path: &Path) -> Result<Connection, JournalError> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "cache_size", -512)?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// Writes what stands there already.
pub(super) fn touch(tx: &rusqlite::Transaction<'_>) -> Result<(), JournalError> {
    Ok(tx.pragma_update(None, "user_version", VERSION)?)
}

/// Begins an epoch, at every start.
///
/// Within one, no number is given twice. Across a start that cannot be known: a machine that lost power has lost announced
/// events that were not synced, and an older copy of the file has not heard of the later ones, wherever it came from. So
/// their numbers, which are given again, get another epoch, and who comes with a lost id is told of a gap. An id whose
/// event was kept stays good: entries keep the epoch under which they were announced.
fn begin_epoch(db: &Connection) -> Result<CurrentEpoch, JournalError> {
    let epoch = Epoch::random();
    db.execute("INSERT INTO epochs (name, began_ms) VALUES (?1, ?2)", params![epoch.as_str(), super::now_ms()])?;
    Ok(CurrentEpoch { ordinal: db.last_insert_rowid(), epoch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_begins_an_epoch() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let first = open(&path).unwrap().1;
        let second = open(&path).unwrap().1;
        assert_ne!(second.epoch, first.epoch);
        assert_eq!(second.ordinal, first.ordinal + 1);
    }

    #[test]
    fn another_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let (db, _) = open(&path).unwrap();
        db.pragma_update(None, "user_version", 7).unwrap();
        drop(db);
        assert!(matches!(open(&path), Err(JournalError::Version { found: 7, expected: VERSION })));
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
pub(super) mod migrations;
