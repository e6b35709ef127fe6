//! `rowcast openapi`.

use std::error::Error;
use std::io::Write;

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    // As it is served, byte for byte; its last line is ended already.
    match write!(std::io::stdout(), "{}", crate::http::openapi_document()) {
        Err(error) if !super::reader_left(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
