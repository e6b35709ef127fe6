//! `rowcast mock`: the same files as `GET /csv`.

use crate::config::MockArgs;
use crate::mock::{Generator, Spec};
use std::error::Error;
use std::io::Write;

pub(super) fn run(args: &MockArgs) -> Result<(), Box<dyn Error>> {
    let spec = Spec { rows: args.rows, seed: args.seed, columns: args.columns.0.clone(), messy: args.messy };
    // A terminal has no neighbours to protect: only the columns and the share are checked, not the rows.
    spec.check(u64::MAX)?;
    let mut out = std::io::stdout().lock();
    for chunk in Generator::new(&spec) {
        match out.write_all(&chunk) {
            Err(error) if super::reader_left(&error) => return Ok(()),
            written => written?,
        }
    }
    match out.flush() {
        Err(error) if !super::reader_left(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
