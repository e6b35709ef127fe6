//! What the operating system says of this process.

use std::time::Duration;

/// This process, as Linux tells of it; elsewhere only some of it.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    /// Processor time used.
    pub cpu: Duration,
    /// Bytes of memory in use.
    pub memory_bytes: Option<u64>,
    /// File descriptors in use.
    pub descriptors: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
}

impl Process {
    /// As it is now. Looks at files of the system, so it blocks for a moment.
    pub fn now() -> Self {
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let nanos = u32::try_from(cpu.tv_nsec).unwrap_or(0);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
        };
        // One of them is for this look.
        let descriptors = std::fs::read_dir("/proc/self/fd").map(|entries| entries.count().saturating_sub(1) as u64);
        Self {
            cpu: Duration::new(u64::try_from(cpu.tv_sec).unwrap_or(0), nanos),
            memory_bytes: field("VmRSS").map(|kib| kib << 10),
            descriptors: descriptors.ok(),
            threads: field("Threads"),
        }
    }
}
