//! The one thread that writes: it commits whatever waits, together.

use super::JournalError;
use super::client::ClientLog;
use super::entry::Entry;
use super::published::{self, PublishedKey};
use super::schema::CurrentEpoch;
use super::uploads;
use crate::domain::{EventId, UploadRecord};
use crate::tally::{Count, Durations};
use rusqlite::{Connection, Transaction, params};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

/// An entry on its way into the journal.
pub struct Append {
    /// Whose journal.
    pub client: Arc<ClientLog>,
    /// The client's generation at the time the numbers were leased.
    pub generation: u64,
    /// The batch. Its first number follows the last one queued for this client.
    pub entry: Entry,
    /// The upload's row, to be written in the same commit, where it changed.
    pub upload: Option<UploadRecord>,
    /// The key that the entry's only event is published under, to be written in the same commit.
    pub key: Option<PublishedKey>,
    /// Whether the commit must be on disk (fsync) before `done`.
    pub durable: bool,
    /// What the queue counts it as, in bytes: the encoded events that wait for it, and its literals.
    pub queue_bytes: u64,
    /// Told how it went, from the writer's thread, in commit order.
    pub done: Box<dyn FnOnce(Result<(), JournalError>) + Send>,
}

type Act = Box<dyn FnOnce(Result<&mut Connection, JournalError>) + Send>;

enum Command {
    Append(Box<Append>),
    Act(Act),
}

struct Queue {
    commands: VecDeque<Command>,
    bytes: u64,
    open: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// Something was queued, or the queue was closed.
    filled: Condvar,
    /// Bytes left the queue.
    drained: Condvar,
    bytes_max: u64,
    /// Why the last transaction failed, if it did.
    trouble: Mutex<Option<JournalError>>,
    counts: Counts,
}

/// What the writer did since its start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub entries: Count,
    pub commits: Durations,
    pub failures: Count,
}

/// The handle of the writer's thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    writer: JoinHandle<Result<(), JournalError>>,
    checkpointer: JoinHandle<()>,
}

/// Length of the write-ahead log from which it is moved into the database beside the writer.
const CHECKPOINT_BYTES: u64 = 8 << 20;
/// Length from which the writer waits for that: while it writes, a log can be moved, but not begun anew.
const RESTART_BYTES: u64 = 64 << 20;

