//! Problems of one upload, counted.

use super::words;
use crate::domain::{Kind, Problem, ProblemCode, Severity, UploadId, UploadRecord};
use crate::stream::Draft;
use crate::stream::events::{self, Level};
use std::collections::BTreeMap;

/// How many problems there were, and how many of them were told in detail.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    told: u64,
    by_code: BTreeMap<ProblemCode, u64>,
}

/// What is to be done about one more problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// Tell it.
    Detail,
    /// Only count it, and say once that it is so from here on.
    CountFirst,
    /// Only count it.
    Count,
}

impl Counts {
    /// Goes on from what was journalled.
    pub fn resume(told: u64, by_code: BTreeMap<ProblemCode, u64>) -> Self {
        Self { told, by_code }
    }

    /// Counts a problem, and tells it unless so many were told already. `row` is the row that was given out last.
    pub fn tell(
        &mut self,
        draft: &mut Draft<'_>,
        id: UploadId,
        problem: &Problem,
        row: Option<u64>,
        problems_max: u64,
    ) {
        let telling = self.add(problem.code, problems_max);
        match telling {
            Telling::Detail => return draft.literal(Kind::Problem, events::problem(id, problem)),
            Telling::CountFirst => {
                let message = words::problems_capped(problems_max);
                draft.literal(Kind::Toast, events::toast(id, Level::Warning, &message));
            }
            Telling::Count => {}
        }
        // Told or not, the row is a wrong one.
        if problem.severity == Severity::Error && problem.row.is_some() && problem.row == row {
            draft.counted(problem.code, problem.line);
        }
    }

    /// Counts one more, of which at most `problems_max` are told.
    fn add(&mut self, code: ProblemCode, problems_max: u64) -> Telling {
        let before = self.total();
        *self.by_code.entry(code).or_default() += 1;
        if self.told < problems_max {
            self.told += 1;
            Telling::Detail
        } else if before == problems_max {
            Telling::CountFirst
        } else {
            Telling::Count
        }
    }

    /// Problems told in detail.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// Problems by code.
    pub fn by_code(&self) -> &BTreeMap<ProblemCode, u64> {
        &self.by_code
    }

    /// Writes the counts into the upload's record.
    pub fn put(&self, record: &mut UploadRecord) {
        record.problems = self.total();
        if record.problems_by_code != self.by_code {
            record.problems_by_code.clone_from(&self.by_code);
        }
    }

    fn total(&self) -> u64 {
        self.by_code.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_problems_are_counted_and_that_is_said_once() {
        let mut counts = Counts::default();
        let tellings: Vec<_> = (0..4).map(|_| counts.add(ProblemCode::BlankRow, 2)).collect();
        assert_eq!(tellings, [Telling::Detail, Telling::Detail, Telling::CountFirst, Telling::Count]);
        assert_eq!((counts.told(), counts.total()), (2, 4));
        let mut resumed = Counts::resume(counts.told(), counts.by_code().clone());
        assert_eq!(resumed.add(ProblemCode::BlankRow, 2), Telling::Count);
    }
}
