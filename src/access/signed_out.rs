//! Sessions that were signed out before their time: known until then, across restarts too.

use super::seal;
use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sessions that are known as signed out. Beyond them the one that would end first is forgotten.
const KNOWN_MAX: usize = 1 << 16;
/// Lines of the file beyond twice what is known, at which it is written anew.
const LINES_SPARE: usize = 1 << 10;

/// The sessions that were signed out, and the file that keeps them: a line `<end in Unix milliseconds> <session>` each.
#[derive(Debug, Default)]
pub struct SignedOut {
    /// Each with when it would have ended.
    known: Mutex<HashMap<String, u64>>,
    /// None where sessions end with the process. Its lock may be held while the disk is waited for, that of `known` never is.
    file: Mutex<Option<File>>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    lines: usize,
}

impl SignedOut {
    /// What the file says, if there is one. A line that was not written to its end is none.
    ///
    /// # Errors
    /// Any I/O error but that there is no such file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let known = whole.filter_map(|line| {
            let (expires_ms, session) = line.split_once(' ')?;
            Some((session.to_owned(), expires_ms.parse().ok()?))
        });
        let known: HashMap<_, _> = known.collect();
        let mut file = File { path: path.into(), lines: known.len() };
        if !text.is_empty() {
            file.write(&known)?;
        }
        Ok(Self { known: Mutex::new(known), file: Mutex::new(Some(file)) })
    }

    /// Whether the session was signed out.
    pub fn has(&self, session: &str) -> bool {
        self.known().contains_key(session)
    }

    /// Signs a session out that would have ended then. It counts at once; when this returns it is on disk. Waits for the disk.
    ///
    /// # Errors
    /// Any I/O error; it counts until a restart then.
    pub fn add(&self, session: &str, expires_ms: u64, now_ms: u64) -> io::Result<()> {
        let known = {
            let mut known = self.known();
            known.retain(|_, expires_ms| *expires_ms > now_ms);
            if known.len() >= KNOWN_MAX {
                let first = known.iter().min_by_key(|(_, expires_ms)| **expires_ms).map(|(session, _)| session.clone());
                first.map(|session| known.remove(&session));
            }
            known.insert(session.to_owned(), expires_ms);
            known.len()
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *file {
            None => Ok(()),
            Some(file) if file.lines > 2 * known + LINES_SPARE => {
                let known = self.known().clone();
                file.write(&known)
            }
            Some(file) => file.append(session, expires_ms),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    fn append(&mut self, session: &str, expires_ms: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        file.write_all(format!("{expires_ms} {session}\n").as_bytes())?;
        self.lines += 1;
        file.sync_all()
    }

    fn write(&mut self, known: &HashMap<String, u64>) -> io::Result<()> {
        let text: String = known.iter().map(|(session, expires_ms)| format!("{expires_ms} {session}\n")).collect();
        seal::write(&self.path, text.as_bytes())?;
        self.lines = known.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> usize {
        fs::read_to_string(path).unwrap().lines().count()
    }

    #[test]
    fn what_was_signed_out_stays_so_until_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signed-out");
        let signed_out = SignedOut::open(&path).unwrap();
        assert!(!path.exists() && !signed_out.has("a"));
        signed_out.add("a", 100, 10).unwrap();
        signed_out.add("b", 200, 10).unwrap();
        let again = SignedOut::open(&path).unwrap();
        assert!(again.has("a") && again.has("b") && !again.has("c"));
        // What ended by itself need not be known any more.
        again.add("c", 300, 150).unwrap();
        assert!(!again.has("a") && again.has("b"));
        let all = SignedOut::open(&path).unwrap();
        assert!(all.has("b") && all.has("c"));
    }

    #[test]
    fn a_line_that_broke_off_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signed-out");
        fs::write(&path, "200 a\nnonsense\n\n\u{0}\u{0}\n300 b").unwrap();
        let signed_out = SignedOut::open(&path).unwrap();
        assert!(signed_out.has("a") && !signed_out.has("b"));
        signed_out.add("c", 400, 10).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "200 a\n400 c\n");
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signed-out");
        let signed_out = SignedOut::open(&path).unwrap();
        for i in 0..2 * LINES_SPARE as u64 {
            signed_out.add(&format!("s{i}"), i + 2, i).unwrap();
        }
        assert!(lines(&path) <= LINES_SPARE + 8, "{}", lines(&path));
        assert!(SignedOut::open(&path).unwrap().has(&format!("s{}", 2 * LINES_SPARE - 1)));
    }
}
