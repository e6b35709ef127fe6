//! Whom an upload's bytes count for, among what each client may keep.
//!
//! They are counted before they are handed to the disk, so that two uploads cannot both take the last room, and given back
//! where they do not get there.

use super::Service;
use crate::domain::{ClientName, Resumable, UploadRecord};
use crate::journal::JournalError;
use crate::rates::{Full, Kept};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashSet;
use std::sync::Arc;

/// The account of one upload.
#[derive(Debug, Clone)]
pub(super) struct Account {
    kept: Arc<Kept>,
    /// None where it counts for nobody: a part that names no client counts when it is put together with others.
    client: Option<ClientName>,
}

impl Account {
    pub fn of(kept: &Arc<Kept>, record: &UploadRecord) -> Self {
        let client = kept.is_counted().then(|| owner(&record.client, record.resumable.as_ref())).flatten();
        Self { kept: Arc::clone(kept), client }
    }

    /// Whether so many bytes would fit.
    pub fn room(&self, bytes: u64) -> Result<(), Full> {
        self.client.as_ref().map_or(Ok(()), |client| self.kept.room(client, bytes))
    }

    /// Counts bytes that are about to be written.
    pub fn charge(&self, bytes: u64) -> Result<Charge, Full> {
        self.client.as_ref().map_or(Ok(()), |client| self.kept.take(client, bytes))?;
        Ok(Charge { account: self.clone(), bytes })
    }

    /// Bytes that were counted are not there.
    pub fn gone(&self, bytes: u64) {
        if let Some(client) = &self.client {
            self.kept.gone(client, bytes);
        }
    }
}

/// Bytes that count already and are not yet on their way; dropped before, they are given back.
pub(super) struct Charge {
    account: Account,
    bytes: u64,
}

impl Charge {
    /// They are on their way.
    pub fn settle(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.account.gone(self.bytes);
        }
    }
}

/// The client that an upload's bytes count for.
fn owner(client: &ClientName, resumable: Option<&Resumable>) -> Option<ClientName> {
    match resumable {
        Some(part) if part.partial => named(&part.metadata),
        _ => Some(client.clone()),
    }
}

/// The client that `Upload-Metadata` names; it was checked when it came.
fn named(metadata: &str) -> Option<ClientName> {
    let mut pairs = metadata.split(',').filter_map(|pair| pair.trim().split_once(' '));
    let (_, value) = pairs.find(|(key, _)| *key == "client")?;
    let name = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    ClientName::parse(&name).ok()
}

impl Service {
    /// Counts what is kept already. Before anything is sent.
    pub(super) fn count_kept(&self) -> Result<(), JournalError> {
        if !self.kept.is_counted() {
            return Ok(());
        }
        let mut files = HashSet::new();
        for (id, client, part) in self.journal.holders()? {
            // Uploads that share a file are of one client.
            if let Some((file, bytes)) = self.spool.identity(id)?
                && files.insert(file)
                && let Some(owner) = owner(&client, part.as_ref())
            {
                self.kept.found(&owner, bytes);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientName {
        ClientName::parse(name).unwrap()
    }

    #[test]
    fn a_part_counts_for_the_client_that_it_names() {
        let part = |metadata: &str| Resumable { metadata: metadata.into(), partial: true, parts: Vec::new() };
        let pseudo = client("partial-uploads");
        assert_eq!(owner(&pseudo, Some(&part("filename YQ==, client bWU="))), Some(client("me")));
        assert_eq!(owner(&pseudo, Some(&part("filename YQ=="))), None);
        assert_eq!(owner(&pseudo, Some(&part("client !"))), None);
        let whole = Resumable { partial: false, ..part("client bWU=") };
        assert_eq!(owner(&client("you"), Some(&whole)), Some(client("you")));
        assert_eq!(owner(&client("you"), None), Some(client("you")));
    }

    #[test]
    fn what_is_not_written_is_given_back() {
        let kept = Arc::new(Kept::new(10));
        let account = Account { kept: Arc::clone(&kept), client: Some(client("me")) };
        drop(account.charge(10).unwrap());
        account.charge(10).unwrap().settle();
        assert!(account.charge(1).is_err() && account.room(1).is_err());
        account.gone(4);
        assert!(account.room(4).is_ok());
    }
}
