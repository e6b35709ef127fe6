//! What was published: the keys it was published under, and letting it go when it is old.
//!
//! A published event is an entry of no upload, so nothing that happens to uploads touches it. Its key is written in the
//! same commit as the event: a key stands for an event that is there, and an event that is there has its key.

use super::delete::{GapReason, add_gap};
use super::uploads::key as id_of;
use super::{Journal, JournalError};
use crate::domain::{ClientName, EventId, UploadId};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// The table; `at_ms` finds what has expired.
pub(super) const TABLE: &str = "
CREATE TABLE published_keys (
    client INTEGER NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, epoch INTEGER NOT NULL, n INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (client, key)) WITHOUT ROWID;
CREATE INDEX published_keys_by_age ON published_keys (at_ms);
";

/// The key that an event is published under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// As its sender gave it.
    pub key: String,
    /// What tells the request from another.
    pub digest: [u8; 32],
}

/// Events let go in one transaction: few enough that announcements do not wait long behind it.
const SLICE: usize = 1000;

impl Journal {
    /// The event that was published under a client's key, and the digest of the request; none while the key is free.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn published_under(&self, client: &ClientName, key: &str) -> Result<Option<(EventId, [u8; 32])>, JournalError> {
        self.read(|db| {
            let mut select = db.prepare_cached(
                "SELECT p.name, k.n, k.digest FROM published_keys k JOIN clients c ON c.id = k.client
                 JOIN epochs p ON p.ordinal = k.epoch WHERE c.name = ?1 AND k.key = ?2",
            )?;
            let found: Option<(String, u64, [u8; 32])> = select
                .query_row(params![client.as_str(), key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((epoch, n, digest)) = found else { return Ok(None) };
            Ok(Some((EventId { epoch: epoch.parse().map_err(|_| JournalError::Damaged)?, n }, digest)))
        })
    }

    /// Lets go what was published before `at_ms` (milliseconds since the Unix epoch): it becomes a gap, and its keys are
    /// free. Answers how many events that were.
    ///
    /// # Errors
    /// Any error of the database; what is left then is let go the next time.
    pub fn expire_published(&self, at_ms: u64) -> Result<u64, JournalError> {
        let any = |db: &Connection| {
            let mut entries =
                db.prepare_cached("SELECT 1 FROM entries WHERE upload = ?1 AND first_row < ?2 LIMIT 1")?;
            let mut keys = db.prepare_cached("SELECT 1 FROM published_keys WHERE at_ms < ?1 LIMIT 1")?;
            Ok(entries.exists(params![id_of(UploadId::NONE), at_ms])? || keys.exists([at_ms])?)
        };
        let mut gone = 0;
        while self.read(any)? {
            gone += self.act(move |tx| expire_slice(tx, at_ms))?;
        }
        Ok(gone)
    }
}

fn expire_slice(tx: &Transaction<'_>, at_ms: u64) -> Result<u64, JournalError> {
    tx.execute("DELETE FROM published_keys WHERE at_ms < ?1", [at_ms])?;
    let mut select = tx.prepare_cached(
        "SELECT client, first_n, last_n, epoch FROM entries WHERE upload = ?1 AND first_row < ?2
         ORDER BY first_row, last_n LIMIT ?3",
    )?;
    let runs = select.query_map(params![id_of(UploadId::NONE), at_ms, SLICE], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?, row.get::<_, i64>(3)?))
    })?;
    let mut gone = 0;
    let mut delete = tx.prepare_cached("DELETE FROM entries WHERE client = ?1 AND last_n = ?2")?;
    for run in runs.collect::<Result<Vec<_>, _>>()? {
        let (client, first, last, epoch) = run;
        delete.execute(params![client, last])?;
        add_gap(tx, client, first, last, epoch, GapReason::Expired.as_str())?;
        gone += last - first + 1;
    }
    Ok(gone)
}

/// Writes down the key of the event with number `n`, in the commit of that event.
pub(super) fn keep_key(
    tx: &Transaction<'_>,
    client: i64,
    epoch: i64,
    n: u64,
    at_ms: u64,
    kept: &PublishedKey,
) -> Result<(), JournalError> {
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO published_keys (client, key, digest, epoch, n, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.execute(params![client, kept.key, kept.digest, epoch, n, at_ms])?;
    Ok(())
}
