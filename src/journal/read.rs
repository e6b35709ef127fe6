//! Reading the journal back: from any place, by row, by problem.

use super::client::ClientLog;
use super::delete::{GapReason, leaving_reason};
use super::entry::{Checkpoint, Entry, Part};
use super::uploads::key;
use super::{Journal, JournalError};
use crate::domain::{ClientName, Epoch, EventId, UploadId};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Whether an id names a place in a client's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It does; what follows it can be replayed.
    Known,
    /// Its epoch is none of this journal's.
    UnknownEpoch,
    /// Of the current epoch, but no event has that number yet.
    Ahead,
    /// Announced once under that id, but lost since; the number was, or will be, given again under a later epoch.
    Lost,
}

/// What stands next in a client's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// An entry.
    Entry(StoredEntry),
    /// Numbers whose events are no longer kept.
    Gap {
        /// The first of them.
        first: EventId,
        /// The last of them.
        last: EventId,
        /// Why they are gone.
        reason: GapReason,
    },
}

/// An entry read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The entry.
    pub entry: Entry,
    /// The epoch under which its events were announced.
    pub epoch: Epoch,
}

const ENTRY: &str = "e.last_n, e.first_n, p.name, e.upload, e.first_row, e.first_problem, e.body";

impl Journal {
    /// Whether `id` names a place in the client's journal.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn place(&self, client: &ClientLog, id: EventId) -> Result<Place, JournalError> {
        let current = self.epoch();
        let committed = client.tail().committed;
        self.read(|db| {
            let known = db.prepare_cached("SELECT 1 FROM epochs WHERE name = ?1")?.exists([id.epoch.as_str()])?;
            if !known {
                return Ok(Place::UnknownEpoch);
            }
            if id.n == 0 {
                return Ok(Place::Known);
            }
            if id.n > committed.n {
                return Ok(if id.epoch == current { Place::Ahead } else { Place::Lost });
            }
            let Some(key) = client.key() else { return Ok(Place::Lost) };
            let mut select = db.prepare_cached(
                "SELECT p.name, place.reason FROM (
                     SELECT epoch, NULL AS reason FROM (
                         SELECT epoch, last_n, first_n FROM entries WHERE client = ?1 AND last_n >= ?2 ORDER BY last_n LIMIT 1)
                     WHERE first_n <= ?2
                     UNION ALL
                     SELECT epoch, reason FROM (
                         SELECT epoch, last_n, first_n, reason FROM gaps WHERE client = ?1 AND last_n >= ?2 ORDER BY last_n LIMIT 1)
                     WHERE first_n <= ?2) place
                 JOIN epochs p ON p.ordinal = place.epoch",
            )?;
            let place = select.query_row(params![key, id.n], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (epoch, reason): (Option<String>, Option<String>) = place.unwrap_or_default();
            let is_lost = reason.as_deref() == Some(GapReason::Lost.as_str());
            Ok(if epoch.as_deref() == Some(id.epoch.as_str()) && !is_lost { Place::Known } else { Place::Lost })
        })
    }

    /// What stands in the client's journal after number `after`, up to number `until`: entries and gaps in order, at
    /// most `limit` of them.
    ///
    /// # Errors
    /// Any error of the database; [`JournalError::Damaged`] where an entry cannot be read.
    pub fn after(&self, client: &ClientLog, after: u64, until: u64, limit: usize) -> Result<Vec<Stored>, JournalError> {
        let Some(key) = client.key() else { return Ok(Vec::new()) };
        self.read(|db| {
            let sql = format!(
                "SELECT {ENTRY} FROM entries e JOIN epochs p ON p.ordinal = e.epoch
                 WHERE e.client = ?1 AND e.last_n > ?2 AND e.first_n <= ?3 ORDER BY e.last_n LIMIT ?4"
            );
            let mut select = db.prepare_cached(&sql)?;
            let mut rows = select.query(params![key, after, until, limit])?;
            let mut stored = Vec::new();
            let mut at = after;
            while let Some(row) = rows.next()? {
                let found = entry(row)?;
                if found.entry.first_n > at + 1 {
                    gaps(db, key, at, found.entry.first_n - 1, &mut stored)?;
                }
                at = found.entry.last_n;
                match leaving_reason(db, found.entry.upload)? {
                    Some(reason) => {
                        let id = |n| EventId { epoch: found.epoch, n };
                        put_gap(&mut stored, id(found.entry.first_n.max(after + 1)), id(at), reason);
                    }
                    None => stored.push(Stored::Entry(found)),
                }
            }
            if stored.len() < limit && at < until {
                gaps(db, key, at, until, &mut stored)?;
            }
            Ok(stored)
        })
    }

    /// The place right before the oldest event that is kept: where `?from=start` begins. The client's end, if none is.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn start(&self, client: &ClientLog) -> Result<EventId, JournalError> {
        let committed = client.tail().committed;
        let Some(key) = client.key() else { return Ok(committed) };
        self.read(|db| {
            let mut select = db.prepare_cached(
                "SELECT e.first_n - 1, p.name FROM entries e JOIN epochs p ON p.ordinal = e.epoch
                 WHERE e.client = ?1 AND e.upload NOT IN (SELECT upload FROM leaving) ORDER BY e.last_n LIMIT 1",
            )?;
            let first = select.query_row([key], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).optional()?;
            let Some((n, epoch)) = first else { return Ok(committed) };
            let here = EventId { epoch: epoch.parse().map_err(|_| JournalError::Damaged)?, n };
            // The number before belongs to the gap in front, which may be of an earlier epoch.
            let mut select = db.prepare_cached(
                "SELECT p.name FROM gaps g JOIN epochs p ON p.ordinal = g.epoch WHERE g.client = ?1 AND g.last_n = ?2",
            )?;
            let before: Option<String> = select.query_row(params![key, n], |row| row.get(0)).optional()?;
            let epoch = before.map_or(Ok(here.epoch), |name| name.parse().map_err(|_| JournalError::Damaged))?;
            Ok(EventId { epoch, n })
        })
    }

    /// The entries of one upload that hold rows from `row` on, in order: at most `limit` of them.
    ///
    /// # Errors
    /// Any error of the database; [`JournalError::Damaged`] where an entry cannot be read.
    pub fn entries_from_row(&self, upload: UploadId, row: u64, limit: usize) -> Result<Vec<Entry>, JournalError> {
        self.read(|db| {
            let mut seek = db.prepare_cached(
                "SELECT first_row, last_n FROM entries WHERE upload = ?1 AND first_row <= ?2
                 ORDER BY first_row DESC, last_n DESC LIMIT 1",
            )?;
            let from: Option<(u64, u64)> =
                seek.query_row(params![key(upload), row], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (first_row, last_n) = from.unwrap_or((0, 0));
            let sql = format!(
                "SELECT {ENTRY} FROM entries e JOIN epochs p ON p.ordinal = e.epoch
                 WHERE e.upload = ?1 AND (e.first_row, e.last_n) >= (?2, ?3) ORDER BY e.first_row, e.last_n LIMIT ?4"
            );
            entries(db, &sql, params![key(upload), first_row, last_n, limit])
        })
    }

    /// The entries of one upload that tell its problems from number `problem` (from 0) on, in order: at most `limit`.
    ///
    /// # Errors
    /// Any error of the database; [`JournalError::Damaged`] where an entry cannot be read.
    pub fn entries_from_problem(
        &self,
        upload: UploadId,
        problem: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, JournalError> {
        self.read(|db| {
            let sql = format!(
                "SELECT {ENTRY} FROM entries e JOIN epochs p ON p.ordinal = e.epoch
                 WHERE e.upload = ?1 AND e.problems > 0 AND e.first_problem >= coalesce(
                     (SELECT max(first_problem) FROM entries WHERE upload = ?1 AND problems > 0 AND first_problem <= ?2), 0)
                 ORDER BY e.first_problem LIMIT ?3"
            );
            entries(db, &sql, params![key(upload), problem, limit])
        })
    }

    /// The clients that have events, or had some that became gaps: those whose names begin with `prefix` and are
    /// `wanted`, by name, at most `limit` of them.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn clients(
        &self,
        prefix: &str,
        wanted: impl Fn(&ClientName) -> bool,
        limit: u64,
    ) -> Result<Vec<ClientName>, JournalError> {
        self.read(|db| {
            // '~' sorts behind every character of a name.
            let mut select = db.prepare_cached(
                "SELECT name FROM clients c WHERE name >= ?1 AND name < ?1 || '~' AND (
                     EXISTS (SELECT 1 FROM entries WHERE client = c.id) OR EXISTS (SELECT 1 FROM gaps WHERE client = c.id))
                 ORDER BY name",
            )?;
            let mut rows = select.query([prefix])?;
            let mut found = Vec::new();
            while (found.len() as u64) < limit
                && let Some(row) = rows.next()?
            {
                let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                let name = ClientName::parse(name).map_err(|_| JournalError::Damaged)?;
                if wanted(&name) {
                    found.push(name);
                }
            }
            Ok(found)
        })
    }

    /// The last entry of one upload: where its reading goes on.
    ///
    /// # Errors
    /// Any error of the database; [`JournalError::Damaged`] where the entry cannot be read.
    pub fn last_entry(&self, upload: UploadId) -> Result<Option<Entry>, JournalError> {
        self.read(|db| last_entry(db, upload))
    }
}

