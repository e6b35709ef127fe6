//! Connections for reading, a few: each has descriptors and memory of its own, and SQLite closes the descriptors of one only
//! when all are closed. Who asks while all are in use waits; a question is short.

use super::JournalError;
use super::schema;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard};

/// Connections at once. More would not answer sooner: what they read is in memory, or on one disk.
const OPEN_MAX: usize = 8;

/// The connections for reading one file.
pub struct Readers {
    path: Box<Path>,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    /// Those in use among them.
    open: usize,
}

impl Readers {
    /// None yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.into(), state: Mutex::default(), returned: Condvar::new() }
    }

    /// Asks in one snapshot: entries and gaps change together. `query` must not ask again, else it waits for itself.
    ///
    /// # Errors
    /// Whatever `query` gives; any error of the database.
    pub fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let mut taken = Taken { readers: self, db: self.take() };
        let db = match &mut taken.db {
            Some(db) => db,
            none => none.insert(schema::open_reader(&self.path)?),
        };
        let snapshot = db.unchecked_transaction()?;
        let answer = query(&snapshot)?;
        snapshot.finish()?;
        Ok(answer)
    }

    /// One that is idle; none where a further one may be opened.
    fn take(&self) -> Option<Connection> {
        let mut state = self.lock();
        loop {
            if let Some(db) = state.idle.pop() {
                return Some(db);
            }
            if state.open < OPEN_MAX {
                state.open += 1;
                return None;
            }
            state = self.returned.wait(state).expect("no holder of the readers panics");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the readers panics")
    }
}

/// A connection in use, or the place for one; given back whatever happens.
struct Taken<'a> {
    readers: &'a Readers,
    db: Option<Connection>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = self.readers.lock();
        match self.db.take() {
            Some(db) => state.idle.push(db),
            None => state.open -= 1,
        }
        drop(state);
        self.readers.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn many_ask_at_once_and_few_connections_answer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        drop(schema::open(&path).unwrap());
        let readers = Readers::new(&path);
        let (begin, at_once, most) = (Barrier::new(40), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for n in 0..40 {
                let (readers, begin, at_once, most) = (&readers, &begin, &at_once, &most);
                scope.spawn(move || {
                    begin.wait();
                    let answer = readers.read(|db| {
                        most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        at_once.fetch_sub(1, Ordering::SeqCst);
                        // Some fail; their connections are good all the same.
                        let sql = if n % 5 == 0 { "SELECT nothing" } else { "SELECT 7" };
                        Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
                    });
                    assert_eq!(answer.ok(), (n % 5 > 0).then_some(7));
                });
            }
        });
        let state = readers.lock();
        assert!(most.into_inner() <= OPEN_MAX && state.open <= OPEN_MAX && state.idle.len() == state.open);
    }

    #[test]
    fn a_file_that_cannot_be_opened_takes_no_place() {
        let dir = tempfile::tempdir().unwrap();
        let readers = Readers::new(&dir.path().join("nothing.db"));
        for _ in 0..=OPEN_MAX {
            assert!(readers.read(|_| Ok(())).is_err());
        }
        assert_eq!(readers.lock().open, 0);
    }
}
