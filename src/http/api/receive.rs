//! An upload's body on its way into its intake: deadlines, and what each way of breaking off is told as.

use crate::domain::{ClientName, Failure, FailureCode, Limits, UploadId, UploadRecord};
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::body::{BodyStream, Form, UploadBody};
use crate::http::payload::disposition::{UNNAMED, file_label};
use crate::http::payload::multipart::{Caps, Event, Multipart, MultipartError};
use crate::ingest::{Ingest, Intake, NewUpload};
use bytes::Bytes;
use futures_util::StreamExt;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// The part that holds the file.
const FILE_PART: &str = "file";

/// One upload request.
pub struct Receiver<'a> {
    ingest: &'a Ingest,
    limits: &'a Limits,
    client: ClientName,
    /// What the query names the file; it goes before what a part does.
    filename: Option<String>,
    deadline: Instant,
}

/// Why the body did not come to its end.
enum Broken {
    TookTooLong,
    Io(io::Error),
    Form(MultipartError),
}

impl From<MultipartError> for Broken {
    fn from(error: MultipartError) -> Self {
        match error {
            MultipartError::Io(error) => Self::Io(error),
            error => Self::Form(error),
        }
    }
}

impl<'a> Receiver<'a> {
    /// An upload for `client` that begins now.
    pub fn new(ingest: &'a Ingest, limits: &'a Limits, client: ClientName, filename: Option<String>) -> Self {
        let deadline = Instant::now() + Duration::from_millis(limits.upload_ms_max);
        Self { ingest, limits, client, filename, deadline }
    }

    /// Reads the body to its end; the upload as it was when its last row was journalled and synced.
    ///
    /// # Errors
    /// Whatever refuses or ends the upload; with the upload's id once there is one.
    pub async fn receive(&self, body: UploadBody) -> Result<UploadRecord, ApiError> {
        self.refuse_by_length(&body)?;
        match body.form {
            Form::Raw => self.receive_raw(body.stream, body.content_length).await,
            Form::Multipart(boundary) => self.receive_form(body.stream, &boundary, body.content_length).await,
        }
    }

    /// Refuses at once what can only become too large: nobody should send 20 GiB to be told so.
    fn refuse_by_length(&self, body: &UploadBody) -> Result<(), ApiError> {
        let limits = self.limits;
        let around = match body.form {
            Form::Raw => 0,
            Form::Multipart(_) => limits
                .multipart_parts_max
                .saturating_add(1)
                .saturating_mul(limits.multipart_head_bytes_max)
                .saturating_add(limits.multipart_text_bytes_max),
        };
        match body.content_length {
            Some(length) if length > limits.body_bytes_max.saturating_add(around) => Err(ApiError::new(
                FailureCode::BodyTooLarge,
                format!("the body has {length} bytes; a file may have {}", limits.body_bytes_max),
            )),
            _ => Ok(()),
        }
    }

