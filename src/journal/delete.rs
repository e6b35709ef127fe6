//! Letting an upload's events go: they leave gaps that say why.

use super::uploads::{exists, key};
use super::{Entry, Journal, JournalError, read};
use crate::domain::UploadId;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Why events are no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// Older than what is kept, or more than there is room for.
    Expired,
    /// Somebody deleted the upload.
    Deleted,
    /// The bytes they told of were lost, as with the power.
    Lost,
}

impl GapReason {
    /// The name in the journal and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Deleted => "deleted",
            Self::Lost => "lost",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Expired, Self::Deleted, Self::Lost].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// An upload that is no longer in the list, and whose entries are being taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving(
    /// The upload.
    pub UploadId,
);

/// Entries taken out in one transaction, and bytes of them: few enough that announcements do not wait long behind it.
const SLICE: usize = 1000;
const SLICE_BYTES: u64 = 4 << 20;

impl Journal {
    /// Takes an upload out of the list. From this commit on its events are a gap; [`Journal::sweep`] then takes the
    /// entries themselves out, slice by slice. None if there is no such upload.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn leave(&self, upload: UploadId, reason: GapReason) -> Result<Option<Leaving>, JournalError> {
        self.act(move |tx| {
            if !exists(tx, upload)? {
                return Ok(None);
            }
            tx.execute(
                "INSERT INTO leaving SELECT id, client, ?2 FROM uploads WHERE id = ?1",
                params![key(upload), reason.as_str()],
            )?;
            tx.execute("DELETE FROM uploads WHERE id = ?1", [key(upload)])?;
            super::keys::free(tx, upload)?;
            tx.execute(
                "INSERT OR REPLACE INTO departed (upload, reason, at_ms) VALUES (?1, ?2, ?3)",
                params![key(upload), reason.as_str(), super::now_ms()],
            )?;
            Ok(Some(Leaving(upload)))
        })
    }

    /// Takes a leaving upload's entries out. Call it for each of [`Journal::leaving`] after a start, too.
    ///
    /// # Errors
    /// Any error of the database; what is left then is taken out the next time.
    pub fn sweep(&self, leaving: Leaving) -> Result<(), JournalError> {
        while self.act(move |tx| sweep_slice(tx, leaving.0))? {}
        Ok(())
    }

    /// Takes back what was announced of an upload beyond the bytes that are left of its file: those events become a gap.
    /// Answers with the last entry that stays.
    ///
    /// # Errors
    /// Any error of the database; [`JournalError::Damaged`] where no entry stays.
    pub fn take_back(&self, upload: UploadId, received_bytes: u64) -> Result<Entry, JournalError> {
        self.act(move |tx| {
            loop {
                let last = read::last_entry(tx, upload)?.ok_or(JournalError::Damaged)?;
                if last.checkpoint.read_bytes <= received_bytes {
                    return Ok(last);
                }
                let mut delete =
                    tx.prepare_cached("DELETE FROM entries WHERE upload = ?1 AND last_n = ?2 RETURNING client, epoch")?;
                let (client, epoch) =
                    delete.query_row(params![key(upload), last.last_n], |row| Ok((row.get(0)?, row.get(1)?)))?;
                add_gap(tx, client, last.first_n, last.last_n, epoch, GapReason::Lost.as_str())?;
            }
        })
    }

    /// Why an upload that was here is no longer; none if it is still here, never was, or left too long ago.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn departed(&self, upload: UploadId) -> Result<Option<GapReason>, JournalError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT reason FROM departed WHERE upload = ?1")?;
            let reason: Option<String> = select.query_row([key(upload)], |row| row.get(0)).optional()?;
            reason.map(|reason| GapReason::parse(&reason).ok_or(JournalError::Damaged)).transpose()
        })
    }

    /// Forgets uploads that left before `at_ms` (milliseconds since the Unix epoch).
    ///
    /// # Errors
    /// Any error of the database.
    pub fn forget_departed(&self, at_ms: u64) -> Result<(), JournalError> {
        let any = |db: &Connection| {
            Ok(db.prepare_cached("SELECT 1 FROM departed WHERE at_ms < ?1 LIMIT 1")?.exists([at_ms])?)
        };
        if self.read(any)? {
            self.act(move |tx| {
                tx.execute("DELETE FROM departed WHERE at_ms < ?1", [at_ms])?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Uploads whose entries are still to be taken out.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn leaving(&self) -> Result<Vec<Leaving>, JournalError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT upload FROM leaving")?;
            let rows = select.query_map([], |row| Ok(Leaving(UploadId(uuid::Uuid::from_bytes(row.get(0)?)))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Why the upload is leaving, if it is.
pub(super) fn leaving_reason(db: &Connection, upload: UploadId) -> Result<Option<GapReason>, JournalError> {
    let mut select = db.prepare_cached("SELECT reason FROM leaving WHERE upload = ?1")?;
    let reason: Option<String> = select.query_row([key(upload)], |row| row.get(0)).optional()?;
    reason.map(|reason| GapReason::parse(&reason).ok_or(JournalError::Damaged)).transpose()
}

/// Turns some entries into gaps; answers whether there may be more.
fn sweep_slice(tx: &Transaction<'_>, upload: UploadId) -> Result<bool, JournalError> {
    let mut select = tx.prepare_cached("SELECT client, reason FROM leaving WHERE upload = ?1")?;
    let leaving: Option<(i64, String)> =
        select.query_row([key(upload)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((client, reason)) = leaving else { return Ok(false) };
    let mut select = tx.prepare_cached(
        "SELECT first_n, last_n, epoch, length(body) FROM entries WHERE upload = ?1 ORDER BY first_row, last_n LIMIT ?2",
    )?;
    let mut rows = select.query(params![key(upload), SLICE])?;
    let (mut runs, mut bytes): (Vec<(u64, u64, i64)>, u64) = (Vec::new(), 0);
    while bytes < SLICE_BYTES
        && let Some(row) = rows.next()?
    {
        runs.push((row.get(0)?, row.get(1)?, row.get(2)?));
        bytes += row.get::<_, u64>(3)?;
    }
    drop(rows);
    if runs.is_empty() {
        tx.execute("DELETE FROM leaving WHERE upload = ?1", [key(upload)])?;
        return Ok(false);
    }
    let mut delete = tx.prepare_cached("DELETE FROM entries WHERE client = ?1 AND last_n = ?2")?;
    for (_, last, _) in &runs {
        delete.execute(params![client, last])?;
    }
    for (first, last, epoch) in runs {
        add_gap(tx, client, first, last, epoch, &reason)?;
    }
    Ok(true)
}

/// Adds a run to the client's gaps, joined with its neighbours of the same epoch and reason.
pub(super) fn add_gap(
    tx: &Transaction<'_>,
    client: i64,
    mut first: u64,
    mut last: u64,
    epoch: i64,
    reason: &str,
) -> Result<(), JournalError> {
    let mut before = tx.prepare_cached(
        "DELETE FROM gaps WHERE client = ?1 AND last_n = ?2 AND epoch = ?3 AND reason = ?4 RETURNING first_n",
    )?;
    if let Some(joined) = before.query_row(params![client, first - 1, epoch, reason], |row| row.get(0)).optional()? {
        first = joined;
    }
    // Gaps do not overlap, so the one that follows is the next by its end.
    let mut next = tx.prepare_cached(
        "SELECT last_n FROM (SELECT * FROM gaps WHERE client = ?1 AND last_n > ?2 ORDER BY last_n LIMIT 1)
         WHERE first_n = ?2 + 1 AND epoch = ?3 AND reason = ?4",
    )?;
    if let Some(joined) = next.query_row(params![client, last, epoch, reason], |row| row.get(0)).optional()? {
        last = joined;
        tx.prepare_cached("DELETE FROM gaps WHERE client = ?1 AND last_n = ?2")?.execute(params![client, last])?;
    }
    let mut insert =
        tx.prepare_cached("INSERT INTO gaps (client, last_n, first_n, epoch, reason) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    insert.execute(params![client, last, first, epoch, reason])?;
    Ok(())
}
