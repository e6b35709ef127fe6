//! `kill -9` at any moment, again and again.

use crate::dice::{Dice, rounds};
use crate::host::Host;
use crate::patience::PATIENCE;
use crate::stage::{PATIENT, Play, within};
use crate::troupe::Troupe;
use crate::witness::Manner;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_at_any_moment_loses_nothing_and_tells_nothing_twice() {
    let mut dice = Dice::of("kills");
    let kills = rounds(15, 200);
    let mut host = Host::start(&[]);
    let mut play = Play::new("me", host.place());
    for http2 in [false, false, true] {
        play.witness(Manner { http2, ..Manner::steady(Duration::from_secs(5)) }, dice.fork());
    }
    let mut troupe = Troupe::new(&play, 5, PATIENT, &mut dice);
    for _ in 0..kills {
        play.scene.meter.some_moment(&mut dice, 10_000, 1 << 20).await;
        host.kill_and_begin();
    }
    let sent = within(PATIENCE * 2, "the senders", troupe.end(&mut play)).await;
    let witnesses = play.assert_all_well(&host).await;
    assert!(witnesses.iter().all(|witness| witness.gaps.is_empty()));
    println!(
        "kills: {kills} kills, {sent}, {} watchers in {} connections, {} events, 0 holes",
        witnesses.len(),
        witnesses.iter().map(|witness| witness.connections).sum::<u64>(),
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
    );
}
