//! `/uploads` and what is below it.

use super::Part;
use super::model::{ProblemsPage, RowsPage, UploadDocument, UploadsPage};
use super::params::{ClientParam, CodesParam, NumbersParam, SeveritiesParam, UploadParam};
use crate::domain::UploadId;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::json::JsonBytes;
use crate::http::payload::problem::{Codes, Refused};
use crate::http::{Services, etag};
use crate::rows::{Asked, ProblemFilter};
use poem::Request;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use std::sync::Arc;

/// Uploads in a page of the list, where nothing else is said.
const UPLOADS_DEFAULT: u64 = 50;
/// Most uploads in a page of the list.
const UPLOADS_MAX: u64 = 500;
/// Rows or problems in a page, where nothing else is said.
const ROWS_DEFAULT: u64 = 100;

/// Looking at uploads, and acting on them.
pub struct UploadsApi(pub Arc<Services>);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $codes:expr;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Codes for $name {
            const CODES: &'static [&'static str] = &$codes;
        }
    )+};
}

codes! {
    /// What listing can be refused with.
    OnList ["bad-parameter", "storage-failed"];
    /// What looking at one upload can be refused with.
    OnRead ["bad-parameter", "not-found", "storage-failed"];
    /// What cancelling can be refused with.
    OnCancel ["bad-parameter", "cross-site", "not-found", "not-running", "storage-failed", "disk-full"];
    /// What letting a held upload go on can be refused with.
    OnNext [
        "bad-parameter", "cross-site", "not-found", "not-held", "storage-failed", "too-many-uploads", "server-stopping",
        "not-ready", "disk-full", "client-full",
    ];
    /// What deleting can be refused with.
    OnDelete ["bad-parameter", "cross-site", "not-found", "upload-running", "storage-failed", "disk-full"];
}

/// One upload, or that it has not changed.
#[derive(ApiResponse)]
pub enum UploadFound {
    /// The upload as it stands now
    #[oai(status = 200)]
    Found(
        JsonBytes<UploadDocument>,
        /// Give it as `If-None-Match` to be told 304 until something changes
        #[oai(header = "ETag")]
        String,
    ),
    /// It stands as it did
    #[oai(status = 304)]
    NotModified(
        /// The same tag
        #[oai(header = "ETag")]
        String,
    ),
}

/// A deleted upload.
#[derive(ApiResponse)]
pub enum Deleted {
    /// It is gone, with its rows and its file
    #[oai(status = 204)]
    Deleted,
}

