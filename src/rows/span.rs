//! The rows of a journalled span, read again from the spool by the upload's own reading.

use crate::domain::{Cells, Limits, Reading, UploadId};
use crate::journal::Span;
use crate::reader::{Item, Position, Reader};
use crate::spool::{Source, Spool};
use std::io;
use std::sync::Arc;

/// A span that cannot be read again as it was announced.
#[derive(Debug, thiserror::Error)]
pub enum SpanError {
    /// The bytes are not those that were announced, or not all of them are there.
    #[error("bytes {offset} to {end} of upload {upload} are not what was announced")]
    Torn {
        /// The upload.
        upload: UploadId,
        /// The span's first byte.
        offset: u64,
        /// The byte after its last.
        end: u64,
    },
    /// The file could not be read.
    #[error("upload {upload} cannot be read: {error}")]
    Io {
        /// The upload.
        upload: UploadId,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Reads spans of one upload, in order or not. A span after another costs no new start.
pub struct SpanReader {
    upload: UploadId,
    source: Source,
    reading: Arc<Reading>,
    limits: Limits,
    text: Vec<u8>,
    /// The reader, at a record's end. Which row that was is no matter to it: what it is told of a span is where the text of
    /// its first record begins.
    at: Option<Reader>,
}

impl SpanReader {
    /// Opens the upload's bytes.
    ///
    /// # Errors
    /// [`SpanError::Io`] when there are none.
    pub fn open(spool: &Spool, upload: UploadId, reading: Arc<Reading>) -> Result<Self, SpanError> {
        let source = spool.source(upload).map_err(|error| SpanError::Io { upload, error })?;
        // What stands in a span was within the limits of its day; today's do not take it back.
        let limits = Limits {
            record_bytes_max: u64::MAX,
            field_bytes_max: u64::MAX,
            columns_max: u64::MAX,
            ..Limits::default()
        };
        Ok(Self { upload, source, reading, limits, text: Vec::new(), at: None })
    }

    /// Hands every row of the span to `row`, with its number. Nothing is handed out of a span whose bytes are torn.
    ///
    /// # Errors
    /// [`SpanError`], as it says.
    pub fn read(&mut self, span: &Span, mut row: impl FnMut(u64, Cells<'_>)) -> Result<(), SpanError> {
        let upload = self.upload;
        let torn = || SpanError::Torn { upload, offset: span.offset, end: span.offset + span.bytes };
        let length = usize::try_from(span.bytes).map_err(|_| torn())?;
        self.text.resize(length, 0);
        match self.source.read_exact_at(&mut self.text, span.offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(torn()),
            Err(error) => return Err(SpanError::Io { upload, error }),
            Ok(()) => {}
        }
        if crc32fast::hash(&self.text) != span.crc {
            return Err(torn());
        }
        let mut reader = match self.at.take() {
            Some(reader) => reader,
            None => {
                let at = Position { offset: span.offset, row: span.first_row, line: 1 };
                Reader::resume(&self.limits, Arc::clone(&self.reading), at).quiet()
            }
        };
        reader.space(length)[..length].copy_from_slice(&self.text);
        reader.commit(length);
        let mut ended = false;
        let last = span.first_row + span.rows;
        for number in span.first_row..last {
            loop {
                match reader.next() {
                    Ok(Item::Row(found)) => {
                        row(number, found.cells);
                        break;
                    }
                    // The last record of a file may have no terminator.
                    Ok(Item::NeedMore) if !ended => {
                        reader.finish();
                        ended = true;
                    }
                    Ok(Item::NeedMore | Item::End) | Err(_) => return Err(torn()),
                    Ok(Item::Header(_) | Item::Problem(_)) => {}
                }
            }
        }
        if !ended {
            self.at = Some(reader);
        }
        Ok(())
    }
}
