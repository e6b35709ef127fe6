//! A disk that is soon full.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A small file system of its own.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// None where nobody may mount one.
    pub fn mount(mebibytes: u64) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"]).arg(folder.path());
        let mounted = mount.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("no file system can be mounted here, so no full one is tried");
        }
        mounted.then_some(Self { folder })
    }

    /// A folder on it.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let mut ballast = fs::File::create(self.folder.path().join("ballast")).expect("a file");
        for size in [64 << 10, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    pub fn empty(&self) {
        fs::remove_file(self.folder.path().join("ballast")).expect("the ballast");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
