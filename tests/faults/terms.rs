//! SIGTERM in the midst of everything: the server ends in good order, and everybody goes on with the next one.

use crate::dice::{Dice, rounds};
use crate::host::Host;
use crate::patience::PATIENCE;
use crate::stage::{PATIENT, Play, within};
use crate::troupe::Troupe;
use crate::witness::Manner;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_ends_every_stream_and_every_upload_goes_on() {
    let mut dice = Dice::of("terms");
    let terms = rounds(6, 100);
    let mut host = Host::start(&[]);
    let mut play = Play::new("me", host.place());
    for http2 in [false, false, true] {
        play.witness(Manner { http2, ..Manner::steady(PATIENT) }, dice.fork());
    }
    let mut troupe = Troupe::new(&play, 4, PATIENT, &mut dice);
    for _ in 0..terms {
        play.scene.meter.some_moment(&mut dice, 10_000, 1 << 20).await;
        let mut program = host.terminate();
        // Off the threads that send and watch.
        let ended = tokio::task::spawn_blocking(move || (program.exited().code(), program.log()));
        let (code, log) = ended.await.expect("it is waited for");
        assert_eq!(code, Some(0), "it was asked to stop, and did: {log}");
        assert!(!log.contains("cut at shutdown"), "everybody takes what is sent, so nobody is to be cut: {log}");
        host.leave();
        host.begin();
    }
    let sent = within(PATIENCE * 2, "the senders", troupe.end(&mut play)).await;
    let witnesses = play.assert_all_well(&host).await;
    assert!(witnesses.iter().all(|witness| witness.gaps.is_empty()));
    let broken: Vec<_> = witnesses.iter().flat_map(|witness| &witness.broken_off).collect();
    assert!(broken.is_empty(), "streams end, they do not break off: {broken:?}");
    println!(
        "terms: {terms} SIGTERMs, {sent}, {} watchers in {} connections, {} streams ended in good order, {} events, 0 holes",
        witnesses.len(),
        witnesses.iter().map(|witness| witness.connections).sum::<u64>(),
        witnesses.iter().map(|witness| witness.clean_ends).sum::<u64>(),
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
    );
}
