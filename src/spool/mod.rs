//! The bytes of every upload on disk, append-only: the first thing that happens to a byte that arrives.
//!
//! Layer 2. One file an upload, named by its id; one that reads the bytes of another again shares its file by a second name. A [`Writer`] appends; a [`Follower`] reads behind it and waits for more.
//! Bytes that must be verified first are put aside ([`Writer::stage`]) in a file that only lives as long as its writer.
//!
//! Invariants:
//! - the file's length *is* the number of bytes received; nothing else counts them;
//! - an append is whole or not at all: what a failed write left behind is cut off again;
//! - a byte that was appended never changes.
//!
//! Not for: knowing what the bytes mean, or which uploads exist (the journal does).

mod file;
mod staged;
mod tail;

pub use file::{Follower, Growth, Source, Writer};
pub use tail::End;

use crate::domain::UploadId;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the names of files end that hold bytes put aside.
const STAGED: &str = "staged";

/// The folder of spool files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Spool {
    dir: Arc<Path>,
    free_bytes_min: u64,
}

impl Spool {
    /// Opens the folder, making it where it is missing. Appends leave at least `free_bytes_min` bytes free on its disk.
    ///
    /// # Errors
    /// Any I/O error of making the folder.
    pub fn open(dir: &Path, free_bytes_min: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == STAGED) {
                // The process that put it aside is gone, and so is whoever could have verified it.
                fs::remove_file(path)?;
            }
        }
        Ok(Self { dir: dir.into(), free_bytes_min })
    }

    /// The folder as it is, to be looked at: nothing is made, and nothing taken away.
    pub fn look(dir: &Path) -> Self {
        Self { dir: dir.into(), free_bytes_min: 0 }
    }

    /// Which file an upload has, by a number that uploads have in common that share one, and its bytes; none if it has none.
    ///
    /// # Errors
    /// Any I/O error but `NotFound`.
    pub fn identity(&self, id: UploadId) -> io::Result<Option<(u64, u64)>> {
        match fs::metadata(self.path(id)) {
            Ok(found) => Ok(Some((found.ino(), found.len()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where an upload's file is, for whoever copies it.
    pub fn file_name(&self, id: UploadId) -> PathBuf {
        self.path(id)
    }

    /// Whether `bytes` more would leave as much free on the disk as is to stay free.
    ///
    /// # Errors
    /// Any I/O error of asking.
    pub fn has_room(&self, bytes: u64) -> io::Result<bool> {
        let disk = rustix::fs::statvfs(&*self.dir)?;
        Ok((disk.f_bavail * disk.f_frsize).saturating_sub(self.free_bytes_min) >= bytes)
    }

    /// Begins a file for a new upload: the two ends of it.
    ///
    /// # Errors
    /// Any I/O error; `AlreadyExists` if the upload has a file.
    pub fn create(&self, id: UploadId) -> io::Result<(Writer, Follower)> {
        let file = File::options().read(true).append(true).create_new(true).open(self.path(id))?;
        file.lock()?;
        self.pair(file, id)
    }

    /// Opens an upload's file to go on behind what it holds: the two ends of it. Waits until both ends that it had before
    /// are gone: what an earlier writer was still to append comes first.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` if the upload has no file.
    pub fn append_to(&self, id: UploadId) -> io::Result<(Writer, Follower)> {
        let file = File::options().read(true).append(true).open(self.path(id))?;
        file.lock()?;
        self.pair(file, id)
    }

    fn pair(&self, file: File, id: UploadId) -> io::Result<(Writer, Follower)> {
        file::pair(file, self.path(id).with_extension(STAGED), Arc::clone(&self.dir), self.free_bytes_min)
    }

    /// Gives an upload's file a second name, for another upload that reads the same bytes. What has its name already keeps
    /// it. The file system counts the names: the bytes go with the last one.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` if the first upload has no file.
    pub fn share(&self, from: UploadId, to: UploadId) -> io::Result<()> {
        match fs::hard_link(self.path(from), self.path(to)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// The reading end of a file that gets no more bytes, of which the first `bytes` are the whole: what it shares them with
    /// may be gone on with.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` if the upload has no file, `UnexpectedEof` if it has fewer bytes.
    pub fn whole(&self, id: UploadId, bytes: u64) -> io::Result<Follower> {
        let file = File::open(self.path(id))?;
        if file.metadata()?.len() < bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Follower::of_whole(file, bytes, Arc::clone(&self.dir)))
    }

    /// Bytes that all files take, each counted once however many uploads share it.
    ///
    /// # Errors
    /// Any I/O error of listing the folder.
    pub fn kept_bytes(&self) -> io::Result<u64> {
        let mut files = std::collections::HashMap::new();
        for id in self.uploads()? {
            match fs::metadata(self.path(id)) {
                Ok(found) => drop(files.insert(found.ino(), found.len())),
                // It went meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files.values().sum())
    }

    /// Bytes free on its disk, for whoever runs this.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&*self.dir)?;
        Ok(disk.f_bavail * disk.f_frsize)
    }

    /// Bytes that become free when the upload's file is removed: none where another upload shares it.
    ///
    /// # Errors
    /// Any I/O error but `NotFound`.
    pub fn freed_bytes(&self, id: UploadId) -> io::Result<u64> {
        match fs::metadata(self.path(id)) {
            Ok(found) => Ok(if found.nlink() > 1 { 0 } else { found.len() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Opens an upload's file to read ranges of it.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` if the upload has no file.
    pub fn source(&self, id: UploadId) -> io::Result<Source> {
        Ok(Source::new(File::open(self.path(id))?))
    }

    /// Bytes kept for an upload; none if it has no file.
    ///
    /// # Errors
    /// Any I/O error but `NotFound`.
    pub fn bytes(&self, id: UploadId) -> io::Result<Option<u64>> {
        match fs::metadata(self.path(id)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until an upload's file is on disk as it is now, its name too, whoever wrote it.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` if the upload has no file.
    pub fn sync(&self, id: UploadId) -> io::Result<()> {
        file::sync(&File::open(self.path(id))?, &self.dir)
    }

    /// Removes an upload's file, if there is one.
    ///
    /// # Errors
    /// Any I/O error but `NotFound`.
    pub fn remove(&self, id: UploadId) -> io::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Every upload that has a file, in no order. Files with other names are none of ours and are passed over.
    ///
    /// # Errors
    /// Any I/O error of listing the folder.
    pub fn uploads(&self) -> io::Result<Vec<UploadId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let id = path.extension().filter(|ext| *ext == "csv").and(path.file_stem()).and_then(|stem| stem.to_str());
            ids.extend(id.and_then(|id| id.parse().ok()).map(UploadId));
        }
        Ok(ids)
    }

    fn path(&self, id: UploadId) -> PathBuf {
        self.dir.join(format!("{id}.csv"))
    }
}
