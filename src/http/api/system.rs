//! The server itself: its numbers, who is connected, how it is; and what there is.

use super::Part;
use super::model::{
    ApiDocument, CheckDocument, ChecksDocument, ConnectionsDocument, HealthStatus, StatsDocument, SystemHealthDocument,
    WatchersDocument,
};
use crate::http::payload::json::JsonBytes;
use crate::http::{Api, Services};
use poem::Request;
use poem_openapi::{ApiResponse, OpenApi};
use std::sync::Arc;

/// What there is to know of the server.
pub struct SystemApi(pub Arc<Services>);

/// How the server is.
#[derive(ApiResponse)]
pub enum Health {
    /// It takes work. With `warn` somebody should look
    #[oai(status = 200)]
    Well(JsonBytes<SystemHealthDocument>),
    /// It takes no new work
    #[oai(status = 503)]
    Failing(JsonBytes<SystemHealthDocument>),
}

#[OpenApi]
impl SystemApi {
    /// What there is
    ///
    /// Every operation in one line, each with a command to try it.
    #[oai(path = "/api", method = "get", operation_id = "list_operations", tag = "Part::Operation")]
    async fn api(&self, request: &Request) -> JsonBytes<ApiDocument> {
        JsonBytes::of(&ApiDocument::of::<Api>(request.scheme().as_str(), host(request)))
    }

    /// The server in numbers
    ///
    /// Now, and since it started: connections, uploads, rows, watchers, storage, the process. It takes the role admin, for all
    /// clients. `GET /sse/system` tells the same every two seconds (`--status-ms`), as `event: status`: a state, without id.
    #[oai(path = "/system/stats", method = "get", operation_id = "get_stats", tag = "Part::Operation")]
    async fn stats(&self) -> JsonBytes<StatsDocument> {
        let stats = Arc::clone(&self.0.stats);
        JsonBytes::of(&tokio::task::spawn_blocking(move || stats()).await.expect("counting does not panic"))
    }

    /// Who is connected
    ///
    /// Everybody who watches, by client: since when, and how far each is. Who they are is not told. It takes the role admin,
    /// for all clients.
    #[oai(path = "/system/connections", method = "get", operation_id = "list_connections", tag = "Part::Operation")]
    async fn connections(&self) -> JsonBytes<ConnectionsDocument> {
        let everybody = self.0.streams.everybody();
        let watchers = everybody.iter().map(|(.., watching)| watching.len() as u64).sum();
        let mut left = self.0.limits.page_rows_max;
        let mut clients = Vec::new();
        for (client, newest, watching) in everybody {
            let told = usize::try_from(left).unwrap_or(usize::MAX).min(watching.len());
            left -= told as u64;
            clients.push(WatchersDocument::new(&client, newest, &watching[..told]));
            if left == 0 {
                break;
            }
        }
        let complete = clients.iter().map(|client| client.count).sum::<u64>() == watchers;
        let (connections, ..) = self.0.traffic.connections();
        JsonBytes::of(&ConnectionsDocument { connections, watchers, clients, complete })
    }

    /// Is it well
    ///
    /// Part by part, without numbers, for whoever asks. `/readyz` says the same in one word: whether it takes work.
    #[oai(path = "/system/health", method = "get", operation_id = "get_health", tag = "Part::Operation")]
    async fn health(&self) -> Health {
        let health = SystemHealthDocument::new(self.checks());
        match health.status {
            HealthStatus::Pass | HealthStatus::Warn => Health::Well(JsonBytes::of(&health)),
            HealthStatus::Fail => Health::Failing(JsonBytes::of(&health)),
        }
    }
}

impl SystemApi {
    fn checks(&self) -> ChecksDocument {
        let Services { health, ingest, limits, .. } = &*self.0;
        let check = |is_so: bool, status, what| CheckDocument::new(is_so.then_some((status, what)));
        ChecksDocument {
            running: check(!health.is_ready(), HealthStatus::Fail, "it was told to stop"),
            journal: check(
                ingest.trouble().is_some(),
                HealthStatus::Fail,
                "it could not be written when that was tried last",
            ),
            disk: check(!ingest.has_room(), HealthStatus::Warn, "it is full: uploads are refused"),
            uploads: check(
                ingest.running() >= limits.uploads_max,
                HealthStatus::Warn,
                "as many run as may: a further one is refused",
            ),
        }
    }
}

fn host(request: &Request) -> &str {
    let named = request.headers().get("host").and_then(|host| host.to_str().ok());
    named.or_else(|| request.uri().authority().map(|authority| authority.as_str())).unwrap_or("127.0.0.1:3000")
}
