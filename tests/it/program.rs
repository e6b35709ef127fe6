//! The real program, as its users start it.

use crate::api::Api;
use crate::patience::{PATIENCE, until_blocking};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

/// Where the program is.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rowcast");

/// A running `rowcast serve`; killed when dropped.
pub struct Program {
    child: Child,
    api: Api,
    log: Arc<Mutex<String>>,
    logging: Option<JoinHandle<()>>,
}

impl Program {
    /// Serves from this folder on a free port.
    pub fn start(dir: &Path) -> Self {
        Self::with(dir, &[])
    }

    /// The same with further flags.
    pub fn with(dir: &Path, flags: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir).args(flags);
        Self::run(command)
    }

    /// Runs whatever ends up being the program.
    pub fn run(mut command: Command) -> Self {
        clear_environment(&mut command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let logging = Some(gather(child.stderr.take().expect("its log"), Arc::clone(&log)));
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let line = lines.recv_timeout(PATIENCE);
        let place = line.as_deref().ok().and_then(|line| line.strip_prefix("listening on "));
        let address = place.and_then(|place| place.strip_prefix("http://").or_else(|| place.strip_prefix("https://")));
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.kill();
            panic!("instead of where it listens it said {line:?}; its log: {}", log.lock().expect("the log"));
        };
        Self { child, api: Api { address }, log, logging }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.exited();
    }

    /// Sends it SIGTERM.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        // The standard library sends only SIGKILL.
        let kill = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.id())).status();
        assert!(kill.expect("a shell").success());
    }

    /// Waits until it has ended by itself.
    pub fn exited(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let status = until_blocking("the program's end", || child.try_wait().expect("it can be waited for"));
        if let Some(logging) = self.logging.take() {
            logging.join().expect("its log is gathered");
        }
        assert_no_panic(&self.log());
        status
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_none()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }
}

impl Deref for Program {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            assert_no_panic(&self.log());
        }
    }
}

/// Runs the program to its end, with nothing to read.
pub fn output<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(args).stdin(Stdio::null());
    clear_environment(&mut command);
    command.output().expect("the program runs")
}

/// Settings of whoever runs the tests are none of theirs.
pub fn clear_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("ROWCAST_")) {
            command.env_remove(name);
        }
    }
}

#[track_caller]
fn assert_no_panic(log: &str) {
    assert!(!log.contains("panicked at"), "the program panicked:\n{log}");
}

fn gather(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut room = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut room) {
            into.lock().expect("the log").push_str(&String::from_utf8_lossy(&room[..read]));
        }
    })
}
