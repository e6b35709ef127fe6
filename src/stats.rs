//! The server in numbers for people: `/system/stats`, and the `status` events of the client `system`. The same numbers as the
//! metrics, from the same sources.

use crate::http::{ProcessStats, StatsDocument, StorageStats, TrafficStats, UploadStats, WatcherStats, rfc3339};
use crate::metrics::Sources;
use crate::process::Process;
use crate::stream::Streams;
use crate::telemetry::BUILD;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

impl Sources {
    /// All numbers. Looks at files, so it blocks; what cannot be found out now is null.
    pub fn stats(&self) -> StatsDocument {
        let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        StatsDocument {
            version: BUILD.version.into(),
            commit: BUILD.commit.into(),
            started: rfc3339(ms(self.started.duration_since(UNIX_EPOCH).unwrap_or_default())),
            uptime_ms: ms(self.started.elapsed().unwrap_or_default()),
            ready: (self.ready)(),
            traffic: self.traffic_stats(),
            uploads: self.upload_stats(),
            watchers: self.watcher_stats(),
            storage: self.storage_stats(),
            process: process_stats(),
        }
    }

    fn traffic_stats(&self) -> TrafficStats {
        let (connections, accepted, refused) = self.traffic.connections();
        let (received_bytes, sent_bytes) = self.traffic.bytes();
        let answered = self.traffic.requests();
        let of = |class| answered.iter().filter(|answered| answered.class == class).map(|it| it.requests).sum();
        TrafficStats {
            connections,
            accepted,
            refused,
            requests: answered.iter().map(|answered| answered.requests).sum(),
            client_errors: of("4xx"),
            server_errors: of("5xx"),
            received_bytes,
            sent_bytes,
        }
    }

    fn upload_stats(&self) -> UploadStats {
        let figures = self.ingest.figures();
        UploadStats {
            running: self.ingest.running(),
            begun: figures.begun.get(),
            done: figures.done.get(),
            failed: figures.failed.get(),
            cancelled: figures.cancelled.get(),
            interrupted: figures.interrupted.get(),
            expired: figures.expired.get(),
            rows: figures.rows.get(),
            problems: figures.problems.get(),
            received_bytes: figures.received_bytes.get(),
            read_bytes: figures.read_bytes.get(),
        }
    }

    fn watcher_stats(&self) -> WatcherStats {
        let figures = self.streams.figures();
        WatcherStats {
            attached: figures.watchers,
            lag_worst: figures.lag_events_worst,
            queue_bytes: figures.queue_bytes,
            attached_total: figures.attached,
            evictions: figures.evictions,
            replays: figures.replays,
        }
    }

    fn storage_stats(&self) -> StorageStats {
        let journal = self.journal.figures().ok();
        let known = journal.clone().unwrap_or_default();
        StorageStats {
            spool_bytes: self.spool.kept_bytes().ok(),
            disk_free_bytes: self.spool.free_bytes().ok(),
            journal_bytes: journal.map(|journal| journal.file_bytes),
            journal_queue_bytes: known.queue_bytes,
            journal_entries: known.entries,
            journal_failures: known.failures,
        }
    }
}

fn process_stats() -> ProcessStats {
    let Process { cpu, memory_bytes, descriptors, threads } = Process::now();
    ProcessStats { cpu_ms: u64::try_from(cpu.as_millis()).unwrap_or(u64::MAX), memory_bytes, descriptors, threads }
}

/// Tells whoever watches the client `system` how the server does, for as long as somebody does.
pub async fn tell(sources: Arc<Sources>, streams: Streams, every: Duration) {
    loop {
        streams.status_wanted().await;
        let sources = Arc::clone(&sources);
        let Ok(stats) = tokio::task::spawn_blocking(move || sources.stats()).await else { return };
        streams.tell_status(&serde_json::to_string(&stats).expect("numbers and words always serialise"));
        tokio::time::sleep(every).await;
    }
}
