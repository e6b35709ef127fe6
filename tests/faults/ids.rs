//! Ids that the server cannot know any more, and clocks that jump: a watcher is told what it cannot have, and why.

use crate::dice::{Dice, rounds};
use crate::host::Host;
use crate::sample::Sample;
use crate::stage::{PATIENT, Play, uploads};
use crate::witness::{Gap, Manner, Witness};
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

/// Lets the watchers see the rest, and holds it to what was promised; answers with the gaps they met since the last look.
async fn gaps_of(witnesses: Vec<Witness>, play: &mut Play, host: &Host) -> (Vec<Witness>, Vec<Gap>) {
    let before: Vec<usize> = witnesses.iter().map(|witness| witness.gaps.len()).collect();
    for witness in witnesses {
        play.witness_again(witness);
    }
    let witnesses = play.seen(host).await;
    let mut before: Vec<_> = before.into_iter().collect();
    before.sort_unstable();
    let gaps = witnesses.iter().flat_map(|witness| witness.gaps.iter().skip(before[0]).cloned()).collect();
    (witnesses, gaps)
}

async fn watchers(play: &mut Play, host: &Host, dice: &mut Dice) -> Vec<Witness> {
    for http2 in [false, true] {
        play.witness(Manner { http2, ..Manner::steady(PATIENT) }, dice.fork());
    }
    play.seen(host).await
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_events_are_a_gap_for_whoever_has_not_seen_them() {
    let mut dice = Dice::of("expired");
    let expiries = rounds(4, 40);
    let mut host = Host::start(&[]);
    let mut play = Play::new("me", host.place());
    let mut numbers = 0;
    let mut witnesses = watchers(&mut play, &host, &mut dice).await;
    for _ in 0..expiries {
        let seen = witnesses[0].n();
        for _ in 0..dice.within(1..=3) {
            let rows = dice.within(1..=1_500);
            play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        }
        let end = crate::stage::end_of(&host.place(), "me").await;
        play.done.clear();
        host.kill();
        // What is not to be kept goes at the start.
        host.flags.extend(["--keep".into(), "0s".into()]);
        host.begin();
        crate::patience::until("everything to expire", async || {
            uploads(&host.place(), "me").await.is_empty().then_some(())
        })
        .await;
        host.kill();
        host.flags.truncate(host.flags.len() - 2);
        host.begin();
        let rows = dice.within(1..=500);
        play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        let (again, gaps) = gaps_of(witnesses, &mut play, &host).await;
        witnesses = again;
        assert!(gaps.iter().all(|gap| gap.reason == "expired"), "{gaps:?}");
        let missed: u64 = gaps.iter().map(|gap| gap.numbers).sum();
        assert_eq!(missed, 2 * (end - seen), "what they had not seen, and nothing else: {gaps:?}");
        numbers += missed;
    }
    for witness in witnesses {
        play.witness_again(witness);
    }
    let witnesses = play.assert_all_well(&host).await;
    println!(
        "expired: {expiries} times, {numbers} numbers expired unseen, {} watchers, {} events, 0 holes besides",
        witnesses.len(),
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_folder_under_a_clients_old_id_is_told_as_one() {
    let mut dice = Dice::of("replaced");
    let times = rounds(6, 60);
    let mut host = Host::start(&[]);
    let mut play = Play::new("me", host.place());
    let mut witnesses = watchers(&mut play, &host, &mut dice).await;
    let other = host.dir().with_file_name("other");
    fs::create_dir(&other).expect("a folder");
    let mut other_done = std::collections::HashMap::new();
    let mut unknown = 0;
    for _ in 0..times {
        let rows = dice.within(1..=1_000);
        play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        let (again, _) = gaps_of(witnesses, &mut play, &host).await;
        host.kill();
        // The two folders take turns.
        let aside = host.dir().with_file_name("aside");
        for (from, to) in [(host.dir(), &*aside), (&*other, host.dir()), (&*aside, &*other)] {
            fs::rename(from, to).expect("a folder");
        }
        std::mem::swap(&mut play.done, &mut other_done);
        host.begin();
        let rows = dice.within(1..=1_000);
        play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        let (again, gaps) = gaps_of(again, &mut play, &host).await;
        witnesses = again;
        assert_eq!(gaps.len(), 2, "each of the watchers is told: {gaps:?}");
        assert!(gaps.iter().all(|gap| gap.reason == "unknown-epoch"), "{gaps:?}");
        unknown += gaps.len();
    }
    for witness in witnesses {
        play.witness_again(witness);
    }
    let witnesses = play.assert_all_well(&host).await;
    println!(
        "replaced: {times} times, {unknown} gaps unknown-epoch, {} watchers, {} events, {} ids, none given twice",
        witnesses.len(),
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
        play.scene.chronicle.len(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_between_two_runs_changes_no_number() {
    let mut dice = Dice::of("clock");
    let jumps = rounds(4, 40);
    let mut host = Host::start(&[]);
    let mut play = Play::new("me", host.place());
    let mut witnesses = watchers(&mut play, &host, &mut dice).await;
    for _ in 0..jumps {
        let rows = dice.within(1..=1_000);
        play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        host.kill();
        // As if the last run had lived years later, or hours earlier: not so much that anything expires by it.
        let day = 86_400_000;
        let shift = if dice.once_in(2) {
            dice.within(1..=9_000) as i64 * day
        } else {
            -(dice.within(1..=day as u64 * 2 / 3) as i64)
        };
        let db = rusqlite::Connection::open(host.dir().join("journal.db")).expect("the journal");
        let now = i64::try_from(SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_millis()).expect("it fits");
        for (table, column) in [("uploads", "created_ms"), ("uploads", "updated_ms"), ("epochs", "began_ms")] {
            db.execute(&format!("UPDATE {table} SET {column} = ?1"), [now + shift]).expect("an edit");
        }
        drop(db);
        for entry in fs::read_dir(host.dir().join("spool")).expect("a folder") {
            let file = File::options().write(true).open(entry.expect("an entry").path()).expect("a file");
            let moved = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now + shift).expect("it fits"));
            file.set_modified(moved).expect("another time");
        }
        host.begin();
        let rows = dice.within(1..=1_000);
        play.upload(&Sample::some(&mut dice, rows), dice.fork()).await;
        let (again, gaps) = gaps_of(witnesses, &mut play, &host).await;
        witnesses = again;
        assert!(gaps.is_empty(), "{gaps:?}");
    }
    for witness in witnesses {
        play.witness_again(witness);
    }
    let witnesses = play.assert_all_well(&host).await;
    println!(
        "clock: {jumps} jumps, {} uploads kept, {} watchers, {} events, 0 holes",
        play.done.len(),
        witnesses.len(),
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
    );
}
