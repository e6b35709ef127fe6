//! One page of rows or problems, as a JSON document.

use super::{Reached, Rows, RowsError, STEP, blocking};
use crate::domain::{Kind, UploadId};
use crate::encode::{RowTemplate, row_json};
use crate::journal::Part;
use bytes::Bytes;
use std::io::Write;
use std::ops::ControlFlow;

impl Rows {
    /// The rows numbered `from` to `from + limit - 1`, as
    /// `{"upload":…,"columns":[…],"from":…,"rows":[{"row":1,"data":{…}},…],"next":…,"total":…}`.
    ///
    /// A number whose record could not be kept has no row. `next` is the `from` of the next page, null after the last;
    /// `total` is the highest number so far. Bounded by `page_rows_max` rows.
    ///
    /// # Errors
    /// [`RowsError`], as it says.
    pub async fn rows_page(&self, id: UploadId, from: u64, limit: u64) -> Result<Bytes, RowsError> {
        let this = self.clone();
        blocking(move || this.read_rows(id, from, limit).map_err(|error| this.explain(id, error))).await
    }

    fn read_rows(&self, id: UploadId, from: u64, limit: u64) -> Result<Bytes, RowsError> {
        let record = self.record(id)?;
        let from = from.max(1);
        let end = from.saturating_add(limit.min(self.limits.page_rows_max));
        let total = self.last_row(id)?;
        let columns = record.reading.as_ref().map_or(&[][..], |reading| &reading.columns);
        let mut out = Vec::with_capacity(16 << 10);
        out.extend_from_slice(br#"{"upload":"#);
        put(&mut out, &id);
        out.extend_from_slice(br#","columns":"#);
        put(&mut out, &columns);
        write!(out, r#","from":{from},"rows":["#).expect("memory takes every write");
        if let Some(mut spans) = self.spans(&record)? {
            let template = RowTemplate::new(id, columns);
            let mut first = true;
            let mut at = from;
            while at < end.min(total + 1) {
                let reached = self.step(&mut spans, id, at, |number, cells| {
                    if number >= end {
                        return ControlFlow::Break(());
                    }
                    if !std::mem::take(&mut first) {
                        out.push(b',');
                    }
                    row_json(&mut out, &template, number, cells);
                    ControlFlow::Continue(())
                })?;
                match reached {
                    Reached::Row(next) => at = next,
                    Reached::Enough => break,
                    Reached::Nothing => return Err(RowsError::NotFound(id)),
                }
            }
        }
        out.extend_from_slice(br#"],"next":"#);
        put(&mut out, &(end <= total).then_some(end));
        write!(out, r#","total":{total}}}"#).expect("memory takes every write");
        Ok(out.into())
    }

    /// Problems numbered from `from` (from 0, in the order they were told), as
    /// `{"upload":…,"from":…,"problems":[{"row":18,…},…],"next":…,"total":…}`.
    ///
    /// `total` counts those told in detail. Bounded by `page_rows_max` problems.
    ///
    /// # Errors
    /// [`RowsError`], as it says.
    pub async fn problems_page(&self, id: UploadId, from: u64, limit: u64) -> Result<Bytes, RowsError> {
        let this = self.clone();
        blocking(move || this.read_problems(id, from, limit)).await
    }

    fn read_problems(&self, id: UploadId, from: u64, limit: u64) -> Result<Bytes, RowsError> {
        self.record(id)?;
        let end = from.saturating_add(limit.min(self.limits.page_rows_max));
        let total = self.journal.last_entry(id)?.map_or(0, |entry| entry.problems_told());
        let mut out = Vec::with_capacity(16 << 10);
        out.extend_from_slice(br#"{"upload":"#);
        put(&mut out, &id);
        write!(out, r#","from":{from},"problems":["#).expect("memory takes every write");
        let mut at = from;
        while at < end.min(total) {
            let before = at;
            for entry in self.journal.entries_from_problem(id, at, STEP)? {
                let mut number = entry.first_problem;
                for part in &entry.parts {
                    let Part::Literal { kind: Kind::Problem, json } = part else { continue };
                    if number >= at && number < end {
                        if number > from {
                            out.push(b',');
                        }
                        put_without_upload(&mut out, json);
                    }
                    number += 1;
                }
                at = at.max(number);
            }
            if at == before {
                break;
            }
        }
        out.extend_from_slice(br#"],"next":"#);
        put(&mut out, &(end < total).then_some(end));
        write!(out, r#","total":{total}}}"#).expect("memory takes every write");
        Ok(out.into())
    }
}

fn put(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    serde_json::to_writer(out, value).expect("the domain's types always serialise");
}

/// A problem's event without its first member, which the page names once: `{"upload":"<36 characters>",`.
fn put_without_upload(out: &mut Vec<u8>, json: &str) {
    const HEAD: usize = r#"{"upload":"","#.len() + 36;
    out.push(b'{');
    out.extend_from_slice(&json.as_bytes()[HEAD..]);
}
