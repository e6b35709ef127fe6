use super::*;
use crate::ingest::tests::{Fixture, client};

fn fingerprint(whole: bool) -> Fingerprint {
    Fingerprint { digest: [7; 32], file_bytes: 4, whole }
}

/// What the key stands for: nobody holds it longer than this asks.
async fn stands_for(fixture: &Fixture, key: &str) -> Option<Stage> {
    match fixture.ingest.take_key(&client(), key).await.unwrap() {
        Key::Free(_) => None,
        Key::Used(used) => Some(used.record.stage),
        Key::Running => Some(Stage::Receiving),
    }
}

async fn free(fixture: &Fixture, key: &str) -> HeldKey {
    match fixture.ingest.take_key(&client(), key).await.unwrap() {
        Key::Free(held) => held,
        _ => panic!("{key} is not free"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_held_by_one_and_used_only_by_what_stands() {
    let fixture = Fixture::new();
    let held = free(&fixture, "k").await;
    assert_eq!(stands_for(&fixture, "k").await, Some(Stage::Receiving), "somebody holds it");
    assert_eq!(stands_for(&fixture, "other").await, None);
    drop(held);
    let held = free(&fixture, "k").await;
    let mut intake = fixture.begin().await;
    intake.append(b"a\n1\n".as_slice()).await.unwrap();
    held.keep(intake.id(), fingerprint(true)).await.unwrap();
    drop(held);
    // Nobody holds it any more, but its upload runs: as where the sender left after the last byte.
    assert_eq!(stands_for(&fixture, "k").await, Some(Stage::Receiving));
    intake.finish().await.unwrap();
    assert_eq!(stands_for(&fixture, "k").await, Some(Stage::Done));
    let fixture = fixture.restart().await;
    assert_eq!(stands_for(&fixture, "k").await, Some(Stage::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_arrived_whole_and_was_interrupted_all_the_same_may_be_made_again() {
    let fixture = Fixture::new();
    let held = free(&fixture, "k").await;
    let intake = fixture.begin().await;
    held.keep(intake.id(), fingerprint(true)).await.unwrap();
    intake.interrupt(Failure::new(FailureCode::Interrupted, "The connection broke.")).await;
    drop(held);
    let held = free(&fixture, "k").await;
    // The key then stands for the later one.
    let mut intake = fixture.begin().await;
    intake.append(b"a\n1\n".as_slice()).await.unwrap();
    held.keep(intake.id(), fingerprint(true)).await.unwrap();
    intake.finish().await.unwrap();
    assert_eq!(stands_for(&fixture, "k").await, Some(Stage::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_gone_on_with_beyond_its_request_is_another() {
    for more in [b"".as_slice(), b"2\n"] {
        let fixture = Fixture::new();
        let held = free(&fixture, "k").await;
        let mut intake = fixture.begin().await;
        let id = intake.id();
        intake.append(b"a\n1\n".as_slice()).await.unwrap();
        held.keep(id, fingerprint(true)).await.unwrap();
        intake.interrupt(Failure::new(FailureCode::Interrupted, "The connection broke.")).await;
        drop(held);
        let mut intake = fixture.ingest.resume(id).await.unwrap();
        assert_eq!(stands_for(&fixture, "k").await, Some(Stage::Receiving), "it runs again");
        intake.append(more).await.unwrap();
        intake.declare(4 + more.len() as u64).await.unwrap();
        intake.finish().await.unwrap();
        assert_eq!(stands_for(&fixture, "k").await, more.is_empty().then_some(Stage::Done));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_servers_or_of_the_wires_is_not_kept() {
    let fixture = Fixture::new();
    for &code in FailureCode::ALL {
        let key = code.as_str();
        let held = free(&fixture, key).await;
        let intake = fixture.begin().await;
        let id = intake.id();
        let failure = intake.fail(Failure::new(code, "So it is.")).await;
        assert_eq!(failure.code, code);
        held.keep_failed(id, fingerprint(false), &failure).await;
        drop(held);
        assert_eq!(stands_for(&fixture, key).await, stands(code).then_some(Stage::Failed), "{key}");
        // Whatever was written down, only what stands is used.
        let held = HeldKey::new(&fixture.ingest.service, client(), key.to_owned()).unwrap();
        held.keep(id, fingerprint(true)).await.unwrap();
        drop(held);
        assert_eq!(stands_for(&fixture, key).await, stands(code).then_some(Stage::Failed), "{key}");
    }
    assert!(stands(FailureCode::HeaderTooLong) && !stands(FailureCode::DiskFull));
}
