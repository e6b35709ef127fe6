//! `POST /upload/{client}`.

use super::Part;
use super::model::{StageName, UploadDocument};
use super::options::{said, unsaid, unsaid_list};
use super::params::{IdempotencyKey, WritableClientParam};
use super::receive::Receiver;
use crate::http::Services;
use crate::http::error::ApiError;
use crate::http::payload::body::UploadBody;
use crate::http::payload::digest::Digests;
use crate::http::payload::field::Field;
use crate::http::payload::json::JsonBytes;
use crate::http::payload::problem::{Codes, Refused};
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use std::sync::Arc;

/// Uploading.
pub struct UploadApi(pub Arc<Services>);

/// What an upload can be refused or ended with.
pub struct OnUpload;

impl Codes for OnUpload {
    const CODES: &'static [&'static str] = &[
        "bad-parameter",
        "bad-multipart",
        "missing-file",
        "too-many-parts",
        "upload-interrupted",
        "cross-site",
        "body-stalled",
        "upload-too-slow",
        "upload-cancelled",
        "body-too-large",
        "expansion-too-large",
        "fields-too-large",
        "unsupported-media-type",
        "header-too-long",
        "too-many-columns",
        "corrupt-compression",
        "unknown-encoding",
        "part-head-too-long",
        "storage-failed",
        "too-many-bytes",
        "client-uploads-used-up",
        "too-many-uploads",
        "server-stopping",
        "not-ready",
        "shutting-down",
        "disk-full",
        "client-full",
        "digest-mismatch",
        "idempotency-key-reused",
        "idempotency-key-running",
    ];
}

/// A finished upload.
#[derive(ApiResponse)]
pub enum Uploaded {
    /// Every row was announced, and all of it is on disk
    #[oai(status = 201)]
    Created(
        JsonBytes<UploadDocument>,
        /// The upload: `/uploads/{id}`
        #[oai(header = "Location")]
        String,
    ),
    /// Everything is on disk, and it waits at `understood` (`hold=review`) until `POST /uploads/{id}/next`
    #[oai(status = 202)]
    Held(
        JsonBytes<UploadDocument>,
        /// The upload: `/uploads/{id}`
        #[oai(header = "Location")]
        String,
    ),
}

impl From<UploadDocument> for Uploaded {
    fn from(upload: UploadDocument) -> Self {
        let (document, location) = (JsonBytes::of(&upload), format!("/uploads/{}", upload.id));
        match upload.stage {
            StageName::Understood => Self::Held(document, location),
            _ => Self::Created(document, location),
        }
    }
}

