//! `rowcast serve`.

use crate::app::App;
use crate::config::ServeArgs;
use crate::telemetry;
use std::error::Error;
use tokio_util::sync::CancellationToken;

pub(super) fn run(args: ServeArgs) -> Result<(), Box<dyn Error>> {
    telemetry::start(args.log);
    // At least two, so that a burst of work on one connection does not hold up the others.
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let app = App::start(&args).await?;
        // On standard output, for people and for scripts that asked for port 0.
        println!("listening on http://{}", app.address());
        let shutdown = CancellationToken::new();
        let stopped = shutdown.clone();
        tokio::spawn(async move {
            signalled().await;
            tracing::info!("shutting down");
            stopped.cancel();
            // Whoever asks twice does not want to wait.
            signalled().await;
            std::process::exit(130);
        });
        app.run(shutdown).await?;
        Ok(())
    })
}

/// SIGTERM or SIGINT.
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be caught");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