/// The last entry of one upload.
pub(super) fn last_entry(db: &Connection, upload: UploadId) -> Result<Option<Entry>, JournalError> {
    let sql = format!(
        "SELECT {ENTRY} FROM entries e JOIN epochs p ON p.ordinal = e.epoch
         WHERE e.upload = ?1 ORDER BY e.first_row DESC, e.last_n DESC LIMIT 1"
    );
    Ok(entries(db, &sql, params![key(upload)])?.pop())
}

/// A client's key and the last event committed for it: the end of its entries or of its gaps, whichever is later.
pub(super) fn client(db: &Connection, name: &ClientName) -> Result<Option<(i64, EventId)>, JournalError> {
    let mut select = db.prepare_cached("SELECT id FROM clients WHERE name = ?1")?;
    let Some(key) = select.query_row([name.as_str()], |row| row.get::<_, i64>(0)).optional()? else { return Ok(None) };
    let mut select = db.prepare_cached(
        "SELECT last.n, p.name FROM (
             SELECT * FROM (SELECT last_n AS n, epoch FROM entries WHERE client = ?1 ORDER BY last_n DESC LIMIT 1)
             UNION ALL
             SELECT * FROM (SELECT last_n AS n, epoch FROM gaps WHERE client = ?1 ORDER BY last_n DESC LIMIT 1)) last
         JOIN epochs p ON p.ordinal = last.epoch ORDER BY last.n DESC LIMIT 1",
    )?;
    let last = select.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    // The client of parts that wait to be put together has uploads, and no event.
    let Some((n, epoch)): Option<(u64, String)> = last else { return Ok(None) };
    Ok(Some((key, EventId { epoch: epoch.parse().map_err(|_| JournalError::Damaged)?, n })))
}

