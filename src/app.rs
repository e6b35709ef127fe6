//! The composition root: builds the parts, and owns the order in which they start and stop.
//!
//! Start: lock the folder → keys → spool → journal → streams → uploads (recovery begins) → listener.
//! Stop: not ready, serving on for a grace → stop accepting → uploads end as interrupted, synced → watchers are sent
//! home → requests end →
//! journal closes, cleanly.

use crate::access::{Access, AccessError, Mode};
use crate::config::{BadAuth, ServeArgs};
use crate::domain::Limits;
use crate::folder::{Folder, FolderError, Lock};
use crate::http::{self, Health, Services, Tls, TlsError, Traffic};
use crate::ingest::{Ingest, Retention};
use crate::journal::{Journal, JournalError};
use crate::metrics::Sources;
use crate::rates::Rates;
use crate::rows::Rows;
use crate::spool::Spool;
use crate::stats;
use crate::stream::Streams;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
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
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
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
    tls: Option<Tls>,
    address: SocketAddr,
    limits: Arc<Limits>,
    journal: Journal,
    streams: Streams,
    ingest: Ingest,
    rows: Rows,
    spool: Spool,
    health: Health,
    access: Arc<Access>,
    rates: Arc<Rates>,
    retention: Retention,
    args: ServeArgs,
    started: SystemTime,
    /// Held as long as the folder is used.
    _lock: Lock,
}

/// How often what is not to be kept is let go.
const RETAIN_EVERY: Duration = Duration::from_secs(30);
/// How often it is forgotten who has their whole allowance.
const FORGET_EVERY: Duration = Duration::from_secs(60);

impl App {
    /// Opens everything and binds the port.
    ///
    /// # Errors
    /// [`AppError`], as it says.
    pub async fn start(args: &ServeArgs) -> Result<Self, AppError> {
        let mode = verify(args)?;
        let tls = certificate(args)?;
        let limits = Arc::new(args.limits.0.clone());
        let folder = Folder::new(&args.data_dir);
        let lock = folder.lock()?;
        let access = Arc::new(Access::open(mode, folder.path(), &limits)?);
        let unusable = |error| FolderError::Io { folder: args.data_dir.clone(), error };
        let spool = Spool::open(&folder.spool(), limits.disk_free_bytes_min).map_err(unusable)?;
        let journal = Journal::open(&folder.journal(), limits.journal_queue_bytes_max)?;
        let streams = Streams::new(journal.clone(), spool.clone(), Arc::clone(&limits));
        let ingest = Ingest::new(journal.clone(), spool.clone(), streams.clone(), Arc::clone(&limits));
        let rows = Rows::new(journal.clone(), spool.clone(), Arc::clone(&limits));
        let listen = |error| AppError::Listen { address: args.listen, error };
        let listener = TcpListener::bind(args.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        ingest.recover()?;
        Ok(Self {
            listener,
            tls,
            address,
            limits,
            journal,
            streams,
            ingest,
            rows,
            spool,
            health: Health::default(),
            access,
            rates: Arc::new(Rates::new(&args.limits.0)),
            retention: retention(args),
            args: args.clone(),
            started: SystemTime::now(),
            _lock: lock,
        })
    }

    /// Where it is reached: `http://127.0.0.1:3000`.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
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
        let traffic = http::traffic();
        let metrics = Arc::new(self.metrics(&traffic));
        let sources = Arc::clone(&metrics);
        let telling = Duration::from_millis(self.limits.status_ms.max(1));
        let telling = tokio::spawn(stats::tell(Arc::clone(&metrics), self.streams.clone(), telling));
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
            trusted_proxies: self.args.trusted_proxy.clone(),
            rates: Arc::clone(&self.rates),
            keep_ms: self.retention.keep_ms,
            traffic: traffic.clone(),
            metrics: Arc::new(move || metrics.text()),
            stats: Arc::new(move || sources.stats()),
            access: Arc::clone(&self.access),
            changes: changes.clone(),
        });
        let accepting = CancellationToken::new();
        let renewing =
            self.tls.clone().map(|tls| tokio::spawn(tls.follow(Duration::from_millis(self.limits.tls_reload_ms))));
        let limits = Arc::clone(&self.limits);
        let serving = http::serve(self.listener, endpoint, limits, traffic, self.tls, accepting.clone());
        let serving = tokio::spawn(serving);
        let retaining = tokio::spawn(retain(self.ingest.clone(), self.retention));
        let forgetting = tokio::spawn(forget_idle(self.rates));
        let every = Duration::from_millis(self.limits.keys_poll_ms.max(1));
        let looking = tokio::spawn(look_at_keys(self.access, every, changes));
        shutdown.cancelled().await;
        self.health.leaving();
        tokio::time::sleep(Duration::from_millis(self.limits.shutdown_grace_ms)).await;
        self.health.shutting_down();
        accepting.cancel();
        retaining.abort();
        forgetting.abort();
        renewing.inspect(tokio::task::JoinHandle::abort);
        looking.abort();
        telling.abort();
        self.ingest.close().await;
        self.streams.close().await;
        let served = serving.await;
        let journal = self.journal;
        tokio::task::spawn_blocking(move || journal.close()).await.map_err(AppError::Serve)??;
        served.map_err(AppError::Serve)
    }

    /// What `/metrics` asks.
    fn metrics(&self, traffic: &Traffic) -> Sources {
        let (health, ingest) = (self.health.clone(), self.ingest.clone());
        Sources {
            ready: Box::new(move || health.is_ready() && ingest.trouble().is_none()),
            traffic: traffic.clone(),
            ingest: self.ingest.clone(),
            spool: self.spool.clone(),
            journal: self.journal.clone(),
            streams: self.streams.clone(),
            rates: Arc::clone(&self.rates),
            started: self.started,
        }
    }

    fn allowed_hosts(&self) -> Vec<String> {
        let mut hosts = self.args.allow_host.clone();
        hosts.push(self.address.ip().to_string());
        hosts
    }
}

/// Whether settings that are valid each may go together.
///
/// # Errors
/// [`AppError::Public`], [`AppError::Auth`].
pub fn verify(args: &ServeArgs) -> Result<Mode, AppError> {
    let mode = args.auth.mode(args.limits.0.jwt_leeway_ms)?;
    let is_public = !args.listen.ip().is_loopback() && mode == Mode::None && !args.insecure_public;
    if is_public { Err(AppError::Public(args.listen)) } else { Ok(mode) }
}

/// The certificate that the settings name; none where they name none.
///
/// # Errors
/// [`TlsError`], as it says.
pub fn certificate(args: &ServeArgs) -> Result<Option<Tls>, TlsError> {
    args.tls_cert.as_ref().zip(args.tls_key.as_ref()).map(|(cert, key)| Tls::load(cert, key)).transpose()
}

/// What is kept, as the settings say.
pub fn retention(args: &ServeArgs) -> Retention {
    Retention { keep_ms: u64::try_from(args.keep.as_millis()).unwrap_or(u64::MAX), keep_bytes: args.keep_bytes }
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

async fn forget_idle(rates: Arc<Rates>) {
    let mut every = tokio::time::interval(FORGET_EVERY);
    loop {
        every.tick().await;
        rates.forget_idle();
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
