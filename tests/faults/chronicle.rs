//! Every id that anybody was told, with what it said: no id is ever given to two events.

use crate::ledger::parts;
use crate::patience::soon;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What was told under each id of one client, by a whole test, whatever became of the server meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Chronicle {
    told: Arc<Mutex<HashMap<String, u64>>>,
    latest: Arc<watch::Sender<u64>>,
}

impl Chronicle {
    /// An event as it stood in a stream.
    #[track_caller]
    pub fn note(&self, id: &str, text: &str) {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let said = hasher.finish();
        let mut told = self.told.lock().expect("the chronicle");
        match told.get(id) {
            Some(&before) => assert_eq!(before, said, "{id} was another event before: {text}"),
            None => drop(told.insert(id.to_owned(), said)),
        }
        self.latest.send_replace(parts(id).1);
    }

    /// Waits until somebody is told a number after `n`.
    pub async fn is_past(&self, n: u64) {
        let mut latest = self.latest.subscribe();
        latest.mark_unchanged();
        let wait = latest.wait_for(|latest| *latest > n);
        drop(soon(format!("somebody to be told what follows {n}"), wait).await.expect("it lives"));
    }

    /// How many ids were given.
    pub fn len(&self) -> usize {
        self.told.lock().expect("the chronicle").len()
    }
}
