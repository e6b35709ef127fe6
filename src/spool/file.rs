//! The two ends of one spool file, and reading ranges of it.

use super::staged::Staged;
use super::tail::{End, Tail};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Appends to one spool file. Dropping it without [`Writer::complete`] leaves the file `Broken`.
#[derive(Debug)]
pub struct Writer {
    /// Dropped before the file, whose lock keeps the next writer from putting bytes aside under the same name.
    staged: Staged,
    file: File,
    tail: Arc<Tail>,
    length: u64,
    /// Bytes were appended that may not be on disk yet.
    unsynced: bool,
    dir: Arc<Path>,
    end: End,
    free: Free,
}

/// Keeps an eye on the room that the disk has left.
#[derive(Debug)]
struct Free {
    bytes_min: u64,
    /// Bytes that may be appended before it must look again.
    unchecked_bytes: u64,
}

/// Bytes appended between two looks at the disk, at most, and as a share of what is to stay free: others write as well,
/// every running upload among them.
const LOOK_EVERY_BYTES: u64 = 4 << 20;
const LOOK_EVERY_SHARE: u64 = 64;

impl Free {
    fn take(&mut self, file: &File, bytes: u64) -> io::Result<()> {
        if self.unchecked_bytes < bytes {
            let disk = rustix::fs::fstatvfs(file)?;
            let room = (disk.f_bavail * disk.f_frsize).saturating_sub(self.bytes_min);
            if room < bytes {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.unchecked_bytes = room.min(LOOK_EVERY_BYTES).min(self.bytes_min / LOOK_EVERY_SHARE).max(bytes);
        }
        self.unchecked_bytes -= bytes;
        Ok(())
    }
}

impl Writer {
    /// Appends all of `bytes`, or none; answers with the file's new length. Blocks as long as the disk does.
    ///
    /// # Errors
    /// Any I/O error; `StorageFull` also when the disk would have less free than is to be left. The file is then as long
    /// as before.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        self.free.take(&self.file, bytes.len() as u64)?;
        if let Err(error) = self.file.write_all(bytes) {
            // Half an append would be read as bytes the sender may send again.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += bytes.len() as u64;
        self.unsynced = true;
        self.tail.change(|state| state.length = self.length);
        Ok(self.length)
    }

    /// Bytes appended so far.
    pub fn bytes(&self) -> u64 {
        self.length
    }

    /// Waits until every byte appended so far is on disk, and so is the file's name.
    ///
    /// # Errors
    /// Any I/O error. After one the bytes must be taken as lost.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            sync(&self.file, &self.dir)?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Puts bytes aside: they are appended by [`Writer::accept`] or thrown away by [`Writer::discard`].
    ///
    /// # Errors
    /// Any I/O error; `StorageFull` as for [`Writer::append`]. What was put aside is then to be discarded.
    pub fn stage(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.free.take(&self.file, bytes.len() as u64)?;
        self.staged.append(bytes)
    }

    /// Appends what was put aside.
    ///
    /// # Errors
    /// Any I/O error. What was appended until then stays.
    pub fn accept(&mut self) -> io::Result<u64> {
        const PIECE_BYTES: u64 = 256 << 10;
        let mut piece = Vec::new();
        let mut offset = 0;
        while let Some(left @ 1..) = self.staged.bytes().checked_sub(offset) {
            piece.resize(usize::try_from(left.min(PIECE_BYTES)).expect("a piece fits in memory"), 0);
            self.staged.read_exact_at(&mut piece, offset)?;
            self.append(&piece)?;
            offset += piece.len() as u64;
        }
        self.discard()?;
        Ok(self.length)
    }

    /// Throws away what was put aside.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn discard(&mut self) -> io::Result<()> {
        self.staged.clear()
    }

    /// Says that the file is complete.
    pub fn complete(mut self) {
        self.end = End::Complete;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tail.change(|state| state.end = Some(self.end));
    }
}

/// What a [`Follower`] saw when it woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// Bytes in the file.
    pub length: u64,
    /// Whether and how the file ended; its length does not change after that.
    pub end: Option<End>,
}

/// Reads a spool file behind its [`Writer`], and waits for more. Belongs to one thread, which it blocks.
#[derive(Debug)]
pub struct Follower {
    source: Source,
    tail: Arc<Tail>,
    dir: Arc<Path>,
}

impl Follower {
    /// Of a file that gets no more bytes: the first `length` are the whole.
    pub(super) fn of_whole(file: File, length: u64, dir: Arc<Path>) -> Self {
        Self { source: Source::new(file), tail: Arc::new(Tail::new(length, Some(End::Complete))), dir }
    }

    /// Waits until the file is longer than `seen` bytes, has ended, somebody nudged, or `deadline` has come.
    pub fn wait(&self, seen: u64, deadline: Option<Instant>) -> Growth {
        let state = self.tail.wait(seen, deadline);
        Growth { length: state.length, end: state.end }
    }

    /// Waits until the file is otherwise than `seen`, somebody nudged, or `deadline` has come. Unlike [`Follower::wait`] it
    /// also waits for nothing but a nudge, on a file that has ended.
    pub fn changed(&self, seen: Growth, deadline: Option<Instant>) -> Growth {
        let state = self.tail.wait_while(deadline, |state| state.length == seen.length && state.end == seen.end);
        Growth { length: state.length, end: state.end }
    }

    /// A handle that wakes this follower from its wait, from any thread.
    pub fn nudge(&self) -> impl Fn() + Send + Sync + use<> {
        let tail = Arc::clone(&self.tail);
        move || tail.change(|state| state.nudged = true)
    }

    /// The file, to read ranges of.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Waits until every byte appended so far is on disk, and so is the file's name.
    ///
    /// # Errors
    /// Any I/O error. After one the bytes must be taken as lost.
    pub fn sync(&self) -> io::Result<()> {
        sync(&self.source.file, &self.dir)
    }
}

/// One spool file, to read ranges of. What was appended never changes, so this needs no lock.
#[derive(Debug)]
pub struct Source {
    file: File,
}

impl Source {
    pub(super) fn new(file: File) -> Self {
        Self { file }
    }

    /// Fills `buffer` from byte `offset` of the file.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file is shorter; any other I/O error.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

/// Waits until a file's bytes and its name in the folder are on disk.
pub(super) fn sync(file: &File, dir: &Path) -> io::Result<()> {
    file.sync_data()?;
    File::open(dir)?.sync_all()
}

/// The two ends of a file in the folder `dir` that is open for appending; `staged` is where bytes are put aside.
pub(super) fn pair(file: File, staged: PathBuf, dir: Arc<Path>, free_bytes_min: u64) -> io::Result<(Writer, Follower)> {
    let length = file.metadata()?.len();
    let tail = Arc::new(Tail::new(length, None));
    let follower = Follower { source: Source::new(file.try_clone()?), tail: Arc::clone(&tail), dir: Arc::clone(&dir) };
    let free = Free { bytes_min: free_bytes_min, unchecked_bytes: 0 };
    // What an earlier writer of the file appended may never have been synced.
    let unsynced = length > 0;
    let staged = Staged::new(staged);
    Ok((Writer { file, tail, length, unsynced, staged, dir, end: End::Broken, free }, follower))
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
