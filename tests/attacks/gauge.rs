//! What a process holds, as the kernel counts it.

use std::fs;
use std::path::PathBuf;

/// What a process held at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub resident_kib: u64,
    pub descriptors: usize,
    /// CPU time since it began.
    pub cpu_ms: u64,
}

/// The kernel's account of one process.
#[derive(Debug, Clone, Copy)]
pub struct Gauge(pub u32);

/// The kernel's clock for CPU time, on every Linux that there is.
const TICK_MS: u64 = 10;

impl Gauge {
    pub fn read(self) -> Reading {
        let stat = self.file("stat");
        // After the name, which is in parentheses: the 12th and 13th are the ticks in user and in kernel mode.
        let fields = stat.rsplit(") ").next().expect("fields").split(' ');
        let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum();
        Reading { resident_kib: self.kib("VmRSS:"), descriptors: self.descriptors().len(), cpu_ms: ticks * TICK_MS }
    }

    /// What the open ones stand for.
    pub fn descriptors(self) -> Vec<PathBuf> {
        let open = fs::read_dir(format!("/proc/{}/fd", self.0)).expect("it runs");
        // One that was closed meanwhile stands for nothing.
        open.filter_map(|open| fs::read_link(open.ok()?.path()).ok()).collect()
    }

    /// Forgets the peak so far.
    pub fn reset_peak(self) {
        fs::write(format!("/proc/{}/clear_refs", self.0), "5").expect("one's own child");
    }

    /// The most memory since then.
    pub fn peak_kib(self) -> u64 {
        self.kib("VmHWM:")
    }

    fn kib(self, name: &str) -> u64 {
        let status = self.file("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn file(self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.0)).expect("it runs")
    }
}
