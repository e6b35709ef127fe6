//! `/files`: resumable uploads by tus 1.0.

use super::Part;
use super::file_answers::{Abilities, Begun, GivenUp, OnCreate, OnDelete, OnHead, OnPatch, Standing, Taken};
use super::params::{TusParam, UploadParam};
use super::piece::{PieceReceiver, of_resume};
use crate::domain::{ClientName, Failure, FailureCode, Resumable, Stage, UploadId, UploadRecord};
use crate::http::admission::upload_for;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::checksum::Checksum;
use crate::http::payload::disposition::{UNNAMED, file_label};
use crate::http::payload::piece::{Concat, Metadata, Piece};
use crate::http::payload::problem::Refused;
use crate::http::sender::came_by_tls;
use crate::http::{Services, tus};
use crate::ingest::{JoinError, NewUpload};
use crate::journal::now_ms;
use poem::Request;
use poem::http::header::{HOST, ORIGIN};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use uuid::Uuid;

/// Resumable uploads.
pub struct FilesApi(pub Arc<Services>);

#[OpenApi]
impl FilesApi {
    /// What this server can do of tus
    #[oai(path = "/files", method = "options", operation_id = "tus_options", tag = "Part::Resumable")]
    async fn options(&self) -> Abilities {
        Abilities::Told(
            tus::VERSION.into(),
            tus::EXTENSIONS.into(),
            self.0.limits.body_bytes_max,
            Checksum::ALGORITHMS.into(),
        )
    }

    /// Begin a resumable upload
    ///
    /// tus 1.0, with its extensions creation, creation-with-upload, creation-defer-length, checksum, checksum-trailer,
    /// expiration and concatenation. Any tus client can use it. Every request names `Tus-Resumable: 1.0.0`.
    #[oai(path = "/files", method = "post", operation_id = "tus_create", tag = "Part::Resumable")]
    #[allow(clippy::too_many_arguments, reason = "each is a header of the protocol, and documented")]
    async fn create(
        &self,
        /// Bytes of the file.
        #[oai(name = "Upload-Length", example = "example_length")]
        length: Header<Option<String>>,
        /// `1`: the length is declared later.
        #[oai(name = "Upload-Defer-Length")]
        defer_length: Header<Option<String>>,
        /// Keys and values in base64, joined by commas; `client` and `filename` mean something here, and
        /// so do the names by which `POST /upload/{client}` is told how a file is to be read: `delimiter`, `quote`, `hold`, …
        #[oai(name = "Upload-Metadata", example = "example_metadata")]
        metadata: Header<Option<String>>,
        /// `partial` for a part, `final;` and the parts' addresses to put them together.
        #[oai(name = "Upload-Concat")]
        concat: Header<Option<String>>,
        /// The checksum of what comes with this request, as in `sha256 <base64>`.
        #[oai(name = "Upload-Checksum")]
        checksum: Header<Option<String>>,
        /// The version of tus.
        #[oai(name = "Tus-Resumable")]
        _version: Header<TusParam>,
        request: &Request,
        piece: Piece,
    ) -> Result<Begun, Refused<OnCreate>> {
        if let Some(trouble) = self.0.health.trouble() {
            return Err(trouble.into());
        }
        let concat = concat.0.as_deref().map(Concat::parse).transpose()?;
        let metadata = metadata.0.unwrap_or_default();
        let max = self.0.limits.metadata_bytes_max;
        if metadata.len() as u64 > max {
            let what = format!("it has {} bytes; at most {max} are taken", metadata.len());
            return Err(ApiError::parameter("Upload-Metadata", what).into());
        }
        let said = Metadata::parse(&metadata)?;
        let partial = concat == Some(Concat::Partial);
        let filename = file_label(said.filename.as_deref().unwrap_or(UNNAMED));
        let client = said.client.unwrap_or_else(new_client);
        let (options, hold) = said.overrides.finish().map_err(|bad| ApiError::parameter("Upload-Metadata", bad))?;
        let new = NewUpload {
            resumable: Some(Resumable { metadata, partial, parts: Vec::new() }),
            options,
            hold,
            ..NewUpload::whole(client.clone(), filename, None)
        };
        let (id, offset, record) = if let Some(Concat::Final(parts)) = concat {
            if length.0.is_some() || !piece.is_empty() {
                let what = "a file that is put together has neither a length nor bytes of its own";
                return Err(ApiError::parameter("Upload-Concat", what).into());
            }
            upload_for(&self.0.rates, &client)?;
            let record = self.join(new, parts).await?;
            (record.id, None, record)
        } else {
            let length_bytes = declared(length.0.as_deref(), defer_length.0.as_deref(), self.0.limits.body_bytes_max)?;
            if length_bytes.is_none() && defer_length.0.is_none() {
                let what = "it is missing; where the length is not known yet, send Upload-Defer-Length: 1";
                return Err(ApiError::parameter("Upload-Length", what).into());
            }
            let receiver = PieceReceiver::new(&self.0.limits, &piece, checksum.0.as_deref())?;
            let receiver = receiver.with_trailer(request.header("Trailer"));
            if !partial {
                upload_for(&self.0.rates, &client)?;
            }
            let begun = self.0.ingest.begin(NewUpload { length_bytes, ..new }).await.map_err(ApiError::from)?;
            let (id, with_upload) = (begun.id(), !piece.is_empty());
            let (offset, record) = receiver.receive(begun, 0, piece).await?;
            (id, with_upload.then_some(offset), record)
        };
        Ok(Begun::Created(
            address(request, id),
            (!partial).then(|| record.client.to_string()),
            offset,
            self.expires(&record),
        ))
    }

