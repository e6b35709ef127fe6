//! What people read about an upload. Short and plain: first what is so, then what to do.

use crate::domain::{Failure, FailureCode, Stage, UploadRecord};
use crate::journal::JournalError;
use crate::rates::Full;
use crate::stream::events::Level;
use std::io;

pub(super) const CANCELLED: &str = "Somebody cancelled this upload.";
pub(super) const RESTARTED: &str = "The server was restarted.";
pub(super) const DISCONNECTED: &str = "The connection ended before the file was complete.";
pub(super) const MADE_ROOM: &str = "Its sender was away while others needed its place.";
pub(super) const TAKEN_OVER: &str = "Another request went on with this upload.";
pub(super) const CLOSING: &str = "The server is shutting down.";

/// The toast for the upload's stage.
pub(super) fn toast(record: &UploadRecord, seconds: f64) -> (Level, String) {
    let name = &record.filename;
    let rows = counted(record.rows, "row", "rows");
    let time = if seconds < 0.1 { "less than 0.1 s".to_owned() } else { format!("{seconds:.1} s") };
    let why = record.failure.as_ref().map_or("", |failure| failure.message.as_str());
    match record.stage {
        Stage::Receiving | Stage::Understood | Stage::Reading => (Level::Info, format!("Receiving {name}.")),
        Stage::Done if record.problems == 0 => {
            (Level::Success, format!("Done. {rows} read from {name} in {time}, no problems found."))
        }
        Stage::Done => {
            let problems = counted(record.problems, "problem", "problems");
            (Level::Warning, format!("Done. {rows} read from {name} in {time}, {problems} found."))
        }
        Stage::Failed => (Level::Error, format!("{name} failed after {rows}. {why}")),
        Stage::Cancelled => (Level::Info, format!("{name} was cancelled after {rows}.")),
        Stage::Interrupted => {
            let on = record.resume_path().map(|path| format!(" Go on with it at {path}.")).unwrap_or_default();
            // Somebody must make room first.
            let is_full = record.failure.as_ref().is_some_and(|failure| failure.code.is_about_room());
            let level = if is_full { Level::Error } else { Level::Warning };
            (level, format!("{name} was interrupted after {rows}. {why}{on}"))
        }
    }
}

/// The toast when a sender goes on with an interrupted upload.
pub(super) fn resumed(record: &UploadRecord) -> String {
    format!("Going on with {} after {}.", record.filename, counted(record.received_bytes, "byte", "bytes"))
}

/// Bytes that the journal knows of are not in the spool.
pub(super) fn missing(from: u64, to: u64) -> Failure {
    Failure::new(FailureCode::StorageFailed, format!("Bytes {from} to {to} are missing from the server's disk."))
}

/// Why an upload is interrupted whose sender did not come back.
pub(super) fn absent(sender_absent_ms_max: u64) -> Failure {
    let time = humantime::format_duration(std::time::Duration::from_millis(sender_absent_ms_max));
    Failure::new(FailureCode::Interrupted, format!("Its sender did not come back within {time}."))
}

/// The toast when no further problem is told in detail.
pub(super) fn problems_capped(problems_max: u64) -> String {
    format!("{} told in detail; further ones are only counted.", counted(problems_max, "problem was", "problems were"))
}

/// A client keeps as many bytes as it may.
pub(super) fn client_full(full: &Full) -> Failure {
    Failure::new(FailureCode::ClientFull, full.to_string())
}

pub(super) fn too_large(body_bytes_max: u64) -> Failure {
    let max = grouped(body_bytes_max);
    Failure::new(FailureCode::BodyTooLarge, format!("The file is larger than {max} bytes, the most this server takes."))
}

/// A failure to keep bytes.
pub(super) fn disk(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full(),
        _ => Failure::new(FailureCode::StorageFailed, format!("The server could not write the file: {error}.")),
    }
}

/// A failure to keep events.
pub(super) fn journal(error: &JournalError) -> Failure {
    match error {
        JournalError::Full => full(),
        JournalError::Io(error) => disk(error),
        error => Failure::new(FailureCode::StorageFailed, format!("The server could not write its journal: {error}.")),
    }
}

fn full() -> Failure {
    Failure::new(
        FailureCode::DiskFull,
        "The disk of the server is full. What was received is kept, and can be gone on with when there is room.",
    )
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let told: Vec<_> = [0, 999, 1_000, 1_234_567].into_iter().map(grouped).collect();
        assert_eq!(told, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "row", "rows"), "1 row");
    }
}
