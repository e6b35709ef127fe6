//! Putting a file together from parts that were sent before (tus concatenation): their bytes are appended in order, as if
//! they arrived now.

use super::intake::Intake;
use super::{Ingest, NewUpload, ResumeError, Service, blocking, words};
use crate::domain::{Failure, FailureCode, Resumable, Stage, UploadId, UploadRecord};
use crate::journal::{GapReason, JournalError};
use bytes::Bytes;
use std::io;
use std::sync::Arc;

/// Why parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// There is no such part.
    #[error("there is no part {0}")]
    NoPart(UploadId),
    /// The part is not complete.
    #[error("the part {0} is not complete")]
    Unfinished(UploadId),
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The upload was refused, or did not end well.
    #[error("{1}")]
    Failed(Option<UploadId>, Failure),
}

impl Ingest {
    /// Puts a file together from complete parts, reads it, and waits until that is done. Who asks again for the same parts
    /// gets the same upload. Its parts are let go when it is done.
    ///
    /// # Errors
    /// [`JoinError`].
    pub async fn join(&self, mut new: NewUpload, parts: Vec<UploadId>) -> Result<UploadRecord, JoinError> {
        // Who asks again while the first asking is on its way gets the same as well.
        let joining = self.service.joining.lock().await;
        let this = self.clone();
        let wanted = parts.clone();
        let known = blocking(move || this.service.journal.joined_from(&wanted)).await?;
        let id = match known {
            Some(id) => {
                self.join_on(id).await?;
                id
            }
            None => {
                let this = self.clone();
                let wanted = parts.clone();
                new.length_bytes = Some(blocking(move || this.service.length_of(&wanted)).await?);
                new.resumable = Some(Resumable { parts, ..new.resumable.unwrap_or_default() });
                let intake = self.begin(new).await.map_err(|failure| JoinError::Failed(None, failure))?;
                let id = intake.id();
                tokio::spawn(copy(Arc::clone(&self.service), intake));
                id
            }
        };
        drop(joining);
        if let Some(shared) = self.service.job(id) {
            shared.ended().await;
        }
        let this = self.clone();
        let record = blocking(move || match this.service.live(id) {
            Some(unkept) => Ok(unkept),
            None => this.service.journal.upload(id)?.ok_or(JournalError::Damaged),
        })
        .await?;
        match record.stage {
            Stage::Understood | Stage::Done => Ok(record),
            _ => {
                let unsaid = || Failure::new(FailureCode::Interrupted, "It did not come to its end.");
                Err(JoinError::Failed(Some(id), record.failure.unwrap_or_else(unsaid)))
            }
        }
    }

    /// Goes on with a file that was being put together when the disk was full or the server stopped.
    async fn join_on(&self, id: UploadId) -> Result<(), JoinError> {
        let this = self.clone();
        match blocking(move || this.service.resume(id, true)).await {
            Ok(intake) => {
                tokio::spawn(copy(Arc::clone(&self.service), intake));
                Ok(())
            }
            Err(ResumeError::Refused(failure)) => Err(JoinError::Failed(Some(id), failure)),
            // It runs, or it ended.
            Err(_) => Ok(()),
        }
    }
}

impl Service {
    fn length_of(&self, parts: &[UploadId]) -> Result<u64, JoinError> {
        let mut length_bytes = 0;
        for &id in parts {
            let part = self.journal.upload(id)?.filter(UploadRecord::is_partial).ok_or(JoinError::NoPart(id))?;
            if part.stage != Stage::Done {
                return Err(JoinError::Unfinished(id));
            }
            length_bytes += part.received_bytes;
        }
        if length_bytes > self.limits.body_bytes_max {
            return Err(JoinError::Failed(None, words::too_large(self.limits.body_bytes_max)));
        }
        Ok(length_bytes)
    }
}

/// Appends the parts' bytes behind what the file holds, whoever waits for it; then the parts are let go.
pub(super) async fn copy(service: Arc<Service>, mut intake: Intake) {
    let parts = intake.record().resumable.map(|resumable| resumable.parts).unwrap_or_default();
    match append_all(&service, &parts, &mut intake).await {
        Ok(()) => {
            if intake.finish().await.is_ok() {
                blocking(move || service.let_parts_go(&parts)).await;
            }
        }
        // It ended, and says itself why.
        Err(None) => {}
        Err(Some(error)) => intake.broken(words::disk(&error)),
    }
}

/// None as the error where the upload ended.
async fn append_all(service: &Arc<Service>, parts: &[UploadId], intake: &mut Intake) -> Result<(), Option<io::Error>> {
    let mut before = 0;
    for &part in parts {
        let end = before + service.spool.bytes(part)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        while intake.offset() < end {
            let (service, offset) = (Arc::clone(service), intake.offset());
            let piece = blocking(move || service.piece_of(part, offset - before, end - offset)).await?;
            intake.append(piece).await.map_err(|_| None)?;
        }
        before = end;
    }
    Ok(())
}

impl Service {
    fn piece_of(&self, part: UploadId, offset: u64, left: u64) -> io::Result<Bytes> {
        const PIECE_BYTES: u64 = 256 << 10;
        let mut piece = vec![0; usize::try_from(left.min(PIECE_BYTES)).expect("a piece fits in memory")];
        self.spool.source(part)?.read_exact_at(&mut piece, offset)?;
        Ok(piece.into())
    }

    fn let_parts_go(&self, parts: &[UploadId]) {
        for &part in parts {
            match self.leave(part, GapReason::Deleted) {
                Ok(leaving) => leaving.into_iter().for_each(|leaving| self.sweep(leaving)),
                Err(error) => tracing::warn!(%error, upload = %part, "a part is left until it expires"),
            }
        }
    }
}
