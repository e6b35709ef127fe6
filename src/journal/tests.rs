use super::*;
use crate::domain::{Kind, Stage, UploadId, UploadRecord};
use std::sync::mpsc;

struct Fixture {
    dir: tempfile::TempDir,
    journal: Journal,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(&dir.path().join("journal.db"), 1 << 20).unwrap();
        Self { dir, journal }
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("journal.db")
    }

    /// Appends a batch of `count` toasts for `upload`, leased as the stream does it, and waits for the commit.
    fn append(&self, client: &Arc<ClientLog>, upload: UploadId, count: u64) -> Result<u64, JournalError> {
        let tail = client.tail();
        let first_n = tail.committed.n + 1;
        self.append_as(client, tail.generation, toasts(upload, first_n, count)).recv().unwrap()?;
        Ok(first_n)
    }

    fn append_as(
        &self,
        client: &Arc<ClientLog>,
        generation: u64,
        entry: Entry,
    ) -> mpsc::Receiver<Result<(), JournalError>> {
        let (done, answer) = mpsc::channel();
        let upload = Some(row(client.name(), entry.upload, Stage::Reading));
        self.journal.append(Append {
            key: None,
            client: Arc::clone(client),
            generation,
            entry,
            upload,
            durable: false,
            queue_bytes: 100,
            done: Box::new(move |result| done.send(result).unwrap()),
        });
        answer
    }
}

fn toasts(upload: UploadId, first_n: u64, count: u64) -> Entry {
    let part = |n| Part::Literal { kind: Kind::Toast, json: format!("{{\"n\":{n}}}") };
    Entry {
        first_n,
        last_n: first_n + count - 1,
        upload,
        first_row: 1,
        first_problem: 0,
        checkpoint: Checkpoint { row: 1, line: 1, ..Checkpoint::default() },
        parts: (first_n..first_n + count).map(part).collect(),
    }
}

fn row(client: &ClientName, id: UploadId, stage: Stage) -> UploadRecord {
    UploadRecord {
        stage,
        received_bytes: 1,
        read_bytes: 1,
        problems_by_code: [(crate::domain::ProblemCode::MissingCell, 2)].into(),
        updated_ms: 2,
        ..UploadRecord::new(id, client.clone(), "a.csv", 1)
    }
}

fn name(text: &str) -> ClientName {
    ClientName::parse(text).unwrap()
}

/// What stands in the journal, shortly: `e1-3` for an entry of numbers 1 to 3, `deleted4-5` for a gap.
fn told(stored: &[Stored]) -> Vec<String> {
    let tell = |stored: &Stored| match stored {
        Stored::Entry(found) => format!("e{}-{}", found.entry.first_n, found.entry.last_n),
        Stored::Gap { first, last, reason } => format!("{}{}-{}", reason.as_str(), first.n, last.n),
    };
    stored.iter().map(tell).collect()
}

#[test]
fn a_declared_length_stays_whatever_was_underway() {
    let fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    let upload = UploadId::now();
    fixture.append(&client, upload, 1).unwrap();
    fixture.journal.declare_length(upload, 7).unwrap();
    // A batch that was made before, with the upload as it was then.
    fixture.append(&client, upload, 1).unwrap();
    assert_eq!(fixture.journal.upload(upload).unwrap().unwrap().length_bytes, Some(7));
}

#[test]
fn entries_come_back_in_order_and_numbers_go_on_after_a_restart() {
    let mut fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    let upload = UploadId::now();
    assert_eq!(fixture.append(&client, upload, 3).unwrap(), 1);
    assert_eq!(fixture.append(&client, upload, 2).unwrap(), 4);
    assert_eq!(told(&fixture.journal.after(&client, 0, 5, 10).unwrap()), ["e1-3", "e4-5"]);
    assert_eq!(told(&fixture.journal.after(&client, 2, 5, 1).unwrap()), ["e1-3"], "an entry is not cut");
    assert_eq!(told(&fixture.journal.after(&client, 3, 5, 10).unwrap()), ["e4-5"]);
    let Stored::Entry(found) = fixture.journal.after(&client, 3, 5, 10).unwrap().remove(0) else { panic!("an entry") };
    assert_eq!(found.entry, toasts(upload, 4, 2));

    let epoch = fixture.journal.epoch();
    drop(client);
    fixture.journal = Journal::open(&fixture.path(), 1 << 20).unwrap();
    let client = fixture.journal.client(&name("a")).unwrap();
    assert_eq!(client.tail().committed, EventId { epoch, n: 5 });
    assert_eq!(fixture.append(&client, upload, 1).unwrap(), 6);
    assert_eq!(fixture.journal.last_entry(upload).unwrap().unwrap().last_n, 6);
}

