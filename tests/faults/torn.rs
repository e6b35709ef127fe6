//! What a power loss or an old backup does to the folder: the last bytes of files are gone, the last entries of the
//! journal, or everything since a moment. What was answered before that moment is there; nothing else takes its id.

use crate::api::Api;
use crate::dice::{Dice, rounds};
use crate::host::Host;
use crate::patience::until;
use crate::sample::Sample;
use crate::sender::{Sender, Sent, Way};
use crate::stage::{PATIENT, Play, get};
use crate::witness::{Gap, Manner, Witness};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// An upload that is under way.
struct UnderWay {
    sample: Arc<Sample>,
    sending: JoinHandle<()>,
    /// Never opened: the upload cannot end.
    _gate: watch::Sender<u64>,
    name: String,
    /// Bytes of the file of which the server said that it has them.
    promised: u64,
    /// How long the journal's log was when the last success was answered, and how it begins.
    log: (u64, Vec<u8>),
}

/// Begins an upload that does not end, and waits until some of it was told.
async fn begin(play: &Play, host: &Host, dice: &mut Dice) -> UnderWay {
    let rows = dice.within(4_000..=8_000);
    let sample = Sample::some(dice, rows);
    let mut sender = play.sender(PATIENT, dice.fork());
    let name = play.scene.samples.name(&sample);
    let in_pieces = if dice.once_in(2) {
        let id = sender.create(&sample, &name).await;
        let first = dice.within(1..=sample.len() / 3);
        let answer = sender.send_piece(&id, &sample, 0..first).await.expect("an answer");
        assert_eq!((answer.status, answer.number("upload-offset")), (204, Some(first)), "{answer:?}");
        Some((id, first))
    } else {
        None
    };
    let promised = in_pieces.as_ref().map_or(0, |(_, first)| *first);
    // From here on nothing is answered with success: all of it may go.
    let log = host.dir().join("journal.db-wal");
    let log = (length(&log), head(&log));
    let (gate, at) = watch::channel(dice.within((sample.len() - promised) / 2..=sample.len() - promised - 1));
    sender.gate = at;
    let way = dice.pick(&Way::MULTIPART);
    let sending = {
        let (sample, name) = (Arc::clone(&sample), name.clone());
        // Once, and not again: what becomes of it is looked at by others.
        tokio::spawn(async move {
            match in_pieces {
                Some((id, first)) => drop(sender.send_piece(&id, &sample, first..sample.len()).await),
                None => drop(sender.begin(&sample, way, &name).await),
            }
        })
    };
    play.has_told(&name, dice.within(1..=1_500)).await;
    UnderWay { sample, sending, _gate: gate, name, promised, log }
}

impl UnderWay {
    /// Gives up sending: the server is gone.
    fn stop(&self) {
        self.sending.abort();
    }
}

/// Cuts a file to some length from `least` on.
fn cut(file: &Path, least: u64, dice: &mut Dice) -> u64 {
    let whole = fs::metadata(file).expect("a file").len();
    let length = dice.within(least.min(whole)..=whole);
    File::options().write(true).open(file).expect("a file").set_len(length).expect("a shorter one");
    whole - length
}

