//! An upload's body on its way to where its file goes: deadlines, and what each way of breaking off is told as.

use super::destination::Destination;
use super::fingerprint::Fields;
use super::options::{OptionFields, compression};
use crate::domain::{ClientName, Compression, Failure, FailureCode, Overrides, UploadRecord};
use crate::http::Services;
use crate::http::admission::{self, upload_for};
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::body::{Form, UploadBody};
use crate::http::payload::content::{Content, Differs};
use crate::http::payload::disposition::{UNNAMED, file_label};
use crate::http::payload::multipart::{Caps, Event, Multipart, MultipartError};
use crate::ingest::{Key, NewUpload};
use bytes::Bytes;
use futures_util::StreamExt;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// The part that holds the file.
const FILE_PART: &str = "file";

/// One upload request.
pub struct Receiver<'a> {
    services: &'a Services,
    client: ClientName,
    /// What the query names the file; it goes before what a part does.
    filename: Option<String>,
    /// How the query says that the file is to be read.
    overrides: Overrides,
    deadline: Instant,
}

/// Why the body did not come to its end, or is not to be taken.
enum Broken {
    TookTooLong,
    Io(io::Error),
    Form(MultipartError),
    Differs(Differs),
    Refused(ApiError),
    /// There were more bytes than may come.
    Exceeded(ApiError),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match (Differs::of(&error), admission::of_body(&error)) {
            (Some(differs), _) => Self::Differs(differs.clone()),
            (None, Some(exceeded)) => Self::Exceeded(exceeded),
            (None, None) => Self::Io(error),
        }
    }
}

impl From<MultipartError> for Broken {
    fn from(error: MultipartError) -> Self {
        match error {
            MultipartError::Io(error) => error.into(),
            error => Self::Form(error),
        }
    }
}

/// What is known of a request before its file.
struct Opening {
    key: Option<Key>,
    fields: Fields,
    options: OptionFields,
    compression: Option<Compression>,
    /// Whether it has to come to its own end, though its file did: as long as something is missing, nobody knows whether it
    /// is what its digest says, or the one that its key was used for.
    whole: bool,
}

impl<'a> Receiver<'a> {
    /// An upload for `client` that begins now.
    pub fn new(services: &'a Services, client: ClientName, filename: Option<String>, overrides: Overrides) -> Self {
        let deadline = Instant::now() + Duration::from_millis(services.limits.upload_ms_max);
        Self { services, client, filename, overrides, deadline }
    }

    /// Reads the body to its end; the upload as it was when its last row was journalled and synced. Where `key` was used for
    /// the same request before, it is the upload of that one.
    ///
    /// # Errors
    /// Whatever refuses or ends the upload; with the upload's id once there is one.
    pub async fn receive(&self, body: UploadBody, key: Option<String>) -> Result<UploadRecord, ApiError> {
        self.refuse_by_length(&body)?;
        let compression = compression(body.encoding.as_deref())?;
        self.overrides.clone().finish()?;
        let key = match key {
            Some(key) => Some(self.take_key(&key).await?),
            None => None,
        };
        let whole = key.is_some() || body.content.is_checked();
        let (fields, options) = (Fields::new(key.is_some()), OptionFields::new(&self.overrides));
        let opening = Opening { fields, options, compression, key, whole };
        match body.form {
            Form::Raw => self.receive_raw(body.content, opening, body.content_length).await,
            Form::Multipart(boundary) => self.receive_form(body.content, opening, &boundary, body.content_length).await,
        }
    }

    async fn take_key(&self, key: &str) -> Result<Key, ApiError> {
        match self.services.ingest.take_key(&self.client, key).await {
            Ok(Key::Running) => Err(ApiError::plain(ApiCode::IdempotencyKeyRunning)),
            Ok(key) => Ok(key),
            Err(error) => Err(ApiError::from_act(error, ApiCode::IdempotencyKeyRunning)),
        }
    }