impl Writer {
    pub fn start(db: Connection, current: CurrentEpoch, path: &Path, bytes_max: u64) -> Result<Self, JournalError> {
        let mover = Connection::open(path)?;
        let log = PathBuf::from(format!("{}-wal", path.display()));
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue { commands: VecDeque::new(), bytes: 0, open: true }),
            filled: Condvar::new(),
            drained: Condvar::new(),
            bytes_max,
            trouble: Mutex::new(None),
            counts: Counts::default(),
        });
        let (wal_grew, checkpoints) = std::sync::mpsc::sync_channel(1);
        let checkpointer = std::thread::Builder::new().name("journal-checkpoint".into()).spawn(move || {
            while checkpoints.recv().is_ok() {
                if let Err(error) = checkpoint(&mover, "passive") {
                    tracing::warn!(%error, "journal: checkpoint failed; the log file grows until one succeeds");
                }
            }
        })?;
        let run = Run { db, current, shared: Arc::clone(&shared), synchronous: None, log, wal_grew };
        let writer = std::thread::Builder::new().name("journal".into()).spawn(move || run.run())?;
        Ok(Self { shared, threads: Mutex::new(Some(Threads { writer, checkpointer })) })
    }

    pub fn append(&self, append: Append) {
        let mut queue = self.shared.lock();
        while queue.open && queue.bytes > 0 && queue.bytes + append.queue_bytes > self.shared.bytes_max {
            queue = self.shared.drained.wait(queue).expect("no holder of the queue panics");
        }
        if !queue.open {
            drop(queue);
            return (append.done)(Err(JournalError::Closed));
        }
        queue.bytes += append.queue_bytes;
        queue.commands.push_back(Command::Append(Box::new(append)));
        drop(queue);
        self.shared.filled.notify_one();
    }

    /// Runs `act` in a durable transaction of its own, after everything queued before, and waits for it.
    pub fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let shared = Arc::clone(&self.shared);
        let run = move |db: Result<&mut Connection, JournalError>| {
            let result = db.and_then(|db| {
                let tx = db.transaction()?;
                let value = act(&tx)?;
                tx.commit()?;
                Ok(value)
            });
            shared.note(result.as_ref().err().cloned());
            // A caller that no longer waits does not mind.
            let _ = answer.send(result);
        };
        let mut queue = self.shared.lock();
        if !queue.open {
            return Err(JournalError::Closed);
        }
        queue.commands.push_back(Command::Act(Box::new(run)));
        drop(queue);
        self.shared.filled.notify_one();
        answered.recv().unwrap_or(Err(JournalError::Closed))
    }

    /// Why the last transaction failed, if it did.
    pub fn trouble(&self) -> Option<JournalError> {
        self.shared.trouble.lock().expect("no holder of the trouble panics").clone()
    }

    /// What it did since its start.
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// Bytes that wait for their commit.
    pub fn queue_bytes(&self) -> u64 {
        self.shared.lock().bytes
    }

    /// Commits what is queued, and ends the threads.
    pub fn stop(&self) -> Result<(), JournalError> {
        self.shared.lock().open = false;
        self.shared.filled.notify_all();
        self.shared.drained.notify_all();
        let Some(threads) = self.threads.lock().expect("no holder of the threads panics").take() else { return Ok(()) };
        let ended = threads.writer.join().unwrap_or(Err(JournalError::Closed));
        // It ends with the writer, whose requests it serves.
        let _ = threads.checkpointer.join();
        ended
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever wants to hear how it went calls `stop`.
        if let Err(error) = self.stop() {
            tracing::error!(%error, "journal: the writer ended badly");
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().expect("no holder of the queue panics")
    }

    /// Takes everything that waits; nothing once the queue is closed and empty.
    fn take(&self) -> VecDeque<Command> {
        let mut queue = self.lock();
        while queue.commands.is_empty() && queue.open {
            queue = self.filled.wait(queue).expect("no holder of the queue panics");
        }
        std::mem::take(&mut queue.commands)
    }

    fn note(&self, trouble: Option<JournalError>) {
        *self.trouble.lock().expect("no holder of the trouble panics") = trouble;
    }

    fn release(&self, bytes: u64) {
        self.lock().bytes -= bytes;
        self.drained.notify_all();
    }
}

struct Run {
    db: Connection,
    current: CurrentEpoch,
    shared: Arc<Shared>,
    synchronous: Option<&'static str>,
    log: PathBuf,
    wal_grew: std::sync::mpsc::SyncSender<()>,
}

impl Run {
    fn run(mut self) -> Result<(), JournalError> {
        loop {
            let commands = self.shared.take();
            if commands.is_empty() {
                // Makes everything durable, and the next start quick.
                self.synchronous("full")?;
                return checkpoint(&self.db, "truncate");
            }
            let mut group = Vec::new();
            for command in commands {
                match command {
                    Command::Append(append) => group.push(*append),
                    Command::Act(act) => {
                        self.commit(std::mem::take(&mut group));
                        act(self.synchronous("full").map(|()| &mut self.db));
                        self.bound_log();
                    }
                }
            }
            self.commit(group);
        }
    }

