//! Uploads that go, because somebody deleted them or they are too old: out of the list at once, out of the journal then.

use super::account::Account;
use super::{ActError, Service};
use crate::domain::UploadId;
use crate::journal::{GapReason, Leaving};

impl Service {
    /// Takes an upload out of the list and frees its bytes.
    pub(super) fn leave(&self, id: UploadId, reason: GapReason) -> Result<Option<Leaving>, ActError> {
        let _act = self.act();
        if let Some(shared) = self.job(id) {
            // Its sender came back just now.
            return Err(ActError::WrongStage(shared.record().stage));
        }
        let account = if self.kept.is_counted() { self.journal.upload(id)? } else { None };
        let account = account.map(|record| Account::of(&self.kept, &record));
        let leaving = self.journal.leave(id, reason)?;
        if leaving.is_some() {
            self.running().unkept.remove(&id);
            let freed = self.spool.freed_bytes(id).unwrap_or(0);
            match self.spool.remove(id) {
                Ok(()) => account.into_iter().for_each(|account| account.gone(freed)),
                Err(error) => {
                    tracing::warn!(%error, upload = %id, "the file of a deleted upload is left until the next start");
                }
            }
        }
        Ok(leaving)
    }

    /// Takes out what is left of it; nobody sees it any more, so that may last.
    pub(super) fn sweep(&self, leaving: Leaving) {
        if let Err(error) = self.journal.sweep(leaving) {
            tracing::warn!(%error, upload = %leaving.0, "entries are left to be taken out at the next start");
        }
    }
}
