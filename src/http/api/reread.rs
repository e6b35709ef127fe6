//! `POST /uploads/{id}/reread`.

use super::Part;
use super::model::UploadDocument;
use super::options::{said, unsaid, unsaid_list};
use super::params::UploadParam;
use super::upload::Uploaded;
use crate::http::Services;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::problem::{Codes, Refused};
use crate::ingest::RereadError;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use std::sync::Arc;

/// Reading what was uploaded again.
pub struct RereadApi(pub Arc<Services>);

/// What reading again can be refused or ended with.
pub struct OnReread;

impl Codes for OnReread {
    const CODES: &'static [&'static str] = &[
        "bad-parameter",
        "upload-interrupted",
        "cross-site",
        "not-found",
        "upload-running",
        "upload-cancelled",
        "expansion-too-large",
        "header-too-long",
        "too-many-columns",
        "corrupt-compression",
        "unknown-encoding",
        "storage-failed",
        "too-many-uploads",
        "server-stopping",
        "not-ready",
        "disk-full",
    ];
}

#[OpenApi]
impl RereadApi {
    /// Read an upload again
    ///
    /// Makes a new upload of the same client out of the bytes of one that is over, read with the options given here and no
    /// others. Nothing is sent again: the two share the bytes, and either can be deleted without the other. `source` of the
    /// new one names the first. Answers as an upload does, when the last row was announced.
    #[oai(path = "/uploads/:id/reread", method = "post", operation_id = "reread_upload", tag = "Part::Uploads")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the operation, and documented")]
    async fn reread(
        &self,
        /// The upload.
        id: Path<UploadParam>,
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
    ) -> Result<Uploaded, Refused<OnReread>> {
        if let Some(trouble) = self.0.health.trouble() {
            return Err(trouble.into());
        }
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
        let (options, hold) = overrides.finish().map_err(ApiError::from)?;
        match self.0.ingest.reread(id.0.0, options, hold).await {
            Ok(record) => Ok(UploadDocument::from(record).into()),
            Err(RereadError::Act(error)) => Err(ApiError::from_act(error, ApiCode::UploadRunning).into()),
            Err(RereadError::Ended(id, failure)) => Err(ApiError::from(failure).of_upload(id).into()),
        }
    }
}
