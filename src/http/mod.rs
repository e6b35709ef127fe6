//! HTTP: the routes of the API, what every answer looks like, and the loop that serves them.
//!
//! Layer 6, and the only place that knows poem and hyper. It hands bytes to `ingest`, takes bytes from `stream` and
//! `rows`, and puts both into words that clients understand.
//!
//! The way of a request: [`serve()`] accepts its connection and watches over it · `incoming` watches over its body ·
//! `observe` notes from whom it came (`sender`) and how it went · `site` decides whether and where it goes, and asks `admission`
//! (how often), `guard` (which host, which page) and `gate` (who) · a handler of `api` answers · `site` gives every error its form.
//!
//! Invariants:
//! - Whatever goes wrong is answered with `application/problem+json` from one table (`code`), panics too.
//! - Everything from outside has a cap and a deadline, from [`Limits`]; a handler never outlives its connection.
//! - Success is answered only when the service below said that it is on disk.
//! - The OpenAPI document is made from the handlers, and needs nothing that runs.
//!
//! Not for: deciding anything about a file's content, keeping state, or what a role is good for (`access`).

mod admission;
mod api;
mod code;
mod cors;
mod credential;
mod docs;
mod document;
mod error;
mod etag;
mod examples;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gate;
mod guard;
mod health;
mod incoming;
mod metered;
mod observe;
mod payload;
mod problems;
mod sender;
mod serve;
mod site;
mod stall;
mod standing;
mod streams;
mod tls;
mod trace;
mod traffic;
mod tus;
mod ui;
mod wire;

pub use api::model::{ProcessStats, StatsDocument, StorageStats, TrafficStats, UploadStats, WatcherStats, rfc3339};
pub use document::openapi_document;
pub use health::Health;
pub use serve::serve;
pub use tls::{Tls, TlsError};
pub use traffic::{Answered, Traffic};

use crate::access::Access;
use crate::domain::Limits;
use crate::ingest::Ingest;
use crate::rates::{Network, Rates};
use crate::rows::Rows;
use crate::stream::Streams;
use api::downloads::DownloadsApi;
use api::events::EventsApi;
use api::files::FilesApi;
use api::mock::MockApi;
use api::ops::OpsApi;
use api::publish::PublishApi;
use api::reread::RereadApi;
use api::session::SessionApi;
use api::system::SystemApi;
use api::upload::UploadApi;
use api::uploads::UploadsApi;
use docs::Fixed;
use document::{described, described_as};
use gate::Gate;
use guard::Guard;
use observe::Observed;
use poem::{Endpoint, IntoEndpoint, Response};
use sender::Senders;
use site::{Addresses, Site};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use ui::Ui;

/// What the routes stand on.
pub struct Services {
    /// How much of anything is allowed.
    pub limits: Arc<Limits>,
    /// Running uploads, and acts on uploads.
    pub ingest: Ingest,
    /// The streams of all clients.
    pub streams: Streams,
    /// Uploads' rows and problems.
    pub rows: Rows,
    /// Whether new work is taken.
    pub health: Health,
    /// Where the page's files are read from; none for those in the binary.
    pub static_dir: Option<PathBuf>,
    /// Names and addresses that requests may name as their `Host`, beside loopback and the address that a connection
    /// came in by.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may use this server, as `https://app.example`.
    pub allowed_origins: Vec<String>,
    /// Networks of proxies that are believed when they say whom a request is from.
    pub trusted_proxies: Vec<Network>,
    /// How often and how much.
    pub rates: Arc<Rates>,
    /// Milliseconds that an upload is kept after it last changed its stage.
    pub keep_ms: u64,
    /// Where requests are counted.
    pub traffic: Traffic,
    /// What `/metrics` answers. It may look at files.
    pub metrics: Scrape,
    /// What `/system/stats` answers. It may look at files.
    pub stats: Numbers,
    /// Who may do what.
    pub access: Arc<Access>,
    /// Told when keys or sessions ended, so that streams look whether they may go on.
    pub changes: watch::Sender<()>,
}

/// Makes the text of all metrics, in Prometheus' format.
pub type Scrape = Arc<dyn Fn() -> String + Send + Sync>;
/// Tells the server in numbers.
pub type Numbers = Arc<dyn Fn() -> StatsDocument + Send + Sync>;

/// A tally of requests, with every operation of the API.
pub fn traffic() -> Traffic {
    Traffic::new(Addresses::of::<Api>().operations())
}

type Api = (
    EventsApi,
    PublishApi,
    UploadApi,
    FilesApi,
    UploadsApi,
    RereadApi,
    DownloadsApi,
    SessionApi,
    MockApi,
    OpsApi,
    SystemApi,
);

/// All routes, with everything around them.
pub fn endpoint(services: Services) -> impl Endpoint<Output = Response> + 'static {
    let ui = Ui::new(services.static_dir.clone());
    let guard = Guard::new(services.allowed_hosts.iter().cloned(), services.allowed_origins.iter().cloned());
    let traffic = services.traffic.clone();
    let senders = Senders::new(services.trusted_proxies.clone());
    let services = Arc::new(services);
    let gate = Gate(services.clone());
    let api: Api = (
        EventsApi(services.clone()),
        PublishApi(services.clone()),
        UploadApi(services.clone()),
        FilesApi(services.clone()),
        UploadsApi(services.clone()),
        RereadApi(services.clone()),
        DownloadsApi(services.clone()),
        SessionApi(services.clone()),
        MockApi(services.clone()),
        OpsApi {
            services: services.clone(),
            ui: ui.clone(),
            openapi: Fixed::openapi(openapi_document()),
            swagger: Fixed::swagger(described().swagger_ui_html()),
        },
        SystemApi(services),
    );
    let operations = described_as(api).into_endpoint();
    let site = Site { operations, addresses: Addresses::of::<Api>(), ui, guard, gate };
    Observed { inner: site, traffic, senders }
}

#[cfg(test)]
mod tests;
