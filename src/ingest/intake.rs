//! The sender's end of a running upload.

use super::account::{Account, Charge};
use super::seat::Pieces;
use super::shared::{Shared, Stop};
use super::{Service, words};
use crate::domain::{Failure, FailureCode, Stage, UploadId, UploadRecord};
use crate::rates::Full;
use crate::spool::Writer;
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Takes the bytes of one file as they arrive. One request holds it at a time. Dropped before the file is complete, it
/// leaves what was received: an upload that was sent with one request is then interrupted, a resumable one waits a while
/// for its sender.
///
/// A thread of its own writes the bytes, so that a slow disk holds up this sender and nobody else.
pub struct Intake {
    id: UploadId,
    /// None once it was given back.
    pieces: Option<Pieces>,
    shared: Arc<Shared>,
    service: Arc<Service>,
    leave: CancellationToken,
    offset: u64,
    /// Bytes put aside.
    staged: u64,
}

/// What the thread that writes is told.
pub(super) enum Piece {
    /// Append these.
    Bytes(Bytes),
    /// Put these aside.
    Stage(Bytes),
    /// Append what was put aside: so many bytes.
    Accept(u64),
    /// Throw away what was put aside.
    Discard,
    /// Tell how long the file is, once everything is on disk.
    Sync(oneshot::Sender<u64>),
    /// The file is complete.
    Complete,
}

impl Piece {
    /// Bytes that it adds to the file.
    fn bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Accept(bytes) => *bytes,
            Self::Stage(_) | Self::Discard | Self::Sync(_) | Self::Complete => 0,
        }
    }
}

/// Pieces that wait for the disk. A piece is what one read of the socket gave: at most a few hundred KiB.
const WAITING: usize = 4;

/// Starts the thread that writes an upload's file; answers with the way to it.
pub(super) fn start_writing(writer: Writer, shared: &Arc<Shared>) -> io::Result<Pieces> {
    let (pieces, receiver) = mpsc::channel(WAITING);
    let (account, shared) = (shared.account().clone(), Arc::downgrade(shared));
    let run = move || {
        let stopping = || shared.upgrade().and_then(|shared| shared.stopping().cloned());
        let failed = |error: &io::Error| {
            if let Some(shared) = shared.upgrade() {
                shared.stop(Stop::Fail(words::disk(error)));
            }
        };
        write(writer, receiver, &account, || stopping() == Some(Stop::Cancel), failed);
    };
    std::thread::Builder::new().name("spool".into()).spawn(run)?;
    Ok(pieces)
}

impl Intake {
    pub(super) fn new(
        service: &Arc<Service>,
        shared: &Arc<Shared>,
        pieces: Pieces,
        leave: CancellationToken,
        offset: u64,
    ) -> Self {
        let (service, shared) = (Arc::clone(service), Arc::clone(shared));
        shared.mended();
        Self { id: shared.record().id, pieces: Some(pieces), shared, service, leave, offset, staged: 0 }
    }

    /// The upload's name.
    pub fn id(&self) -> UploadId {
        self.id
    }

    /// The upload as it stands.
    pub fn record(&self) -> UploadRecord {
        self.shared.record()
    }

    /// Bytes of the file that were received, this sender's among them.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether another request wants to send this file.
    pub fn is_wanted(&self) -> bool {
        self.leave.is_cancelled()
    }

    /// Appends bytes of the file. Waits for the disk only, never for the reader or for watchers. Bytes that it was given
    /// are kept, also when nobody waits for the answer any more.
    ///
    /// # Errors
    /// Why the upload ended, or must be left to another request: cancelled, too large, a full disk, a header over its
    /// limits. There is no use in going on.
    pub async fn append(&mut self, bytes: impl Into<Bytes>) -> Result<(), Failure> {
        let bytes = bytes.into();
        self.may_grow(bytes.len() as u64).await?;
        let charge = match self.shared.account().charge(bytes.len() as u64) {
            Ok(charge) => charge,
            Err(full) => return Err(self.no_room(&full).await),
        };
        self.offset += bytes.len() as u64;
        self.service.figures.received_bytes.add(bytes.len() as u64);
        self.tell(Piece::Bytes(bytes), Some(charge)).await
    }

