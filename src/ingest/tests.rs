use super::*;
use crate::domain::KindSet;
use crate::rows::Rows;
use crate::stream::{Attach, Begin};
use futures_util::StreamExt;

pub(super) struct Fixture {
    pub dir: tempfile::TempDir,
    pub journal: Journal,
    pub streams: Streams,
    pub ingest: Ingest,
    pub rows: Rows,
}

impl Fixture {
    pub fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }

    fn open(dir: tempfile::TempDir) -> Self {
        Self::open_with(dir, Limits::for_tests())
    }

    pub fn open_with(dir: tempfile::TempDir, limits: Limits) -> Self {
        let limits = Arc::new(limits);
        let journal = Journal::open(&dir.path().join("journal.db"), limits.journal_queue_bytes_max).unwrap();
        let spool = Spool::open(&dir.path().join("spool"), 0).unwrap();
        let streams = Streams::new(journal.clone(), spool.clone(), Arc::clone(&limits));
        let rows = Rows::new(journal.clone(), spool.clone(), Arc::clone(&limits));
        let ingest = Ingest::new(journal.clone(), spool, streams.clone(), limits);
        ingest.recover().unwrap();
        Self { dir, journal, streams, ingest, rows }
    }

    pub async fn restart(self) -> Self {
        self.ingest.close().await;
        self.streams.close().await;
        Self::open(self.dir)
    }

    pub async fn begin(&self) -> Intake {
        self.ingest.begin(NewUpload::whole(client(), "a.csv".into(), None)).await.unwrap()
    }

    /// Everything a watcher gets from the start until an upload ends.
    pub async fn watch(&self) -> String {
        let attach = Attach { begin: Begin::Start, kinds: KindSet::ALL, until_done: true, presence: false };
        let watcher = self.streams.attach(client(), attach).await.unwrap().unwrap();
        let bytes = watcher.collect::<Vec<_>>().await.concat();
        String::from_utf8(bytes).unwrap()
    }
}

pub(super) fn client() -> ClientName {
    ClientName::parse("a").unwrap()
}

