//! The composition root: builds the parts, and owns the order in which they start and stop.
//!
//! Start: lock the folder → keys → spool → journal → streams → uploads (recovery begins) → listener.
//! Stop: not ready → stop accepting → uploads end as interrupted, synced → watchers are sent home → requests end →
//! journal closes, cleanly.

use crate::access::{Access, AccessError, Mode};
use crate::config::{BadAuth, ServeArgs};
use crate::domain::Limits;
use crate::http::{self, Health, Services};
use crate::ingest::{Ingest, Retention};
use crate::journal::{Journal, JournalError};
use crate::rows::Rows;
use crate::spool::Spool;
use crate::stream::Streams;
use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Why the server did not start, or ended other than asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The address is reachable from other machines.
    #[error(
        "{0} is reachable from other machines, and anybody who reaches it could read, upload and delete. \
         Ask for keys (--auth token), listen on 127.0.0.1, or say --insecure-public if that is meant"
    )]
    Public(SocketAddr),
    /// The settings of who may do what do not go together.
    #[error(transparent)]
    Auth(#[from] BadAuth),
    /// The keys cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}: {error}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// Another process uses the data folder.
    #[error("another process uses the data folder {}", .0.display())]
    Locked(PathBuf),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A part of the server panicked.
    #[error("the server broke: {0}")]
    Serve(#[source] tokio::task::JoinError),
}

/// A server that is ready to run: everything is open, the port is bound, nothing is accepted yet.
pub struct App {
    listener: TcpListener,
    address: SocketAddr,
    limits: Arc<Limits>,
    journal: Journal,
    streams: Streams,
    ingest: Ingest,
    rows: Rows,
    health: Health,
    access: Arc<Access>,
    retention: Retention,
    args: ServeArgs,
    /// Held as long as the folder is used.
    _lock: File,
}

/// How often what is not to be kept is let go.
const RETAIN_EVERY: Duration = Duration::from_secs(30);

impl App {
    /// Opens everything and binds the port.
    ///
    /// # Errors
    /// [`AppError`], as it says.
    pub async fn start(args: &ServeArgs) -> Result<Self, AppError> {
        let mode = args.auth.mode(args.limits.0.jwt_leeway_ms)?;
        if !args.listen.ip().is_loopback() && mode == Mode::None && !args.insecure_public {
            return Err(AppError::Public(args.listen));
        }
        let limits = Arc::new(args.limits.0.clone());
        let folder = |error| AppError::Folder { folder: args.data_dir.clone(), error };
        fs::create_dir_all(&args.data_dir).map_err(folder)?;
        let lock = File::options().create(true).truncate(false).write(true).open(args.data_dir.join("lock"));
        let lock = lock.map_err(folder)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => AppError::Locked(args.data_dir.clone()),
            TryLockError::Error(error) => folder(error),
        })?;
        let access = Arc::new(Access::open(mode, &args.data_dir, &limits)?);
        let spool = Spool::open(&args.data_dir.join("spool"), limits.disk_free_bytes_min).map_err(folder)?;
        let journal = Journal::open(&args.data_dir.join("journal.db"), limits.journal_queue_bytes_max)?;
        let streams = Streams::new(journal.clone(), spool.clone(), Arc::clone(&limits));
        let ingest = Ingest::new(journal.clone(), spool.clone(), streams.clone(), Arc::clone(&limits));
        let rows = Rows::new(journal.clone(), spool, Arc::clone(&limits));
        let listen = |error| AppError::Listen { address: args.listen, error };
        let listener = TcpListener::bind(args.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        ingest.recover()?;
        Ok(Self {
            listener,
            address,
            limits,
            journal,
            streams,
            ingest,
            rows,
            health: Health::default(),
            access,
            retention: Retention {
                keep_ms: u64::try_from(args.keep.as_millis()).unwrap_or(u64::MAX),
                keep_bytes: args.keep_bytes,
            },
            args: args.clone(),
            _lock: lock,
        })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then stops in order.
    ///
    /// # Errors
    /// [`AppError::Serve`], [`AppError::Journal`].
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), AppError> {
        let changes = watch::Sender::new(());
        let endpoint = http::endpoint(Services {
            limits: Arc::clone(&self.limits),
            ingest: self.ingest.clone(),
            streams: self.streams.clone(),
            rows: self.rows.clone(),
            health: self.health.clone(),
            static_dir: self.args.static_dir.clone(),
            allowed_hosts: self.allowed_hosts(),
            allowed_origins: self.args.allow_origin.clone(),
            keep_ms: self.retention.keep_ms,
            access: Arc::clone(&self.access),
            changes: changes.clone(),
        });
        let accepting = CancellationToken::new();
        let serving = http::serve(self.listener, endpoint, Arc::clone(&self.limits), accepting.clone());
        let serving = tokio::spawn(serving);
        let retaining = tokio::spawn(retain(self.ingest.clone(), self.retention));
        let every = Duration::from_millis(self.limits.keys_poll_ms.max(1));
        let looking = tokio::spawn(look_at_keys(self.access, every, changes));
        shutdown.cancelled().await;
        self.health.shutting_down();
        accepting.cancel();
        retaining.abort();
        looking.abort();
        self.ingest.close().await;
        self.streams.close().await;
        let served = serving.await;
        let journal = self.journal;
        tokio::task::spawn_blocking(move || journal.close()).await.map_err(AppError::Serve)??;
        served.map_err(AppError::Serve)
    }

    fn allowed_hosts(&self) -> Vec<String> {
        let mut hosts = self.args.allow_host.clone();
        hosts.push(self.address.ip().to_string());
        hosts
    }
}

async fn retain(ingest: Ingest, retention: Retention) {
    let mut every = tokio::time::interval(RETAIN_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = ingest.retain(retention).await {
            tracing::warn!(%error, "old uploads could not be let go; it is tried again");
        }
    }
}

/// Takes what the key file says when it changed, and tells those who stream by its keys.
async fn look_at_keys(access: Arc<Access>, every: Duration, changes: watch::Sender<()>) {
    if access.is_open() {
        return;
    }
    let mut every = tokio::time::interval(every);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let access = Arc::clone(&access);
        match tokio::task::spawn_blocking(move || access.look_again()).await {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => {
                tracing::info!("the key file changed, and its keys count from now on");
                changes.send_replace(());
            }
            Ok(Err(error)) => tracing::warn!(%error, "the key file cannot be used; the keys stay as they were"),
            Err(_) => return,
        }
    }
}