    /// Ask where a resumable upload stands
    ///
    /// Also for an upload that was begun with one request and interrupted: its length is then still to be declared. A
    /// request that is sending the file is asked to leave, since whoever asks has lost its connection.
    #[oai(path = "/files/:id", method = "head", operation_id = "tus_head", tag = "Part::Resumable")]
    async fn head(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// The version of tus.
        #[oai(name = "Tus-Resumable")]
        _version: Header<TusParam>,
    ) -> Result<Standing, Refused<OnHead>> {
        let found = self.0.ingest.standing(id.0.0).await.map_err(of_resume)?;
        let record = found.record;
        let expires = self.expires(&record);
        let resumable = record.resumable.unwrap_or_default();
        let joined = !resumable.parts.is_empty();
        let concat = if joined {
            let parts: Vec<_> = resumable.parts.iter().map(|part| tus::path(*part)).collect();
            Some(format!("final;{}", parts.join(" ")))
        } else {
            resumable.partial.then(|| "partial".to_owned())
        };
        Ok(Standing::Told(
            (!joined || record.stage == Stage::Done).then_some(found.offset),
            record.length_bytes,
            record.length_bytes.is_none().then_some(1),
            Some(resumable.metadata).filter(|metadata| !metadata.is_empty()),
            concat,
            expires,
        ))
    }

    /// Go on with a resumable upload
    ///
    /// Rows are announced while the bytes arrive; with a checksum only when the whole piece was verified. The piece that
    /// completes the file is answered when every row was announced and everything is on disk.
    #[oai(path = "/files/:id", method = "patch", operation_id = "tus_patch", tag = "Part::Resumable")]
    #[allow(clippy::too_many_arguments, reason = "each is a header of the protocol, and documented")]
    async fn patch(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// Where the piece begins: as many bytes as were taken before.
        #[oai(name = "Upload-Offset", example = "example_offset")]
        offset: Header<Option<String>>,
        /// Bytes of the whole file, where that was left open.
        #[oai(name = "Upload-Length", example = "example_length")]
        length: Header<Option<String>>,
        /// The piece's checksum, as in `sha256 <base64>`. It may come as a trailer that `Trailer` names.
        #[oai(name = "Upload-Checksum")]
        checksum: Header<Option<String>>,
        /// The version of tus.
        #[oai(name = "Tus-Resumable")]
        _version: Header<TusParam>,
        request: &Request,
        piece: Piece,
    ) -> Result<Taken, Refused<OnPatch>> {
        if let Some(trouble) = self.0.health.trouble() {
            return Err(trouble.into());
        }
        if piece.content_type.as_deref() != Some(tus::PIECE) {
            let detail = format!("the Content-Type of a piece is {}", tus::PIECE);
            return Err(ApiError::new(ApiCode::UnsupportedMediaType, detail).into());
        }
        let Some(offset) = number("Upload-Offset", offset.0.as_deref())? else {
            return Err(ApiError::parameter("Upload-Offset", "it is missing").into());
        };
        let length = declared(length.0.as_deref(), None, self.0.limits.body_bytes_max)?;
        let receiver = PieceReceiver::new(&self.0.limits, &piece, checksum.0.as_deref())?;
        let receiver = receiver.with_trailer(request.header("Trailer"));
        let (offset, record) = receiver.go_on(&self.0.ingest, id.0.0, offset, length, piece).await?;
        Ok(Taken::Taken(offset, self.expires(&record)))
    }

