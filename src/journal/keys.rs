//! Idempotency keys: for which upload a client's key was used, and what was sent with it.
//!
//! A key is written down when the request it came with has arrived whole, before its upload can be done, or when its
//! upload has failed. So a row stands for a request that needs not be made again; a key without one is free.

use super::uploads::key as id_of;
use super::{Journal, JournalError};
use crate::domain::{ClientName, UploadId};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

const TABLE: &str = "
CREATE TABLE IF NOT EXISTS keys (
    client INTEGER NOT NULL, key TEXT NOT NULL, upload BLOB NOT NULL, digest BLOB NOT NULL,
    file_bytes INTEGER NOT NULL, whole INTEGER NOT NULL, PRIMARY KEY (client, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_upload ON keys (upload);
";

/// What tells one request from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of what was sent: fields and file.
    pub digest: [u8; 32],
    /// Bytes of the file that went into the digest.
    pub file_bytes: u64,
    /// Whether these are all of the file, and the fields all of the fields. Of an upload that failed before its end only
    /// the beginning is known.
    pub whole: bool,
}

/// A key that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptKey {
    /// For this upload.
    pub upload: UploadId,
    /// With this request.
    pub fingerprint: Fingerprint,
}

impl Journal {
    /// What the client's key was used for; none while it is free.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn key(&self, client: &ClientName, key: &str) -> Result<Option<KeptKey>, JournalError> {
        self.read(|db| {
            let mut select = db.prepare_cached(
                "SELECT k.upload, k.digest, k.file_bytes, k.whole FROM keys k JOIN clients c ON c.id = k.client
                 WHERE c.name = ?1 AND k.key = ?2",
            )?;
            let kept = select.query_row(params![client.as_str(), key], |row| {
                let fingerprint = Fingerprint { digest: row.get(1)?, file_bytes: row.get(2)?, whole: row.get(3)? };
                Ok(KeptKey { upload: UploadId(uuid::Uuid::from_bytes(row.get(0)?)), fingerprint })
            });
            Ok(kept.optional()?)
        })
    }

    /// Writes down what a key of the upload's client was used for, over what it was used for before, and waits until that
    /// is on disk. An upload that is no longer in the list keeps no key.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn keep_key(&self, key: &str, kept: KeptKey) -> Result<(), JournalError> {
        let key = key.to_owned();
        self.act(move |tx| {
            let KeptKey { upload, fingerprint: Fingerprint { digest, file_bytes, whole } } = kept;
            tx.execute(
                "INSERT OR REPLACE INTO keys (client, key, upload, digest, file_bytes, whole)
                 SELECT client, ?2, id, ?3, ?4, ?5 FROM uploads WHERE id = ?1",
                params![id_of(upload), key, digest, file_bytes, whole],
            )?;
            Ok(())
        })
    }
}

/// Makes the table where it is missing.
pub(super) fn prepare(db: &Connection) -> Result<(), JournalError> {
    Ok(db.execute_batch(TABLE)?)
}

/// Frees the keys of an upload that leaves.
pub(super) fn free(tx: &Transaction<'_>, upload: UploadId) -> Result<(), JournalError> {
    tx.execute("DELETE FROM keys WHERE upload = ?1", [id_of(upload)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::GapReason;
    use crate::journal::schema::migrations::VERSION_1;

    fn fingerprint(byte: u8) -> Fingerprint {
        Fingerprint { digest: [byte; 32], file_bytes: 4, whole: byte > 1 }
    }

    #[test]
    fn a_key_is_kept_for_its_client_until_its_upload_leaves() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(VERSION_1).unwrap();
        db.execute("UPDATE uploads SET stage = 'done'", []).unwrap();
        drop(db);
        let upload = UploadId("0199a5f3-9f40-7d2a-8000-000000000000".parse().unwrap());
        let (me, you) = (ClientName::parse("me").unwrap(), ClientName::parse("you").unwrap());
        for round in [1, 2] {
            // A file of version 1 has no such table yet.
            let journal = Journal::open(&path, 1 << 20).unwrap();
            let kept = KeptKey { upload, fingerprint: fingerprint(round) };
            journal.keep_key("k", kept).unwrap();
            assert_eq!(journal.key(&me, "k").unwrap(), Some(kept), "over what it was used for before");
            journal.close().unwrap();
        }
        let journal = Journal::open(&path, 1 << 20).unwrap();
        assert_eq!(journal.key(&me, "k").unwrap(), Some(KeptKey { upload, fingerprint: fingerprint(2) }));
        assert_eq!(journal.key(&you, "k").unwrap(), None);
        assert_eq!(journal.key(&me, "K").unwrap(), None);
        // Nobody is left whom it could stand for.
        journal.keep_key("other", KeptKey { upload: UploadId::now(), fingerprint: fingerprint(3) }).unwrap();
        assert_eq!(journal.key(&me, "other").unwrap(), None);
        journal.leave(upload, GapReason::Deleted).unwrap().unwrap();
        assert_eq!(journal.key(&me, "k").unwrap(), None);
    }
}
