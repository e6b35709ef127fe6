//! Idempotency keys of uploads: who may begin one under a key, and what was begun under it before.
//!
//! While a request is under way its key is held in memory; when it has arrived whole, the key goes into the journal, and
//! only then the upload can be done. A process that is killed in between leaves the upload interrupted and the key free.

use super::{ActError, Ingest, Service, blocking, words};
use crate::domain::{ClientName, Failure, FailureCode, Stage, UploadId, UploadRecord};
use crate::journal::{Fingerprint, KeptKey};
use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};

/// What a client's key stands for.
pub enum Key {
    /// Nothing that stands: the request is to be carried out.
    Free(HeldKey),
    /// A request that was carried out.
    Used(Box<UsedKey>),
    /// A request that still is.
    Running,
}

/// An upload that a key was used for, as it ended, and the request for it.
pub struct UsedKey {
    /// The upload; nobody sends or reads it.
    pub record: UploadRecord,
    /// The request.
    pub fingerprint: Fingerprint,
}

/// A key that nobody else gets before this is dropped.
pub struct HeldKey {
    service: Arc<Service>,
    held: (ClientName, String),
}

impl Ingest {
    /// Takes a client's key for a request, if it is free.
    ///
    /// # Errors
    /// [`ActError::Journal`].
    pub async fn take_key(&self, client: &ClientName, key: &str) -> Result<Key, ActError> {
        let (service, client, key) = (Arc::clone(&self.service), client.clone(), key.to_owned());
        blocking(move || {
            // Looked for before it is held: of two who repeat a request, neither is to hear that it is running.
            if let Some(used) = service.used_key(&client, &key)? {
                return Ok(used);
            }
            let Some(held) = HeldKey::new(&service, client, key) else { return Ok(Key::Running) };
            // Whoever held it may have used it meanwhile.
            let (client, key) = &held.held;
            Ok(service.used_key(client, key)?.unwrap_or(Key::Free(held)))
        })
        .await
    }
}

impl HeldKey {
    fn new(service: &Arc<Service>, client: ClientName, key: String) -> Option<Self> {
        let held = (client, key);
        let is_first = service.held_keys().insert(held.clone());
        is_first.then(|| Self { service: Arc::clone(service), held })
    }

    /// Writes down that the key is used for this upload, whose request has arrived whole. To be done before the upload
    /// can be done: what is answered with success must be known when it is asked for again.
    ///
    /// # Errors
    /// A [`Failure`] of code `disk-full` or `storage-failed`.
    pub async fn keep(&self, upload: UploadId, fingerprint: Fingerprint) -> Result<(), Failure> {
        let (service, key) = (Arc::clone(&self.service), self.held.1.clone());
        let kept = blocking(move || service.journal.keep_key(&key, KeptKey { upload, fingerprint })).await;
        kept.map_err(|error| words::journal(&error))
    }

    /// The same for an upload that failed before its request had arrived whole; `fingerprint` is of what had. Does nothing
    /// where the request may be made again under this key.
    pub async fn keep_failed(&self, upload: UploadId, fingerprint: Fingerprint, failure: &Failure) {
        if !stands(failure.code) {
            return;
        }
        if let Err(error) = self.keep(upload, fingerprint).await {
            tracing::warn!(%error, %upload, "a failed upload's idempotency key is not kept; it is free");
        }
    }
}

impl Drop for HeldKey {
    fn drop(&mut self) {
        self.service.held_keys().remove(&self.held);
    }
}

impl Service {
    fn held_keys(&self) -> MutexGuard<'_, HashSet<(ClientName, String)>> {
        self.held_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the key was used for; none where that does not stand.
    fn used_key(&self, client: &ClientName, key: &str) -> Result<Option<Key>, ActError> {
        let Some(KeptKey { upload, fingerprint }) = self.journal.key(client, key)? else { return Ok(None) };
        let record = match self.live(upload) {
            Some(record) => record,
            None => match self.journal.upload(upload)? {
                Some(record) => record,
                None => return Ok(None),
            },
        };
        Ok(match (record.stage, record.failure.as_ref()) {
            (Stage::Receiving | Stage::Reading, _) => Some(Key::Running),
            (Stage::Understood, _) if self.job(upload).is_some() => Some(Key::Running),
            (Stage::Interrupted, _) => None,
            (_, Some(failure)) if !stands(failure.code) => None,
            // It was interrupted behind its last byte, and its sender came back with more.
            (Stage::Done, _) if record.received_bytes != fingerprint.file_bytes => None,
            // Held, it was answered as it stands.
            (Stage::Understood | Stage::Done | Stage::Failed | Stage::Cancelled, _) => {
                Some(Key::Used(Box::new(UsedKey { record, fingerprint })))
            }
        })
    }
}

/// Whether an upload that ended so is what the same request would come to again. Else the key is free: a full disk, a
/// restart or bytes that were changed on their way are what a request is repeated for.
const fn stands(code: FailureCode) -> bool {
    match code {
        FailureCode::BodyTooLarge
        | FailureCode::HeaderTooLong
        | FailureCode::TooManyColumns
        | FailureCode::ExpansionTooLarge
        | FailureCode::CorruptCompression
        | FailureCode::UnknownEncoding
        | FailureCode::Cancelled => true,
        FailureCode::TooManyUploads
        | FailureCode::UploadTooSlow
        | FailureCode::ClientFull
        | FailureCode::DiskFull
        | FailureCode::StorageFailed
        | FailureCode::DigestMismatch
        | FailureCode::ServerStopping
        | FailureCode::Interrupted => false,
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
