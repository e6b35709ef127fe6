//! A piece of a file on its way into its intake.

use crate::domain::{Failure, FailureCode, Limits, Stage, UploadId, UploadRecord};
use crate::http::admission;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::checksum::Checksum;
use crate::http::payload::piece::Piece;
use crate::http::tus;
use crate::ingest::{ActError, Ingest, Intake, ResumeError};
use bytes::Bytes;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The header that carries a checksum, or the trailer.
const CHECKSUM: &str = "upload-checksum";

/// One request that carries a piece.
pub struct PieceReceiver<'a> {
    limits: &'a Limits,
    deadline: Instant,
    content_length: Option<u64>,
    /// None where its bytes count as they arrive.
    checksum: Option<Checksum>,
}

impl<'a> PieceReceiver<'a> {
    /// For a piece that is announced with this checksum.
    ///
    /// # Errors
    /// `bad-parameter` for a checksum that cannot be read, `unsupported-media-type` for bytes that are no piece.
    pub fn new(limits: &'a Limits, piece: &Piece, checksum: Option<&str>) -> Result<Self, ApiError> {
        if !piece.is_empty() && piece.content_type.as_deref() != Some(tus::PIECE) {
            let detail = format!("the Content-Type of a piece is {}", tus::PIECE);
            return Err(ApiError::new(ApiCode::UnsupportedMediaType, detail));
        }
        let checksum = checksum.map(Checksum::parse).transpose()?;
        let deadline = Instant::now() + Duration::from_millis(limits.upload_ms_max);
        Ok(Self { limits, deadline, content_length: piece.content_length, checksum })
    }

    /// The same, for a request whose `Trailer` header says this.
    pub fn with_trailer(mut self, trailer: Option<&str>) -> Self {
        let announced = |name: &str| name.trim().eq_ignore_ascii_case(CHECKSUM);
        if trailer.is_some_and(|names| names.split(',').any(announced)) {
            self.checksum.get_or_insert_with(Checksum::by_trailer);
        }
        self
    }

    /// Goes on with an upload: the new offset, and the upload as it stands then.
    ///
    /// # Errors
    /// Whatever refuses the piece or ends the upload.
    pub async fn go_on(
        self,
        ingest: &Ingest,
        id: UploadId,
        offset: u64,
        length: Option<u64>,
        piece: Piece,
    ) -> Result<(u64, UploadRecord), ApiError> {
        let intake = match ingest.resume(id).await {
            Ok(intake) => intake,
            // Its sender did not hear that it has sent everything.
            Err(ResumeError::Complete(record)) if offset == record.received_bytes && piece.is_empty() => {
                return Ok((offset, *record));
            }
            Err(ResumeError::Complete(record)) => return Err(wrong_offset(offset, record.received_bytes).of_upload(id)),
            Err(error) => return Err(of_resume(error).of_upload(id)),
        };
        if intake.offset() != offset {
            return Err(wrong_offset(offset, intake.offset()).of_upload(id));
        }
        if let Some(length) = length {
            self.declare(&intake, length).await?;
        }
        self.receive(intake, offset, piece).await
    }

    async fn declare(&self, intake: &Intake, length: u64) -> Result<(), ApiError> {
        match intake.record().length_bytes {
            Some(known) if known == length => Ok(()),
            Some(known) => Err(ApiError::parameter("Upload-Length", format!("it was declared to be {known} before"))),
            None if length < intake.offset() => {
                let what = format!("it is {length}, but {} bytes of the file are here", intake.offset());
                Err(ApiError::parameter("Upload-Length", what))
            }
            None => intake.declare(length).await.map_err(ApiError::from),
        }
    }

    /// Takes the piece in: the new offset, and the upload as it stands then.
    ///
    /// # Errors
    /// Whatever refuses the piece or ends the upload.
    pub async fn receive(
        mut self,
        mut intake: Intake,
        offset: u64,
        mut piece: Piece,
    ) -> Result<(u64, UploadRecord), ApiError> {
        let id = intake.id();
        let length = intake.record().length_bytes;
        let most = length.unwrap_or(self.limits.body_bytes_max);
        // Less may be taken now than when the file was begun.
        let left = most.saturating_sub(offset);
        if self.content_length.is_some_and(|bytes| bytes > left) {
            return Err(beyond(length, most).of_upload(id));
        }
        let taken = match self.checksum.take() {
            Some(checksum) => self.take_verified(&mut intake, &mut piece, left, checksum).await?,
            None => self.take(&mut intake, &mut piece, left).await?,
        };
        if !taken {
            return Err(beyond(length, most).of_upload(id));
        }
        let offset = intake.sync().await.map_err(|failure| ended(&intake, failure))?;
        let record = intake.record();
        if record.length_bytes != Some(offset) {
            return Ok((offset, record));
        }
        let record = intake.finish().await.map_err(|failure| ApiError::of_failure(failure, id))?;
        Ok((offset, record))
    }

