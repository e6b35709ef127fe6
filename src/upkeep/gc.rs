//! Letting go of what is not to be kept, while no server runs.

use crate::app;
use crate::config::ServeArgs;
use crate::domain::UploadId;
use crate::folder::{Folder, FolderError, Lock, Use};
use crate::ingest::{ActError, Ingest, Swept};
use crate::journal::{self, Inspection, Journal, JournalError};
use crate::spool::Spool;
use crate::stream::Streams;
use std::io;
use std::sync::Arc;

/// What was let go, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Uploads that were too old, or too many bytes.
    pub expired: Vec<UploadId>,
    /// Files of no upload, and what deletions left undone.
    pub swept: Swept,
    /// Bytes that the folder takes less; none before it is done.
    pub freed_bytes: u64,
}

/// Why nothing was let go, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// The folder cannot be used, or a server uses it: that one lets go by itself.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An upload.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The files.
    #[error("cannot look at the files: {0}")]
    Io(#[from] io::Error),
}

/// Tells what [`collect`] would do. Changes nothing.
///
/// # Errors
/// [`GcError`], as it says.
pub fn foresee(args: &ServeArgs) -> Result<Collected, GcError> {
    let folder = Folder::new(&args.data_dir);
    let Use::Free(_lock) = folder.in_use()? else { return Err(FolderError::Locked(args.data_dir.clone()).into()) };
    if !folder.journal().exists() {
        return Ok(Collected::default());
    }
    let inspection = Inspection::open(&folder.journal(), true)?;
    let (expired, swept) = crate::ingest::foresee(&inspection, &Spool::look(&folder.spool()), app::retention(args))?;
    Ok(Collected { expired, swept, freed_bytes: 0 })
}

/// Lets go of what the settings do not keep and of what nobody needs, and gives the room back to the disk.
///
/// # Errors
/// [`GcError`], as it says. What was let go by then is gone; the rest is done the next time.
pub async fn collect(args: &ServeArgs) -> Result<Collected, GcError> {
    let folder = Folder::new(&args.data_dir);
    if !folder.journal().exists() {
        return Ok(Collected::default());
    }
    let _lock: Lock = folder.lock()?;
    let before = taken(&folder)?;
    let limits = Arc::new(args.limits.0.clone());
    let spool = Spool::open(&folder.spool(), limits.disk_free_bytes_min)?;
    let journal = Journal::open(&folder.journal(), limits.journal_queue_bytes_max)?;
    let streams = Streams::new(journal.clone(), spool.clone(), Arc::clone(&limits));
    let ingest = Ingest::new(journal.clone(), spool, streams, limits);
    let was = journal.resting()?;
    let outcome = async {
        ingest.retain(app::retention(args)).await?;
        ingest.sweep().await
    };
    let outcome = outcome.await;
    let left = journal.resting();
    journal.close()?;
    let (swept, left) = (outcome?, left?);
    let expired: Vec<_> = was.into_iter().filter(|one| !left.contains(one)).map(|(id, _)| id).collect();
    if !expired.is_empty() || !swept.leaving.is_empty() {
        drop((ingest, journal));
        journal::compact(&folder.journal())?;
    }
    Ok(Collected { expired, swept, freed_bytes: before.saturating_sub(taken(&folder)?) })
}

/// Bytes that journal and spool take.
fn taken(folder: &Folder) -> io::Result<u64> {
    Ok(std::fs::metadata(folder.journal())?.len() + Spool::look(&folder.spool()).kept_bytes()?)
}
