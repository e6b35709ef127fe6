//! The real program, on a free port, with a folder of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    data: Option<tempfile::TempDir>,
}

impl Server {
    pub fn start() -> Self {
        Self::on(tempfile::tempdir().expect("a temporary folder"))
    }

    /// `kill -9`, and another one on the same folder.
    pub fn kill_and_start(mut self) -> Self {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        Self::on(self.data.take().expect("its folder"))
    }

    fn on(data: tempfile::TempDir) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rowcast"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data-dir"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("where it listens");
        Self { address: address.parse().expect("an address"), child, data: Some(data) }
    }

    /// The most memory it ever held.
    pub fn peak_mib(&self) -> f64 {
        self.status("VmHWM:")
    }

    /// The memory it holds.
    pub fn resident_mib(&self) -> f64 {
        self.status("VmRSS:")
    }

    fn status(&self, name: &str) -> f64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the kernel tells of its processes");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("memory is told");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
