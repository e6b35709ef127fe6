//! How the server does, in numbers.

use super::WatchersDocument;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

/// The server in numbers, now and since it started; the data of a `status` event too.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Stats", example)]
pub struct StatsDocument {
    /// The program's version.
    pub version: String,
    /// The commit that it was built from.
    pub commit: String,
    /// When it started.
    pub started: String,
    /// Milliseconds since then.
    pub uptime_ms: u64,
    /// Whether new work is taken, as `/readyz` says.
    pub ready: bool,
    /// Connections and requests.
    pub traffic: TrafficStats,
    /// Uploads.
    pub uploads: UploadStats,
    /// Who watches.
    pub watchers: WatcherStats,
    /// The data folder.
    pub storage: StorageStats,
    /// The process.
    pub process: ProcessStats,
}

/// Connections and requests.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct TrafficStats {
    /// Connections that are open.
    pub connections: u64,
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Connections refused since the start, beyond the cap.
    pub refused: u64,
    /// Requests answered since the start.
    pub requests: u64,
    /// Of these, how many with a 4xx.
    pub client_errors: u64,
    /// Of these, how many with a 5xx.
    pub server_errors: u64,
    /// Bytes of requests' bodies, of requests that are over.
    pub received_bytes: u64,
    /// Bytes of answers' bodies, of requests that are over.
    pub sent_bytes: u64,
}

/// Uploads: how many run, and what became of those since the start.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct UploadStats {
    /// Uploads that run now.
    pub running: u64,
    /// Begun since the start.
    pub begun: u64,
    /// Ended as `done`.
    pub done: u64,
    /// Ended as `failed`.
    pub failed: u64,
    /// Ended as `cancelled`.
    pub cancelled: u64,
    /// Ended as `interrupted`; one that goes on can end again.
    pub interrupted: u64,
    /// Let go because they were too old, or all of them too many bytes.
    pub expired: u64,
    /// Rows announced since the start.
    pub rows: u64,
    /// Problems found since the start.
    pub problems: u64,
    /// Bytes of files that arrived since the start.
    pub received_bytes: u64,
    /// Bytes of files that announced rows were read from.
    pub read_bytes: u64,
}

/// Who watches.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct WatcherStats {
    /// Watchers that are attached now.
    pub attached: u64,
    /// How many events the one furthest behind was not handed yet.
    pub lag_worst: u64,
    /// Encoded bytes that wait for watchers.
    pub queue_bytes: u64,
    /// Watchers attached since the start.
    pub attached_total: u64,
    /// Times that a watcher had no room left and was left to read on from the journal.
    pub evictions: u64,
    /// Times that a watcher began to read from the journal.
    pub replays: u64,
}

/// The data folder. What could not be found out is null.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct StorageStats {
    /// Bytes of files that are kept.
    #[oai(nullable)]
    pub spool_bytes: Option<u64>,
    /// Bytes free on its disk.
    #[oai(nullable)]
    pub disk_free_bytes: Option<u64>,
    /// Bytes of the journal and its write-ahead log.
    #[oai(nullable)]
    pub journal_bytes: Option<u64>,
    /// Encoded bytes that wait for their commit.
    pub journal_queue_bytes: u64,
    /// Entries committed since the start.
    pub journal_entries: u64,
    /// Commits that failed since the start.
    pub journal_failures: u64,
}

/// The process. What the system does not tell is null.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct ProcessStats {
    /// Processor time used, in milliseconds.
    pub cpu_ms: u64,
    /// Memory in use.
    #[oai(nullable)]
    pub memory_bytes: Option<u64>,
    /// File descriptors in use.
    #[oai(nullable)]
    pub descriptors: Option<u64>,
    /// Threads.
    #[oai(nullable)]
    pub threads: Option<u64>,
}

/// Everybody who watches.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Connections", example)]
pub struct ConnectionsDocument {
    /// Connections that are open, of whatever kind.
    pub connections: u64,
    /// Watchers of all clients. Over HTTP/2 several can share a connection.
    pub watchers: u64,
    /// Them by client, in the order of the names.
    pub clients: Vec<WatchersDocument>,
    /// Whether these are all; else there are more than fit in one answer.
    pub complete: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "HealthStatus", rename_all = "lowercase")]