    /// Commits the group, or fails it whole: the errors there are (a full disk, a failing one) spare nobody.
    fn commit(&mut self, group: Vec<Append>) {
        if group.is_empty() {
            return;
        }
        let bytes = group.iter().map(|append| append.queue_bytes).sum();
        let (ready, behind): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|append| append.generation == append.client.tail().generation);
        let began = Instant::now();
        let outcome = self.write(&ready);
        self.shared.counts.commits.add(began.elapsed());
        if let Err(error) = &outcome {
            self.shared.counts.failures.add(1);
            tracing::error!(%error, entries = ready.len(), "journal: a commit failed");
        } else {
            self.shared.counts.entries.add(ready.len() as u64);
        }
        if let Ok(keys) = &outcome {
            for append in &ready {
                let key = keys.iter().find(|(client, _)| Arc::ptr_eq(client, &append.client));
                append.client.set_key(key.expect("every client of the group has a key").1);
                append.client.committed(EventId { epoch: self.current.epoch, n: append.entry.last_n });
            }
        } else {
            // Once for each client: whoever leases between two would fail for nothing.
            let mut clients: Vec<&Arc<ClientLog>> = ready.iter().map(|append| &append.client).collect();
            clients.sort_by_key(|client| Arc::as_ptr(client));
            clients.dedup_by_key(|client| Arc::as_ptr(client));
            clients.iter().for_each(|client| client.failed());
        }
        if !ready.is_empty() {
            self.shared.note(outcome.as_ref().err().cloned());
        }
        self.shared.release(bytes);
        for append in ready {
            (append.done)(outcome.as_ref().map(|_| ()).map_err(Clone::clone));
        }
        for append in behind {
            (append.done)(Err(JournalError::Behind));
        }
        self.bound_log();
    }

    /// Writes the group in one transaction; answers with the clients' keys.
    fn write(&mut self, group: &[Append]) -> Result<Vec<(Arc<ClientLog>, i64)>, JournalError> {
        let durable = group.iter().any(|append| append.durable);
        self.synchronous(if durable { "full" } else { "normal" })?;
        let tx = self.db.transaction()?;
        let mut keys: Vec<(Arc<ClientLog>, i64)> = Vec::new();
        for append in group {
            let known = keys.iter().find(|(client, _)| Arc::ptr_eq(client, &append.client));
            let key = match known {
                Some((_, key)) => *key,
                None => {
                    let key = client_key(&tx, &append.client)?;
                    keys.push((Arc::clone(&append.client), key));
                    key
                }
            };
            if let Some(row) = &append.upload {
                uploads::put(&tx, key, row)?;
            }
            let body = append.entry.body();
            insert(&tx, key, self.current.ordinal, &append.entry, &body)?;
            if let Some(kept) = &append.key {
                let Entry { last_n, first_row: at_ms, .. } = append.entry;
                published::keep_key(&tx, key, self.current.ordinal, last_n, at_ms, kept)?;
            }
        }
        tx.commit()?;
        Ok(keys)
    }

    /// Keeps the write-ahead log from growing for as long as something is written.
    fn bound_log(&mut self) {
        let bytes = std::fs::metadata(&self.log).map_or(0, |metadata| metadata.len());
        if bytes > RESTART_BYTES {
            if let Err(error) = checkpoint(&self.db, "restart") {
                tracing::warn!(%error, "journal: the log could not be begun anew; it is tried again");
            }
        } else if bytes > CHECKPOINT_BYTES {
            // One that runs already will do.
            let _ = self.wal_grew.try_send(());
        }
    }

    fn synchronous(&mut self, how: &'static str) -> Result<(), JournalError> {
        if self.synchronous != Some(how) {
            self.db.pragma_update(None, "synchronous", how)?;
            self.synchronous = Some(how);
        }
        Ok(())
    }
}

/// The client's key, given with its first entry.
fn client_key(tx: &Transaction<'_>, client: &ClientLog) -> Result<i64, JournalError> {
    if let Some(key) = client.key() {
        return Ok(key);
    }
    tx.execute("INSERT INTO clients (name) VALUES (?1) ON CONFLICT DO NOTHING", [client.name().as_str()])?;
    Ok(tx.query_row("SELECT id FROM clients WHERE name = ?1", [client.name().as_str()], |row| row.get(0))?)
}

fn insert(tx: &Transaction<'_>, key: i64, epoch: i64, entry: &Entry, body: &[u8]) -> Result<(), JournalError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO entries (client, last_n, first_n, epoch, upload, first_row, first_problem, problems, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    insert.execute(params![
        key,
        entry.last_n,
        entry.first_n,
        epoch,
        entry.upload.0.as_bytes().as_slice(),
        entry.first_row,
        entry.first_problem,
        entry.problems(),
        body,
    ])?;
    Ok(())
}

fn checkpoint(db: &Connection, how: &str) -> Result<(), JournalError> {
    Ok(db.pragma(None, "wal_checkpoint", how, |_| Ok(()))?)
}
