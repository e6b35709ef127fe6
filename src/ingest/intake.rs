//! The sender's end of a running upload.

use super::shared::{Shared, Stop};
use super::words;
use crate::domain::{Failure, FailureCode, Limits, Stage, UploadId, UploadRecord};
use crate::spool::Writer;
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Takes the bytes of one file as they arrive. Dropped without [`Intake::finish`], it leaves the upload interrupted:
/// everything received is kept.
///
/// A thread of its own writes them, so that a slow disk holds up this sender and nobody else.
pub struct Intake {
    id: UploadId,
    pieces: mpsc::Sender<Piece>,
    shared: Arc<Shared>,
    body_bytes_max: u64,
    accepted_bytes: u64,
}

enum Piece {
    Bytes(Bytes),
    Complete,
}

/// Pieces that wait for the disk. A piece is what one read of the socket gave: at most a few hundred KiB.
const WAITING: usize = 4;

impl Intake {
    pub(super) fn start(id: UploadId, writer: Writer, shared: &Arc<Shared>, limits: &Limits) -> io::Result<Self> {
        let (pieces, receiver) = mpsc::channel(WAITING);
        let writing = Arc::clone(shared);
        std::thread::Builder::new().name("spool".into()).spawn(move || write(writer, receiver, &writing))?;
        let shared = Arc::clone(shared);
        Ok(Self { id, pieces, shared, body_bytes_max: limits.body_bytes_max, accepted_bytes: 0 })
    }

    /// The upload's name.
    pub fn id(&self) -> UploadId {
        self.id
    }

    /// Appends bytes of the file. Waits for the disk only, never for the reader or for watchers.
    ///
    /// # Errors
    /// Why the upload ended: cancelled, too large, a full disk, a header over its limits. There is no use in going on.
    pub async fn append(&mut self, bytes: impl Into<Bytes>) -> Result<(), Failure> {
        let bytes = bytes.into();
        if self.shared.stopping().is_some() || self.shared.has_ended() {
            return Err(self.over().await);
        }
        self.accepted_bytes += bytes.len() as u64;
        if self.accepted_bytes > self.body_bytes_max {
            self.shared.stop(Stop::Fail(words::too_large(self.body_bytes_max)));
            return Err(self.over().await);
        }
        match self.pieces.send(Piece::Bytes(bytes)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.over().await),
        }
    }

    /// Waits until the upload is over though its file is not complete: somebody cancelled it, or it failed. To be asked
    /// while no byte arrives.
    pub async fn over(&self) -> Failure {
        failure_of(self.shared.ended().await)
    }

    /// The file is complete: waits until its last row is journalled and everything is on disk.
    ///
    /// # Errors
    /// Why the upload did not end as done.
    pub async fn finish(self) -> Result<UploadRecord, Failure> {
        // Where the disk failed nobody takes it; the record then says so.
        let _ = self.pieces.send(Piece::Complete).await;
        let record = self.shared.ended().await;
        if record.stage == Stage::Done { Ok(record) } else { Err(failure_of(record)) }
    }

    /// The file cannot be completed, for this reason: the upload becomes `interrupted` with it. Waits until that is on
    /// disk, so that whoever is told finds it so.
    pub async fn interrupt(self, failure: Failure) {
        let Self { pieces, shared, .. } = self;
        shared.broken(failure);
        drop(pieces);
        shared.ended().await;
    }
}

fn failure_of(record: UploadRecord) -> Failure {
    record.failure.unwrap_or_else(|| Failure::new(FailureCode::Interrupted, "The upload ended before its last row."))
}

/// Appends pieces to the spool until the file is complete, its sender went away, or the disk fails.
fn write(mut writer: Writer, mut pieces: mpsc::Receiver<Piece>, shared: &Shared) {
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Complete => return writer.complete(),
            Piece::Bytes(bytes) => {
                if let Err(error) = writer.append(&bytes) {
                    return shared.stop(Stop::Fail(words::disk(&error)));
                }
            }
        }
    }
}