#[OpenApi]
impl UploadApi {
    /// Upload a CSV
    ///
    /// The file is read while it arrives: whoever watches the client sees its rows long before this answers. It answers
    /// when the last row was announced and everything is on disk. When it fails, the rows that were announced stay, and
    /// `upload` in the answer names the upload.
    ///
    /// With curl: `curl -F file=@people.csv http://127.0.0.1:3000/upload/me`, or
    /// `curl -H 'Content-Type: text/csv' -T people.csv -X POST http://127.0.0.1:3000/upload/me`.
    ///
    /// How it is read is found out, told (`stage: understood`), and shown in `reading`. Whatever is known better can be said:
    /// in the query, or in text fields of a form before the file, by the same names.
    #[oai(path = "/upload/:client", method = "post", operation_id = "upload", tag = "Part::Ingest")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the operation, and documented")]
    async fn upload(
        &self,
        /// The client whose watchers see it. It need not exist before.
        client: Path<WritableClientParam>,
        /// What the file is called; else the name in the form is taken, else `upload.csv`.
        #[oai(example = "example_filename")]
        filename: Query<Option<String>>,
        /// What stands between cells: one character or two, or `comma`, `semicolon`, `tab` (also `\t`), `pipe`, `space`.
        /// Found out where nothing is said, like all that follows.
        #[oai(example = "unsaid")]
        delimiter: Query<Option<String>>,
        /// The character around cells that hold delimiters, quotes or line breaks; or `none`.
        #[oai(example = "unsaid")]
        quote: Query<Option<String>>,
        /// How a quote within a quoted cell is written: `doubled` or `backslash`.
        #[oai(example = "unsaid")]
        escape: Query<Option<String>>,
        /// The encoding, by a label of the WHATWG Encoding Standard, such as `windows-1252`.
        #[oai(example = "unsaid")]
        encoding: Query<Option<String>>,
        /// Whether the first record names the columns: `true` or `false`.
        #[oai(example = "unsaid")]
        header: Query<Option<String>>,
        /// How many records name the columns, from 0 to 16.
        #[oai(example = "unsaid")]
        header_rows: Query<Option<String>>,
        /// Lines to skip before anything else.
        #[oai(example = "unsaid")]
        skip_rows: Query<Option<String>>,
        /// Lines that begin with this character are no records.
        #[oai(example = "unsaid")]
        comment: Query<Option<String>>,
        /// Texts that stand for no value, joined by commas; may be said several times.
        #[oai(example = "unsaid_list")]
        null_values: Query<Option<Vec<String>>>,
        /// Whether blanks around cells are left out: `true` or `false`.
        #[oai(example = "unsaid")]
        trim: Query<Option<String>>,
        /// The decimal separator: `.` or `,`.
        #[oai(example = "unsaid")]
        decimal: Query<Option<String>>,
        /// What becomes of suspicious records: `off` (told), `report` (told with the repair that would be made) or `fix`.
        #[oai(example = "unsaid")]
        repair: Query<Option<String>>,
        /// `review`: it waits at `understood` until `POST /uploads/{id}/next`.
        #[oai(example = "unsaid")]
        hold: Query<Option<String>>,
        /// A name for this request, unique to the client, with quotes or without: an `Idempotency-Key` of
        /// draft-ietf-httpapi-idempotency-key-header. The same request again under the same key is answered as it was the first
        /// time and uploads nothing: `409` while that still runs, `422` where file name, fields or bytes differ. The key is
        /// free again when its upload was interrupted, failed on the server's side or by a digest, or was deleted.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Field<IdempotencyKey>,
        /// The digest of the whole body (RFC 9530), by `sha-256`, `sha-512` or both; other algorithms are passed over. An upload
        /// that differs fails. It may also follow a chunked body as a trailer field that `Trailer` announces.
        #[oai(name = "Content-Digest")]
        content_digest: Field<Digests>,
        /// The digest of the representation (RFC 9530), which for an upload is the whole body as well.
        #[oai(name = "Repr-Digest")]
        repr_digest: Field<Digests>,
        body: UploadBody,
    ) -> Result<Uploaded, Refused<OnUpload>> {
        if let Some(trouble) = self.0.health.trouble() {
            return Err(trouble.into());
        }
        let key = idempotency_key.0.map(|key| key.0);
        let max = self.0.limits.idempotency_key_bytes_max;
        if let Some(key) = key.as_ref().filter(|key| key.len() as u64 > max) {
            let what = format!("it has {} bytes; it may have {max}", key.len());
            return Err(ApiError::parameter("Idempotency-Key", what).into());
        }
        let digests = content_digest.0.unwrap_or_default().and(repr_digest.0);
        let overrides = said(
            [
                delimiter.0,
                quote.0,
                escape.0,
                encoding.0,
                header.0,
                header_rows.0,
                skip_rows.0,
                comment.0,
                trim.0,
                decimal.0,
                repair.0,
                hold.0,
            ],
            null_values.0,
        )?;
        let receiver = Receiver::new(&self.0, client.0.0, filename.0, overrides);
        Ok(UploadDocument::from(receiver.receive(body.checked(digests), key).await?).into())
    }
}

fn example_filename() -> Option<String> {
    Some("people.csv".into())
}
