//! Files below `/uploads/{id}`: rows and problems to take home.

use super::Part;
use super::params::{CodesParam, SeveritiesParam, UploadParam};
use super::uploads::{OnRead, example_columns, filter};
use crate::domain::UploadId;
use crate::encode::Formulas;
use crate::http::Services;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::payload::disposition;
use crate::http::payload::download::{Csv, Download, Ndjson, ProblemsCsv, RejectsCsv};
use crate::http::payload::problem::Refused;
use crate::rows::Format;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use std::sync::Arc;

/// An upload's rows and problems as files.
pub struct DownloadsApi(pub Arc<Services>);

#[OpenApi]
impl DownloadsApi {
    /// Download all rows as CSV
    ///
    /// The rows announced so far, clean: UTF-8, CRLF, the header first, quotes only where they are needed, missing cells
    /// empty.
    #[oai(path = "/uploads/:id/rows.csv", method = "get", operation_id = "export_csv", tag = "Part::Uploads")]
    async fn rows_csv(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// Whether cells that a spreadsheet would compute get an apostrophe in front, and every cell is quoted: those that begin
        /// with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break. Plain numbers such as `-12.5` stay as they are.
        #[oai(example = "example_escape_formulas")]
        escape_formulas: Query<Option<bool>>,
    ) -> Result<Download<Csv>, Refused<OnRead>> {
        self.rows(id.0.0, Format::Csv, formulas(escape_formulas), "rows.csv").await
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
        self.rows(id.0.0, Format::Ndjson, Formulas::Kept, "rows.ndjson").await
    }

    /// Download the good rows
    ///
    /// The rows announced so far of which no problem of severity `error` is known, as `rows.csv` has them. Every other row
    /// is in `rejects.csv`.
    #[oai(path = "/uploads/:id/accepted.csv", method = "get", operation_id = "export_accepted", tag = "Part::Uploads")]
    async fn accepted(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// Whether cells that a spreadsheet would compute get an apostrophe in front, and every cell is quoted: those that begin
        /// with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break. Plain numbers such as `-12.5` stay as they are.
        #[oai(example = "example_escape_formulas")]
        escape_formulas: Query<Option<bool>>,
    ) -> Result<Download<Csv>, Refused<OnRead>> {
        self.rows(id.0.0, Format::Accepted, formulas(escape_formulas), "accepted.csv").await
    }

    /// Download what was rejected
    ///
    /// The records announced so far that have a problem of severity `error`, in their order: the original columns, missing
    /// cells empty, and what is wrong. `_line` is the line in the file, `_codes` and `_messages` are all problems of the
    /// record, joined by spaces and by ` | `, `_extra` is a JSON array of the cells beyond the last column (else empty), `_raw` the
    /// record as it stands in the file, or its beginning. A record that could not be kept has its text in `_raw` alone.
    /// Where the file has a column of such a name itself, the added one has a number at its end.
    ///
    /// Beyond `problems-max` problems a row's codes are still known, but of messages only the title, and no `_raw`; a
    /// record that could not be kept is only counted then.
    #[oai(path = "/uploads/:id/rejects.csv", method = "get", operation_id = "export_rejects", tag = "Part::Uploads")]
    async fn rejects(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// Whether cells that a spreadsheet would compute get an apostrophe in front, and every cell is quoted: those that begin
        /// with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break. Plain numbers such as `-12.5` stay as they are.
        #[oai(example = "example_escape_formulas")]
        escape_formulas: Query<Option<bool>>,
    ) -> Result<Download<RejectsCsv>, Refused<OnRead>> {
        self.rows(id.0.0, Format::Rejects, formulas(escape_formulas), "rejects.csv").await
    }

    /// Download problems as CSV
    ///
    /// The problems told so far, in the order they were found: all of them, or those of some codes, severities and columns.
    #[oai(path = "/uploads/:id/problems.csv", method = "get", operation_id = "export_problems", tag = "Part::Uploads")]
    async fn problems(
        &self,
        /// The upload.
        id: Path<UploadParam>,
        /// Only those with one of these codes, joined by commas.
        code: Query<Option<CodesParam>>,
        /// Only those that are so bad: `error`, `warning`, `repaired`, `skipped`, joined by commas.
        severity: Query<Option<SeveritiesParam>>,
        /// Only those about this column; give it again for a further one, as a name can have commas.
        #[oai(example = "example_columns")]
        column: Query<Option<Vec<String>>>,
        /// Whether cells that a spreadsheet would compute get an apostrophe in front, and every cell is quoted: those that begin
        /// with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break. Plain numbers such as `-12.5` stay as they are.
        #[oai(example = "example_escape_formulas")]
        escape_formulas: Query<Option<bool>>,
    ) -> Result<Download<ProblemsCsv>, Refused<OnRead>> {
        let name = self.name(id.0.0, "problems.csv").await?;
        let (filter, formulas) = (filter(code, severity, column), formulas(escape_formulas));
        Ok(Download::new(name, self.0.rows.export_problems(id.0.0, filter, formulas).await?.into_stream()))
    }
}

impl DownloadsApi {
    async fn rows<M>(
        &self,
        id: UploadId,
        format: Format,
        formulas: Formulas,
        ending: &str,
    ) -> Result<Download<M>, Refused<OnRead>> {
        let name = self.name(id, ending).await?;
        Ok(Download::new(name, self.0.rows.export(id, format, formulas).await?.into_stream()))
    }

    /// What a file is saved as: `people-rows.csv` for `people.csv`, so that it does not take the place of the original.
    async fn name(&self, id: UploadId, ending: &str) -> Result<String, ApiError> {
        let found = self.0.ingest.get(id).await;
        let filename = found.map_err(|error| ApiError::from_act(error, ApiCode::NotRunning))?.filename;
        Ok(disposition::saved_name(&filename, ending))
    }
}

fn formulas(escape: Query<Option<bool>>) -> Formulas {
    if escape.0.unwrap_or(false) { Formulas::Escaped } else { Formulas::Kept }
}

fn example_escape_formulas() -> Option<bool> {
    Some(true)
}
