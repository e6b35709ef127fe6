//! Whether the server takes new work, and why not.

use super::code::ApiCode;
use super::error::ApiError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Readiness as the shutdown sees it: told by it, asked by `/readyz` and by uploads. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<AtomicU8>);

/// Not ready, but serving.
const LEAVING: u8 = 1;
/// No new work.
const CLOSING: u8 = 2;

impl Health {
    /// The server is about to stop: it is not ready, though it still takes what comes. Nothing makes it ready again.
    pub fn leaving(&self) {
        self.0.fetch_max(LEAVING, Ordering::Relaxed);
    }

    /// The server stops: it takes no new work.
    pub fn shutting_down(&self) {
        self.0.fetch_max(CLOSING, Ordering::Relaxed);
    }

    /// Whether new work is to be sent here, as far as the shutdown knows.
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed) < LEAVING
    }

    /// Why the server is not ready; none when it is.
    pub fn not_ready(&self) -> Option<ApiError> {
        (!self.is_ready()).then(|| ApiError::plain(ApiCode::ShuttingDown))
    }

    /// Why the server takes no new work; none when it does.
    pub fn trouble(&self) -> Option<ApiError> {
        (self.0.load(Ordering::Relaxed) >= CLOSING).then(|| ApiError::plain(ApiCode::ShuttingDown))
    }
}