    async fn receive_raw(&self, mut stream: BodyStream, length: Option<u64>) -> Result<UploadRecord, ApiError> {
        let mut intake = self.begin(None, length).await?;
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout_at(self.deadline, stream.next()) => next,
                failure = intake.over() => return Err(ApiError::of_failure(failure, intake.id())),
            };
            match next {
                Ok(Some(Ok(chunk))) => append(&mut intake, chunk).await?,
                Ok(None) => return finish(intake).await,
                Ok(Some(Err(error))) => return Err(self.interrupt(intake, Broken::Io(error)).await),
                Err(_) => return Err(self.interrupt(intake, Broken::TookTooLong).await),
            }
        }
    }

    async fn receive_form(
        &self,
        stream: BodyStream,
        boundary: &str,
        length: Option<u64>,
    ) -> Result<UploadRecord, ApiError> {
        let head_bytes = usize::try_from(self.limits.multipart_head_bytes_max).unwrap_or(usize::MAX >> 1);
        let mut form = Multipart::new(stream, boundary, Caps { head_bytes, parts: self.limits.multipart_parts_max });
        let mut text_bytes = 0;
        let filename = self.find_file(&mut form, &mut text_bytes).await?;
        let around = form.parser().consumed() + form.parser().closing_bytes();
        let mut intake = self.begin(filename, length.map(|length| length.saturating_sub(around))).await?;
        loop {
            let next = tokio::select! {
                next = self.next(&mut form) => next,
                failure = intake.over() => return Err(ApiError::of_failure(failure, intake.id())),
            };
            match next {
                Ok(Event::Data(chunk)) => append(&mut intake, chunk).await?,
                Ok(Event::PartEnd) => break,
                Ok(_) => {}
                Err(broken) => return Err(self.interrupt(intake, broken).await),
            }
        }
        // The file is complete. What follows can still show that the request was not what its sender meant.
        match self.skip_rest(&mut form, &mut text_bytes).await {
            Ok(()) => finish(intake).await,
            Err(error) => {
                let id = intake.id();
                intake.interrupt(Failure::new(FailureCode::Interrupted, error.detail.clone())).await;
                Err(error.resumable(id))
            }
        }
    }

    /// Reads up to the data of the part that holds the file; the name that the part gives it.
    async fn find_file(
        &self,
        form: &mut Multipart<BodyStream>,
        text_bytes: &mut u64,
    ) -> Result<Option<String>, ApiError> {
        loop {
            match self.next(form).await.map_err(|broken| self.told(broken))? {
                Event::Part(head) if head.name == FILE_PART => return Ok(head.filename),
                // A misnamed file would else only be told to be too much text.
                Event::Part(head) if head.filename.as_ref().is_some_and(|name| !name.is_empty()) => {
                    let name = file_label(&head.name);
                    let detail = format!("the part named '{name}' holds a file; the file's part is named 'file'");
                    return Err(ApiError::new(ApiCode::MissingFile, detail));
                }
                Event::Data(chunk) => self.count_text(text_bytes, &chunk)?,
                Event::End => return Err(ApiError::new(ApiCode::MissingFile, "the form has no part named 'file'")),
                _ => {}
            }
        }
    }

    /// Reads what follows the file, for what would be lost by ignoring it. A connection that breaks here has delivered
    /// its file, so that is no failure.
    async fn skip_rest(&self, form: &mut Multipart<BodyStream>, text_bytes: &mut u64) -> Result<(), ApiError> {
        loop {
            match self.next(form).await {
                Ok(Event::Part(head)) if head.name == FILE_PART => {
                    let detail = "the form has a second part named 'file'; send one file with each request";
                    return Err(ApiError::new(ApiCode::BadMultipart, detail));
                }
                Ok(Event::Data(chunk)) => self.count_text(text_bytes, &chunk)?,
                Ok(Event::End) => {
                    let _ = tokio::time::timeout_at(self.deadline, form.skip_epilogue()).await;
                    return Ok(());
                }
                Ok(_) => {}
                Err(Broken::Form(MultipartError::Incomplete) | Broken::Io(_) | Broken::TookTooLong) => return Ok(()),
                Err(broken) => return Err(self.told(broken)),
            }
        }
    }

    fn count_text(&self, text_bytes: &mut u64, chunk: &Bytes) -> Result<(), ApiError> {
        *text_bytes += chunk.len() as u64;
        let max = self.limits.multipart_text_bytes_max;
        if *text_bytes <= max {
            return Ok(());
        }
        let detail = format!("the parts beside the file hold more than {max} bytes");
        Err(ApiError::new(ApiCode::FieldsTooLarge, detail))
    }

    async fn next(&self, form: &mut Multipart<BodyStream>) -> Result<Event, Broken> {
        match tokio::time::timeout_at(self.deadline, form.next()).await {
            Ok(event) => Ok(event?),
            Err(_) => Err(Broken::TookTooLong),
        }
    }

    async fn begin(&self, filename: Option<String>, total_bytes: Option<u64>) -> Result<Intake, ApiError> {
        let given = self.filename.as_deref().or(filename.as_deref());
        let filename = file_label(given.unwrap_or(UNNAMED));
        Ok(self.ingest.begin(NewUpload::whole(self.client.clone(), filename, total_bytes)).await?)
    }

    /// Ends an upload whose file cannot be completed.
    async fn interrupt(&self, intake: Intake, broken: Broken) -> ApiError {
        let code =
            if matches!(broken, Broken::TookTooLong) { FailureCode::UploadTooSlow } else { FailureCode::Interrupted };
        let told = self.told(broken);
        let id = intake.id();
        intake.interrupt(Failure::new(code, told.detail.clone())).await;
        told.resumable(id)
    }

    fn told(&self, broken: Broken) -> ApiError {
        let span = |ms| humantime::format_duration(Duration::from_millis(ms)).to_string();
        match broken {
            Broken::TookTooLong => {
                let max = span(self.limits.upload_ms_max);
                ApiError::new(FailureCode::UploadTooSlow, format!("the upload took longer than {max}"))
            }
            Broken::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                let max = span(self.limits.body_stall_ms_max);
                ApiError::new(ApiCode::BodyStalled, format!("no byte of the body arrived for {max}"))
            }
            // What hyper says of it is about its own parts.
            Broken::Io(_) => {
                ApiError::new(FailureCode::Interrupted, "the connection broke before the body was complete")
            }
            Broken::Form(error) => {
                let code = match error {
                    MultipartError::HeadTooLong(_) => ApiCode::PartHeadTooLong,
                    MultipartError::TooManyParts(_) => ApiCode::TooManyParts,
                    _ => ApiCode::BadMultipart,
                };
                ApiError::new(code, error.to_string())
            }
        }
    }
}

async fn append(intake: &mut Intake, chunk: Bytes) -> Result<(), ApiError> {
    let appended = intake.append(chunk).await;
    appended.map_err(|failure| ApiError::of_failure(failure, intake.id()))
}

async fn finish(intake: Intake) -> Result<UploadRecord, ApiError> {
    let id: UploadId = intake.id();
    intake.finish().await.map_err(|failure| ApiError::of_failure(failure, id))
}
