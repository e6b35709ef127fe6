//! `rowcast serve`.

use crate::app::App;
use crate::config::ServeArgs;
use crate::telemetry;
use std::error::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(super) fn run(args: ServeArgs) -> Result<(), Box<dyn Error>> {
    telemetry::start(args.log, args.log_format);
    // At least two, so that a burst of work on one connection does not hold up the others.
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        // Before anybody can know that the server is there: a signal that nothing waits for ends the process at once.
        let mut signals = Signals::new();
        let app = App::start(&args).await?;
        // On standard output, for people and for scripts that asked for port 0.
        println!("listening on {}", app.url());
        let shutdown = CancellationToken::new();
        let stopped = shutdown.clone();
        tokio::spawn(async move {
            signals.next().await;
            tracing::info!("shutting down");
            stopped.cancel();
            // Whoever asks twice does not want to wait.
            signals.next().await;
            std::process::exit(130);
        });
        app.run(shutdown).await?;
        Ok(())
    })
}

/// SIGTERM and SIGINT, noticed from the moment this is made.
struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
}

impl Signals {
    fn new() -> Self {
        let caught = |kind, name| {
            let caught = signal(kind);
            caught.inspect_err(|error| tracing::warn!(%error, "{name} cannot be caught")).ok()
        };
        Self {
            terminate: caught(SignalKind::terminate(), "SIGTERM"),
            interrupt: caught(SignalKind::interrupt(), "SIGINT"),
        }
    }

    /// Waits for one of them.
    async fn next(&mut self) {
        tokio::select! {
            () = received(&mut self.terminate) => {}
            () = received(&mut self.interrupt) => {}
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