/// The events' kinds in order, each with the number of its id.
fn told(stream: &str) -> Vec<(String, Option<u64>)> {
    let field = |block: &str, name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
    let n = |id: String| id.split_once('-').unwrap().1.parse().unwrap();
    let events = stream
        .split_terminator("\n\n")
        .filter_map(|block| Some((field(block, "event: ")?, field(block, "id: ").map(n))));
    events.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_announced_while_the_file_is_still_arriving() {
    let fixture = Fixture::new();
    let mut intake = fixture.begin().await;
    let attach = Attach { begin: Begin::Start, kinds: KindSet::ALL, until_done: false, presence: false };
    let mut watcher = fixture.streams.attach(client(), attach).await.unwrap().unwrap();
    intake.append(b"name,zip\nAna,01234\nB".as_slice()).await.unwrap();
    let mut seen = String::new();
    while !seen.contains(r#""row":1,"data":{"name":"Ana","zip":"01234"}}"#) {
        seen += std::str::from_utf8(&watcher.next().await.unwrap()).unwrap();
    }
    assert!(!seen.contains(r#""row":2"#), "a record is announced when it is whole");
    intake.append(b"ob,9\n".as_slice()).await.unwrap();
    let record = intake.finish().await.unwrap();
    assert_eq!((record.stage, record.rows, record.problems, record.percent()), (Stage::Done, 2, 0, Some(100)));
    while !seen.contains(r#""stage":"done""#) {
        seen += std::str::from_utf8(&watcher.next().await.unwrap()).unwrap();
    }
    let durable: Vec<_> = told(&seen).into_iter().filter_map(|(_, n)| n).collect();
    assert_eq!(durable, (1..=durable.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_what_was_announced() {
    let fixture = Fixture::new();
    let mut intake = fixture.begin().await;
    let mut csv = String::from("a,b\n");
    for i in 0..500 {
        csv += &format!("{i},\"x,\"\"{i}\"\n");
        if i % 50 == 7 {
            csv += "ragged\n\n";
        }
    }
    for chunk in csv.as_bytes().chunks(777) {
        intake.append(chunk.to_vec()).await.unwrap();
    }
    let record = intake.finish().await.unwrap();
    assert_eq!((record.rows, record.problems), (510, 20));
    let stream = fixture.watch().await;
    let kinds = told(&stream);
    let count = |kind: &str| kinds.iter().filter(|(found, _)| found == kind).count();
    assert_eq!((count("row"), count("problem"), count("toast"), count("stage")), (510, 20, 2, 4));
    assert_eq!(count("profile"), 1);
    let numbers: Vec<_> = kinds.iter().filter_map(|(_, n)| *n).collect();
    assert_eq!(numbers, (1..=537).collect::<Vec<_>>());
    let last: Vec<_> = kinds.iter().rev().take(3).map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(last, ["stage", "progress", "toast"], "100 % right before done");
    let again = fixture.restart().await.watch().await;
    let events = |stream: &str| stream.split_once("\n\n").unwrap().1.to_owned();
    assert!(events(&again) == events(&stream), "the same after a restart, byte for byte, but for the opening block");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_goes_away_leaves_its_rows() {
    let fixture = Fixture::new();
    let mut intake = fixture.begin().await;
    let id = intake.id();
    intake.append(b"a\n1\n2\n3".as_slice()).await.unwrap();
    drop(intake);
    let stream = fixture.watch().await;
    assert!(stream.contains(r#""row":2"#) && !stream.contains(r#""row":3"#), "{stream}");
    assert!(stream.contains(r#""stage":"interrupted""#) && stream.contains("upload-interrupted"), "{stream}");
    assert_eq!(fixture.ingest.get(id).await.unwrap().stage, Stage::Interrupted);
    let record = fixture.ingest.cancel(id).await.unwrap();
    assert_eq!(record.stage, Stage::Cancelled);
    assert!(matches!(fixture.ingest.cancel(id).await, Err(ActError::WrongStage(Stage::Cancelled))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_upload_can_be_cancelled_and_not_deleted() {
    let fixture = Fixture::new();
    let mut intake = fixture.begin().await;
    let id = intake.id();
    intake.append(b"a\n1\n".as_slice()).await.unwrap();
    assert!(matches!(fixture.ingest.delete(id).await, Err(ActError::WrongStage(_))));
    assert_eq!(fixture.ingest.cancel(id).await.unwrap().stage, Stage::Cancelled);
    assert_eq!(intake.append(b"2\n".as_slice()).await.unwrap_err().code, FailureCode::Cancelled);
    drop(intake);
    fixture.ingest.delete(id).await.unwrap();
    assert!(matches!(fixture.ingest.get(id).await, Err(ActError::NotFound(_))));
    assert!(matches!(fixture.ingest.delete(id).await, Err(ActError::NotFound(_))));
    let attach = Attach { begin: Begin::Start, kinds: KindSet::ALL, until_done: false, presence: false };
    let mut watcher = fixture.streams.attach(client(), attach).await.unwrap().unwrap();
    let mut seen = String::new();
    while !seen.contains("event: gap") {
        seen += std::str::from_utf8(&watcher.next().await.unwrap()).unwrap();
    }
    assert!(seen.contains(r#""reason":"deleted""#), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_fail_an_upload_with_a_clear_answer() {
    let fixture = Fixture::new();
    let limits = Limits::for_tests();
    let mut intake = fixture.begin().await;
    let long = vec![b'x'; limits.header_record_bytes_max as usize + 1];
    intake.append(long).await.unwrap();
    let failure = intake.finish().await.unwrap_err();
    assert_eq!(failure.code, FailureCode::HeaderTooLong);

    let mut intake = fixture.begin().await;
    let megabyte = b"1\n".repeat(1 << 19);
    let failure = loop {
        if let Err(failure) = intake.append(megabyte.clone()).await {
            break failure;
        }
    };
    assert_eq!(failure.code, FailureCode::BodyTooLarge);

    let mut held = Vec::new();
    for _ in 0..limits.uploads_max {
        held.push(fixture.begin().await);
    }
    let new = NewUpload::whole(client(), "a.csv".into(), None);
    let refused = fixture.ingest.begin(new).await.err().unwrap();
    assert_eq!(refused.code, FailureCode::TooManyUploads);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_or_too_much_expires_oldest_first() {
    let fixture = Fixture::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let mut intake = fixture.begin().await;
        intake.append(b"a\n1\n".as_slice()).await.unwrap();
        ids.push(intake.finish().await.unwrap().id);
    }
    let all = Retention { keep_ms: 1 << 40, keep_bytes: 12 };
    fixture.ingest.retain(all).await.unwrap();
    assert!(fixture.ingest.get(ids[0]).await.is_ok());
    fixture.ingest.retain(Retention { keep_bytes: 8, ..all }).await.unwrap();
    assert!(fixture.ingest.get(ids[0]).await.is_err() && fixture.ingest.get(ids[1]).await.is_ok());
    let stream = fixture.watch().await;
    assert!(stream.contains(r#""reason":"expired""#), "{stream}");
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    fixture.ingest.retain(Retention { keep_ms: 1, ..all }).await.unwrap();
    assert_eq!(fixture.ingest.list(None, None, 10).await.unwrap(), []);
    assert_eq!(fixture.journal.leaving().unwrap(), []);
}