/// Adds a gap, joined with the one before it where they are one.
fn put_gap(stored: &mut Vec<Stored>, first: EventId, last: EventId, reason: GapReason) {
    if let Some(Stored::Gap { last: before, reason: same, .. }) = stored.last_mut()
        && (*same, before.epoch, before.n + 1) == (reason, first.epoch, first.n)
    {
        *before = last;
        return;
    }
    stored.push(Stored::Gap { first, last, reason });
}

/// The gaps that hold the numbers after `after` up to `until`.
fn gaps(db: &Connection, client: i64, after: u64, until: u64, stored: &mut Vec<Stored>) -> Result<(), JournalError> {
    let mut select = db.prepare_cached(
        "SELECT g.first_n, g.last_n, p.name, g.reason FROM gaps g JOIN epochs p ON p.ordinal = g.epoch
         WHERE g.client = ?1 AND g.last_n > ?2 AND g.first_n <= ?3 ORDER BY g.last_n",
    )?;
    let mut rows = select.query(params![client, after, until])?;
    while let Some(row) = rows.next()? {
        let epoch = row.get::<_, String>(2)?.parse().map_err(|_| JournalError::Damaged)?;
        let reason = GapReason::parse(&row.get::<_, String>(3)?).ok_or(JournalError::Damaged)?;
        // Cut at both ends: what lies beyond is asked for again, or comes live.
        let first = EventId { epoch, n: row.get::<_, u64>(0)?.max(after + 1) };
        let last = EventId { epoch, n: row.get::<_, u64>(1)?.min(until) };
        put_gap(stored, first, last, reason);
    }
    Ok(())
}

fn entries(db: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Entry>, JournalError> {
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(entry(row)?.entry);
    }
    Ok(found)
}

fn entry(row: &Row<'_>) -> Result<StoredEntry, JournalError> {
    let (checkpoint, parts): (Checkpoint, Vec<Part>) =
        Entry::parse_body(row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?)?;
    Ok(StoredEntry {
        epoch: row.get::<_, String>(2)?.parse().map_err(|_| JournalError::Damaged)?,
        entry: Entry {
            last_n: row.get(0)?,
            first_n: row.get(1)?,
            upload: UploadId(uuid::Uuid::from_bytes(row.get(3)?)),
            first_row: row.get(4)?,
            first_problem: row.get(5)?,
            checkpoint,
            parts,
        },
    })
}
