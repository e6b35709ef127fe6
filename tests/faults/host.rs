//! The real program on one folder, killed and started again; whoever talks to it follows it to its new address.

use crate::dice::Dice;
use crate::patience::{soon, until_blocking};
use crate::program::Program;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::sync::watch;

/// Where the server is; none while it is down.
pub type Place = watch::Receiver<Option<SocketAddr>>;

/// Waits until there is a server, and answers where.
pub async fn found(place: &mut Place) -> SocketAddr {
    let there = soon("a server to talk to", place.wait_for(Option::is_some)).await;
    let address = *there.expect("the host lives");
    address.expect("it is somewhere")
}

/// A server that comes and goes.
pub struct Host {
    pub dir: PathBuf,
    _temporary: Option<TempDir>,
    pub flags: Vec<String>,
    program: Option<Program>,
    place: watch::Sender<Option<SocketAddr>>,
    pub starts: u64,
}

/// Small batches, so that there are many moments between two of them.
pub const FLAGS: [&str; 8] =
    ["--batch-bytes-max", "4KiB", "--progress-ms", "5ms", "--keep-alive-ms", "200ms", "--log", "warn"];

impl Host {
    /// A server on a folder of its own.
    pub fn start(more: &[&str]) -> Self {
        let temporary = TempDir::new().expect("a temporary folder");
        let dir = temporary.path().join("data");
        let mut host = Self::on(&dir, more);
        host._temporary = Some(temporary);
        host
    }

    /// A server on that folder.
    pub fn on(dir: &Path, more: &[&str]) -> Self {
        let flags = FLAGS.iter().chain(more).map(|flag| (*flag).to_owned()).collect();
        let place = watch::Sender::new(None);
        let mut host = Self { dir: dir.into(), _temporary: None, flags, program: None, place, starts: 0 };
        host.begin();
        host
    }

    pub fn begin(&mut self) {
        assert!(self.program.is_none(), "it runs already");
        let flags: Vec<_> = self.flags.iter().map(String::as_str).collect();
        let program = Program::with(&self.dir, &flags);
        self.place.send_replace(Some(program.address));
        self.program = Some(program);
        self.starts += 1;
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.place.send_replace(None);
        self.program.take().expect("it runs").kill();
    }

    pub fn kill_and_begin(&mut self) {
        self.kill();
        self.begin();
    }

    /// Copies the folder as it is at one moment, in the midst of whatever the program does.
    pub fn copy(&mut self) -> TempDir {
        self.program().signal("STOP");
        let threads = PathBuf::from(format!("/proc/{}/task", self.program().id()));
        // The signal is sent; every thread still has to come to its end with what it is at.
        until_blocking("every thread to stop", || is_stopped(&threads).then_some(()));
        let copy = TempDir::new().expect("a temporary folder");
        copy_folder(&self.dir, copy.path());
        self.program().signal("CONT");
        copy
    }

    /// Puts a copy in the folder's place. The program must not run.
    pub fn put_back(&self, copy: &Path) {
        assert!(self.program.is_none(), "it runs");
        fs::remove_dir_all(&self.dir).expect("a folder");
        copy_folder(copy, &self.dir);
    }

    /// SIGTERM; the program, to wait for its end.
    pub fn terminate(&mut self) -> Program {
        let program = self.program.take().expect("it runs");
        program.terminate();
        program
    }

    /// Nobody is to connect to where it was.
    pub fn leave(&mut self) {
        self.place.send_replace(None);
    }

    pub fn program(&mut self) -> &mut Program {
        self.program.as_mut().expect("it runs")
    }

    pub fn place(&self) -> Place {
        self.place.subscribe()
    }

    /// The file that holds an upload's bytes.
    pub fn spooled(&self, upload: &str) -> PathBuf {
        self.dir.join("spool").join(format!("{upload}.csv"))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// What has happened so far, by which moments are chosen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Happened {
    pub events: u64,
    pub bytes: u64,
}

/// Counts what happens, and tells whoever waits for a moment.
#[derive(Debug, Clone)]
pub struct Meter(watch::Sender<Happened>);

impl Meter {
    pub fn new() -> Self {
        Self(watch::Sender::new(Happened::default()))
    }

    pub fn events(&self, count: u64) {
        self.0.send_modify(|happened| happened.events += count);
    }

    pub fn bytes(&self, count: u64) {
        self.0.send_modify(|happened| happened.bytes += count);
    }

    pub fn now(&self) -> Happened {
        *self.0.borrow()
    }

    /// Waits for a moment that nobody can foresee: after so many events, after so many bytes, or right now.
    pub async fn some_moment(&self, dice: &mut Dice, events_most: u64, bytes_most: u64) {
        let now = self.now();
        let (events, bytes) = match dice.within(0..=9) {
            0 => return,
            1 | 2 => (now.events + dice.size(events_most), u64::MAX),
            3..=6 => (now.events + dice.within(1..=events_most), u64::MAX),
            7 => (u64::MAX, now.bytes + dice.size(bytes_most)),
            _ => (u64::MAX, now.bytes + dice.within(1..=bytes_most)),
        };
        let mut seen = self.0.subscribe();
        let wait = seen.wait_for(|happened| happened.events >= events || happened.bytes >= bytes);
        drop(soon("a moment to do harm in", wait).await.expect("the meter lives"));
    }
}

/// Whether none of the threads runs.
fn is_stopped(threads: &Path) -> bool {
    let mut threads = fs::read_dir(threads).expect("threads").map(|entry| entry.expect("a thread").path());
    threads.all(|thread| {
        let state = fs::read_to_string(thread.join("stat")).expect("its state");
        // After the name, which is in parentheses.
        state.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    })
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            fs::copy(&path, to).expect("a copy");
        }
    }
}
