//! A journal that is only looked at: by an operator's commands, beside a server that runs or without one.

use super::schema::{self, VERSION};
use super::{JournalError, uploads};
use crate::domain::{Stage, UploadId};
use rusqlite::{Connection, OpenFlags, Row};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A journal opened to be looked at. Nothing that it holds is changed by that.
pub struct Inspection {
    db: Connection,
}

/// What the list says of an upload that matters for its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// The upload.
    pub id: UploadId,
    /// Where it stands.
    pub stage: Stage,
    /// Bytes that its file has at least: of one that is done all of them, of any other those that were read.
    pub bytes_min: u64,
    /// Whether it reads a part of a file that another upload may go on with.
    pub shares: bool,
}

impl Inspection {
    /// Opens the journal's file. `still` says that nobody uses it, and nobody begins to meanwhile: then not even a file
    /// beside it is made.
    ///
    /// # Errors
    /// [`JournalError::Version`] for a file of another format; any error of the database.
    pub fn open(path: &Path, still: bool) -> Result<Self, JournalError> {
        let log = PathBuf::from(format!("{}-wal", path.display()));
        let has_log = std::fs::metadata(log).is_ok_and(|found| found.len() > 0);
        let db = if still && !has_log {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(format!("file:{}?immutable=1", escaped(path)), flags)?
        } else {
            schema::open_reader(path)?
        };
        let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found == VERSION { Ok(Self { db }) } else { Err(JournalError::Version { found, expected: VERSION }) }
    }

    /// What is wrong with the file, in the database's words; nothing where it is whole. Reads all of it.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn damage(&self) -> Result<Vec<String>, JournalError> {
        let mut check = self.db.prepare("PRAGMA integrity_check(20)")?;
        let found: Vec<String> = check.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Every upload of the list, parts of files among them, oldest first.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn uploads(&self) -> Result<Vec<Listed>, JournalError> {
        let mut select = self.db.prepare(
            "SELECT id, stage, iif(stage = 'done', received_bytes, read_bytes), source IS NOT NULL FROM uploads ORDER BY id",
        )?;
        let listed = |row: &Row<'_>| {
            let stage: String = row.get(1)?;
            let bad = || rusqlite::Error::InvalidColumnType(1, "stage".into(), rusqlite::types::Type::Text);
            Ok(Listed {
                id: id(row)?,
                stage: Stage::parse(&stage).ok_or_else(bad)?,
                bytes_min: row.get(2)?,
                shares: row.get(3)?,
            })
        };
        Ok(select.query_map([], listed)?.collect::<Result<_, _>>()?)
    }

    /// As [`Journal::resting`](super::Journal::resting).
    ///
    /// # Errors
    /// Any error of the database.
    pub fn resting(&self) -> Result<Vec<(UploadId, u64)>, JournalError> {
        uploads::resting(&self.db)
    }

    /// Uploads that were let go, and whose entries or file may still be there.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn leaving(&self) -> Result<Vec<UploadId>, JournalError> {
        let mut select = self.db.prepare("SELECT upload FROM leaving")?;
        Ok(select.query_map([], id)?.collect::<Result<_, _>>()?)
    }

    /// Writes a copy as it is at one moment to a file that does not exist yet. Whoever writes meanwhile is not held up.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn copy_to(&self, path: &Path) -> Result<(), JournalError> {
        let path = path.to_str().ok_or_else(|| std::io::Error::other("its path is not UTF-8"))?;
        self.db.execute("VACUUM INTO ?1", [path])?;
        Ok(())
    }
}

/// Gives room back to the disk that nothing in the file uses any more. Nobody else may use it.
///
/// # Errors
/// Any error of the database, as that there is no room for a second copy meanwhile.
pub fn compact(path: &Path) -> Result<(), JournalError> {
    Ok(Connection::open(path)?.execute_batch("VACUUM")?)
}

fn id(row: &Row<'_>) -> rusqlite::Result<UploadId> {
    Ok(UploadId(uuid::Uuid::from_bytes(row.get(0)?)))
}

/// A path within a URI (RFC 3986, section 2.1).
fn escaped(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => text.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
            byte => drop(write!(text, "%{byte:02X}")),
        }
        text
    })
}
