//! A process that may not open any more.

use crate::arena::{Arena, Outcome};
use crate::client::{Connection, Request};
use crate::patience::until;
use crate::raw;
use std::process::Command;
use std::time::Duration;

/// Descriptors that the process may have.
const DESCRIPTORS: usize = 96;
/// Connections that are tried: as many as find room there, or in the kernel's queue before it.
const CROWD: usize = DESCRIPTORS + 64;
/// How long the accept loop is watched while it can accept nothing.
const WATCHED: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn descriptors_that_run_out() {
    let mut command = Command::new("sh");
    // The arguments that follow are the program's.
    let script = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, crate::program::PROGRAM]);
    let arena = Arena::with("more connections than descriptors", command, &["--request-head-ms-max", "60s"]).await;
    let mut inside = Connection::open(arena.address).await;
    assert_eq!(inside.ask(&Request::get("/readyz")).await.status(), 200);
    arena.serves().await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.extend(raw::open(arena.address).await);
    }
    until("no descriptor left", async || arena.log().contains("no connection can be accepted").then_some(())).await;
    let before = arena.gauge().read();
    tokio::time::sleep(WATCHED).await;
    let spent = arena.gauge().read().cpu_ms - before.cpu_ms;
    // A loop that spins would have a core of its own.
    assert!(u128::from(spent) < WATCHED.as_millis() / 2, "{spent} ms of CPU within {WATCHED:?}");
    // Whoever is inside is served, as far as no further descriptor is needed.
    assert_eq!(inside.ask(&Request::get("/readyz")).await.status(), 200);
    let refused = inside.ask(&Request::post("/upload/inside").body("text/csv", "a\n1\n")).await;
    assert!(matches!(refused.status(), 201 | 500 | 503 | 507), "{refused:?}");
    let held = before.descriptors;
    drop(crowd);
    let outcome = Outcome {
        tried: format!("{CROWD} connections with {DESCRIPTORS} descriptors"),
        held: format!("{held} descriptors; {spent} ms of CPU in {} s of waiting", WATCHED.as_secs()),
        refused: "the rest waits in the kernel".into(),
    };
    drop(inside);
    arena.close(outcome).await;
}
