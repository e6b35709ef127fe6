//! A disk that takes no more: under the files, under the journal, or under both. What was told stays, others go on, and
//! with room again the same upload goes on too.

use crate::dice::{Dice, rounds};
use crate::host::Host;
use crate::patience::{soon, until};
use crate::sample::Sample;
use crate::sender::{Sent, Way};
use crate::small_disk::SmallDisk;
use crate::stage::{PATIENT, Play, get};
use crate::witness::Manner;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::watch;

/// What stands on the disk that gets full.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Full {
    Files,
    Journal,
    Both,
}

/// A folder of data, some of it on the small disk.
fn folder(full: Full, disk: &SmallDisk) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let small = disk.data();
    std::fs::create_dir(&small).expect("a folder");
    match full {
        Full::Files => symlink(small, folder.path().join("spool")).expect("a link"),
        Full::Journal => {
            let roomy = folder.path().join("roomy");
            std::fs::create_dir(&roomy).expect("a folder");
            symlink(&roomy, small.join("spool")).expect("a link");
            symlink(small, folder.path().join("data")).expect("a link");
        }
        Full::Both => symlink(small, folder.path().join("data")).expect("a link"),
    }
    folder
}

/// Whether the answer says that the disk is full.
fn assert_refused(sent: &Sent) {
    let Sent::Refused(answer) = sent else { panic!("a full disk takes nothing: {sent:?}") };
    assert_eq!((answer.status, &*answer.code()), (507, "disk-full"), "{answer:?}");
}

/// What the test counts.
#[derive(Debug, Default)]
struct Tally {
    uploads: usize,
    /// Uploads that began when there was no room at all, and were told so.
    late: u64,
    resumed: u64,
    events: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_for_room_on_a_full_disk_and_goes_on() {
    let mut dice = Dice::of("full");
    let fills = rounds(3, 60);
    let mut tally = Tally::default();
    for full in [Full::Files, Full::Journal, Full::Both].into_iter().cycle().take(usize::try_from(fills).expect("few"))
    {
        let Some(disk) = SmallDisk::mount(32) else {
            println!("full: skipped, no small file system can be mounted here; a reserve is tried instead");
            return;
        };
        fill_and_empty(full, &disk, &mut dice, &mut tally).await;
    }
    let Tally { uploads, late, resumed, events } = tally;
    println!(
        "full: {fills} full disks, {uploads} uploads, {late} of them refused at their beginning, {resumed} resumptions, \
         {events} events, 0 holes"
    );
}

async fn fill_and_empty(full: Full, disk: &SmallDisk, dice: &mut Dice, tally: &mut Tally) {
    let folder = folder(full, disk);
    let dir = if full == Full::Files { folder.path().into() } else { folder.path().join("data") };
    let host = Host::on(&dir, &["--disk-free-bytes-min", "0"]);
    let mut play = Play::new("me", host.place());
    play.witness(Manner::steady(PATIENT), dice.fork());
    let kept = play.upload(&Sample::some(dice, 500), dice.fork()).await;
    let rows = dice.within(12_000..=16_000);
    let sample = Sample::some(dice, rows);
    let way = dice.pick(&Way::ALL);
    let (gate, at) = watch::channel(dice.within(sample.len() / 8..=sample.len() / 2));
    let mut sender = play.sender(PATIENT, dice.fork());
    sender.gate = at;
    let name = play.scene.samples.name(&sample);
    sender.first_name = Some(name.clone());
    let sending = {
        let sample = Arc::clone(&sample);
        tokio::spawn(async move { (sender.send(&sample, way).await, sender) })
    };
    play.has_told(&name, dice.within(1..=500)).await;
    disk.fill();
    gate.send_replace(u64::MAX);
    let (sent, mut sender) = soon("an answer", sending).await.expect("a sender");
    assert_refused(&sent);
    let id = sender.find(&name).await.expect("the upload that it began");
    let upload = get(&host.place(), &format!("/uploads/{id}")).await.json();
    let end = (&upload["stage"], &upload["failure"]["code"]);
    assert_eq!(end, (&"interrupted".into(), &"disk-full".into()), "{full:?} {upload}");
    // Whatever needs no room works; whatever needs more than what the failure left is told so.
    assert_eq!(get(&host.place(), &format!("/uploads/{kept}/rows?from=500&limit=1")).await.status, 200);
    let other = Sample::some(dice, 2_000);
    let mut late = play.sender(PATIENT, dice.fork());
    match late.send(&other, dice.pick(&Way::MULTIPART)).await {
        Sent::Done(id) => drop(play.done.insert(id, Arc::clone(&other))),
        refused => {
            assert_refused(&refused);
            tally.late += 1;
        }
    }
    disk.empty();
    let sent = [sender.go_on(&id, &sample).await, late.send(&other, dice.pick(&Way::ALL)).await];
    for (sent, sample) in sent.into_iter().zip([sample, other]) {
        let Sent::Done(id) = sent else { panic!("there is room again: {sent:?}") };
        play.done.insert(id, sample);
    }
    tally.resumed += sender.resumed + late.resumed;
    tally.uploads += play.done.len();
    tally.events += play.assert_all_well(&host).await.iter().map(|witness| witness.events).sum::<u64>();
}

/// Where no file system can be mounted, this one is still tried: a reserve that is larger than any disk.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_meets_the_reserve_of_the_disk_goes_on_without_it() {
    let mut dice = Dice::of("reserve");
    let times = rounds(3, 30);
    let mut host = Host::start(&["--disk-free-bytes-min", "0"]);
    let mut play = Play::new("me", host.place());
    play.witness(Manner::steady(PATIENT), dice.fork());
    let (mut refused, mut resumed) = (0, 0);
    for _ in 0..times {
        let rows = dice.within(2_000..=4_000);
        let sample = Sample::some(&mut dice, rows);
        let way = dice.pick(&Way::ALL);
        let mut sender = play.sender(PATIENT, dice.fork());
        let name = play.scene.samples.name(&sample);
        sender.first_name = Some(name.clone());
        let most = dice.within(1..=sample.len() - 1);
        let (_gate, at) = watch::channel(most);
        sender.gate = at;
        let sending = {
            let sample = Arc::clone(&sample);
            tokio::spawn(async move { sender.send(&sample, way).await })
        };
        let mut sender = play.sender(PATIENT, dice.fork());
        let id = until(format!("{name} to begin"), async || sender.find(&name).await).await;
        host.kill();
        sending.abort();
        for reserve in ["1EiB", "0"] {
            *host.flags.last_mut().expect("the reserve") = reserve.into();
            host.begin();
            match sender.go_on(&id, &sample).await {
                Sent::Done(id) => {
                    assert_eq!(reserve, "0", "{name}, {way:?}, {most} of {} bytes sent", sample.len());
                    play.done.insert(id, Arc::clone(&sample));
                }
                sent => {
                    assert_ne!(reserve, "0", "there is room: {sent:?}");
                    assert_refused(&sent);
                    refused += 1;
                    host.kill();
                }
            }
        }
        resumed += sender.resumed;
    }
    let witnesses = play.assert_all_well(&host).await;
    let events: u64 = witnesses.iter().map(|witness| witness.events).sum();
    println!(
        "reserve: {times} uploads, {refused} refused for the reserve, {resumed} resumptions, {events} events, 0 holes"
    );
}
