//! Rows of an upload as a file, streamed: all of them, those that are good, or those that are not.

use super::rejects::{self, Rejects};
use super::walk::{Found, Walk};
use super::{Rows, RowsError, blocking, streamed};
use crate::domain::UploadId;
use crate::encode::{CsvExport, Formulas, RowTemplate};
use bytes::Bytes;
use futures_util::Stream;
use std::io;
use std::ops::ControlFlow;

/// What an export holds, and its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// All rows: RFC 4180, UTF-8, CRLF, with a header.
    Csv,
    /// All rows, one JSON object a line: `{"row":1,"data":{…}}`.
    Ndjson,
    /// CSV of the rows of which no error is known.
    Accepted,
    /// CSV of the records with an error, those that could not be kept among them, and what is wrong with each.
    Rejects,
}

/// An export of the rows announced when it began.
pub struct Export {
    id: UploadId,
    format: Format,
    template: RowTemplate,
    csv: CsvExport,
    /// None while the columns are not known: there is nothing to export then.
    walk: Option<Walk>,
    /// The header was given out.
    began: bool,
    /// The next row.
    next: u64,
    /// The last row of the export.
    last: u64,
}

impl Rows {
    /// Begins an export. `formulas` is about those forms that are CSV.
    ///
    /// # Errors
    /// [`RowsError`], as it says.
    pub async fn export(&self, id: UploadId, format: Format, formulas: Formulas) -> Result<Export, RowsError> {
        let this = self.clone();
        blocking(move || this.begin_export(id, format, formulas).map_err(|error| this.explain(id, error))).await
    }

    fn begin_export(&self, id: UploadId, format: Format, formulas: Formulas) -> Result<Export, RowsError> {
        let record = self.record(id)?;
        let walk = Walk::of(self, &record);
        let template = RowTemplate::new(id, walk.as_ref().map_or(&[], Walk::columns));
        let last = self.last_row(id)?;
        Ok(Export { id, format, template, csv: CsvExport::new(formulas), walk, began: false, next: 1, last })
    }
}

impl Export {
    /// The file's bytes, in chunks. An error ends it early: whoever downloads it sees a broken transfer, not a short file.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        streamed(self, Self::chunk)
    }

    fn chunk(&mut self) -> Result<Option<Vec<u8>>, RowsError> {
        let Self { id, format, template, csv, walk, began, next, last } = self;
        let Some(walk) = walk else { return Ok(None) };
        let mut out = Vec::new();
        if !std::mem::replace(began, true) {
            match format {
                Format::Ndjson => {}
                Format::Csv | Format::Accepted => csv.header(&mut out, walk.columns()),
                Format::Rejects => csv.header(&mut out, &rejects::header(walk.columns())),
            }
        } else if next > last {
            return Ok(None);
        }
        if next > last {
            return Ok(Some(out));
        }
        let (columns, before) = (walk.columns().len(), *next);
        for entry in walk.entries(*next)? {
            // What was announced since is not of this export. A batch is in it as a whole, or not at all.
            if *next > *last {
                break;
            }
            let rejects = match format {
                Format::Csv | Format::Ndjson => None,
                Format::Accepted | Format::Rejects => Some(Rejects::of(&entry)?),
            };
            if *format == Format::Rejects
                && let Some(rejects) = &rejects
            {
                rejects.csv(&mut out, csv, walk, &entry)?;
            } else {
                let row = |number, found: Found<'_>| {
                    if rejects.as_ref().is_some_and(|rejects| rejects.has(number)) {
                        return Ok(ControlFlow::Continue(()));
                    }
                    match format {
                        Format::Ndjson => found.ndjson(&mut out, template, number),
                        _ => found.csv(&mut out, csv, columns)?,
                    }
                    Ok(ControlFlow::Continue(()))
                };
                let _ = walk.entry(&entry, |_, _| true, row)?;
            }
            *next = entry.checkpoint.row.max(*next);
        }
        if *next == before {
            // Deleted or expired while it was read: a broken transfer, not a short file.
            return Err(RowsError::NotFound(*id));
        }
        Ok(Some(out))
    }
}
