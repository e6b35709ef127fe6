//! What must hold when a commit fails or somebody acts at the worst moment. A commit is made to fail by holding the
//! database's write lock for longer than the journal waits for it.

use super::tests::{Fixture, client};
use super::*;
use crate::encode::Formulas;
use crate::rows::{Asked, Format, ProblemFilter};
use futures_util::StreamExt;
use std::future::Future;
use std::time::Duration;

async fn until<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while !condition().await {
        assert!(tokio::time::Instant::now() < patience, "waited too long");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Fixture {
    fn hold_the_database(&self) -> rusqlite::Connection {
        let db = rusqlite::Connection::open(self.dir.path().join("journal.db")).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        db
    }

    /// An upload of which this much is announced.
    async fn announced(&self, csv: &'static [u8], rows: u64) -> Intake {
        let mut intake = self.begin().await;
        let id = intake.id();
        intake.append(csv).await.unwrap();
        until(async || self.ingest.get(id).await.unwrap().rows == rows).await;
        intake
    }
}

fn rows(stream: &str) -> Vec<u64> {
    let number = |event: &str| event.split_once("\"row\":")?.1.split(',').next()?.parse().ok();
    stream.split("event: row\n").skip(1).filter_map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_behind_a_batch_that_failed() {
    let fixture = Fixture::new();
    let mut intake = fixture.announced(b"a\n1\n", 1).await;
    let lock = fixture.hold_the_database();
    let csv: String = (2..40_000).map(|i| format!("{i}\n")).collect();
    intake.append(csv.into_bytes()).await.unwrap();
    until(async || fixture.journal.trouble().is_some()).await;
    lock.execute_batch("ROLLBACK").unwrap();
    let failure = intake.finish().await.unwrap_err();
    assert_eq!(failure.code, FailureCode::StorageFailed);
    let stream = fixture.watch().await;
    let told = rows(&stream);
    assert_eq!(told, (1..=told.len() as u64).collect::<Vec<_>>(), "no hole");
    assert!(stream.contains(&format!("\"stage\":\"failed\",\"filename\":\"a.csv\",\"rows\":{}", told.len())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_told_only_when_it_is_journalled() {
    let fixture = Fixture::new();
    let intake = fixture.announced(b"a\n1\n", 1).await;
    let id = intake.id();
    let lock = fixture.hold_the_database();
    let shared = fixture.ingest.service.job(id).unwrap();
    let finishing = tokio::spawn(intake.finish());
    until(async || shared.is_ending()).await;
    assert_eq!(fixture.ingest.get(id).await.unwrap().stage, Stage::Reading);
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(finishing.await.unwrap().unwrap().stage, Stage::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_could_not_be_journalled_is_journalled_later_as_it_was_told() {
    let fixture = Fixture::new();
    let intake = fixture.announced(b"a\n1\n2\n", 2).await;
    let id = intake.id();
    let lock = fixture.hold_the_database();
    assert_eq!(intake.finish().await.unwrap_err().code, FailureCode::StorageFailed);
    lock.execute_batch("ROLLBACK").unwrap();
    let told = fixture.ingest.get(id).await.unwrap();
    assert_eq!((told.stage, told.rows), (Stage::Failed, 2));
    assert_eq!(fixture.journal.upload(id).unwrap().unwrap().stage, Stage::Reading);
    fixture.ingest.retain(Retention { keep_ms: 1 << 40, keep_bytes: 1 << 40 }).await.unwrap();
    let kept = fixture.journal.upload(id).unwrap().unwrap();
    assert_eq!((kept.stage, kept.rows, kept.failure), (Stage::Failed, 2, told.failure));
    fixture.ingest.delete(id).await.unwrap();
    assert!(matches!(fixture.ingest.get(id).await, Err(ActError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_fails_holds_up_no_shutdown() {
    let fixture = Fixture::new();
    let lock = fixture.hold_the_database();
    let ingest = fixture.ingest.clone();
    let new = NewUpload::whole(client(), "a.csv".into(), None);
    let beginning = tokio::spawn(async move { ingest.begin(new).await.err() });
    until(async || !fixture.ingest.service.running().jobs.is_empty()).await;
    let ingest = fixture.ingest.clone();
    let closing = tokio::spawn(async move { ingest.close().await });
    until(async || fixture.ingest.service.running().closed).await;
    std::fs::remove_dir_all(fixture.dir.path().join("spool")).unwrap();
    lock.execute_batch("ROLLBACK").unwrap();
    assert!(beginning.await.unwrap().is_some());
    tokio::time::timeout(Duration::from_secs(10), closing).await.expect("it ends").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_an_upload_that_is_deleted_breaks_off() {
    let fixture = Fixture::new();
    let mut intake = fixture.begin().await;
    let id = intake.id();
    let csv: String = std::iter::once("a\n".to_owned()).chain((0..20_000).map(|i| format!("{i}\n"))).collect();
    intake.append(csv.into_bytes()).await.unwrap();
    intake.finish().await.unwrap();
    let export = fixture.rows.export(id, Format::Csv, Formulas::Kept).await.unwrap();
    let mut chunks = Box::pin(export.into_stream());
    chunks.next().await.unwrap().unwrap();
    fixture.ingest.delete(id).await.unwrap();
    until(async || fixture.journal.leaving().unwrap().is_empty()).await;
    let last = chunks.collect::<Vec<_>>().await.pop().unwrap();
    assert!(last.is_err(), "a broken transfer, not a short file");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_back_under_lower_limits_than_they_were_read_with() {
    let fixture = Fixture::new();
    let mut intake = fixture.begin().await;
    let id = intake.id();
    intake.append(format!("a,b\n1,x\n2,{}\n3,y\n", "z".repeat(1500)).into_bytes()).await.unwrap();
    intake.finish().await.unwrap();
    let Fixture { dir, .. } = fixture;
    let lower = Limits { field_bytes_max: 100, columns_max: 1, record_bytes_max: 200, ..Limits::for_tests() };
    let fixture = Fixture::open_with(dir, lower);
    assert_eq!(rows(&fixture.watch().await), [1, 2, 3]);
    fixture.rows.rows_page(id, Asked::Range { from: 1, limit: 10 }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_beyond_those_told_are_no_page() {
    let fixture = Fixture::new();
    let mut intake = fixture.begin().await;
    let id = intake.id();
    intake.append([b"a\n".to_vec(), b"1\n\n".repeat(300)].concat()).await.unwrap();
    drop(intake);
    until(async || fixture.ingest.get(id).await.unwrap().stage == Stage::Interrupted).await;
    assert_eq!(fixture.ingest.cancel(id).await.unwrap().problems, 300);
    let told = Limits::for_tests().problems_max;
    let page = fixture.rows.problems_page(id, told, 50, ProblemFilter::default()).await.unwrap();
    let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
    assert_eq!(
        (&page["total"], &page["next"], page["problems"].as_array().unwrap().len()),
        (&told.into(), &serde_json::Value::Null, 0)
    );
}

/// An upload that was interrupted and is gone on with.
async fn gone_on_with(fixture: &Fixture) -> Intake {
    let intake = fixture.announced(b"a\n1\n", 1).await;
    let id = intake.id();
    intake.interrupt(Failure::new(FailureCode::Interrupted, "It broke.")).await;
    fixture.ingest.resume(id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_came_upon_a_resting_upload_leaves_one_that_goes_on_alone() {
    let fixture = Fixture::new();
    let intake = gone_on_with(&fixture).await;
    // It was at rest when the cancel began.
    assert_eq!(fixture.ingest.service.cancel_resting(intake.id()).unwrap(), None);
    assert_eq!(fixture.journal.upload(intake.id()).unwrap().unwrap().stage, Stage::Reading);
    assert_eq!(fixture.ingest.cancel(intake.id()).await.unwrap().stage, Stage::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_could_not_be_journalled_is_none_of_an_upload_that_goes_on() {
    let fixture = Fixture::new();
    let intake = gone_on_with(&fixture).await;
    let ended = UploadRecord { stage: Stage::Interrupted, ..intake.record() };
    fixture.ingest.service.running().unkept.insert(intake.id(), ended);
    fixture.ingest.service.keep_unkept().unwrap();
    assert_eq!(fixture.journal.upload(intake.id()).unwrap().unwrap().stage, Stage::Reading);
}
