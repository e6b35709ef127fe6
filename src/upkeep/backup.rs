//! A copy of a data folder, made while a server uses it.
//!
//! The journal is copied as it is at one moment; then the files of the uploads that it lists. A file that is complete never
//! changes, so on the same file system it is shared by a second name and costs nothing. One that may still be appended to is
//! copied: the copy and the original each go on with their own. Bytes are in the spool before they are in the journal, so
//! files that are looked at later have all that the copied journal tells of.

use crate::domain::{Stage, UploadId};
use crate::folder::Folder;
use crate::journal::{Inspection, JournalError, Listed};
use crate::spool::Spool;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What a copy holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backup {
    /// Uploads.
    pub uploads: u64,
    /// Files that share their bytes with the original.
    pub linked: u64,
    /// Files that were copied.
    pub copied: u64,
    /// Bytes that were copied, those of the journal among them.
    pub copied_bytes: u64,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something lies there already.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// There is nothing to be copied.
    #[error("there is no journal in {}", .0.display())]
    Nothing(PathBuf),
    /// The file of an upload is not there, though the journal lists it.
    #[error("upload {0} has no file; see `rowcast check`")]
    Missing(UploadId),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Copies that are begun anew because an upload was deleted meanwhile.
const TRIES: usize = 5;

/// Copies the data folder to `to`, which is made, or empty. It is on disk when this returns, and a server can be started
/// on it. What was begun is left there on an error.
///
/// # Errors
/// [`BackupError`], as it says.
pub fn backup(from: &Path, to: &Path) -> Result<Backup, BackupError> {
    let (from, to) = (Folder::new(from), Folder::new(to));
    if !from.journal().exists() {
        return Err(BackupError::Nothing(from.path().into()));
    }
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| BackupError::Io { path, error }
    };
    fs::create_dir_all(to.path()).map_err(at(to.path()))?;
    if fs::read_dir(to.path()).map_err(at(to.path()))?.next().is_some() {
        return Err(BackupError::NotEmpty(to.path().into()));
    }
    fs::create_dir(to.spool()).map_err(at(&to.spool()))?;
    // Under another name until everything is there: a copy that broke off is none.
    let part = to.path().join("journal.part");
    let mut missing = None;
    for _ in 0..TRIES {
        let journal = Inspection::open(&from.journal(), false)?;
        journal.copy_to(&part)?;
        // Of the very moment of the copy, not of now.
        let uploads = Inspection::open(&part, true)?.uploads()?;
        let mut made = Backup { uploads: uploads.len() as u64, ..Backup::default() };
        match files(&from, &to, &uploads, &mut made)? {
            None => {
                made.copied_bytes += fs::metadata(&part).map_err(at(&part))?.len();
                finish(&part, &to).map_err(at(to.path()))?;
                return Ok(made);
            }
            Some(id) if journal.uploads()?.iter().any(|listed| listed.id == id) => {
                return Err(BackupError::Missing(id));
            }
            Some(id) => missing = Some(id),
        }
        fs::remove_file(&part).map_err(at(&part))?;
    }
    Err(BackupError::Missing(missing.expect("it was tried at least once")))
}

/// Brings the files of these uploads over; answers with one whose file is not there.
fn files(from: &Folder, to: &Folder, uploads: &[Listed], made: &mut Backup) -> Result<Option<UploadId>, BackupError> {
    let (source, target) = (Spool::look(&from.spool()), Spool::look(&to.spool()));
    // Whoever goes on with a file goes on with all of its names.
    let mut growing = HashSet::new();
    for upload in uploads.iter().filter(|upload| !is_over(upload)) {
        let identity = source.identity(upload.id).map_err(|error| BackupError::Io { path: from.spool(), error })?;
        growing.extend(identity.map(|(file, _)| file));
    }
    for upload in uploads {
        let (old, new) = (source.file_name(upload.id), target.file_name(upload.id));
        let io = |error| BackupError::Io { path: old.clone(), error };
        let Some((file, _)) = source.identity(upload.id).map_err(io)? else {
            // One that failed before its first byte has none, and needs none.
            if upload.bytes_min > 0 {
                return Ok(Some(upload.id));
            }
            continue;
        };
        if new.exists() {
            // From the try before. One that may have grown is copied once more.
            fs::remove_file(&new).map_err(io)?;
        }
        if !growing.contains(&file) && fs::hard_link(&old, &new).is_ok() {
            made.linked += 1;
            continue;
        }
        match fs::copy(&old, &new).and_then(|bytes| File::open(&new)?.sync_all().map(|()| bytes)) {
            Ok(bytes) => {
                made.copied += 1;
                made.copied_bytes += bytes;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(upload.id)),
            Err(error) => return Err(io(error)),
        }
    }
    Ok(None)
}

/// Whether nothing is ever appended to its file again.
fn is_over(upload: &Listed) -> bool {
    matches!(upload.stage, Stage::Done | Stage::Failed | Stage::Cancelled)
}

/// Puts everything on disk, and only then gives the journal its name.
fn finish(part: &Path, to: &Folder) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    File::open(to.spool())?.sync_all()?;
    fs::rename(part, to.journal())?;
    File::open(to.path())?.sync_all()
}
