use super::super::Spool;
use super::*;
use crate::domain::UploadId;
use std::time::Duration;

fn spool() -> (tempfile::TempDir, Spool) {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path(), 0).unwrap();
    (dir, spool)
}

#[test]
fn an_append_that_would_leave_too_little_room_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path(), u64::MAX).unwrap();
    let id = UploadId::now();
    let (mut writer, _follower) = spool.create(id).unwrap();
    assert_eq!(writer.append(b"a").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!((writer.bytes(), spool.bytes(id).unwrap()), (0, Some(0)));
}

#[test]
fn a_follower_sees_what_was_appended_and_how_it_ended() {
    let (_dir, spool) = spool();
    let id = UploadId::now();
    let (mut writer, follower) = spool.create(id).unwrap();
    assert_eq!(writer.append(b"a,b\n").unwrap(), 4);
    assert_eq!(follower.wait(0, None), Growth { length: 4, end: None });

    let waiting = std::thread::spawn(move || (follower.wait(4, None), follower));
    writer.append(b"1,2\n").unwrap();
    let (growth, follower) = waiting.join().unwrap();
    assert_eq!(growth.length, 8);
    let mut text = [0; 8];
    follower.source().read_exact_at(&mut text, 0).unwrap();
    assert_eq!(&text, b"a,b\n1,2\n");

    writer.complete();
    assert_eq!(follower.wait(8, None), Growth { length: 8, end: Some(End::Complete) });
    assert_eq!(spool.bytes(id).unwrap(), Some(8));
    assert_eq!(spool.uploads().unwrap(), [id]);
}

#[test]
fn a_writer_that_goes_away_leaves_a_broken_file() {
    let (_dir, spool) = spool();
    let (mut writer, follower) = spool.create(UploadId::now()).unwrap();
    writer.append(b"a").unwrap();
    drop(writer);
    assert_eq!(follower.wait(1, None), Growth { length: 1, end: Some(End::Broken) });
}

#[test]
fn a_follower_wakes_at_a_nudge_and_at_its_deadline() {
    let (_dir, spool) = spool();
    let (_writer, follower) = spool.create(UploadId::now()).unwrap();
    let nudge = follower.nudge();
    let waiting = std::thread::spawn(move || (follower.wait(0, None), follower));
    nudge();
    let (growth, follower) = waiting.join().unwrap();
    assert_eq!(growth, Growth { length: 0, end: None });
    let deadline = Instant::now() + Duration::from_millis(1);
    assert_eq!(follower.wait(0, Some(deadline)), Growth { length: 0, end: None });
}

#[test]
fn a_file_that_ended_can_be_waited_on_for_a_nudge() {
    let (_dir, spool) = spool();
    let (writer, follower) = spool.create(UploadId::now()).unwrap();
    writer.complete();
    let ended = follower.changed(Growth { length: 0, end: None }, None);
    assert_eq!(ended.end, Some(End::Complete), "that is news");
    let nudge = follower.nudge();
    let waiting = std::thread::spawn(move || follower.changed(ended, None));
    nudge();
    assert_eq!(waiting.join().unwrap(), ended);
}

#[test]
fn a_file_is_gone_on_with_where_it_ends() {
    let (_dir, spool) = spool();
    let id = UploadId::now();
    spool.create(id).unwrap().0.append(b"a,b\n").unwrap();
    let (mut writer, follower) = spool.append_to(id).unwrap();
    assert_eq!(follower.wait(0, None), Growth { length: 4, end: None });
    assert_eq!(writer.append(b"1,2\n").unwrap(), 8);
    writer.sync().unwrap();
    let mut text = [0; 8];
    follower.source().read_exact_at(&mut text, 0).unwrap();
    assert_eq!(&text, b"a,b\n1,2\n");
    assert_eq!(spool.append_to(UploadId::now()).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_file_has_one_writer_at_a_time() {
    let (_dir, spool) = spool();
    let id = UploadId::now();
    let (mut writer, follower) = spool.create(id).unwrap();
    let (opening, opened) = std::sync::mpsc::channel();
    let other = spool.clone();
    let next = std::thread::spawn(move || {
        opening.send(()).unwrap();
        other.append_to(id).unwrap().0.bytes()
    });
    opened.recv().unwrap();
    for _ in 0..1_000 {
        writer.append(b"1,2\n").unwrap();
    }
    drop((writer, follower));
    assert_eq!(next.join().unwrap(), 4_000, "it begins behind all that the one before appended");
}

#[test]
fn what_is_put_aside_is_appended_whole_or_thrown_away() {
    let (dir, spool) = spool();
    let id = UploadId::now();
    let (mut writer, follower) = spool.create(id).unwrap();
    writer.stage(b"wrong").unwrap();
    writer.discard().unwrap();
    for _ in 0..300 {
        writer.stage(&[b'x'; 1000]).unwrap();
    }
    assert_eq!((writer.bytes(), spool.bytes(id).unwrap()), (0, Some(0)));
    assert_eq!(writer.accept().unwrap(), 300_000);
    assert_eq!(follower.wait(0, None).length, 300_000);
    assert_eq!(writer.accept().unwrap(), 300_000, "it is appended once");
    writer.stage(b"left").unwrap();
    drop(writer);
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [format!("{id}.csv").as_str()]);
}

#[test]
fn what_an_ended_process_put_aside_is_gone() {
    let (dir, spool) = spool();
    let left = dir.path().join(format!("{}.staged", UploadId::now()));
    std::fs::write(&left, "x").unwrap();
    drop(spool);
    Spool::open(dir.path(), 0).unwrap();
    assert!(!left.exists());
}

#[test]
fn shared_bytes_stay_until_the_last_upload_goes_and_count_once() {
    let (_dir, spool) = spool();
    let [first, second, other] = [(); 3].map(|()| UploadId::now());
    spool.create(first).unwrap().0.append(b"a,b\n1,2\n").unwrap();
    spool.create(other).unwrap().0.append(b"xyz").unwrap();
    assert_eq!(spool.share(other, UploadId::now()).is_ok().then(|| spool.kept_bytes().unwrap()), Some(11));
    spool.share(first, second).unwrap();
    spool.share(first, second).unwrap();
    assert_eq!((spool.kept_bytes().unwrap(), spool.freed_bytes(first).unwrap()), (11, 0));
    // The first one is gone on with; the second one is what it was.
    spool.append_to(first).unwrap().0.append(b"3,4\n").unwrap();
    let follower = spool.whole(second, 8).unwrap();
    assert_eq!(follower.wait(0, None), Growth { length: 8, end: Some(End::Complete) });
    spool.remove(first).unwrap();
    assert_eq!((spool.bytes(first).unwrap(), spool.freed_bytes(second).unwrap()), (None, 12));
    let mut text = [0; 8];
    spool.source(second).unwrap().read_exact_at(&mut text, 0).unwrap();
    assert_eq!(&text, b"a,b\n1,2\n");
    assert_eq!(spool.whole(second, 13).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_file_is_made_once_and_removed_at_will() {
    let (_dir, spool) = spool();
    let id = UploadId::now();
    drop(spool.create(id).unwrap());
    assert_eq!(spool.create(id).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    spool.remove(id).unwrap();
    spool.remove(id).unwrap();
    assert_eq!(spool.bytes(id).unwrap(), None);
}
