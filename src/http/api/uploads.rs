//! `/uploads` and what is below it.

use super::Part;
use super::model::{ProblemsPage, RowsPage, UploadDocument, UploadsPage};
use super::params::{ClientParam, UploadParam};
use crate::domain::UploadId;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::download::{Csv, Download, Ndjson};
use crate::http::payload::json::JsonBytes;
use crate::http::payload::problem::{Codes, Refused};
use crate::http::{Services, etag};
use crate::rows::Format;
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

    /// Delete an upload
    ///
    /// Removes an upload that is not running, with its rows and its file. Watchers that come back to its events are told
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
    /// A page of rows by their numbers, also while the upload is running.
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
    ) -> Result<JsonBytes<RowsPage>, Refused<OnRead>> {
        let from = in_range("from", from.0.unwrap_or(1), 1, i64::MAX as u64)?;
        let limit = self.page_limit(limit.0)?;
        Ok(JsonBytes::new(self.0.rows.rows_page(id.0.0, from, limit).await?))
    }

    /// Download all rows as CSV
    ///
    /// The rows announced so far, clean: UTF-8, CRLF, the header first, quotes only where they are needed, missing cells
    /// empty.
    #[oai(path = "/uploads/:id/rows.csv", method = "get", operation_id = "export_csv", tag = "Part::Uploads")]
    async fn rows_csv(
        &self,
        /// The upload.
        id: Path<UploadParam>,
    ) -> Result<Download<Csv>, Refused<OnRead>> {
        let name = self.export_name(id.0.0, "csv").await?;
        Ok(Download::new(name, self.0.rows.export(id.0.0, Format::Csv).await?.into_stream()))
    }

    /// Download all rows as NDJSON
    ///
    /// The rows announced so far, one JSON object a line.
    #[oai(path = "/uploads/:id/rows.ndjson", method = "get", operation_id = "export_ndjson", tag = "Part::Uploads")]
    async fn rows_ndjson(
        &self,
        /// The upload.
        id: Path<UploadParam>,
    ) -> Result<Download<Ndjson>, Refused<OnRead>> {
        let name = self.export_name(id.0.0, "ndjson").await?;
        Ok(Download::new(name, self.0.rows.export(id.0.0, Format::Ndjson).await?.into_stream()))
    }

    /// Read problems
    ///
    /// A page of the problems found so far, in the order they were found.
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
    ) -> Result<JsonBytes<ProblemsPage>, Refused<OnRead>> {
        let from = in_range("from", from.0.unwrap_or(0), 0, i64::MAX as u64)?;
        let limit = self.page_limit(limit.0)?;
        Ok(JsonBytes::new(self.0.rows.problems_page(id.0.0, from, limit).await?))
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

    /// What an export is saved as: `people-rows.csv` for `people.csv`, so that it does not take the place of the original.
    async fn export_name(&self, id: UploadId, ending: &str) -> Result<String, ApiError> {
        let filename = self.record(id).await?.filename;
        let stem = filename.rsplit_once('.').map_or(filename.as_str(), |(stem, _)| stem);
        Ok(format!("{}-rows.{ending}", if stem.is_empty() { "upload" } else { stem }))
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

fn example_index() -> Option<u64> {
    Some(0)
}
