//! The server of `@tus/server` for Node, as its documentation sets it up: on a free port, with a store of files.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub struct Peer {
    child: Child,
    pub address: SocketAddr,
    _data: tempfile::TempDir,
}

impl Peer {
    /// None where it is not installed: `npm ci` in `benches/peers` does that.
    pub fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
        if !folder.join("node_modules").exists() {
            eprintln!("peer: left out; run `npm ci` in benches/peers first");
            return None;
        }
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new("node")
            .arg(folder.join("tus-server.mjs"))
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let port: u16 = line.trim().parse().expect("its port");
        Some(Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), _data: data })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
