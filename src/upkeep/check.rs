//! Whether a configuration and a data folder are well. Nothing is changed.

use crate::app;
use crate::config::ServeArgs;
use crate::domain::UploadId;
use crate::folder::{Folder, Use};
use crate::journal::{Inspection, JournalError};
use crate::spool::Spool;
use rustix::fs::Access;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Well,
    /// Works, and somebody should know.
    Note,
    /// A server would not start, or somebody's rows cannot be had.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub verdict: Verdict,
    /// What it is, in one sentence.
    pub what: String,
}

/// Uploads named one by one; further ones are counted.
const NAMED_MAX: usize = 20;

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, verdict: Verdict, what: impl Into<String>) {
        self.0.push(Finding { verdict, what: what.into() });
    }

    /// The same said of each of several uploads.
    fn each(&mut self, verdict: Verdict, of: &[UploadId], what: &str) {
        for id in of.iter().take(NAMED_MAX) {
            self.add(verdict, format!("upload {id}: {what}"));
        }
        if let Some(more @ 1..) = of.len().checked_sub(NAMED_MAX) {
            self.add(verdict, format!("{more} more uploads: {what}"));
        }
    }
}

/// Looks at everything that a server with these settings would stand on. Reads the whole journal.
pub fn check(args: &ServeArgs) -> Vec<Finding> {
    let mut found = Findings::default();
    match app::verify(args) {
        Ok(_) => found.add(Verdict::Well, format!("it may listen on {}", args.listen)),
        Err(error) => found.add(Verdict::Wrong, error.to_string()),
    }
    match app::certificate(args) {
        Ok(Some(_)) => found.add(Verdict::Well, "the certificate and its key can be used"),
        Ok(None) => {}
        Err(error) => found.add(Verdict::Wrong, error.to_string()),
    }
    if let Some(dir) = args.static_dir.as_ref().filter(|dir| !dir.join("index.html").is_file()) {
        found.add(Verdict::Wrong, format!("there is no page in {}", dir.display()));
    }
    let folder = Folder::new(&args.data_dir);
    if let Err(error) = look(&folder, args, &mut found) {
        found.add(Verdict::Wrong, format!("the data folder cannot be looked at: {error}"));
    }
    found.0
}

fn look(folder: &Folder, args: &ServeArgs, found: &mut Findings) -> io::Result<()> {
    let path = folder.path();
    if !path.exists() {
        // A name without a folder in front lies in the one that is worked in.
        let mut above =
            path.ancestors().skip(1).map(|above| if above == Path::new("") { Path::new(".") } else { above });
        let above = above.find(|above| above.exists()).unwrap_or(Path::new("/"));
        let (verdict, what) = match rustix::fs::access(above, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) => (Verdict::Note, format!("{} will be made by the first start", path.display())),
            Err(error) => {
                (Verdict::Wrong, format!("{} cannot be made in {}: {error}", path.display(), above.display()))
            }
        };
        found.add(verdict, what);
        return Ok(());
    }
    let wanted = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    let parts = [path.to_owned(), folder.spool(), folder.journal()];
    for part in parts.iter().filter(|part| part.exists()) {
        let wanted = if part.is_dir() { wanted } else { Access::READ_OK | Access::WRITE_OK };
        if let Err(error) = rustix::fs::access(part, wanted) {
            found.add(Verdict::Wrong, format!("{} cannot be read and written: {error}", part.display()));
        }
    }
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o007 == 0 {
        found.add(Verdict::Well, format!("{} is nobody else's", path.display()));
    } else {
        let what = format!("{} is open to every user of this machine (mode {:o})", path.display(), mode & 0o777);
        found.add(Verdict::Note, what);
    }
    room(path, args.limits.0.disk_free_bytes_min, found)?;
    let used = folder.in_use()?;
    if matches!(used, Use::Taken) {
        found.add(Verdict::Note, "a server uses it now: what arrives meanwhile is not looked at");
    }
    if !folder.journal().exists() {
        found.add(Verdict::Note, "there is no journal yet");
        return Ok(());
    }
    let is_still = !matches!(used, Use::Taken);
    if let Err(error) = contents(folder, is_still, found) {
        match error {
            JournalError::Version { found: older, expected } if older < expected => {
                found.add(
                    Verdict::Note,
                    format!("the journal has format {older}; the next start makes it format {expected}"),
                );
            }
            error => found.add(Verdict::Wrong, error.to_string()),
        }
    }
    Ok(())
}

fn room(path: &Path, free_bytes_min: u64, found: &mut Findings) -> io::Result<()> {
    let free = Spool::look(path).free_bytes()?;
    let shown = |bytes| bytesize::ByteSize(bytes).display().iec();
    let (verdict, is) = if free < free_bytes_min { (Verdict::Wrong, "less") } else { (Verdict::Well, "more") };
    let (free, least) = (shown(free), shown(free_bytes_min));
    found.add(verdict, format!("{free} are free on its disk, {is} than the {least} of disk-free-bytes-min"));
    Ok(())
}

/// The journal, and the spool against it.
fn contents(folder: &Folder, is_still: bool, found: &mut Findings) -> Result<(), JournalError> {
    let journal = Inspection::open(&folder.journal(), is_still)?;
    let damage = journal.damage()?;
    for line in &damage {
        found.add(Verdict::Wrong, format!("the journal is damaged: {line}"));
    }
    let uploads = journal.uploads()?;
    if damage.is_empty() {
        found.add(Verdict::Well, format!("the journal is whole; it lists {} uploads", uploads.len()));
    }
    let spool = Spool::look(&folder.spool());
    // Listed before they are looked for: what a server deletes meanwhile is in neither.
    let files: HashSet<_> = spool.uploads()?.into_iter().collect();
    let (mut missing, mut short) = (Vec::new(), Vec::new());
    for upload in &uploads {
        match spool.bytes(upload.id)? {
            None if upload.bytes_min > 0 && is_still => missing.push(upload.id),
            Some(bytes) if bytes < upload.bytes_min => short.push(upload.id),
            _ => {}
        }
    }
    found.each(Verdict::Wrong, &missing, "its file is missing: its rows cannot be had");
    found.each(Verdict::Wrong, &short, "its file is shorter than what was read of it");
    if missing.is_empty() && short.is_empty() {
        found.add(Verdict::Well, format!("every upload has its file; they take {} files", files.len()));
    }
    let known: HashSet<_> = uploads.iter().map(|upload| upload.id).collect();
    let leaving: HashSet<_> = journal.leaving()?.into_iter().collect();
    let orphans = files.iter().filter(|id| !known.contains(id) && !leaving.contains(id)).count();
    if orphans > 0 && is_still {
        found.add(Verdict::Note, format!("{orphans} files belong to no upload; `rowcast gc` removes them"));
    }
    if !leaving.is_empty() {
        found.add(Verdict::Note, format!("{} uploads are let go of; the next start goes on with it", leaving.len()));
    }
    Ok(())
}
