//! Events that somebody publishes: journalled, numbered and announced as every other.

use super::Streams;
use super::draft::Seal;
use crate::domain::{ClientName, EventId, EventName, UploadId};
use crate::journal::{Checkpoint, JournalError, PublishedKey, now_ms};
use std::collections::HashSet;
use std::sync::mpsc::Receiver;
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
    /// More clients than one broadcast reaches.
    #[error("more than {0} clients are named")]
    TooManyClients(u64),
    /// The server shuts down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The journal could not be read or written.
    #[error("{0}")]
    Journal(JournalError),
}

/// What became of a broadcast.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Broadcasted {
    /// The clients that have it, with its id in each of their streams.
    pub published: Vec<(ClientName, EventId)>,
    /// Those for which it could not be kept.
    pub failed: Vec<ClientName>,
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

/// Whether an event is still to be published.
enum Turn {
    /// It was, under the same key.
    Before(EventId),
    /// It is to be, and nobody else publishes under its key meanwhile.
    Now(Option<HeldKey>),
}

/// An event on its way into the journal; told once how it went.
struct Queued(EventId, Receiver<Result<(), JournalError>>);

impl Queued {
    fn wait(self) -> Result<EventId, JournalError> {
        self.1.recv().unwrap_or(Err(JournalError::Closed)).map(|()| self.0)
    }
}

impl Streams {
    /// Publishes an event at a client, and answers with its id once it is on disk and was announced. Under a key that was
    /// used for the same event before, nothing is published, and the answer is the id of then.
    ///
    /// # Errors
    /// [`PublishError`], as it says; nothing was published then.
    pub async fn publish(&self, client: ClientName, publication: Publication) -> Result<EventId, PublishError> {
        self.blocking(move |this| match this.turn(&client, &publication)? {
            Turn::Before(id) => Ok(id),
            Turn::Now(_held) => {
                this.check_room(publication.json.len())?;
                Ok(this.queue(&client, publication)?.wait()?)
            }
        })
        .await
    }

    /// Publishes an event at every client that has events, whose name begins with `prefix`, and that is `wanted`: at each
    /// under its own next number, one after the other, committed together. Under a key each of them gets it once.
    ///
    /// # Errors
    /// [`PublishError`], as it says; nothing was published then.
    pub async fn broadcast(
        &self,
        prefix: String,
        wanted: impl Fn(&ClientName) -> bool + Send + 'static,
        publication: Publication,
    ) -> Result<Broadcasted, PublishError> {
        self.blocking(move |this| {
            let max = this.shared.shelf.limits.broadcast_clients_max;
            let clients = this.shared.shelf.journal.clients(&prefix, wanted, max.saturating_add(1))?;
            if clients.len() as u64 > max {
                return Err(PublishError::TooManyClients(max));
            }
            // Every key is looked for and held before anything is published, so that a refusal is one of the whole.
            let mut turns = Vec::with_capacity(clients.len());
            for client in clients {
                let turn = this.turn(&client, &publication)?;
                turns.push((client, turn));
            }
            this.check_room(publication.json.len().saturating_mul(turns.len()))?;
            let mut answer = Broadcasted::default();
            let mut trouble = None;
            let queued: Vec<_> = turns
                .into_iter()
                .map(|(client, turn)| match turn {
                    Turn::Before(id) => (client, Ok(id), None),
                    Turn::Now(held) => match this.queue(&client, publication.clone()) {
                        Ok(queued) => (client, Err(Some(queued)), held),
                        Err(error) => {
                            trouble = Some(error);
                            (client, Err(None), held)
                        }
                    },
                })
                .collect();
            for (client, queued, _held) in queued {
                let id = match queued {
                    Ok(id) => Some(id),
                    Err(queued) => queued.and_then(|queued| match queued.wait() {
                        Ok(id) => Some(id),
                        Err(error) => {
                            trouble = Some(error);
                            None
                        }
                    }),
                };
                match id {
                    Some(id) => answer.published.push((client, id)),
                    None => answer.failed.push(client),
                }
            }
            match trouble {
                Some(error) if answer.published.is_empty() => Err(error.into()),
                _ => Ok(answer),
            }
        })
        .await
    }

    /// Waits for the client's lease and for the disk, and goes on when whoever asked is gone.
    async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Self) -> Result<T, PublishError> + Send + 'static,
    ) -> Result<T, PublishError> {
        if self.shared.closing.is_cancelled() {
            return Err(PublishError::ShuttingDown);
        }
        let this = self.clone();
        tokio::task::spawn_blocking(move || act(&this)).await.expect("publishing does not panic")
    }

    fn turn(&self, client: &ClientName, publication: &Publication) -> Result<Turn, PublishError> {
        let Some(kept) = &publication.key else { return Ok(Turn::Now(None)) };
        // Looked for before it is held: of two who repeat a request, neither is to hear that it is running.
        if let Some(id) = self.published_before(client, kept)? {
            return Ok(Turn::Before(id));
        }
        let held = self.shared.published_keys.hold(client, &kept.key).ok_or(PublishError::KeyRunning)?;
        // Whoever held it may have used it meanwhile.
        Ok(match self.published_before(client, kept)? {
            Some(id) => Turn::Before(id),
            None => Turn::Now(Some(held)),
        })
    }

    fn check_room(&self, bytes: usize) -> Result<(), PublishError> {
        // A disk that cannot be asked says itself when it is full.
        let has_room = self.shared.shelf.spool.has_room(bytes as u64).unwrap_or(true);
        if has_room { Ok(()) } else { Err(PublishError::Full) }
    }

    fn queue(&self, client: &ClientName, publication: Publication) -> Result<Queued, JournalError> {
        let Publication { name, json, key } = publication;
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
        Ok(Queued(id, answer))
    }

    fn published_before(&self, client: &ClientName, kept: &PublishedKey) -> Result<Option<EventId>, PublishError> {
        match self.shared.shelf.journal.published_under(client, &kept.key)? {
            None => Ok(None),
            Some((id, digest)) if digest == kept.digest => Ok(Some(id)),
            Some(_) => Err(PublishError::KeyReused),
        }
    }
}
