//! Connections that are reset at any byte, and peers that fall silent without a word.

use crate::dice::{Dice, rounds};
use crate::host::Host;
use crate::patience::PATIENCE;
use crate::proxy::Proxy;
use crate::stage::{Play, within};
use crate::troupe::Troupe;
use crate::witness::Manner;
use std::time::Duration;

/// How long clients behind the relay wait for a sign of life.
const PATIENCE_THERE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_at_any_byte_lose_nothing() {
    let mut dice = Dice::of("cuts");
    let harms = rounds(40, 1_500);
    let host = Host::start(&["--body-stall-ms-max", "1s", "--watcher-stall-ms-max", "2s"]);
    let mut proxy = Proxy::start(host.place(), dice.fork(), harms).await;
    let mut play = Play::new("me", proxy.place.clone());
    for http2 in [false, false, true, true] {
        let leaves_after = Some(3_000);
        play.witness(Manner { http2, leaves_after, ..Manner::steady(PATIENCE_THERE) }, dice.fork());
    }
    let mut troupe = Troupe::new(&play, 3, PATIENCE_THERE, &mut dice);
    proxy.is_over().await;
    let sent = within(PATIENCE * 2, "the senders", troupe.end(&mut play)).await;
    let done = proxy.done();
    assert_eq!(done.resets + done.silences, harms);
    let witnesses = play.assert_all_well(&host).await;
    assert!(witnesses.iter().all(|witness| witness.gaps.is_empty()));
    println!(
        "cuts: {} resets, {} silences, {sent}, {} watchers in {} connections, {} events, 0 holes",
        done.resets,
        done.silences,
        witnesses.len(),
        witnesses.iter().map(|witness| witness.connections).sum::<u64>(),
        witnesses.iter().map(|witness| witness.events).sum::<u64>(),
    );
}