#[test]
fn a_failed_commit_fails_everything_queued_behind_it() {
    let fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    let upload = UploadId::now();
    fixture.append(&client, upload, 2).unwrap();
    let before = client.tail();
    // A number that is taken already breaks the table's key: the one failure a test can cause at will.
    let failing = fixture.append_as(&client, before.generation, toasts(upload, 2, 1));
    assert!(matches!(failing.recv().unwrap(), Err(JournalError::Sqlite(_))));
    let behind = fixture.append_as(&client, before.generation, toasts(upload, 3, 1));
    assert!(matches!(behind.recv().unwrap(), Err(JournalError::Behind)));
    assert_eq!(client.tail().committed, before.committed);
    assert_eq!(fixture.append(&client, upload, 1).unwrap(), 3, "the counter went back to the last committed number");
}

#[test]
fn deleted_events_leave_one_gap_that_says_why() {
    let fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    let (keep, go, later) = (UploadId::now(), UploadId::now(), UploadId::now());
    for upload in [keep, go, go, keep, go, later] {
        fixture.append(&client, upload, 2).unwrap();
    }
    let leaving = fixture.journal.leave(go, GapReason::Deleted).unwrap().unwrap();
    let gone = ["e1-2", "deleted3-6", "e7-8", "deleted9-10", "e11-12"];
    assert_eq!(told(&fixture.journal.after(&client, 0, 12, 10).unwrap()), gone, "from the first commit on");
    assert_eq!(fixture.journal.upload(go).unwrap(), None);
    assert_eq!(fixture.journal.leaving().unwrap(), [leaving]);

    fixture.journal.sweep(leaving).unwrap();
    assert_eq!(fixture.journal.leaving().unwrap(), []);
    let swept = ["e1-2", "deleted3-6", "e7-8", "deleted9-10", "e11-12"];
    assert_eq!(told(&fixture.journal.after(&client, 0, 12, 10).unwrap()), swept);
    assert_eq!(told(&fixture.journal.after(&client, 4, 12, 1).unwrap()), ["deleted5-6", "e7-8"], "from within a gap");

    let leaving = fixture.journal.leave(later, GapReason::Expired).unwrap().unwrap();
    fixture.journal.sweep(leaving).unwrap();
    assert_eq!(told(&fixture.journal.after(&client, 8, 12, 10).unwrap()), ["deleted9-10", "expired11-12"]);
    let leaving = fixture.journal.leave(keep, GapReason::Deleted).unwrap().unwrap();
    fixture.journal.sweep(leaving).unwrap();
    assert_eq!(told(&fixture.journal.after(&client, 0, 12, 10).unwrap()), ["deleted1-10", "expired11-12"], "joined");
    assert_eq!(fixture.journal.leave(keep, GapReason::Deleted).unwrap(), None);
    assert_eq!(fixture.append(&client, keep, 1).unwrap(), 13, "numbers never start again");
}

#[test]
fn a_place_is_known_only_under_the_epoch_it_was_announced_in() {
    let fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    let current = fixture.journal.epoch();
    let place = |epoch, n| fixture.journal.place(&client, EventId { epoch, n }).unwrap();
    assert_eq!(place(current, 0), Place::Known);
    assert_eq!(place(current, 1), Place::Ahead);
    assert_eq!(place(Epoch::random(), 0), Place::UnknownEpoch);
    let upload = UploadId::now();
    fixture.append(&client, upload, 4).unwrap();
    assert_eq!((place(current, 2), place(current, 4), place(current, 5)), (Place::Known, Place::Known, Place::Ahead));
    let leaving = fixture.journal.leave(upload, GapReason::Expired).unwrap().unwrap();
    fixture.journal.sweep(leaving).unwrap();
    assert_eq!(place(current, 2), Place::Known, "what is no longer kept was announced all the same");
}

#[test]
fn a_new_epoch_knows_which_numbers_of_the_old_one_it_kept() {
    let fixture = Fixture::new();
    let old = fixture.journal.epoch();
    let client = fixture.journal.client(&name("a")).unwrap();
    fixture.append(&client, UploadId::now(), 3).unwrap();
    fixture.journal.close().unwrap();

    let restored = fixture.dir.path().join("restored.db");
    std::fs::copy(fixture.path(), &restored).unwrap();
    let journal = Journal::open(&restored, 1 << 20).unwrap();
    let fixture = Fixture { journal, ..fixture };
    let client = fixture.journal.client(&name("a")).unwrap();
    assert_ne!(fixture.journal.epoch(), old);
    fixture.append(&client, UploadId::now(), 3).unwrap();
    let place = |epoch, n| fixture.journal.place(&client, EventId { epoch, n }).unwrap();
    assert_eq!(place(old, 3), Place::Known);
    assert_eq!(place(old, 4), Place::Lost, "announced by the lost future of the old epoch");
    assert_eq!(place(old, 9), Place::Lost);
    assert_eq!(place(fixture.journal.epoch(), 4), Place::Known);
    assert_eq!(place(fixture.journal.epoch(), 2), Place::Lost);
}

