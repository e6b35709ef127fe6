//! The server within the test: the same parts as in the program, on a free port, with small limits.

use crate::api::Api;
use crate::patience::{soon, until};
use rowcast::app::{App, AppError};
use rowcast::config::{AuthArgs, LimitArgs, LogFilter, LogFormat, ServeArgs};
use rowcast::domain::Limits;
use rowcast::folder::FolderError;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running server with a folder of its own; it stops when dropped.
pub struct Server {
    api: Api,
    args: ServeArgs,
    dir: Option<TempDir>,
    shutdown: CancellationToken,
    running: Option<JoinHandle<Result<(), AppError>>>,
}

/// The settings of a test: the limits that tests have, and a folder.
pub fn settings(dir: &Path) -> ServeArgs {
    ServeArgs {
        config: None,
        listen: "127.0.0.1:0".parse().expect("an address"),
        data_dir: dir.into(),
        keep: Duration::from_secs(86_400),
        keep_bytes: 1 << 40,
        static_dir: None,
        allow_host: Vec::new(),
        allow_origin: Vec::new(),
        trusted_proxy: Vec::new(),
        insecure_public: false,
        auth: AuthArgs::default(),
        tls_cert: None,
        tls_key: None,
        log: LogFilter::OFF,
        log_format: LogFormat::Text,
        limits: LimitArgs(Limits::for_tests()),
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other limits than the usual ones.
    pub async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        Self::with(|args| change(&mut args.limits.0)).await
    }

    /// With other settings than the usual ones.
    pub async fn with(change: impl FnOnce(&mut ServeArgs)) -> Self {
        Self::on(TempDir::new().expect("a temporary folder"), change).await
    }

    /// On a folder that a server used before.
    pub async fn on(dir: TempDir, change: impl FnOnce(&mut ServeArgs)) -> Self {
        let mut args = settings(dir.path());
        change(&mut args);
        let app = until("the start", async || match App::start(&args).await {
            // Another test begins a command just now: until that is more than a copy of this process, it holds what this
            // process held, the lock of the folder too.
            Err(AppError::Folder(FolderError::Locked(_))) => None,
            started => Some(started.expect("the server starts")),
        })
        .await;
        let shutdown = CancellationToken::new();
        let api = Api { address: app.address() };
        let running = Some(tokio::spawn(app.run(shutdown.clone())));
        Self { api, args, dir: Some(dir), shutdown, running }
    }

    /// Stops in good order; the folder stays.
    pub async fn stop(mut self) -> TempDir {
        self.begin_to_stop();
        let running = self.running.take().expect("a server is stopped once");
        soon("stopping", running).await.expect("the server does not panic").expect("the server stops well");
        self.dir.take().expect("a server is stopped once")
    }

    /// Tells it to stop, and does not wait.
    pub fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Stops, and starts again on the same folder with the same settings.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    pub async fn restart_with(self, change: impl FnOnce(&mut ServeArgs)) -> Self {
        let before = self.args.clone();
        let dir = self.stop().await;
        Self::on(dir, |args| {
            *args = before;
            change(args);
        })
        .await
    }

    pub fn limits(&self) -> &Limits {
        &self.args.limits.0
    }

    pub fn data_dir(&self) -> &Path {
        &self.args.data_dir
    }

    /// The file that holds an upload's bytes.
    pub fn spooled(&self, upload: &str) -> PathBuf {
        self.data_dir().join("spool").join(format!("{upload}.csv"))
    }
}

impl Deref for Server {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
