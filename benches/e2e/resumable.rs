//! What resumable uploads cost, and what a restart does.

use super::csv::File;
use super::http::{Upload, upload};
use super::peer::Peer;
use super::server::Server;
use super::tus::{Sender, length};
use super::watcher::Watcher;
use super::{Line, Options, ms, per_second};
use std::time::Instant;

const METADATA: &str = "client YmVuY2g=,filename YmVuY2guY3N2";

/// The same file by tus and as a form, each with a watcher.
pub fn tus(options: &Options, file: &File) -> Vec<Line> {
    let rate = |send: &dyn Fn(&Server)| {
        let server = Server::start();
        let watcher = Watcher::attach(server.address, "bench", "").run_until_rows(options.rows);
        let begun = Instant::now();
        send(&server);
        let seen = watcher.join().expect("the watcher ends");
        assert_eq!(seen.rows, options.rows);
        per_second(options.rows, seen.last - begun)
    };
    let form = rate(&|server| {
        upload(server.address, "bench", Upload { file, rows: options.rows });
    });
    let pieces = rate(&|server| {
        Sender::begin(server.address, METADATA, file, options.rows).send_rest();
    });
    vec![
        Line::one("tus: rows in 8 MiB pieces, seen by a watcher", "rows/s", "", pieces),
        Line::one("tus: the same as a form", "rows/s", "", form),
        Line::one("tus: pieces against form", "%", "85", pieces / form * 100.0),
    ]
}

/// Upload alone, against the server that the makers of tus give for Node, with its store of files.
pub fn peer(options: &Options, file: &File) -> Vec<Line> {
    let Some(peer) = Peer::start() else { return Vec::new() };
    let megabytes = length(file, options.rows) as f64 / 1e6;
    let rate = |address| {
        let begun = Instant::now();
        let taken = Sender::begin(address, METADATA, file, options.rows).send_rest();
        megabytes / (taken - begun).as_secs_f64()
    };
    let theirs = rate(peer.address);
    let server = Server::start();
    let ours = rate(server.address);
    vec![
        Line::one("peer: upload alone, every row read and kept", "MB/s", "", ours),
        Line::one("peer: @tus/server with its file store, nothing read", "MB/s", "", theirs),
        Line::one("peer: rowcast against it", "times", "2", ours / theirs),
    ]
}

/// A server that is killed in the middle of ten times the rows.
pub fn restart(options: &Options, file: &File) -> Vec<Line> {
    let rows = options.rows * 10;
    let server = Server::start();
    let mut sender = Sender::begin(server.address, METADATA, file, rows);
    let whole = length(file, rows);
    while sender.offset < whole / 2 {
        sender.send_piece();
    }
    let (path, offset) = (std::mem::take(&mut sender.path), sender.offset);
    drop(sender);
    let begun = Instant::now();
    let server = server.kill_and_start();
    let ready = begun.elapsed();
    let watcher = Watcher::attach(server.address, "bench", "");
    let mut sender = Sender::to(server.address, file, path, whole, 0);
    sender.look();
    assert_eq!(sender.offset, offset, "what was answered is there");
    let watching = watcher.run_until_rows(1);
    sender.send_piece();
    let seen = watching.join().expect("the watcher ends");
    vec![
        Line::one("restart: listening again, in the middle of an upload", "ms", "1000", ms(ready)),
        Line::one("restart: its next row seen", "ms", "2000", ms(seen.first - begun)),
    ]
}

/// How soon a watcher that comes back has its first event, wherever that stands in a long journal.
pub fn attach(options: &Options, file: &File) -> Vec<Line> {
    const ATTACHES: u64 = 500;
    let rows = options.rows * 10;
    let server = Server::start();
    upload(server.address, "attach", Upload { file, rows });
    let opening = Watcher::attach(server.address, "attach", "?from=start").epoch;
    let mut took: Vec<f64> = (1..=ATTACHES)
        .map(|i| {
            // Spread over the whole journal, in no order.
            let n = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (rows - 10) + 5;
            let begun = Instant::now();
            let seen =
                Watcher::attach(server.address, "attach", &format!("?last_event_id={opening}-{n}")).until_rows(1);
            ms(seen.first - begun)
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    vec![
        Line::one("attach: first event of ten times the rows, median", "ms", "", at(0.5)),
        Line::one("attach: first event of ten times the rows, p99", "ms", "20", at(0.99)),
    ]
}
