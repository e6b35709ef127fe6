//! The list of uploads.

use super::{Journal, JournalError};
use crate::domain::{ClientName, Resumable, Stage, UploadId, UploadRecord};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, named_params, params};
use std::sync::Arc;

/// Every column but the last, what was learned: only who reads on needs that, and it is large.
const SHOWN: &str = "u.id, c.name, u.stage, u.filename, u.received_bytes, u.read_bytes, u.total_bytes,
    u.rows, u.problems, u.problems_by_code, u.reading, u.failure, u.created_ms, u.updated_ms, u.length_bytes,
    u.resumable, u.options, u.hold, u.source, u.profiles";

impl Journal {
    /// One upload, as it was last journalled.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn upload(&self, id: UploadId) -> Result<Option<UploadRecord>, JournalError> {
        self.read(|db| {
            let sql =
                format!("SELECT {SHOWN}, u.learned FROM uploads u JOIN clients c ON c.id = u.client WHERE u.id = ?1");
            Ok(db.prepare_cached(&sql)?.query_row([key(id)], row).optional()?)
        })
    }

    /// Uploads of one client, or of all, newest first: at most `limit` of them, older than `before` if it is given.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn uploads(
        &self,
        client: Option<&ClientName>,
        before: Option<UploadId>,
        limit: u64,
    ) -> Result<Vec<UploadRecord>, JournalError> {
        let whose = if client.is_some() {
            "u.client = (SELECT id FROM clients WHERE name = :client)"
        } else {
            ":client IS NULL"
        };
        let before = before.unwrap_or(UploadId(uuid::Uuid::max()));
        let sql = format!(
            "SELECT {SHOWN}, NULL FROM uploads u JOIN clients c ON c.id = u.client
             WHERE {whose} AND NOT u.partial AND u.id < :before ORDER BY u.id DESC LIMIT :limit"
        );
        self.list(
            &sql,
            named_params! { ":client": client.map(ClientName::as_str), ":before": key(before), ":limit": limit.min(1 << 32) },
        )
    }

    /// Every upload with its client, and what was said of it where it is a part of a file.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn holders(&self) -> Result<Vec<(UploadId, ClientName, Option<Resumable>)>, JournalError> {
        self.read(|db| {
            let sql = "SELECT u.id, c.name, CASE WHEN u.partial THEN u.resumable END
                 FROM uploads u JOIN clients c ON c.id = u.client ORDER BY u.id";
            let mut select = db.prepare_cached(sql)?;
            let rows = select.query_map([], |row| {
                let bad = |index, what: &str| {
                    rusqlite::Error::InvalidColumnType(index, what.into(), rusqlite::types::Type::Text)
                };
                let id = UploadId(uuid::Uuid::from_bytes(row.get(0)?));
                let client = ClientName::parse(&row.get::<_, String>(1)?).map_err(|_| bad(1, "client"))?;
                let part: Option<String> = row.get(2)?;
                let part = part.map(|json| serde_json::from_str(&json)).transpose();
                Ok((id, client, part.map_err(|_| bad(2, "resumable"))?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Uploads that were running when the journal was last written.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn unfinished(&self) -> Result<Vec<UploadRecord>, JournalError> {
        let sql = format!(
            "SELECT {SHOWN}, u.learned FROM uploads u JOIN clients c ON c.id = u.client
             WHERE u.stage IN ('receiving', 'understood', 'reading') ORDER BY u.id"
        );
        self.list(&sql, &[])
    }

    /// Interrupted uploads of which it is known how long their files are.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn interrupted(&self) -> Result<Vec<UploadRecord>, JournalError> {
        let sql = format!(
            "SELECT {SHOWN}, u.learned FROM uploads u JOIN clients c ON c.id = u.client
             WHERE u.stage = 'interrupted' AND u.length_bytes IS NOT NULL ORDER BY u.id"
        );
        self.list(&sql, &[])
    }

    /// Uploads that are not running, and those that may be held, oldest change first: what retention looks at.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn resting(&self) -> Result<Vec<(UploadId, u64)>, JournalError> {
        self.read(resting)
    }

    /// The upload that is put together from exactly these parts.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn joined_from(&self, parts: &[UploadId]) -> Result<Option<UploadId>, JournalError> {
        self.read(|db| {
            let mut select =
                db.prepare_cached("SELECT id FROM uploads WHERE json_extract(resumable, '$.parts') = ?1")?;
            let id = select.query_row([json(&parts)], |row| row.get(0)).optional()?;
            Ok(id.map(|id| UploadId(uuid::Uuid::from_bytes(id))))
        })
    }

    /// Writes an upload's row alone, with no event, and waits until it is on disk.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn keep(&self, record: &UploadRecord) -> Result<(), JournalError> {
        let record = record.clone();
        self.act(move |tx| {
            tx.execute("INSERT INTO clients (name) VALUES (?1) ON CONFLICT DO NOTHING", [record.client.as_str()])?;
            let client =
                tx.query_row("SELECT id FROM clients WHERE name = ?1", [record.client.as_str()], |row| row.get(0))?;
            put(tx, client, &record)
        })
    }

    /// Writes down how long the file of an upload is, and waits until it is on disk.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn declare_length(&self, id: UploadId, length_bytes: u64) -> Result<(), JournalError> {
        self.act(move |tx| {
            tx.execute(
                "UPDATE uploads SET length_bytes = ?2, total_bytes = ?2 WHERE id = ?1",
                params![key(id), length_bytes],
            )?;
            Ok(())
        })
    }

    fn list(&self, sql: &str, params: &[(&str, &dyn ToSql)]) -> Result<Vec<UploadRecord>, JournalError> {
        self.read(|db| {
            let mut select = db.prepare_cached(sql)?;
            let rows = select.query_map(params, row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Writes the row, over the one of the same id. A length that was declared stays: a batch that was underway meanwhile does
/// not know of it.
pub(super) fn put(tx: &Transaction<'_>, client: i64, record: &UploadRecord) -> Result<(), JournalError> {
    let mut put = tx.prepare_cached(
        "INSERT INTO uploads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
             ?18, ?19, ?20, ?21, ?22)
         ON CONFLICT (id) DO UPDATE SET stage = ?3, received_bytes = ?5, read_bytes = ?6,
             total_bytes = ?7, rows = ?8, problems = ?9, problems_by_code = ?10, reading = ?11, failure = ?12,
             updated_ms = ?14, length_bytes = COALESCE(?15, length_bytes), resumable = ?16,
             hold = ?19, learned = ?21, profiles = ?22",
    )?;
    put.execute(params![
        key(record.id),
        client,
        record.stage.as_str(),
        record.filename,
        record.received_bytes,
        record.read_bytes,
        record.total_bytes,
        record.rows,
        record.problems,
        json(&record.problems_by_code),
        record.reading.as_ref().map(json),
        record.failure.as_ref().map(json),
        record.created_ms,
        record.updated_ms,
        record.length_bytes,
        record.resumable.as_ref().map(json),
        record.is_partial(),
        json(&record.options),
        record.hold,
        record.source.map(key),
        // What is over is never read on.
        record.learned.as_deref().filter(|_| !record.stage.is_final()).map(json),
        json(&record.profiles),
    ])?;
    Ok(())
}

pub(super) fn resting(db: &Connection) -> Result<Vec<(UploadId, u64)>, JournalError> {
    let mut select = db.prepare_cached(
        "SELECT id, updated_ms FROM uploads WHERE stage NOT IN ('receiving', 'reading') ORDER BY updated_ms, id",
    )?;
    let rows = select.query_map([], |row| Ok((UploadId(uuid::Uuid::from_bytes(row.get(0)?)), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the upload is in the list.
pub(super) fn exists(db: &Connection, id: UploadId) -> Result<bool, JournalError> {
    Ok(db.prepare_cached("SELECT 1 FROM uploads WHERE id = ?1")?.exists([key(id)])?)
}

pub(super) fn key(id: UploadId) -> [u8; 16] {
    id.0.into_bytes()
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("the domain's types always serialise")
}

fn row(row: &Row<'_>) -> rusqlite::Result<UploadRecord> {
    fn parse<T: serde::de::DeserializeOwned>(index: usize, text: &str) -> rusqlite::Result<T> {
        serde_json::from_str(text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
        })
    }
    let text = |index| row.get::<_, String>(index);
    let bad = |index, what: &str| rusqlite::Error::InvalidColumnType(index, what.into(), rusqlite::types::Type::Text);
    let optional = |index| row.get::<_, Option<String>>(index);
    Ok(UploadRecord {
        id: UploadId(uuid::Uuid::from_bytes(row.get(0)?)),
        client: ClientName::parse(&text(1)?).map_err(|_| bad(1, "client"))?,
        stage: Stage::parse(&text(2)?).ok_or_else(|| bad(2, "stage"))?,
        filename: text(3)?,
        received_bytes: row.get(4)?,
        read_bytes: row.get(5)?,
        total_bytes: row.get(6)?,
        rows: row.get(7)?,
        problems: row.get(8)?,
        problems_by_code: parse(9, &text(9)?)?,
        reading: optional(10)?.map(|json| parse(10, &json)).transpose()?,
        failure: optional(11)?.map(|json| parse(11, &json)).transpose()?,
        created_ms: row.get(12)?,
        updated_ms: row.get(13)?,
        length_bytes: row.get(14)?,
        resumable: optional(15)?.map(|json| parse(15, &json)).transpose()?,
        options: parse(16, &text(16)?)?,
        hold: row.get(17)?,
        source: row.get::<_, Option<[u8; 16]>>(18)?.map(|id| UploadId(uuid::Uuid::from_bytes(id))),
        profiles: parse(19, &text(19)?)?,
        learned: optional(20)?.map(|json| parse(20, &json)).transpose()?.map(Arc::new),
    })
}