    /// Give a resumable upload up
    ///
    /// Stops it if it runs, and removes it with its rows and its file.
    #[oai(path = "/files/:id", method = "delete", operation_id = "tus_delete", tag = "Part::Resumable")]
    async fn terminate(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// The version of tus.
        #[oai(name = "Tus-Resumable")]
        _version: Header<TusParam>,
    ) -> Result<GivenUp, Refused<OnDelete>> {
        self.0.ingest.terminate(id.0.0).await.map_err(of_resume)?;
        Ok(GivenUp::Gone)
    }
}

impl FilesApi {
    async fn join(&self, new: NewUpload, parts: Vec<UploadId>) -> Result<UploadRecord, ApiError> {
        let max = self.0.limits.concat_parts_max;
        if parts.len() as u64 > max {
            let what = format!("it names {} parts; at most {max} are taken", parts.len());
            return Err(ApiError::parameter("Upload-Concat", what));
        }
        self.0.ingest.join(new, parts).await.map_err(|error| match error {
            JoinError::NoPart(_) => ApiError::parameter("Upload-Concat", error),
            JoinError::Unfinished(_) => ApiError::new(ApiCode::PartUnfinished, error.to_string()),
            JoinError::Failed(Some(id), failure) => ApiError::of_failure(failure, id),
            JoinError::Failed(None, failure) => failure.into(),
            JoinError::Journal(_) => ApiError::plain(FailureCode::StorageFailed),
        })
    }

    /// Until when the upload is kept for its sender (RFC 9110, section 5.6.7).
    fn expires(&self, record: &UploadRecord) -> Option<String> {
        if record.stage == Stage::Done {
            return None;
        }
        let since_ms = if record.stage.is_running() { now_ms() } else { record.updated_ms };
        // A date that no calendar has is none.
        let at_ms = since_ms.checked_add(self.0.keep_ms).filter(|at_ms| *at_ms < 250_000_000_000_000)?;
        Some(httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(at_ms)))
    }
}

fn example_length() -> Option<String> {
    Some("117440512".into())
}

fn example_metadata() -> Option<String> {
    Some("client bWU=,filename cGVvcGxlLmNzdg==".into())
}

fn example_offset() -> Option<String> {
    Some("8388608".into())
}

fn new_client() -> ClientName {
    ClientName::parse(&Uuid::new_v4().to_string()).expect("a UUID is a client's name")
}

/// Where the file goes on. Programs get an address that needs nothing to be read, since some cannot read a path; a page
/// gets the path, which its browser puts behind the scheme that the page came by.
fn address(request: &Request, id: UploadId) -> String {
    let path = tus::path(id);
    match request.header(HOST).filter(|_| request.header(ORIGIN).is_none()) {
        Some(host) => {
            let scheme = if came_by_tls(request) { "https" } else { "http" };
            format!("{scheme}://{host}{path}")
        }
        None => path,
    }
}

/// A header that holds a number, in digits alone.
pub fn number(name: &str, value: Option<&str>) -> Result<Option<u64>, ApiError> {
    let parse = |text: &str| {
        // `u64::from_str` also takes a leading '+', which is no number of tus.
        let digits = Some(text.trim()).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| ApiError::parameter(name, "it is not a whole number of bytes"))
    };
    value.map(parse).transpose()
}

/// The length that a sender declares.
pub fn declared(length: Option<&str>, defer: Option<&str>, max: u64) -> Result<Option<u64>, ApiError> {
    if let Some(defer) = defer {
        if defer.trim() != "1" {
            return Err(ApiError::parameter("Upload-Defer-Length", "it can only be 1"));
        }
        if length.is_some() {
            return Err(ApiError::parameter("Upload-Defer-Length", "Upload-Length is given as well"));
        }
    }
    match number("Upload-Length", length)? {
        Some(length) if length > max => {
            let message = format!("the file has {length} bytes; this server takes {max}");
            Err(Failure::new(FailureCode::BodyTooLarge, message).into())
        }
        length => Ok(length),
    }
}
