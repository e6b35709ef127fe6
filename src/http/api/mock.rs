//! `GET /csv`.

use super::Part;
use crate::http::Services;
use crate::http::error::ApiError;
use crate::http::payload::download::{Csv, Download};
use crate::http::payload::problem::{Codes, Refused};
use crate::mock::{self, Column, Generator, Spec};
use bytes::Bytes;
use futures_util::Stream;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use std::io;
use std::sync::Arc;

/// Bytes made at once. Large enough that handing over costs nothing beside making them.
const CHUNK_BYTES: usize = 64 << 10;

/// Making files up.
pub struct MockApi(pub Arc<Services>);

/// What making a file up can be refused with.
pub struct OnMock;

impl Codes for OnMock {
    const CODES: &'static [&'static str] = &["bad-parameter"];
}

#[OpenApi]
impl MockApi {
    /// Make up a CSV
    ///
    /// A file of plausible data, streamed, to try uploads with. The same parameters give the same bytes.
    ///
    /// Columns: `name`, `email`, `city`, `date`, `amount`, `uuid`, `company`, `phone`, `sentence` and more; a wrong name is
    /// answered with all of them.
    #[oai(path = "/csv", method = "get", operation_id = "mock_csv", tag = "Part::Mock")]
    async fn csv(
        &self,
        /// Records after the header, up to the server's `mock-rows-max` (10 million); 1000 where nothing is said.
        #[oai(example = "example_rows")]
        rows: Query<Option<u64>>,
        /// Which of all files with these columns; 42 where nothing is said.
        #[oai(example = "example_seed")]
        seed: Query<Option<u64>>,
        /// The columns in their order, joined by commas.
        #[oai(example = "example_columns")]
        columns: Query<Option<String>>,
        /// The share of records with one realistic fault each, from 0 to 1: cells missing or too many, stray quotes, blank
        /// lines, values of a wrong type.
        #[oai(example = "example_messy")]
        messy: Query<Option<f64>>,
    ) -> Result<Download<Csv>, Refused<OnMock>> {
        let usual = Spec::default();
        let columns = match columns.0 {
            Some(list) => Column::parse_list(&list).map_err(|error| ApiError::parameter("columns", error))?,
            None => usual.columns,
        };
        let spec = Spec {
            rows: rows.0.unwrap_or(usual.rows),
            seed: seed.0.unwrap_or(usual.seed),
            columns,
            messy: messy.0.unwrap_or(usual.messy),
        };
        let checked = spec.check(self.0.limits.mock_rows_max);
        checked.map_err(|error| ApiError::new(crate::http::code::ApiCode::BadParameter, error.to_string()))?;
        Ok(Download::new(mock::file_name(&spec), generated(spec)))
    }
}

/// The file's bytes. Each chunk is made when it is asked for, as work of its own: one that nobody takes holds no thread.
fn generated(spec: Spec) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    futures_util::stream::try_unfold(Some(Generator::new(&spec)), |generator| async {
        let Some(generator) = generator else { return Ok(None) };
        tokio::task::spawn_blocking(move || Some(next_chunk(generator))).await.map_err(io::Error::other)
    })
}

/// The next chunk, and the rest where there is one.
fn next_chunk(mut generator: Generator) -> (Bytes, Option<Generator>) {
    // Whole records are written, so a chunk is a little longer than asked for.
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 16);
    let more = generator.fill(&mut chunk, CHUNK_BYTES);
    (chunk.into(), more.then_some(generator))
}

fn example_rows() -> Option<u64> {
    Some(1000)
}

fn example_seed() -> Option<u64> {
    Some(42)
}

fn example_columns() -> Option<String> {
    Some("name,email,city,date,amount".into())
}

fn example_messy() -> Option<f64> {
    Some(0.01)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn the_stream_is_the_file_of_its_spec() {
        let spec = Spec { rows: 5000, ..Spec::default() };
        let mut whole = Vec::new();
        while Generator::new(&spec).fill(&mut whole, usize::MAX) {}
        let chunks: Vec<Bytes> = generated(spec).map(Result::unwrap).collect().await;
        assert!(chunks.len() > 2 && chunks.iter().all(|chunk| chunk.len() < CHUNK_BYTES * 2));
        assert_eq!(chunks.concat(), whole);
    }
}
