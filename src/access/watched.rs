//! A file that is read again when it changed.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// File systems tell times coarsely: what was written so lately may be written again under the same time.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// A small file, as it was read last.
#[derive(Debug)]
pub struct Watched {
    path: PathBuf,
    content: Vec<u8>,
    /// Something else that was found once: whoever writes in place empties the file first.
    found: Option<Vec<u8>>,
    seen: Option<Seen>,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    inode: u64,
    bytes: u64,
    modified: Option<SystemTime>,
    /// Whether it had this time for long enough to be the only content with it.
    settled: bool,
}

impl Seen {
    fn of(data: &Metadata) -> Self {
        let modified = data.modified().ok();
        let age = modified.and_then(|modified| modified.elapsed().ok());
        Self { inode: data.ino(), bytes: data.len(), modified, settled: age.is_some_and(|age| age > SETTLED_AFTER) }
    }
}

impl Watched {
    /// Reads it.
    ///
    /// # Errors
    /// What the system says; `InvalidData` for one that is too large.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut watched = Self { path: path.into(), content: Vec::new(), found: None, seen: None };
        watched.content = watched.read()?;
        Ok(watched)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it held when it was read last.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Looks at it, and reads it if it is not as before; whether it holds something else now. That counts when it is found
    /// twice.
    ///
    /// # Errors
    /// As [`Self::open`], told once for each state of the file that cannot be read.
    pub fn look_again(&mut self) -> io::Result<bool> {
        let found = fs::metadata(&self.path).map(|data| Seen::of(&data));
        match (&found, self.seen) {
            (Ok(now), Some(before)) if *now == before && before.settled && self.found.is_none() => return Ok(false),
            // Gone, and it was said.
            (Err(_), None) => return Ok(false),
            _ => {}
        }
        match self.read() {
            Ok(content) if content == self.content => {
                self.found = None;
                Ok(false)
            }
            Ok(content) if self.found.as_ref() == Some(&content) => {
                (self.content, self.found) = (content, None);
                Ok(true)
            }
            Ok(content) => {
                self.found = Some(content);
                Ok(false)
            }
            Err(error) => {
                let told = found.is_ok() && self.seen == found.as_ref().ok().copied();
                self.seen = found.ok();
                if told { Ok(false) } else { Err(error) }
            }
        }
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        // Looked at first: a change while it is read shows the next time.
        let data = fs::metadata(&self.path)?;
        if data.len() > FILE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it has more than 4 MiB"));
        }
        let content = fs::read(&self.path)?;
        self.seen = Some(Seen::of(&data));
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_and_a_missing_file_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        assert!(Watched::open(&path).is_err());
        fs::write(&path, "one").unwrap();
        let mut watched = Watched::open(&path).unwrap();
        assert_eq!(watched.content(), b"one");
        assert!(!watched.look_again().unwrap());
        // As it is for a moment while somebody writes.
        fs::write(&path, "").unwrap();
        assert!(!watched.look_again().unwrap());
        // The same length, and perhaps the same time.
        fs::write(&path, "two").unwrap();
        assert!(!watched.look_again().unwrap(), "it may not be whole yet");
        assert_eq!(watched.content(), b"one");
        assert!(watched.look_again().unwrap());
        fs::remove_file(&path).unwrap();
        assert!(watched.look_again().is_err());
        assert!(!watched.look_again().unwrap());
        assert_eq!(watched.content(), b"two");
        fs::write(&path, "two").unwrap();
        assert!(!watched.look_again().unwrap(), "it holds what it held");
        fs::write(&path, "three").unwrap();
        assert!(!watched.look_again().unwrap());
        assert!(watched.look_again().unwrap());
        assert_eq!(watched.content(), b"three");
    }
}
