//! Where a watcher says that it was: any id attaches, to what follows it or to a `gap` that tells why not.

use super::event_stream::all;
use futures_util::{FutureExt, StreamExt};
use rowcast::domain::{ClientName, EventId, Kind, KindSet, Limits, UploadId, UploadRecord};
use rowcast::journal::{Checkpoint, Journal};
use rowcast::spool::Spool;
use rowcast::stream::{Attach, Begin, Seal, Streams};
use std::sync::{Arc, LazyLock};

pub const WORDS: &[&str] =
    &["k3v9x0ab", "-", "1", "3", "18446744073709551616", "9223372036854775807", "\0", "\n", " ", "+", "é"];

/// Events that the client has.
const EVENTS: u64 = 3;

struct Server {
    runtime: tokio::runtime::Runtime,
    streams: Streams,
    epoch: String,
    _folder: tempfile::TempDir,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::open(&folder.path().join("journal.db"), 1 << 16).expect("a journal");
    let spool = Spool::open(folder.path(), 0).expect("a spool");
    let epoch = journal.epoch().as_str().to_owned();
    let streams = Streams::new(journal, spool, Arc::new(Limits::for_tests()));
    let publisher = streams.publisher(&client()).expect("a publisher");
    let mut draft = publisher.draft();
    (0..EVENTS).for_each(|i| draft.literal(Kind::Toast, format!("{{\"i\":{i}}}")));
    let (done, answer) = std::sync::mpsc::channel();
    let upload = UploadId::now();
    let seal = Seal {
        upload,
        first_row: 1,
        first_problem: 0,
        checkpoint: Checkpoint { row: 1, line: 1, ..Checkpoint::default() },
        record: Some(UploadRecord::new(upload, client(), "a.csv", 0)),
        durable: false,
        progress: None,
        ends: false,
        key: None,
    };
    draft.commit(seal, |_| None, || {}, move |result| done.send(result).expect("somebody waits"));
    answer.recv().expect("an answer").expect("it is journalled");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime");
    Server { runtime, streams, epoch, _folder: folder }
});

fn client() -> ClientName {
    ClientName::parse("me").expect("a name")
}

pub fn hold(data: &[u8]) {
    let server = &*SERVER;
    // Chance never meets the epoch of this start.
    let id = String::from_utf8_lossy(data).replace("k3v9x0ab", &server.epoch);
    let known = id.parse::<EventId>().ok();
    if let Some(known) = known {
        assert_eq!(known.to_string().parse(), Ok(known), "{id:?}");
    }
    let kept = known.filter(|known| known.epoch.as_str() == server.epoch && known.n <= EVENTS);
    let attach = Attach {
        begin: Begin::After { id: id.clone(), reconnect: true },
        kinds: KindSet::ALL,
        until_done: false,
        presence: false,
    };
    let told = server.runtime.block_on(async {
        let mut watcher = server.streams.attach(client(), attach).await.expect("it attaches").expect("nothing is over");
        let mut told = Vec::new();
        while all(&told).1 != format!("{}-{EVENTS}", server.epoch) {
            told.extend(watcher.next().await.expect("it goes on"));
        }
        assert!(watcher.next().now_or_never().is_none(), "something follows the newest");
        told
    });
    let (events, _, _) = all(&told);
    let toasts = events.iter().filter(|event| event.kind == "toast").count() as u64;
    let gaps: Vec<_> = events.iter().filter(|event| event.kind == "gap").collect();
    assert_eq!(toasts, kept.map_or(EVENTS, |kept| EVENTS - kept.n), "after {id:?}");
    assert_eq!(gaps.len(), usize::from(kept.is_none()), "after {id:?}");
    for gap in gaps {
        let said: serde_json::Value = serde_json::from_str(&gap.data).expect("JSON on one line");
        let from = said["from"].as_str().expect("the id as it was sent");
        assert!(id.starts_with(from) && from.chars().count() <= 64, "{from:?} of {id:?}");
    }
}
