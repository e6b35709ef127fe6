//! Letting old uploads go: by age, and by the bytes that all of them take.

use super::{ActError, Ingest, Service, blocking};
use crate::domain::UploadId;
use crate::journal::{GapReason, now_ms};
use std::sync::Arc;

/// What is kept. Of what was published, events as old as an upload may become. Only uploads that are not running are ever let go; their events become a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Milliseconds an upload is kept after it last changed its stage.
    pub keep_ms: u64,
    /// Bytes of files kept in all; beyond them the oldest go first.
    pub keep_bytes: u64,
}

/// How long it is known of an upload that it was here.
const DEPARTED_KNOWN_MS: u64 = 7 * 24 * 3_600_000;

impl Ingest {
    /// Lets go what is not to be kept, and ends what could not be ended before. Call it now and then.
    ///
    /// # Errors
    /// [`ActError::Journal`], [`ActError::Spool`]; the rest is done the next time.
    pub async fn retain(&self, retention: Retention) -> Result<(), ActError> {
        let service = Arc::clone(&self.service);
        blocking(move || {
            if service.journal.trouble().is_some() {
                service.journal.probe()?;
            }
            service.keep_unkept()?;
            service.retain(retention)
        })
        .await
    }
}

/// Goes through what rests, oldest first, and has let go what is not to be kept. `let_go` answers with the bytes that
/// became free.
pub(super) fn walk<E>(
    resting: Vec<(UploadId, u64)>,
    mut bytes: u64,
    retention: Retention,
    now_ms: u64,
    mut let_go: impl FnMut(UploadId) -> Result<u64, E>,
) -> Result<(), E> {
    let too_old_ms = now_ms.saturating_sub(retention.keep_ms);
    for (id, updated_ms) in resting {
        if updated_ms >= too_old_ms && bytes <= retention.keep_bytes {
            // The others are younger, and there is room for them.
            break;
        }
        bytes = bytes.saturating_sub(let_go(id)?);
    }
    Ok(())
}

impl Service {
    fn retain(&self, retention: Retention) -> Result<(), ActError> {
        self.journal.forget_departed(now_ms().saturating_sub(DEPARTED_KNOWN_MS))?;
        let expired = self.journal.expire_published(now_ms().saturating_sub(retention.keep_ms))?;
        if expired > 0 {
            tracing::info!(events = expired, "published events expired");
        }
        walk(self.journal.resting()?, self.spool.kept_bytes()?, retention, now_ms(), |id| {
            if self.job(id).is_some() {
                // It goes on, or is held while its bytes arrive.
                return Ok(0);
            }
            let freed = self.spool.freed_bytes(id)?;
            self.expire(id)?;
            Ok(freed)
        })
    }

    fn expire(&self, id: UploadId) -> Result<(), ActError> {
        match self.leave(id, GapReason::Expired) {
            Ok(Some(leaving)) => {
                tracing::info!(upload = %id, "upload expired");
                self.figures.expired.add(1);
                self.sweep(leaving);
                Ok(())
            }
            // Somebody was quicker: it is gone, or goes on.
            Ok(None) | Err(ActError::WrongStage(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
