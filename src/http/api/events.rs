//! `GET /sse/{client}`.

use super::Part;
use super::model::WatchersDocument;
use super::params::{ClientParam, FromParam, KindsParam, UntilParam};
use crate::access::Principal;
use crate::domain::{ClientName, KindSet};
use crate::http::error::ApiError;
use crate::http::gate::principal;
use crate::http::payload::json::JsonBytes;
use crate::http::payload::problem::{Codes, Refused};
use crate::http::payload::sse::EventStream;
use crate::http::payload::until::Until;
use crate::http::{Services, site, standing};
use crate::stream::{Attach, Begin};
use bytes::Bytes;
use poem::Request;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use std::sync::Arc;

/// Longest text that is taken for an event id; what is longer is none of ours in any case.
const EVENT_ID_CHARS_MAX: usize = 64;

/// Watching a client.
pub struct EventsApi(pub Arc<Services>);

/// What watching can be refused with.
pub struct OnWatch;

impl Codes for OnWatch {
    const CODES: &'static [&'static str] = &["bad-parameter", "too-many-watchers", "shutting-down", "storage-failed"];
}

/// What looking at watchers can be refused with.
pub struct OnWatchers;

impl Codes for OnWatchers {
    const CODES: &'static [&'static str] = &["bad-parameter", "storage-failed"];
}

/// An attached watcher, or the end of a stream that was over.
#[derive(ApiResponse)]
pub enum Watching {
    /// The events, as they happen
    #[oai(status = 200)]
    Events(
        EventStream,
        /// The newest event there was when the watcher attached: up to it, what comes is a replay
        #[oai(header = "Newest-Event-ID")]
        Option<String>,
    ),
    /// A stream with `until=done` ended, and this is its reconnect: browsers stop here
    #[oai(status = 204)]
    Over,
}

#[OpenApi]
impl EventsApi {
    /// Watch a client
    ///
    /// Streams everything that happens at a client: every row of its uploads, problems, progress, toasts, stages, and events
    /// that were published by `POST /sse/{client}`. Any number of uploads can feed a client, and several connections can watch it.
    ///
    /// Where it begins: after `Last-Event-ID` (browsers send it by themselves when they reconnect), else after
    /// `last_event_id`, else with `from=start`, else now. Nothing is missed or doubled after an id, however old;
    /// what is kept no longer is told by a `gap` event.
    ///
    /// The client `system` is the server's own: whoever has the role admin for all clients gets its status there every two
    /// seconds (`--status-ms`), the same as by `GET /system/stats`.
    ///
    /// Swagger UI shows a stream only when it has ended: give `until=done` here, then upload.
    #[oai(path = "/sse/:client", method = "get", operation_id = "watch", tag = "Part::Ingest")]
    // The parameters are the operation's.
    #[allow(clippy::too_many_arguments)]
    async fn watch(
        &self,
        /// The client to watch.
        client: Path<ClientParam>,
        /// Go on after this event, as `Last-Event-ID` does, for whoever cannot set headers.
        #[oai(example = "example_event_id")]
        last_event_id: Query<Option<String>>,
        /// `start`: begin with the oldest event that is kept.
        from: Query<Option<FromParam>>,
        /// Only these kinds: `row`, `problem`, `progress`, `toast`, `stage`, `profile`, `published` (all that is published) or
        /// `published:<name>` (events of that name), joined by commas. `gap` always comes.
        events: Query<Option<KindsParam>>,
        /// `done`: end after the next upload that ends.
        until: Query<Option<UntilParam>>,
        /// `true`: tell how many watch, at first and whenever somebody comes or goes (`presence`, a state without id), whatever
        /// `events` says.
        #[oai(example = "example_presence")]
        presence: Query<Option<bool>>,
        /// A ticket of `POST /tickets`, for whoever cannot set headers.
        #[oai(name = "ticket", example = "example_ticket")]
        _ticket: Query<Option<String>>,
        request: &Request,
    ) -> Result<Watching, Refused<OnWatch>> {
        if site::asked_by_head(request) {
            // Probes must not take a watcher's place.
            return Ok(Watching::Events(EventStream::head_only(), None));
        }
        let header =
            request.headers().get("last-event-id").map(|value| event_id(&String::from_utf8_lossy(value.as_bytes())));
        let header = header.filter(|id| !id.is_empty());
        let query = last_event_id.0.map(|id| event_id(&id)).filter(|id| !id.is_empty());
        let begin = match (header, query, from.0) {
            (Some(id), _, _) => Begin::After { id, reconnect: true },
            (None, Some(id), _) => Begin::After { id, reconnect: false },
            (None, None, Some(_)) => Begin::Start,
            (None, None, None) => Begin::Now,
        };
        let kinds = events.0.map_or(KindSet::ALL, |kinds| kinds.0);
        let attach = Attach { begin, kinds, until_done: until.0.is_some(), presence: presence.0.unwrap_or(false) };
        let name = client.0.0;
        Ok(match self.0.streams.attach(name.clone(), attach).await? {
            Some(watcher) => {
                let newest = watcher.newest().to_string();
                let stream = match principal(request).filter(|_| !self.0.access.is_open()) {
                    Some(principal) => EventStream::new(Until::new(watcher, self.end(principal, name))),
                    None => EventStream::new(watcher),
                };
                Watching::Events(stream, Some(newest))
            }
            None => Watching::Over,
        })
    }

    /// Who watches a client
    ///
    /// How many connections watch it, since when, and how far each of them is. Who they are is not told.
    #[oai(path = "/sse/:client/watchers", method = "get", operation_id = "list_watchers", tag = "Part::Bus")]
    async fn watchers(
        &self,
        /// The client that is watched.
        client: Path<ClientParam>,
    ) -> Result<JsonBytes<WatchersDocument>, Refused<OnWatchers>> {
        let name = client.0.0;
        let (newest, watchers) = self.0.streams.watchers(name.clone()).await.map_err(ApiError::from)?;
        Ok(JsonBytes::of(&WatchersDocument::new(&name, newest, &watchers)))
    }
}

impl EventsApi {
    /// What is sent last, when whoever watches may not do so any more. A browser that reconnects is told why, by a 401.
    fn end(&self, principal: &Principal, client: ClientName) -> impl Future<Output = Bytes> + Send + use<> {
        let lost = standing::lost(self.0.access.clone(), self.0.changes.subscribe(), principal.clone(), client);
        async move { format!(": {}\nretry: 500\n\n", lost.await.code.as_str()).into() }
    }
}

fn event_id(text: &str) -> String {
    text.trim().chars().take(EVENT_ID_CHARS_MAX).collect()
}

fn example_presence() -> Option<bool> {
    Some(false)
}

fn example_ticket() -> Option<String> {
    // Swagger UI fills in what an example says, and this would be refused where it means something.
    Some(String::new())
}

fn example_event_id() -> Option<String> {
    Some("k3v9x0ab-17".into())
}