#[test]
fn uploads_are_listed_newest_first_and_read_back_whole() {
    let fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    let other = fixture.journal.client(&name("b")).unwrap();
    let ids: Vec<_> = (0..5).map(|_| UploadId::now()).collect();
    for id in &ids[..4] {
        fixture.append(&client, *id, 1).unwrap();
    }
    fixture.append(&other, ids[4], 1).unwrap();
    let listed = |client: Option<&str>, before, limit| -> Vec<_> {
        let rows = fixture.journal.uploads(client.map(name).as_ref(), before, limit).unwrap();
        rows.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(listed(Some("a"), None, 2), [ids[3], ids[2]]);
    assert_eq!(listed(Some("a"), Some(ids[2]), 9), [ids[1], ids[0]]);
    assert_eq!(listed(None, None, 1), [ids[4]]);
    assert_eq!(listed(Some("nobody"), None, 9), []);
    assert_eq!(fixture.journal.upload(ids[0]).unwrap(), Some(row(&name("a"), ids[0], Stage::Reading)));
    assert_eq!(fixture.journal.unfinished().unwrap().len(), 5);
    assert_eq!(fixture.journal.resting().unwrap(), []);
}

#[test]
fn problems_and_rows_are_found_by_number() {
    let fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    let upload = UploadId::now();
    let span = |first_row, rows| Part::Span(Span { offset: first_row * 10, bytes: rows * 10, first_row, rows, crc: 0 });
    let problem = |text: &str| Part::Literal { kind: Kind::Problem, json: text.into() };
    let batches = [
        (1, 0, vec![span(1, 10)]),
        (11, 0, vec![span(11, 3), problem("p0"), problem("p1")]),
        (14, 2, vec![span(14, 1)]),
        (15, 2, vec![problem("p2"), span(15, 2)]),
    ];
    let mut first_n = 1;
    for (first_row, first_problem, parts) in batches {
        let mut entry = Entry { first_row, first_problem, parts, ..toasts(upload, first_n, 1) };
        entry.last_n = first_n + entry.rows() + entry.problems() - 1;
        first_n = entry.last_n + 1;
        fixture.append_as(&client, 0, entry).recv().unwrap().unwrap();
    }
    let first_rows = |entries: Vec<Entry>| -> Vec<u64> { entries.iter().map(|entry| entry.first_row).collect() };
    let from_row = |row| first_rows(fixture.journal.entries_from_row(upload, row, 10).unwrap());
    assert_eq!((from_row(1), from_row(13), from_row(15)), (vec![1, 11, 14, 15], vec![11, 14, 15], vec![15]));
    let from_problem = |problem| first_rows(fixture.journal.entries_from_problem(upload, problem, 10).unwrap());
    assert_eq!((from_problem(0), from_problem(1), from_problem(2)), (vec![11, 15], vec![11, 15], vec![15]));
}

#[test]
fn a_closed_journal_takes_nothing_more() {
    let fixture = Fixture::new();
    let client = fixture.journal.client(&name("a")).unwrap();
    fixture.journal.close().unwrap();
    assert!(matches!(fixture.append(&client, UploadId::now(), 1), Err(JournalError::Closed)));
    assert!(matches!(fixture.journal.leave(UploadId::now(), GapReason::Deleted), Err(JournalError::Closed)));
}

#[test]
fn what_was_published_long_ago_becomes_a_gap_and_frees_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(&dir.path().join("journal.db"), 1 << 20).unwrap();
    let name = ClientName::parse("me").unwrap();
    let log = journal.client(&name).unwrap();
    for n in 1..=5 {
        let json = n.to_string();
        let entry = Entry {
            first_n: n,
            last_n: n,
            upload: UploadId::NONE,
            first_row: n * 100,
            first_problem: 0,
            checkpoint: Checkpoint::default(),
            parts: vec![Part::Published { name: crate::domain::EventName::parse("a").unwrap(), json: json.clone() }],
        };
        let (done, answer) = std::sync::mpsc::channel();
        journal.append(Append {
            client: Arc::clone(&log),
            generation: 0,
            entry,
            upload: None,
            key: Some(PublishedKey { key: json, digest: [7; 32] }),
            durable: true,
            queue_bytes: 9,
            done: Box::new(move |result| done.send(result).unwrap()),
        });
        answer.recv().unwrap().unwrap();
    }
    let id = |n| EventId { epoch: journal.epoch(), n };
    assert_eq!(journal.published_under(&name, "2").unwrap(), Some((id(2), [7; 32])));
    assert_eq!(journal.expire_published(100).unwrap(), 0, "up to that moment, and not with it");
    assert_eq!(journal.expire_published(400).unwrap(), 3);
    assert_eq!(journal.published_under(&name, "2").unwrap(), None);
    assert_eq!(journal.published_under(&name, "4").unwrap(), Some((id(4), [7; 32])));
    let stored = journal.after(&log, 0, 5, 9).unwrap();
    assert_eq!(stored[0], Stored::Gap { first: id(1), last: id(3), reason: GapReason::Expired });
    assert_eq!(stored.len(), 3);
    assert_eq!((journal.start(&log).unwrap(), journal.expire_published(u64::MAX >> 1).unwrap()), (id(3), 2));
}
