//! What may wait in memory: beyond it somebody waits, or reads on from disk; nothing is lost by it.

use crate::client::{Connection, Request};
use crate::files::people;
use crate::patience::soon;
use crate::server::Server;
use crate::watcher::{Event, Watcher, rows};
use rowcast::domain::Limits;
use std::fs::File;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_ends_at_batch_bytes_max() {
    let mut largest = Vec::new();
    for batch_bytes_max in [2 << 10, 32 << 10] {
        let server = Server::limited(|limits| limits.batch_bytes_max = batch_bytes_max).await;
        server.uploaded("me", people(2_000)).await;
        let mut watcher = server.watch_from_start("me").await;
        let longest = watcher.until_end().await.iter().map(|event| event.block.text.len()).max().expect("events");
        // A replay gives each batch as it was announced, and hyper sends each as a chunk.
        let chunk = *watcher.chunks.iter().max().expect("chunks");
        // It ends with the event that passes the limit; its progress may come on top.
        let most = usize::try_from(batch_bytes_max).expect("it fits") + 2 * longest;
        assert!(chunk <= most, "a batch of {chunk} bytes, though it ends at {batch_bytes_max}");
        largest.push(chunk);
    }
    assert!(largest[1] > 2 * largest[0], "{largest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_waits_for_the_journal_beyond_journal_queue_bytes_max() {
    let csv = people(1_500);
    let mut ledgers = Vec::new();
    for journal_queue_bytes_max in [0, 1, 3_000, 1 << 20] {
        let server = Server::limited(|limits| limits.journal_queue_bytes_max = journal_queue_bytes_max).await;
        let mut watcher = server.watch("me").await;
        let api = *server;
        let csv = csv.clone();
        let uploading = tokio::spawn(async move { api.uploaded("me", csv).await });
        let events = watcher.until_end().await;
        assert_eq!(rows(&events).len(), 1_500, "{journal_queue_bytes_max} bytes");
        assert_eq!(uploading.await.expect("an upload")["rows"], 1_500);
        ledgers.push(watcher.ledger.blocks.len());
    }
    ledgers.dedup();
    assert_eq!(ledgers.len(), 1, "as many events, whatever the bound");
}

/// Attaches a watcher that reads nothing while a large upload passes; then takes the upload's bytes away and reads. What
/// was waiting for it in memory it still gets; what it has to read from disk is lost.
async fn told_from_memory(change: impl FnOnce(&mut Limits)) -> Vec<Event> {
    let server = Server::limited(|limits| {
        limits.watcher_stall_ms_max = 600_000;
        limits.watcher_queue_bytes_max = 64 << 20;
        limits.watcher_queues_bytes_max = 64 << 20;
        limits.watcher_queue_batches_max = 100_000;
        change(limits);
    })
    .await;
    let connection = Connection::open_narrow(server.address).await;
    let mut stalled = Watcher::attach_over(connection, &Request::get("/sse/me")).await.expect("a watcher");
    let upload = soon("the upload", server.uploaded("me", people(ROWS))).await;
    let file = server.spooled(upload["id"].as_str().expect("an id"));
    File::options().write(true).open(file).expect("its bytes").set_len(0).expect("no bytes");
    stalled.until_end().await
}

/// Far more than the kernel holds of a stream.
const ROWS: u64 = 12_000;

#[track_caller]
fn assert_read_from_disk(events: &[Event]) {
    let gap = events.iter().find(|event| event.is("gap")).expect("something was to be read from disk");
    assert_eq!(gap.data["reason"], "lost");
    let rows = rows(events).len() as u64;
    assert!((1..ROWS / 2).contains(&rows), "{rows} rows waited in memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_within_all_its_limits_is_told_from_memory() {
    let events = told_from_memory(|_| {}).await;
    assert_eq!(rows(&events).len() as u64, ROWS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_beyond_watcher_queue_bytes_max_reads_on_from_disk() {
    assert_read_from_disk(&told_from_memory(|limits| limits.watcher_queue_bytes_max = 16 << 10).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_beyond_watcher_queue_batches_max_reads_on_from_disk() {
    assert_read_from_disk(&told_from_memory(|limits| limits.watcher_queue_batches_max = 8).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_that_together_are_beyond_watcher_queues_bytes_max_read_on_from_disk() {
    assert_read_from_disk(&told_from_memory(|limits| limits.watcher_queues_bytes_max = 16 << 10).await);
}
