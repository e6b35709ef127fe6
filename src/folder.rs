//! The data folder: what lies where in it, and that one process at a time uses it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A data folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process uses it.
    #[error("another process uses the data folder {}", .0.display())]
    Locked(PathBuf),
    /// It cannot be made, or its lock cannot be taken.
    #[error("cannot use the data folder {}: {error}", .folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Held as long as the folder is used.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Whether somebody uses a folder that nothing is to be changed in.
#[derive(Debug)]
pub enum Use {
    /// Nobody; and nobody begins to as long as this is held. None where nobody ever used it.
    Free(Option<Lock>),
    /// Another process.
    Taken,
}

impl Folder {
    /// The folder there, which need not exist.
    pub fn new(path: &Path) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.db")
    }

    /// The folder of uploads' files.
    pub fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }

    fn lock_file(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// Makes the folder where it is missing, and takes its lock.
    ///
    /// # Errors
    /// [`FolderError`], as it says.
    pub fn lock(&self) -> Result<Lock, FolderError> {
        let io = |error| FolderError::Io { folder: self.0.clone(), error };
        fs::create_dir_all(&self.0).map_err(io)?;
        let lock = File::options().create(true).truncate(false).write(true).open(self.lock_file()).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Lock { _file: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }

    /// Whether another process uses it, without making or changing anything.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn in_use(&self) -> io::Result<Use> {
        let lock = match File::open(self.lock_file()) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Use::Free(None)),
            Err(error) => return Err(error),
        };
        match lock.try_lock() {
            Ok(()) => Ok(Use::Free(Some(Lock { _file: lock }))),
            Err(TryLockError::WouldBlock) => Ok(Use::Taken),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_looking_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(&dir.path().join("data"));
        assert!(matches!(folder.in_use().unwrap(), Use::Free(None)));
        assert!(!folder.path().exists());
        let lock = folder.lock().unwrap();
        assert!(matches!(folder.in_use().unwrap(), Use::Taken));
        assert!(matches!(folder.lock(), Err(FolderError::Locked(_))));
        drop(lock);
        assert!(matches!(folder.in_use().unwrap(), Use::Free(Some(_))));
        assert!(folder.lock().is_ok());
    }
}