#[OpenApi]
impl UploadsApi {
    /// List uploads
    ///
    /// Newest first, in pages.
    #[oai(path = "/uploads", method = "get", operation_id = "list_uploads", tag = "Part::Uploads")]
    async fn list(
        &self,
        /// Only those of this client.
        client: Query<Option<ClientParam>>,
        /// How many, from 1 to 500; 50 where nothing is said.
        #[oai(example = "example_limit")]
        limit: Query<Option<u64>>,
        /// Go on after this upload: `next` of the page before.
        before: Query<Option<UploadParam>>,
    ) -> Result<JsonBytes<UploadsPage>, Refused<OnList>> {
        let limit = in_range("limit", limit.0.unwrap_or(UPLOADS_DEFAULT), 1, UPLOADS_MAX)?;
        let client = client.0.map(|client| client.0);
        let before = before.0.map(|before| before.0);
        // One more than wanted tells whether there is a next page.
        let found = self.0.ingest.list(client, before, limit + 1).await;
        let mut found = found.map_err(|error| ApiError::from_act(error, ApiCode::NotRunning))?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|upload| upload.id.0);
        Ok(JsonBytes::of(&UploadsPage { uploads: found.into_iter().map(Into::into).collect(), next }))
    }

    /// Look at an upload
    ///
    /// For whoever polls instead of watching: send the `ETag` back as `If-None-Match`, and the answer is 304 until
    /// something has changed.
    #[oai(path = "/uploads/:id", method = "get", operation_id = "get_upload", tag = "Part::Uploads")]
    async fn get(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        request: &Request,
    ) -> Result<UploadFound, Refused<OnRead>> {
        let upload = JsonBytes::of(&UploadDocument::from(self.record(id.0.0).await?));
        let tag = etag::of_content(upload.bytes());
        Ok(if etag::is_known(request.headers(), &tag) {
            UploadFound::NotModified(tag)
        } else {
            UploadFound::Found(upload, tag)
        })
    }

    /// Cancel an upload
    ///
    /// Stops an upload that is running or interrupted. The rows that were announced stay; deleting is another act.
    #[oai(path = "/uploads/:id/cancel", method = "post", operation_id = "cancel_upload", tag = "Part::Uploads")]
    async fn cancel(
        &self,
        /// The upload.
        id: Path<UploadParam>,
    ) -> Result<JsonBytes<UploadDocument>, Refused<OnCancel>> {
        let upload = self.0.ingest.cancel(id.0.0).await;
        let upload = upload.map_err(|error| ApiError::from_act(error, ApiCode::NotRunning))?;
        Ok(JsonBytes::of(&upload.into()))
    }

    /// Let a held upload go on
    ///
    /// For an upload with `hold=review` that stands at `understood`: it is read as `reading` says, and its rows are told from
    /// here on. Where that is not how it should be read, cancel it, and read it again with other options.
    #[oai(path = "/uploads/:id/next", method = "post", operation_id = "next_upload", tag = "Part::Uploads")]
    async fn next(
        &self,
        /// The upload.
        id: Path<UploadParam>,
    ) -> Result<JsonBytes<UploadDocument>, Refused<OnNext>> {
        if let Some(trouble) = self.0.health.trouble() {
            return Err(trouble.into());
        }
        let upload = self.0.ingest.next(id.0.0).await;
        let upload = upload.map_err(|error| ApiError::from_act(error, ApiCode::NotHeld))?;
        Ok(JsonBytes::of(&upload.into()))
    }

    /// Delete an upload
    ///
    /// Removes an upload that is not running (one that is held and was received whole is not either), with its rows and its file. Watchers that come back to its events are told
    /// of the gap.
    #[oai(path = "/uploads/:id", method = "delete", operation_id = "delete_upload", tag = "Part::Uploads")]
    async fn delete(
        &self,
        /// The upload.
        id: Path<UploadParam>,
    ) -> Result<Deleted, Refused<OnDelete>> {
        let deleted = self.0.ingest.delete(id.0.0).await;
        deleted.map_err(|error| ApiError::from_act(error, ApiCode::UploadRunning))?;
        Ok(Deleted::Deleted)
    }

    /// Read rows
    ///
    /// A page of rows by their numbers, also while the upload is running: one after the other from a number on, or those that
    /// are named.
    #[oai(path = "/uploads/:id/rows", method = "get", operation_id = "get_rows", tag = "Part::Uploads")]
    async fn rows(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// The first row number, from 1.
        #[oai(example = "example_row")]
        from: Query<Option<u64>>,
        /// How many, from 1 to the server's `page-rows-max`; 100 where nothing is said.
        #[oai(example = "example_limit")]
        limit: Query<Option<u64>>,
        /// Only these rows, by up to 256 ascending numbers joined by commas, instead of `from` and `limit`.
        numbers: Query<Option<NumbersParam>>,
    ) -> Result<JsonBytes<RowsPage>, Refused<OnRead>> {
        let asked = match numbers.0 {
            Some(_) if from.0.is_some() || limit.0.is_some() => {
                return Err(ApiError::parameter("numbers", "it goes with neither from nor limit").into());
            }
            Some(numbers) => Asked::Numbers(numbers.0),
            None => Asked::Range {
                from: in_range("from", from.0.unwrap_or(1), 1, i64::MAX as u64)?,
                limit: self.page_limit(limit.0)?,
            },
        };
        Ok(JsonBytes::new(self.0.rows.rows_page(id.0.0, asked).await?))
    }

    /// Read problems
    ///
    /// A page of the problems found so far, in the order they were found: all of them, or those of some codes, severities
    /// and columns. A problem's index is its place among all, whatever the page leaves out. One request looks at
    /// `page-rows-max` problems at most, so a page can hold fewer than were asked for, or none, and still have a `next`.
    #[oai(path = "/uploads/:id/problems", method = "get", operation_id = "get_problems", tag = "Part::Uploads")]
    async fn problems(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// The first index, from 0.
        #[oai(example = "example_index")]
        from: Query<Option<u64>>,
        /// How many, from 1 to the server's `page-rows-max`; 100 where nothing is said.
        #[oai(example = "example_limit")]
        limit: Query<Option<u64>>,
        /// Only those with one of these codes, joined by commas.
        code: Query<Option<CodesParam>>,
        /// Only those that are so bad: `error`, `warning`, `repaired`, `skipped`, joined by commas.
        severity: Query<Option<SeveritiesParam>>,
        /// Only those about this column; give it again for a further one, as a name can have commas.
        #[oai(example = "example_columns")]
        column: Query<Option<Vec<String>>>,
    ) -> Result<JsonBytes<ProblemsPage>, Refused<OnRead>> {
        let from = in_range("from", from.0.unwrap_or(0), 0, i64::MAX as u64)?;
        let limit = self.page_limit(limit.0)?;
        Ok(JsonBytes::new(self.0.rows.problems_page(id.0.0, from, limit, filter(code, severity, column)).await?))
    }
}

impl UploadsApi {
    async fn record(&self, id: UploadId) -> Result<crate::domain::UploadRecord, ApiError> {
        self.0.ingest.get(id).await.map_err(|error| ApiError::from_act(error, ApiCode::NotRunning))
    }

    fn page_limit(&self, limit: Option<u64>) -> Result<u64, ApiError> {
        let max = self.0.limits.page_rows_max;
        in_range("limit", limit.unwrap_or(ROWS_DEFAULT.min(max)), 1, max)
    }
}

/// Which problems a request asks for.
pub(super) fn filter(
    code: Query<Option<CodesParam>>,
    severity: Query<Option<SeveritiesParam>>,
    column: Query<Option<Vec<String>>>,
) -> ProblemFilter {
    ProblemFilter {
        codes: code.0.map(|codes| codes.0).unwrap_or_default(),
        severities: severity.0.map(|severities| severities.0).unwrap_or_default(),
        columns: column.0.unwrap_or_default(),
    }
}

fn in_range(name: &str, value: u64, min: u64, max: u64) -> Result<u64, ApiError> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(ApiError::parameter(name, format_args!("it is {value}, but it can be from {min} to {max}")))
}

fn example_limit() -> Option<u64> {
    Some(100)
}

fn example_row() -> Option<u64> {
    Some(1)
}

pub(super) fn example_columns() -> Option<Vec<String>> {
    Some(vec!["zip".into()])
}

fn example_index() -> Option<u64> {
    Some(0)
}