    /// Takes at most `left` bytes as they arrive; answers whether those were all.
    async fn take(&self, intake: &mut Intake, piece: &mut Piece, mut left: u64) -> Result<bool, ApiError> {
        while let Some(bytes) = self.next(intake, piece).await? {
            match left.checked_sub(bytes.len() as u64) {
                Some(rest) => left = rest,
                None => return Ok(false),
            }
            intake.append(bytes).await.map_err(|failure| ended(intake, failure))?;
        }
        Ok(true)
    }

    /// The same, but puts the bytes aside until they are verified: of a wrong piece nothing counts.
    async fn take_verified(
        &self,
        intake: &mut Intake,
        piece: &mut Piece,
        left: u64,
        mut checksum: Checksum,
    ) -> Result<bool, ApiError> {
        // Whatever a request before this one left there.
        intake.discard().await.map_err(|failure| ended(intake, failure))?;
        let mut staged = 0;
        while let Some(bytes) = self.next(intake, piece).await? {
            let before = staged;
            staged += bytes.len() as u64;
            if staged > left {
                return Ok(false);
            }
            checksum.update(&bytes);
            intake.stage(bytes, before).await.map_err(|failure| ended(intake, failure))?;
        }
        let trailer = piece.trailers.get(CHECKSUM).and_then(|value| value.to_str().ok());
        if !checksum.fits(trailer)? {
            intake.discard().await.map_err(|failure| ended(intake, failure))?;
            return Err(ApiError::plain(ApiCode::ChecksumMismatch).of_upload(intake.id()));
        }
        intake.accept().await.map_err(|failure| ended(intake, failure))?;
        Ok(true)
    }

    /// The next bytes; none at the end of the piece.
    async fn next(&self, intake: &Intake, piece: &mut Piece) -> Result<Option<Bytes>, ApiError> {
        let next = tokio::select! {
            next = timeout_at(self.deadline, piece.next()) => next,
            failure = intake.over() => {
                // Its length told that the file is complete; the end of the body may come whenever it likes.
                if matches!(intake.record().stage, Stage::Understood | Stage::Done) {
                    return Ok(None);
                }
                return Err(ended(intake, failure));
            }
        };
        let span = |ms| humantime::format_duration(Duration::from_millis(ms)).to_string();
        let error = match next {
            Ok(Ok(bytes)) => return Ok(bytes),
            Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                let max = span(self.limits.body_stall_ms_max);
                ApiError::new(ApiCode::BodyStalled, format!("no byte of the body, or too few, arrived for {max}"))
            }
            Ok(Err(error)) => admission::of_body(&error).unwrap_or_else(|| {
                ApiError::new(FailureCode::Interrupted, "the connection broke before the body was complete")
            }),
            Err(_) => {
                let max = span(self.limits.upload_ms_max);
                ApiError::new(FailureCode::UploadTooSlow, format!("the request took longer than {max}"))
            }
        };
        intake.broken(Failure::new(FailureCode::Interrupted, error.detail.clone()));
        Err(error.resumable(intake.id()))
    }
}

/// The answer where the intake takes nothing more.
fn ended(intake: &Intake, failure: Failure) -> ApiError {
    if intake.is_wanted() {
        return ApiError::new(ApiCode::UploadLocked, failure.message).resumable(intake.id());
    }
    ApiError::of_failure(failure, intake.id())
}

fn wrong_offset(given: u64, offset: u64) -> ApiError {
    ApiError::new(ApiCode::WrongOffset, format!("Upload-Offset is {given}, but {offset} bytes of the file are here"))
}

fn beyond(length: Option<u64>, most: u64) -> ApiError {
    match length {
        Some(length) => {
            ApiError::new(ApiCode::BeyondLength, format!("the piece ends beyond the {length} bytes of the file"))
        }
        None => ApiError::new(FailureCode::BodyTooLarge, format!("a file may have {most} bytes")),
    }
}

/// The answer to a sender that cannot go on.
pub fn of_resume(error: ResumeError) -> ApiError {
    match error {
        ResumeError::NotFound(_) => ApiError::new(ApiCode::NotFound, error.to_string()),
        ResumeError::Gone => ApiError::plain(ApiCode::UploadGone),
        ResumeError::Ended(ref record) => {
            let why = record.failure.as_ref().map_or("", |failure| failure.message.as_str());
            ApiError::new(ApiCode::UploadGone, format!("the upload is {}, and does not go on: {why}", record.stage))
        }
        ResumeError::Complete(_) => ApiError::new(ApiCode::WrongOffset, error.to_string()),
        ResumeError::Joined => ApiError::plain(ApiCode::JoinedFile),
        ResumeError::Locked => ApiError::plain(ApiCode::UploadLocked),
        ResumeError::Refused(failure) => failure.into(),
        ResumeError::Act(ActError::NotFound(id)) => of_resume(ResumeError::NotFound(id)),
        ResumeError::Act(error) => ApiError::from_act(error, ApiCode::UploadRunning),
    }
}