pub enum HealthStatus {
    /// Well.
    Pass,
    /// It works, but somebody should look.
    Warn,
    /// It takes no new work.
    Fail,
}

/// One part of the server.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "HealthCheck", example)]
pub struct CheckDocument {
    /// How it is.
    pub status: HealthStatus,
    /// What is wrong, where something is.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// The server's health, part by part (after draft-inadarei-api-health-check).
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "SystemHealth", example)]
pub struct SystemHealthDocument {
    /// The worst of them.
    pub status: HealthStatus,
    /// Each part.
    pub checks: ChecksDocument,
}

/// The parts that are looked at.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "HealthChecks", example)]
pub struct ChecksDocument {
    /// Whether the server goes on, or was told to stop.
    pub running: CheckDocument,
    /// Whether the journal could be written when that was tried last.
    pub journal: CheckDocument,
    /// Whether there is room for files.
    pub disk: CheckDocument,
    /// Whether a further upload can begin.
    pub uploads: CheckDocument,
}

impl CheckDocument {
    /// Well, unless there is something to say.
    pub fn new(trouble: Option<(HealthStatus, &str)>) -> Self {
        let (status, output) = trouble.map_or((HealthStatus::Pass, None), |(status, what)| (status, Some(what.into())));
        Self { status, output }
    }
}

impl SystemHealthDocument {
    /// As well as the worst of its parts.
    pub fn new(checks: ChecksDocument) -> Self {
        let ChecksDocument { running, journal, disk, uploads } = &checks;
        let status = [running, journal, disk, uploads].map(|check| check.status).into_iter().max();
        Self { status: status.unwrap_or(HealthStatus::Pass), checks }
    }
}

impl Example for StatsDocument {
    fn example() -> Self {
        Self {
            version: "0.1.0".into(),
            commit: "0a1b2c3d".into(),
            started: "2026-01-01T00:00:00.000Z".into(),
            uptime_ms: 86_400_000,
            ready: true,
            traffic: TrafficStats::example(),
            uploads: UploadStats::example(),
            watchers: WatcherStats::example(),
            storage: StorageStats::example(),
            process: ProcessStats::example(),
        }
    }
}

impl Example for TrafficStats {
    fn example() -> Self {
        Self {
            connections: 3,
            accepted: 812,
            refused: 0,
            requests: 4711,
            client_errors: 12,
            server_errors: 0,
            received_bytes: 93_000_118,
            sent_bytes: 155_000_412,
        }
    }
}

impl Example for UploadStats {
    fn example() -> Self {
        Self {
            running: 1,
            begun: 42,
            done: 39,
            failed: 1,
            cancelled: 1,
            interrupted: 0,
            expired: 7,
            rows: 1_000_000,
            problems: 3,
            received_bytes: 93_000_118,
            read_bytes: 93_000_118,
        }
    }
}

impl Example for WatcherStats {
    fn example() -> Self {
        Self { attached: 2, lag_worst: 0, queue_bytes: 0, attached_total: 17, evictions: 0, replays: 4 }
    }
}

impl Example for StorageStats {
    fn example() -> Self {
        Self {
            spool_bytes: Some(93_000_118),
            disk_free_bytes: Some(1 << 35),
            journal_bytes: Some(1 << 20),
            journal_queue_bytes: 0,
            journal_entries: 1530,
            journal_failures: 0,
        }
    }
}

impl Example for ProcessStats {
    fn example() -> Self {
        Self { cpu_ms: 1810, memory_bytes: Some(18 << 20), descriptors: Some(17), threads: Some(6) }
    }
}

impl Example for ConnectionsDocument {
    fn example() -> Self {
        Self { connections: 3, watchers: 1, clients: vec![WatchersDocument::example()], complete: true }
    }
}

impl Example for CheckDocument {
    fn example() -> Self {
        Self::new(None)
    }
}

impl Example for ChecksDocument {
    fn example() -> Self {
        let well = CheckDocument::example;
        Self { running: well(), journal: well(), disk: well(), uploads: well() }
    }
}

impl Example for SystemHealthDocument {
    fn example() -> Self {
        Self::new(ChecksDocument::example())
    }
}