    /// Puts bytes aside until [`Intake::accept`].
    ///
    /// # Errors
    /// As [`Intake::append`].
    pub async fn stage(&mut self, bytes: Bytes, staged_bytes: u64) -> Result<(), Failure> {
        let staged = staged_bytes + bytes.len() as u64;
        self.may_grow(staged).await?;
        if let Err(full) = self.shared.account().room(staged) {
            return Err(self.no_room(&full).await);
        }
        self.staged = staged;
        self.service.figures.received_bytes.add(bytes.len() as u64);
        self.tell(Piece::Stage(bytes), None).await
    }

    /// Appends what was put aside.
    ///
    /// # Errors
    /// As [`Intake::append`].
    pub async fn accept(&mut self) -> Result<(), Failure> {
        let charge = match self.shared.account().charge(self.staged) {
            Ok(charge) => charge,
            Err(full) => return Err(self.no_room(&full).await),
        };
        let staged = std::mem::take(&mut self.staged);
        self.tell(Piece::Accept(staged), Some(charge)).await
    }

    /// Throws away what was put aside, here or by a request before this one.
    ///
    /// # Errors
    /// As [`Intake::append`].
    pub async fn discard(&mut self) -> Result<(), Failure> {
        self.staged = 0;
        self.tell(Piece::Discard, None).await
    }

    /// Waits until everything received is on disk; answers with how many bytes of the file that is.
    ///
    /// # Errors
    /// As [`Intake::append`].
    pub async fn sync(&mut self) -> Result<u64, Failure> {
        let (answer, answered) = oneshot::channel();
        self.tell(Piece::Sync(answer), None).await?;
        match answered.await {
            Ok(offset) => {
                self.offset = offset;
                Ok(offset)
            }
            Err(_) => Err(self.over().await),
        }
    }

    /// Says how long the file is, where that was left open. Waits until that is on disk.
    ///
    /// # Errors
    /// A [`Failure`] of the journal.
    pub async fn declare(&self, length_bytes: u64) -> Result<(), Failure> {
        let (service, shared, id) = (Arc::clone(&self.service), Arc::clone(&self.shared), self.id);
        super::blocking(move || {
            service.journal.declare_length(id, length_bytes).map_err(|error| words::journal(&error))?;
            shared.declare(length_bytes);
            Ok(())
        })
        .await
    }

    /// Waits until the upload is over though its file is not complete, or another request wants to go on with it. To be
    /// asked while no byte arrives.
    pub async fn over(&self) -> Failure {
        tokio::select! {
            record = self.shared.ended() => failure_of(record),
            () = self.leave.cancelled() => {
                let failure = Failure::new(FailureCode::Interrupted, words::TAKEN_OVER);
                self.shared.broken(failure.clone());
                failure
            }
        }
    }

    /// The file is complete: waits until its last row is journalled and everything is on disk; of an upload that is held,
    /// until everything is on disk that it goes on from.
    ///
    /// # Errors
    /// Why the upload did not end as done.
    pub async fn finish(mut self) -> Result<UploadRecord, Failure> {
        if self.shared.is_resumable() {
            // Its length tells that it is complete; a sender that asks again meanwhile shall be answered as well.
            self.give_back();
        } else {
            // Where the disk failed nobody takes it; the record then says so.
            let _ = self.tell(Piece::Complete, None).await;
        }
        let record = self.shared.ended().await;
        if matches!(record.stage, Stage::Understood | Stage::Done) { Ok(record) } else { Err(failure_of(record)) }
    }

    /// The file is not to be taken, for this reason: the upload becomes `failed` with it, unless it ended otherwise before.
    /// Waits until that is on disk.
    pub async fn fail(self, failure: Failure) -> Failure {
        self.shared.stop(Stop::Fail(failure));
        failure_of(self.shared.ended().await)
    }