    /// Refuses at once what can only become too large: nobody should send 20 GiB to be told so.
    fn refuse_by_length(&self, body: &UploadBody) -> Result<(), ApiError> {
        let limits = &self.services.limits;
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

    async fn receive_raw(
        &self,
        mut content: Content,
        mut opening: Opening,
        length: Option<u64>,
    ) -> Result<UploadRecord, ApiError> {
        let mut destination = self.begin(&mut opening, None, length).await?;
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout_at(self.deadline, content.next()) => next,
                failure = destination.over() => return Err(destination.ended(failure).await),
            };
            match next {
                Ok(Some(Ok(chunk))) => destination.append(chunk).await?,
                Ok(None) => return destination.finish(&opening.fields).await,
                Ok(Some(Err(error))) => return Err(self.break_off(destination, error.into()).await),
                Err(_) => return Err(self.break_off(destination, Broken::TookTooLong).await),
            }
        }
    }

    async fn receive_form(
        &self,
        content: Content,
        mut opening: Opening,
        boundary: &str,
        length: Option<u64>,
    ) -> Result<UploadRecord, ApiError> {
        let head_bytes = usize::try_from(self.services.limits.multipart_head_bytes_max).unwrap_or(usize::MAX >> 1);
        let mut form =
            Multipart::new(content, boundary, Caps { head_bytes, parts: self.services.limits.multipart_parts_max });
        let filename = self.find_file(&mut form, &mut opening).await?;
        let around = form.parser().consumed() + form.parser().closing_bytes();
        let length = length.map(|length| length.saturating_sub(around));
        let mut destination = self.begin(&mut opening, filename, length).await?;
        loop {
            let next = tokio::select! {
                next = self.next(&mut form) => next,
                failure = destination.over() => return Err(destination.ended(failure).await),
            };
            match next {
                Ok(Event::Data(chunk)) => destination.append(chunk).await?,
                Ok(Event::PartEnd) => break,
                Ok(_) => {}
                Err(broken) => return Err(self.break_off(destination, broken).await),
            }
        }
        // The file is complete. What follows can still show that the request was not what its sender meant.
        match self.skip_rest(&mut form, &mut opening).await {
            Ok(()) => destination.finish(&opening.fields).await,
            Err(broken) => Err(self.break_off(destination, broken).await),
        }
    }

    /// Reads up to the data of the part that holds the file; the name that the part gives it.
    async fn find_file(
        &self,
        form: &mut Multipart<Content>,
        opening: &mut Opening,
    ) -> Result<Option<String>, ApiError> {
        let Opening { fields, options, .. } = opening;
        loop {
            match self.next(form).await.map_err(|broken| self.told(broken))? {
                Event::Part(head) if head.name == FILE_PART => {
                    opening.compression = compression(head.encoding.as_deref())?;
                    return Ok(head.filename);
                }
                // A misnamed file would else only be told to be too much text.
                Event::Part(head) if head.filename.as_ref().is_some_and(|name| !name.is_empty()) => {
                    let name = file_label(&head.name);
                    let detail = format!("the part named '{name}' holds a file; the file's part is named 'file'");
                    return Err(ApiError::new(ApiCode::MissingFile, detail));
                }
                Event::Part(head) => {
                    fields.begin(&head.name);
                    options.begin(&head.name);
                }
                Event::Data(chunk) => {
                    self.take_text(fields, &chunk)?;
                    options.data(&chunk);
                }
                Event::PartEnd => {
                    fields.end();
                    options.end()?;
                }
                Event::End => return Err(ApiError::new(ApiCode::MissingFile, "the form has no part named 'file'")),
                _ => {}
            }
        }
    }

    /// Reads what follows the file, for what would be lost by ignoring it. A connection that breaks here has delivered
    /// its file, so that is no failure unless the request has to be whole.
    async fn skip_rest(&self, form: &mut Multipart<Content>, opening: &mut Opening) -> Result<(), Broken> {
        let Opening { fields, whole, .. } = opening;
        loop {
            match self.next(form).await {
                Ok(Event::Part(head)) if head.name == FILE_PART => {
                    let detail = "the form has a second part named 'file'; send one file with each request";
                    return Err(Broken::Refused(ApiError::new(ApiCode::BadMultipart, detail)));
                }
                Ok(Event::Part(head))
                    if Overrides::named(&head.name).is_some_and(|name| !self.overrides.says(name)) =>
                {
                    let what = "it stands behind the file, which was read without it; expected it before the file";
                    return Err(Broken::Refused(ApiError::parameter(&head.name, what)));
                }
                Ok(Event::Part(head)) => fields.begin(&head.name),
                Ok(Event::Data(chunk)) => self.take_text(fields, &chunk).map_err(Broken::Refused)?,
                Ok(Event::PartEnd) => fields.end(),
                Ok(Event::End) => {
                    let end = tokio::time::timeout_at(self.deadline, form.skip_epilogue()).await;
                    return if *whole { Ok(end.map_err(|_| Broken::TookTooLong)??) } else { Ok(()) };
                }
                Ok(Event::NeedMore) => {}
                Err(
                    Broken::Form(MultipartError::Incomplete)
                    | Broken::Io(_)
                    | Broken::TookTooLong
                    | Broken::Exceeded(_),
                ) if !*whole => {
                    return Ok(());
                }
                Err(broken) => return Err(broken),
            }
        }
    }

    fn take_text(&self, fields: &mut Fields, chunk: &Bytes) -> Result<(), ApiError> {
        fields.data(chunk);
        let max = self.services.limits.multipart_text_bytes_max;
        if fields.bytes <= max {
            return Ok(());
        }
        let detail = format!("the parts beside the file hold more than {max} bytes");
        Err(ApiError::new(ApiCode::FieldsTooLarge, detail))
    }

    async fn next(&self, form: &mut Multipart<Content>) -> Result<Event, Broken> {
        match tokio::time::timeout_at(self.deadline, form.next()).await {
            Ok(event) => Ok(event?),
            Err(_) => Err(Broken::TookTooLong),
        }
    }

    async fn begin(
        &self,
        opening: &mut Opening,
        filename: Option<String>,
        total_bytes: Option<u64>,
    ) -> Result<Destination, ApiError> {
        let given = self.filename.as_deref().or(filename.as_deref());
        let filename = file_label(given.unwrap_or(UNNAMED));
        let (mut options, hold) = opening.options.said().finish()?;
        options.compression = opening.compression;
        let print = opening.fields.print(&self.client, &filename, &options, hold);
        let key = match (opening.key.take(), print) {
            (Some(Key::Used(used)), Some(print)) => return Destination::repeated(used, print),
            (Some(Key::Free(held)), Some(print)) => Some((held, print)),
            _ => None,
        };
        let new = NewUpload { options, hold, ..NewUpload::whole(self.client.clone(), filename, total_bytes) };
        upload_for(&self.services.rates, &self.client)?;
        let intake = self.services.ingest.begin(new).await?;
        Ok(Destination::new(intake, key))
    }

    /// Ends an upload whose file cannot be completed, or is not what its sender says.
    async fn break_off(&self, destination: Destination, broken: Broken) -> ApiError {
        let code = match broken {
            Broken::Differs(Differs(what)) => {
                return destination.fail(Failure::new(FailureCode::DigestMismatch, what)).await;
            }
            Broken::TookTooLong => FailureCode::UploadTooSlow,
            _ => FailureCode::Interrupted,
        };
        let told = self.told(broken);
        destination.interrupt(Failure::new(code, told.detail.clone()), told).await
    }

    fn told(&self, broken: Broken) -> ApiError {
        let span = |ms| humantime::format_duration(Duration::from_millis(ms)).to_string();
        match broken {
            Broken::TookTooLong => {
                let max = span(self.services.limits.upload_ms_max);
                ApiError::new(FailureCode::UploadTooSlow, format!("the upload took longer than {max}"))
            }
            Broken::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                let max = span(self.services.limits.body_stall_ms_max);
                ApiError::new(ApiCode::BodyStalled, format!("no byte of the body, or too few, arrived for {max}"))
            }
            // What hyper says of it is about its own parts.
            Broken::Io(_) => {
                ApiError::new(FailureCode::Interrupted, "the connection broke before the body was complete")
            }
            Broken::Differs(Differs(what)) => ApiError::new(FailureCode::DigestMismatch, what),
            Broken::Refused(error) | Broken::Exceeded(error) => error,
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
