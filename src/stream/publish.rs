//! Events that somebody publishes: journalled, numbered and announced as every other.

use super::Streams;
use super::draft::Seal;
use crate::domain::{ClientName, EventId, EventName, UploadId};
use crate::journal::{Checkpoint, JournalError, PublishedKey, now_ms};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An event that somebody wants to publish.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Its name.
    pub name: EventName,
    /// Its data: JSON in one line, without a NUL.
    pub json: String,
    /// Under which it is published once only, if it has one.
    pub key: Option<PublishedKey>,
}

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another request is publishing under this key.
    #[error("another request with this key is under way")]
    KeyRunning,
    /// The key was used for another event.
    #[error("this key was used for another event")]
    KeyReused,
    /// The disk has no room left but for the server itself.
    #[error("the disk is full")]
    Full,
    /// The server shuts down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The journal could not be read or written.
    #[error("{0}")]
    Journal(JournalError),
}

impl From<JournalError> for PublishError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Full => Self::Full,
            JournalError::Closed => Self::ShuttingDown,
            error => Self::Journal(error),
        }
    }
}

/// Keys whose requests are under way, each with its client.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldKeys(Arc<Mutex<HashSet<(ClientName, String)>>>);

/// A key that nobody else gets before this is dropped.
struct HeldKey {
    keys: HeldKeys,
    held: (ClientName, String),
}

impl HeldKeys {
    fn hold(&self, client: &ClientName, key: &str) -> Option<HeldKey> {
        let held = (client.clone(), key.to_owned());
        let is_first = self.lock().insert(held.clone());
        is_first.then(|| HeldKey { keys: self.clone(), held })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<(ClientName, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HeldKey {
    fn drop(&mut self) {
        self.keys.lock().remove(&self.held);
    }
}

impl Streams {
    /// Publishes an event at a client, and answers with its id once it is on disk and was announced. Under a key that was
    /// used for the same event before, nothing is published, and the answer is the id of then.
    ///
    /// # Errors
    /// [`PublishError`], as it says; nothing was published then.
    pub async fn publish(&self, client: ClientName, publication: Publication) -> Result<EventId, PublishError> {
        if self.shared.closing.is_cancelled() {
            return Err(PublishError::ShuttingDown);
        }
        let this = self.clone();
        // It waits for the client's lease and for the disk, and goes on when whoever asked is gone.
        let published = tokio::task::spawn_blocking(move || this.publish_blocking(&client, publication)).await;
        published.expect("publishing does not panic")
    }

    fn publish_blocking(&self, client: &ClientName, publication: Publication) -> Result<EventId, PublishError> {
        let Publication { name, json, key } = publication;
        let _held = match &key {
            None => None,
            Some(kept) => {
                // Looked for before it is held: of two who repeat a request, neither is to hear that it is running.
                if let Some(id) = self.published_before(client, kept)? {
                    return Ok(id);
                }
                let held = self.shared.published_keys.hold(client, &kept.key).ok_or(PublishError::KeyRunning)?;
                // Whoever held it may have used it meanwhile.
                if let Some(id) = self.published_before(client, kept)? {
                    return Ok(id);
                }
                Some(held)
            }
        };
        if !self.shared.shelf.spool.has_room(json.len() as u64).unwrap_or(true) {
            return Err(PublishError::Full);
        }
        let publisher = self.publisher(client)?;
        let (done, answer) = std::sync::mpsc::sync_channel(1);
        let mut draft = publisher.draft();
        let id = draft.published(name, json);
        let seal = Seal {
            upload: UploadId::NONE,
            first_row: now_ms(),
            first_problem: 0,
            checkpoint: Checkpoint::default(),
            record: None,
            key,
            durable: true,
            progress: None,
            ends: false,
        };
        draft.commit(
            seal,
            |_| None,
            || {},
            move |result| {
                // Nobody stops waiting before this.
                let _ = done.send(result);
            },
        );
        match answer.recv().unwrap_or(Err(JournalError::Closed)) {
            Ok(()) => Ok(id),
            Err(error) => Err(error.into()),
        }
    }

    fn published_before(&self, client: &ClientName, kept: &PublishedKey) -> Result<Option<EventId>, PublishError> {
        match self.shared.shelf.journal.published_under(client, &kept.key)? {
            None => Ok(None),
            Some((id, digest)) if digest == kept.digest => Ok(Some(id)),
            Some(_) => Err(PublishError::KeyReused),
        }
    }
}
