//! Whether the server takes new work, and why not.

use super::code::ApiCode;
use super::error::ApiError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Readiness as the shutdown sees it: told by it, asked by `/readyz` and by uploads. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<AtomicBool>);

impl Health {
    /// The server is about to stop. Nothing makes it ready again.
    pub fn shutting_down(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Why the server takes no new work; none when it does.
    pub fn trouble(&self) -> Option<ApiError> {
        self.0.load(Ordering::Relaxed).then(|| ApiError::plain(ApiCode::ShuttingDown))
    }
}
