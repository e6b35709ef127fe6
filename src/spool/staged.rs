//! Bytes that wait beside their file until somebody has verified them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A file of its own, so that the length of the spool file still says what was received. Gone when dropped.
#[derive(Debug)]
pub(super) struct Staged {
    path: PathBuf,
    /// None as long as nothing was put aside.
    file: Option<File>,
    bytes: u64,
}

impl Staged {
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None, bytes: 0 }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            let file = File::options().read(true).write(true).create(true).truncate(true).open(&self.path)?;
            self.file = Some(file);
        }
        self.file.as_mut().expect("it was opened").write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match &self.file {
            Some(file) => file.read_exact_at(buffer, offset),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    pub fn clear(&mut self) -> io::Result<()> {
        self.bytes = 0;
        match self.file.take() {
            Some(_) => fs::remove_file(&self.path),
            None => Ok(()),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What is left is taken away at the next start.
        let _ = self.clear();
    }
}
