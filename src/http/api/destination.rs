//! Where the file of a request goes: into a new upload; or, where the request's key was used before, only through a hash,
//! to be compared with what was sent then.

use super::fingerprint::{Fields, Print};
use crate::domain::{Failure, UploadRecord};
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::ingest::{HeldKey, Intake, UsedKey};
use bytes::Bytes;
use std::cmp::Ordering;

/// What becomes of a request's file.
pub enum Destination {
    /// It is uploaded.
    New(New),
    /// It is compared with the one that its key was used for.
    Repeated(Repeated),
}

/// A new upload.
pub struct New {
    /// The request's key, where it has one, and what it is kept with.
    key: Option<(HeldKey, Print)>,
    intake: Intake,
}

/// A request that may be one made before.
pub struct Repeated {
    used: Box<UsedKey>,
    print: Print,
}

impl Destination {
    /// A new upload; with `key`, it becomes the one that the key stands for.
    pub fn new(intake: Intake, key: Option<(HeldKey, Print)>) -> Self {
        Self::New(New { key, intake })
    }

    /// The request that `used` was used for, or another one.
    ///
    /// # Errors
    /// The answer, where that is known before any byte of the file.
    pub fn repeated(used: Box<UsedKey>, print: Print) -> Result<Self, ApiError> {
        let repeated = Repeated { used, print };
        if !repeated.used.fingerprint.whole && repeated.used.fingerprint.file_bytes == 0 {
            return Err(repeated.answer_to_beginning());
        }
        Ok(Self::Repeated(repeated))
    }

    /// Takes bytes of the file.
    ///
    /// # Errors
    /// The answer to the request, where the rest of the file changes nothing any more.
    pub async fn append(&mut self, chunk: Bytes) -> Result<(), ApiError> {
        match self {
            Self::New(New { key, intake }) => {
                if let Some((_, print)) = key {
                    print.update(&chunk);
                }
                match intake.append(chunk).await {
                    Ok(()) => Ok(()),
                    Err(failure) => Err(self.ended(failure).await),
                }
            }
            Self::Repeated(repeated) => repeated.compare(&chunk),
        }
    }

    /// Waits until the upload is over though its file is not complete.
    pub async fn over(&self) -> Failure {
        match self {
            Self::New(New { intake, .. }) => intake.over().await,
            Self::Repeated(_) => std::future::pending().await,
        }
    }

    /// The answer to a request whose upload was over before its file was complete.
    pub async fn ended(&self, failure: Failure) -> ApiError {
        let Self::New(New { key, intake }) = self else { return failure.into() };
        if let Some((held, print)) = key {
            held.keep_failed(intake.id(), print.so_far(), &failure).await;
        }
        ApiError::of_failure(failure, intake.id())
    }

    /// The request is complete, with these fields: the upload, when its last row is journalled and everything on disk.
    ///
    /// # Errors
    /// Why the upload did not end as done, or that the key was used for another request.
    pub async fn finish(self, fields: &Fields) -> Result<UploadRecord, ApiError> {
        match self {
            Self::New(New { key, intake }) => {
                let id = intake.id();
                let kept = match &key {
                    Some((held, print)) => held.keep(id, print.whole(fields)).await,
                    None => Ok(()),
                };
                let finished = match kept {
                    Ok(()) => intake.finish().await,
                    // A success that is forgotten would be given again.
                    Err(failure) => Err(intake.fail(failure).await),
                };
                finished.map_err(|failure| ApiError::of_failure(failure, id))
            }
            Self::Repeated(Repeated { used, print }) => {
                if used.fingerprint == print.whole(fields) {
                    answer(used.record)
                } else {
                    Err(reused())
                }
            }
        }
    }

    /// The file cannot be completed: ends the upload as interrupted with `failure`. Answers with `told`.
    pub async fn interrupt(self, failure: Failure, told: ApiError) -> ApiError {
        let Self::New(New { key, intake }) = self else { return told };
        let id = intake.id();
        // Whoever sees it interrupted may use the key again.
        drop(key);
        intake.interrupt(failure).await;
        told.resumable(id)
    }

    /// The file is not to be taken: ends the upload as failed with `failure`.
    pub async fn fail(self, failure: Failure) -> ApiError {
        let Self::New(New { key, intake }) = self else { return failure.into() };
        let id = intake.id();
        drop(key);
        ApiError::of_failure(intake.fail(failure).await, id)
    }
}

impl Repeated {
    fn compare(&mut self, chunk: &[u8]) -> Result<(), ApiError> {
        let known = &self.used.fingerprint;
        let left = known.file_bytes - self.print.file_bytes;
        if known.whole {
            if chunk.len() as u64 > left {
                return Err(reused());
            }
            self.print.update(chunk);
            return Ok(());
        }
        match (chunk.len() as u64).cmp(&left) {
            Ordering::Less => {
                self.print.update(chunk);
                Ok(())
            }
            Ordering::Equal | Ordering::Greater => {
                let left = usize::try_from(left).expect("it is no more than the chunk");
                self.print.update(&chunk[..left]);
                Err(self.answer_to_beginning())
            }
        }
    }

    /// The answer where all came of the file that is known of a request that failed before its end.
    fn answer_to_beginning(&self) -> ApiError {
        if self.used.fingerprint != self.print.so_far() {
            return reused();
        }
        answer(self.used.record.clone()).err().unwrap_or_else(reused)
    }
}

/// What the upload was answered with when it ended.
fn answer(record: UploadRecord) -> Result<UploadRecord, ApiError> {
    match &record.failure {
        None => Ok(record),
        Some(failure) => Err(ApiError::of_failure(failure.clone(), record.id)),
    }
}

fn reused() -> ApiError {
    ApiError::plain(ApiCode::IdempotencyKeyReused)
}