    /// The file cannot be completed, for this reason: the upload becomes `interrupted` with it. Waits until that is on
    /// disk, so that whoever is told finds it so.
    pub async fn interrupt(mut self, failure: Failure) {
        self.shared.broken(failure);
        self.give_back();
        self.shared.ended().await;
    }

    /// This request ends for this reason; should its sender not come back, that is why the upload is interrupted.
    pub fn broken(&self, failure: Failure) {
        self.shared.broken(failure);
    }

    async fn may_grow(&self, bytes: u64) -> Result<(), Failure> {
        if self.leave.is_cancelled() || self.shared.stopping().is_some() || self.shared.has_ended() {
            return Err(self.over().await);
        }
        let body_bytes_max = self.service.limits.body_bytes_max;
        if self.offset.saturating_add(bytes) > body_bytes_max {
            self.shared.stop(Stop::Fail(words::too_large(body_bytes_max)));
            return Err(failure_of(self.shared.ended().await));
        }
        Ok(())
    }

    /// The bytes do not fit into what the client may keep. What was received before stays, and its sender may come back.
    async fn no_room(&mut self, full: &Full) -> Failure {
        let failure = words::client_full(full);
        self.shared.broken(failure.clone());
        self.give_back();
        if !self.shared.is_resumable() {
            // Whoever is told finds it so.
            self.shared.ended().await;
        }
        failure
    }

    /// Hands a piece to the thread that writes, and waits until there is room for another: a piece is never lost with a
    /// request that ends while it waits. From then on its bytes count for good.
    async fn tell(&self, piece: Piece, charge: Option<Charge>) -> Result<(), Failure> {
        let pieces = self.pieces.as_ref().expect("it is given back only when the intake is consumed");
        let told = match pieces.try_send(piece) {
            Err(mpsc::error::TrySendError::Full(piece)) => pieces.send(piece).await.is_ok(),
            told => told.is_ok(),
        };
        if !told {
            return Err(failure_of(self.shared.ended().await));
        }
        charge.into_iter().for_each(Charge::settle);
        tokio::select! {
            room = pieces.reserve() => match room {
                Ok(_) => Ok(()),
                // It ends after `Complete` as well.
                Err(_) => Ok(()),
            },
            () = self.leave.cancelled() => Ok(()),
        }
    }

    fn give_back(&mut self) {
        if let Some(pieces) = self.pieces.take() {
            self.shared.give_back(pieces);
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn failure_of(record: UploadRecord) -> Failure {
    record.failure.unwrap_or_else(|| Failure::new(FailureCode::Interrupted, "The upload ended before its last row."))
}

/// Writes pieces to the spool until the file is complete, its sender went away for good, or the disk fails. Bytes that do not
/// get into the file are given back; those of an upload that is cancelled do not: it may be gone already.
fn write(
    mut writer: Writer,
    mut pieces: mpsc::Receiver<Piece>,
    account: &Account,
    is_cancelled: impl Fn() -> bool,
    failed: impl FnOnce(&io::Error),
) {
    while let Some(piece) = pieces.blocking_recv() {
        let bytes = piece.bytes();
        let written = match piece {
            Piece::Bytes(_) | Piece::Accept(_) if is_cancelled() => {
                account.gone(bytes);
                Ok(())
            }
            Piece::Complete => return writer.complete(),
            Piece::Bytes(bytes) => writer.append(&bytes).map(drop),
            Piece::Stage(bytes) => writer.stage(&bytes),
            Piece::Accept(_) => writer.accept().map(drop),
            Piece::Discard => writer.discard(),
            Piece::Sync(answer) => writer.sync().map(|()| {
                // Who no longer waits does not mind.
                let _ = answer.send(writer.bytes());
            }),
        };
        if let Err(error) = written {
            failed(&error);
            // What waits behind it is not written either.
            pieces.close();
            let waiting = std::iter::from_fn(|| pieces.blocking_recv());
            return account.gone(bytes + waiting.map(|piece| piece.bytes()).sum::<u64>());
        }
    }
}
