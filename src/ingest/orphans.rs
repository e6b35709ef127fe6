//! What nobody needs any more, found while no server runs: files of no upload, and what deletions left undone.

use super::retention::walk;
use super::{ActError, Ingest, Retention, blocking};
use crate::domain::UploadId;
use crate::journal::{Inspection, JournalError, now_ms};
use crate::spool::Spool;
use std::collections::{HashMap, HashSet};
use std::io;

/// What [`Ingest::sweep`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files of no upload.
    pub orphans: Vec<UploadId>,
    /// Uploads that were let go before, whose entries or files were still there.
    pub leaving: Vec<UploadId>,
}

impl Ingest {
    /// Takes out what deletions left undone, and files that no upload has. Only where no upload runs or begins.
    ///
    /// # Errors
    /// [`ActError::Journal`], [`ActError::Spool`]; the rest is done the next time.
    pub async fn sweep(&self) -> Result<Swept, ActError> {
        let this = self.clone();
        blocking(move || {
            let service = &this.service;
            let mut swept = Swept::default();
            for leaving in service.journal.leaving()? {
                service.spool.remove(leaving.0)?;
                service.journal.sweep(leaving)?;
                swept.leaving.push(leaving.0);
            }
            for id in service.spool.uploads()? {
                if service.journal.upload(id)?.is_none() {
                    service.spool.remove(id)?;
                    swept.orphans.push(id);
                }
            }
            Ok(swept)
        })
        .await
    }
}

/// What [`Ingest::retain`] and [`Ingest::sweep`] would do on a folder that nobody uses.
///
/// # Errors
/// Any error of the journal or the spool.
pub fn foresee(
    journal: &Inspection,
    spool: &Spool,
    retention: Retention,
) -> Result<(Vec<UploadId>, Swept), JournalError> {
    // Of a file that several uploads share, the bytes go with the last of them.
    let mut names: HashMap<UploadId, (u64, u64)> = HashMap::new();
    let mut sharing: HashMap<u64, u64> = HashMap::new();
    for id in spool.uploads()? {
        if let Some((file, bytes)) = spool.identity(id)? {
            names.insert(id, (file, bytes));
            *sharing.entry(file).or_default() += 1;
        }
    }
    let mut expired = Vec::new();
    walk(journal.resting()?, spool.kept_bytes()?, retention, now_ms(), |id| {
        expired.push(id);
        let Some((file, bytes)) = names.get(&id) else { return Ok::<_, io::Error>(0) };
        let left = sharing.entry(*file).or_default();
        *left = left.saturating_sub(1);
        Ok(if *left == 0 { *bytes } else { 0 })
    })?;
    let known: HashSet<_> = journal.uploads()?.into_iter().map(|listed| listed.id).collect();
    let leaving = journal.leaving()?;
    let orphans = names.into_keys().filter(|id| !known.contains(id) && !leaving.contains(id)).collect();
    Ok((expired, Swept { orphans, leaving }))
}
