//! `/session` and `/tickets`: credentials for browsers, which can send no header with an `EventSource`.

use super::Part;
use super::model::{NewTicket, SessionDocument, TicketDocument};
use crate::access::{AccessError, Act};
use crate::domain::ClientName;
use crate::http::Services;
use crate::http::code::ApiCode;
use crate::http::credential::{bearer, set_cookie};
use crate::http::error::ApiError;
use crate::http::gate::{forbidden, principal};
use crate::http::payload::json::{JsonBytes, SmallJson};
use crate::http::payload::problem::{Codes, Refused};
use crate::journal::now_ms;
use poem::Request;
use poem_openapi::param::Query;
use poem_openapi::{ApiResponse, OpenApi};
use std::sync::Arc;

/// Signing in and out, and tickets.
pub struct SessionApi(pub Arc<Services>);

/// What asking who one is can be refused with.
pub struct OnSession;

impl Codes for OnSession {
    const CODES: &'static [&'static str] = &["bad-parameter", "invalid-token", "token-expired", "cross-site"];
}

/// What signing in can be refused with.
pub struct OnSignIn;

impl Codes for OnSignIn {
    const CODES: &'static [&'static str] =
        &["bad-parameter", "unauthenticated", "invalid-token", "token-expired", "cross-site"];
}

/// What asking for a ticket can be refused with.
pub struct OnTicket;

impl Codes for OnTicket {
    const CODES: &'static [&'static str] = &["bad-parameter", "unauthenticated", "cross-site", "forbidden"];
}

/// A session that was begun.
#[derive(ApiResponse)]
pub enum SignedIn {
    /// Who one is; the cookie says so from here on
    #[oai(status = 201)]
    Session(
        JsonBytes<SessionDocument>,
        /// `rowcast_session`, for this server's pages alone
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

/// A session that is over.
#[derive(ApiResponse)]
pub enum SignedOut {
    /// The session is over, with its tickets and streams, or there was none
    #[oai(status = 204)]
    Over(
        /// Takes the cookie away
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

/// A ticket.
#[derive(ApiResponse)]
pub enum Issued {
    /// The ticket
    #[oai(status = 201)]
    Ticket(JsonBytes<TicketDocument>),
}

#[OpenApi]
impl SessionApi {
    /// Who am I
    ///
    /// Says how this server wants to be told who asks, whether it knows, and what they may do.
    #[oai(path = "/session", method = "get", operation_id = "get_session", tag = "Part::Access")]
    async fn get(&self, request: &Request) -> Result<JsonBytes<SessionDocument>, Refused<OnSession>> {
        Ok(JsonBytes::of(&SessionDocument::new(self.0.access.mode(), principal(request))))
    }

    /// Sign in
    ///
    /// Exchanges the bearer token of this request for a cookie that scripts cannot read and other sites' pages do not send.
    /// It ends with the token, when its key is revoked, and after the server's `session-ms-max` at the latest.
    #[oai(path = "/session", method = "post", operation_id = "sign_in", tag = "Part::Access")]
    async fn sign_in(
        &self,
        /// `true`: the browser keeps the cookie when it is closed, for as long as the session holds.
        #[oai(example = "example_stay")]
        stay: Query<Option<bool>>,
        request: &Request,
    ) -> Result<SignedIn, Refused<OnSignIn>> {
        let known = principal(request).filter(|_| self.0.access.is_open() || matches!(bearer(request), Ok(Some(_))));
        let known = known.ok_or_else(|| ApiError::plain(ApiCode::Unauthenticated))?;
        let now_ms = now_ms();
        let made = self.0.access.session(known, now_ms, self.0.limits.session_ms_max);
        let (value, session) = made.map_err(ApiError::from)?;
        let left_s = session.expires_ms.map_or(0, |ms| ms.saturating_sub(now_ms) / 1000);
        let cookie = set_cookie(request, &value, stay.0.unwrap_or(false).then_some(left_s));
        Ok(SignedIn::Session(JsonBytes::of(&SessionDocument::new(self.0.access.mode(), Some(&session))), cookie))
    }

    /// Sign out
    ///
    /// Ends the session of the cookie, the tickets that were made by it, and the streams that go on by either.
    #[oai(path = "/session", method = "delete", operation_id = "sign_out", tag = "Part::Access")]
    async fn sign_out(&self, request: &Request) -> Result<SignedOut, Refused<OnSession>> {
        if let Some(principal) = principal(request).cloned() {
            let access = Arc::clone(&self.0.access);
            let ended = tokio::task::spawn_blocking(move || access.sign_out(&principal, now_ms())).await;
            if ended.expect("signing out does not panic") {
                self.0.changes.send_replace(());
            }
        }
        Ok(SignedOut::Over(set_cookie(request, "", Some(0))))
    }

    /// Get a ticket for a stream
    ///
    /// For `EventSource`, which sends no headers, on pages of other sites, which have no cookie here: a short-lived text that
    /// lets one watch one client, as `GET /sse/{client}?ticket=…`, also when the browser reconnects, until it
    /// expires. Then the stream ends, reconnecting is answered 401, and the page opens another with a new ticket and
    /// `last_event_id`.
    #[oai(path = "/tickets", method = "post", operation_id = "create_ticket", tag = "Part::Access")]
    async fn ticket(&self, request: &Request, wanted: SmallJson<NewTicket>) -> Result<Issued, Refused<OnTicket>> {
        let known = principal(request).ok_or_else(|| ApiError::plain(ApiCode::Unauthenticated))?;
        let client = ClientName::parse(&wanted.0.client).map_err(|bad| ApiError::parameter("client", bad))?;
        if !known.may(Act::Read, &client) {
            return Err(forbidden(known, Act::Read, &client).into());
        }
        let most_s = self.0.limits.ticket_ms_max / 1000;
        let ms = match wanted.0.seconds {
            None => self.0.limits.ticket_ms,
            Some(seconds) if (1..=most_s).contains(&seconds) => seconds * 1000,
            Some(seconds) => {
                let what = format_args!("it is {seconds}, but it can be from 1 to {most_s}").to_string();
                return Err(ApiError::parameter("seconds", what).into());
            }
        };
        let (ticket, holder) = self.0.access.ticket(known, client, now_ms(), ms);
        Ok(Issued::Ticket(JsonBytes::of(&TicketDocument::new(ticket, &holder))))
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        tracing::error!(%error, "no session can be made");
        Self::plain(ApiCode::Internal)
    }
}

fn example_stay() -> Option<bool> {
    Some(true)
}
