//! A whole upload as a file, streamed.

use super::{Reached, Rows, RowsError, SpanReader, blocking};
use crate::domain::UploadId;
use crate::encode::{CsvExport, RowTemplate, ndjson_row};
use bytes::Bytes;
use futures_util::Stream;
use std::io;
use std::ops::ControlFlow;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, UTF-8, CRLF, with a header.
    Csv,
    /// One JSON object a line: `{"row":1,"data":{…}}`.
    Ndjson,
}

/// A whole export of the rows announced when it began.
pub struct Export {
    rows: Rows,
    id: UploadId,
    format: Format,
    template: RowTemplate,
    csv: CsvExport,
    spans: Option<SpanReader>,
    /// The header, until it was given out.
    head: Vec<u8>,
    /// The next row.
    next: u64,
    /// The last row of the export.
    last: u64,
}

impl Rows {
    /// Begins an export.
    ///
    /// # Errors
    /// [`RowsError`], as it says.
    pub async fn export(&self, id: UploadId, format: Format) -> Result<Export, RowsError> {
        let this = self.clone();
        blocking(move || this.clone().begin_export(id, format).map_err(|error| this.explain(id, error))).await
    }

    fn begin_export(self, id: UploadId, format: Format) -> Result<Export, RowsError> {
        let record = self.record(id)?;
        let columns = record.reading.as_ref().map_or(&[][..], |reading| &reading.columns);
        let mut head = Vec::new();
        let mut csv = CsvExport::default();
        if format == Format::Csv {
            csv.header(&mut head, columns);
        }
        let template = RowTemplate::new(id, columns);
        let spans = self.spans(&record)?;
        let last = self.last_row(id)?;
        Ok(Export { rows: self, id, format, template, csv, spans, head, next: 1, last })
    }
}

impl Export {
    /// The file's bytes, in chunks. An error ends it early: whoever downloads it sees a broken transfer, not a short file.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        futures_util::stream::try_unfold(self, |mut export| {
            blocking(move || {
                let chunk = export.chunk().map_err(io::Error::other)?;
                Ok(chunk.map(|chunk| (chunk, export)))
            })
        })
    }

    fn chunk(&mut self) -> Result<Option<Bytes>, RowsError> {
        let mut out = std::mem::take(&mut self.head);
        while out.is_empty() {
            let Some(spans) = self.spans.as_mut().filter(|_| self.next <= self.last) else { return Ok(None) };
            let columns = spans.reading().columns.len();
            let last = self.last;
            let reached = self.rows.step(spans, self.id, self.next, |number, cells| {
                if number > last {
                    return ControlFlow::Break(());
                }
                match self.format {
                    Format::Csv => self.csv.row(&mut out, columns, cells),
                    Format::Ndjson => ndjson_row(&mut out, &self.template, number, cells),
                }
                ControlFlow::Continue(())
            })?;
            self.next = match reached {
                Reached::Row(next) => next,
                Reached::Enough => last + 1,
                // Deleted or expired while it was read: a broken transfer, not a short file.
                Reached::Nothing => return Err(RowsError::NotFound(self.id)),
            };
        }
        Ok(Some(out.into()))
    }
}