fn length(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// The gap by which somebody learns that its id is gone.
fn losses(witnesses: &[Witness]) -> Vec<&Gap> {
    witnesses.iter().flat_map(|witness| &witness.gaps).filter(|gap| gap.numbers == 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_loss_takes_nothing_that_was_answered_and_gives_no_id_twice() {
    let mut dice = Dice::of("power");
    let losses_wanted = rounds(4, 60);
    let mut host = Host::start(&["--sender-absent-ms-max", "300ms"]);
    let mut play = Play::new("me", host.place());
    play.witness(Manner::steady(PATIENT), dice.fork());
    play.witness(Manner { http2: true, ..Manner::steady(PATIENT) }, dice.fork());
    let (mut cut_files, mut cut_journals, mut resumed) = (0, 0, 0);
    for _ in 0..losses_wanted {
        let rows = dice.within(1..=1_000);
        play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        let told = api(&host).watch("me").await.ledger.n();
        let under_way = begin(&play, &host, &mut dice).await;
        play.scene.chronicle.is_past(told + dice.within(1..=200)).await;
        host.kill();
        under_way.stop();
        let name = under_way.name.clone();
        // Kept in memory of all processes, it does not survive the machine.
        let _ = fs::remove_file(host.dir().join("journal.db-shm"));
        let log = host.dir().join("journal.db-wal");
        assert_eq!(head(&log), under_way.log.1, "the log was begun anew within so few events");
        if dice.once_in(3) {
            cut_journals += u64::from(cut(&log, under_way.log.0, &mut dice) > 0);
        }
        let running = newest_file(&host);
        if !dice.once_in(3) {
            cut_files += u64::from(cut(&running, under_way.promised, &mut dice) > 0);
        }
        host.begin();
        let mut sender = play.sender(PATIENT, dice.fork());
        let Some(id) = sender.find(&name).await else {
            assert_eq!(under_way.promised, 0, "its beginning was answered with success");
            continue;
        };
        let stage = at_rest(&host, &id).await;
        match &*stage {
            "interrupted" => match sender.go_on_from(under_way.promised, &id, &under_way.sample).await {
                Sent::Done(id) => {
                    resumed += 1;
                    play.done.insert(id, Arc::clone(&under_way.sample));
                }
                Sent::Refused(answer) => panic!("{answer:?}"),
            },
            stage => panic!("{stage} after a power loss"),
        }
    }
    let witnesses = play.assert_all_well(&host).await;
    let lost = losses(&witnesses);
    assert!(lost.iter().all(|gap| gap.reason == "lost"), "{lost:?}");
    println!(
        "power: {losses_wanted} power losses, {cut_journals} journals and {cut_files} files cut, {} uploads, \
         {resumed} resumed, {} ids lost, {} events, {} ids, none given twice",
        play.done.len(),
        lost.len(),
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
        play.scene.chronicle.len(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_folder_begins_anew_without_giving_an_id_twice() {
    let mut dice = Dice::of("backup");
    let copies = rounds(3, 50);
    let mut host = Host::start(&["--sender-absent-ms-max", "300ms"]);
    let mut play = Play::new("me", host.place());
    for http2 in [false, true] {
        play.witness(Manner { http2, ..Manner::steady(PATIENT) }, dice.fork());
    }
    let (mut resumed, mut put_back) = (0, 0);
    for _ in 0..copies {
        let rows = dice.within(1..=1_000);
        play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        let under_way = begin(&play, &host, &mut dice).await;
        let copy = host.copy();
        let told = api(&host).watch("me").await.ledger.n();
        // The same copy more than once: each time other events take the same numbers.
        for _ in 0..dice.within(1..=3) {
            let more = play.sender(PATIENT, dice.fork());
            let later = later(more, &mut dice);
            // What somebody was told since then is lost with the files.
            play.scene.chronicle.is_past(told + dice.within(1..=500)).await;
            if dice.once_in(2) {
                host.kill_and_begin();
            }
            host.kill();
            under_way.stop();
            later.abort();
            host.put_back(copy.path());
            put_back += 1;
            host.begin();
        }
        let mut sender = play.sender(PATIENT, dice.fork());
        let id = sender.find(&under_way.name).await.expect("it was begun before the copy");
        assert_eq!(at_rest(&host, &id).await, "interrupted");
        let sent = sender.go_on_from(under_way.promised, &id, &under_way.sample).await;
        let Sent::Done(id) = sent else { panic!("{sent:?}") };
        resumed += 1;
        play.done.insert(id, Arc::clone(&under_way.sample));
    }
    let witnesses = play.assert_all_well(&host).await;
    let lost = losses(&witnesses);
    assert!(!lost.is_empty(), "nobody lost anything");
    let reasons = ["lost", "unknown-epoch"].map(|reason| lost.iter().filter(|gap| gap.reason == reason).count());
    assert_eq!(reasons.iter().sum::<usize>(), lost.len(), "{lost:?}");
    println!(
        "backup: {put_back} copies put back, {} uploads, {resumed} resumed, {} gaps lost, {} gaps unknown-epoch, {} events, \
         {} ids, none given twice",
        play.done.len(),
        reasons[0],
        reasons[1],
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
        play.scene.chronicle.len(),
    );
}

/// Somebody uploads what nobody will remember.
fn later(mut sender: Sender, dice: &mut Dice) -> JoinHandle<()> {
    let mut dice = dice.fork();
    tokio::spawn(async move {
        loop {
            let sample = Sample::some(&mut dice, 400);
            sender.send(&sample, Way::Raw).await;
        }
    })
}

fn api(host: &Host) -> Api {
    Api { address: host.place().borrow().expect("it runs") }
}

/// The beginning of the journal's log: another one after it was begun anew.
fn head(log: &Path) -> Vec<u8> {
    fs::read(log).expect("the log").into_iter().take(32).collect()
}

/// The spool file that was made last.
fn newest_file(host: &Host) -> std::path::PathBuf {
    let files = fs::read_dir(host.dir().join("spool")).expect("a folder");
    // Names are ids, which sort by time.
    files.map(|entry| entry.expect("an entry").path()).max().expect("a file")
}

/// The upload's stage, once nothing moves it any more.
async fn at_rest(host: &Host, id: &str) -> String {
    until(format!("an end of {id}"), async || {
        let upload = get(&host.place(), &format!("/uploads/{id}")).await.json();
        let stage = upload["stage"].as_str().expect("a stage").to_owned();
        (!matches!(&*stage, "receiving" | "understood" | "reading")).then_some(stage)
    })
    .await
}
