//! One page of rows or problems, as a JSON document.

use super::told::{ProblemFilter, problems};
use super::walk::{Found, Walk};
use super::{Rows, RowsError, blocking};
use crate::domain::UploadId;
use crate::encode::RowTemplate;
use bytes::Bytes;
use std::io::Write;

/// Which rows are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Those numbered `from` to `from + limit - 1`; `from` is at least 1.
    Range {
        /// The first number.
        from: u64,
        /// How many numbers.
        limit: u64,
    },
    /// Those with these numbers, which ascend.
    Numbers(Vec<u64>),
}

impl Rows {
    /// The rows that are asked for, as `{"upload":…,"columns":[…],"from":…,"rows":[{"row":1,"data":{…}},…],"next":…,"total":…}`.
    ///
    /// A number whose record could not be kept has no row. `next` is the `from` of the next page, null after the last and
    /// where numbers were named; `total` is the highest number so far. Bounded by `page_rows_max` rows.
    ///
    /// # Errors
    /// [`RowsError`], as it says.
    pub async fn rows_page(&self, id: UploadId, asked: Asked) -> Result<Bytes, RowsError> {
        let this = self.clone();
        blocking(move || this.read_rows(id, &asked).map_err(|error| this.explain(id, error))).await
    }

    fn read_rows(&self, id: UploadId, asked: &Asked) -> Result<Bytes, RowsError> {
        let record = self.record(id)?;
        let total = self.last_row(id)?;
        let columns = record.reading.as_ref().map_or(&[][..], |reading| &reading.columns);
        let mut out = Vec::with_capacity(16 << 10);
        out.extend_from_slice(br#"{"upload":"#);
        put(&mut out, &id);
        out.extend_from_slice(br#","columns":"#);
        put(&mut out, &columns);
        let (from, end) = match asked {
            Asked::Range { from, limit } => (*from, from.saturating_add(*limit.min(&self.limits.page_rows_max))),
            Asked::Numbers(numbers) => (numbers.first().copied().unwrap_or(1), u64::MAX),
        };
        write!(out, r#","from":{from},"rows":["#).expect("memory takes every write");
        if let Some(mut walk) = Walk::of(self, &record) {
            let template = RowTemplate::new(id, columns);
            let mut first = true;
            let put_row = |number: u64, found: &Found<'_>| {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                found.json(&mut out, &template, number);
            };
            match asked {
                Asked::Range { .. } => walk.range(from, end.min(total + 1), put_row)?,
                Asked::Numbers(numbers) => {
                    walk.numbers(&numbers[..numbers.partition_point(|&number| number <= total)], put_row)?;
                }
            }
        }
        out.extend_from_slice(br#"],"next":"#);
        put(&mut out, &(end <= total).then_some(end));
        write!(out, r#","total":{total}}}"#).expect("memory takes every write");
        Ok(out.into())
    }

    /// Problems numbered from `from` (from 0, in the order they were told) that `filter` takes, as
    /// `{"upload":…,"from":…,"problems":[{"row":18,…},…],"next":…,"total":…}`.
    ///
    /// `next` is the number after the last one looked at, null when that was the last: a page of few may have many behind
    /// it. `total` counts those told in detail, whatever the filter. Bounded by `page_rows_max` problems looked at.
    ///
    /// # Errors
    /// [`RowsError`], as it says.
    pub async fn problems_page(
        &self,
        id: UploadId,
        from: u64,
        limit: u64,
        filter: ProblemFilter,
    ) -> Result<Bytes, RowsError> {
        let this = self.clone();
        blocking(move || this.read_problems(id, from, limit, &filter)).await
    }

    fn read_problems(&self, id: UploadId, from: u64, limit: u64, filter: &ProblemFilter) -> Result<Bytes, RowsError> {
        self.record(id)?;
        let total = self.problems_told(id)?;
        let end = from.saturating_add(self.limits.page_rows_max).min(total);
        let mut out = Vec::with_capacity(16 << 10);
        out.extend_from_slice(br#"{"upload":"#);
        put(&mut out, &id);
        write!(out, r#","from":{from},"problems":["#).expect("memory takes every write");
        let (mut at, mut taken) = (from, 0);
        while at < end && taken < limit {
            let before = at;
            for entry in self.problem_entries(id, at)? {
                for (number, json) in (entry.first_problem..end).zip(problems(&entry)) {
                    if number < at || taken == limit {
                        continue;
                    }
                    at = number + 1;
                    if filter.takes(json)? {
                        if taken > 0 {
                            out.push(b',');
                        }
                        put_without_upload(&mut out, json);
                        taken += 1;
                    }
                }
            }
            if at == before {
                break;
            }
        }
        out.extend_from_slice(br#"],"next":"#);
        put(&mut out, &(at < total).then_some(at));
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
