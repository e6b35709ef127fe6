//! What is noted of every request: a span with its trace for what is logged meanwhile, its numbers, one line in the access
//! log when it is over, and one in the audit log where it was to change something.
//!
//! Never noted: queries (they may hold tickets), headers, and anything of a body but its length.

use super::sender::Senders;
use super::trace::Trace;
use super::traffic::{NOTHING, Traffic};
use crate::rates::Sender;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Frame, SizeHint};
use poem::http::header::LOCATION;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, Request, Response};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;
use tracing::Instrument;

/// Longest path in a log.
const PATH_BYTES_MAX: usize = 512;
/// Acts on uploads that are not told each time: a file may come in thousands of pieces, and its beginning was told.
const NOT_AUDITED: [&str; 1] = ["tus_patch"];

/// What is known of a request when it was answered; an extension of the answer.
#[derive(Debug, Clone)]
pub struct Noted {
    /// Which operation answered, by its id.
    pub operation: &'static str,
    /// Who asked, where they had to say.
    pub principal: Option<String>,
}

impl Default for Noted {
    fn default() -> Self {
        Self { operation: NOTHING, principal: None }
    }
}

/// Bytes of the body that were received so far; an extension of the request.
#[derive(Debug, Clone, Default)]
pub struct Received(pub Arc<AtomicU64>);

/// An endpoint of which every request is noted.
pub struct Observed<E> {
    /// What answers.
    pub inner: E,
    /// Where it is counted.
    pub traffic: Traffic,
    /// Who sends them.
    pub senders: Senders,
}

impl<E: Endpoint<Output = Response>> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let sender = self.senders.of(&request);
        request.extensions_mut().insert(sender);
        let mut line = Box::new(Line::new(&request, sender, self.traffic.clone()));
        let span = tracing::info_span!(
            target: "rowcast",
            "request",
            trace_id = line.trace.trace_id,
            span_id = line.trace.span_id,
            parent_id = line.trace.parent_id,
        );
        let answer = self.inner.call(request).instrument(span).await;
        let mut response = answer.unwrap_or_else(|error| error.into_response());
        line.answered(&response);
        let inner: BoxBody<Bytes, io::Error> = response.take_body().into();
        if inner.is_end_stream() {
            line.is_whole = true;
            response.set_body(poem::Body::from(inner));
        } else {
            response.set_body(poem::Body::from(BoxBody::new(Outgoing { inner, line })));
        }
        Ok(response)
    }
}

/// One request, until it is over: then it is told.
struct Line {
    trace: Trace,
    method: Method,
    path: String,
    /// None where nobody connected, but in a test.
    peer: Option<SocketAddr>,
    /// Whom it is from, where that is not the peer.
    address: Option<IpAddr>,
    began: Instant,
    received: Received,
    sent_bytes: u64,
    traffic: Traffic,
    noted: Noted,
    /// None while there is no answer.
    status: Option<StatusCode>,
    /// Where what was made lies.
    location: Option<String>,
    /// The answer was given out to its end.
    is_whole: bool,
}

impl Line {
    fn new(request: &Request, sender: Sender, traffic: Traffic) -> Self {
        let path = request.uri().path();
        Self {
            trace: Trace::of(request.headers()),
            method: request.method().clone(),
            path: path.get(..PATH_BYTES_MAX).unwrap_or(path).to_owned(),
            peer: request.remote_addr().as_socket_addr().copied(),
            address: Some(sender.address).filter(|address| *address != sender.peer.ip().to_canonical()),
            began: Instant::now(),
            received: request.extensions().get().cloned().unwrap_or_default(),
            sent_bytes: 0,
            traffic,
            noted: Noted::default(),
            status: None,
            location: None,
            is_whole: false,
        }
    }

    fn answered(&mut self, response: &Response) {
        self.status = Some(response.status());
        self.noted = response.extensions().get().cloned().unwrap_or_default();
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        self.location = location.map(ToOwned::to_owned);
        self.traffic.answered(self.noted.operation, &self.method, response.status().as_u16(), self.began.elapsed());
    }

    /// Whether it was to change something that is kept.
    fn is_act(&self) -> bool {
        !self.method.is_safe() && self.noted.operation != NOTHING && !NOT_AUDITED.contains(&self.noted.operation)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let received_bytes = self.received.0.load(Ordering::Relaxed);
        self.traffic.over(received_bytes, self.sent_bytes);
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Without an answer its sender went away before there was one.
        let status = self.status.map_or(0, |status| status.as_u16());
        tracing::info!(
            target: "rowcast::access",
            parent: None,
            method = self.method.as_str(),
            path = self.path,
            status,
            received_bytes,
            sent_bytes = self.sent_bytes,
            ms,
            whole = self.is_whole,
            peer = self.peer.map(tracing::field::display),
            address = self.address.map(tracing::field::display),
            operation = self.noted.operation,
            trace_id = self.trace.trace_id,
            "request"
        );
        if self.is_act() {
            tracing::info!(
                target: "rowcast::audit",
                parent: None,
                act = self.noted.operation,
                principal = self.noted.principal,
                path = self.path,
                location = self.location,
                status,
                peer = self.peer.map(tracing::field::display),
                address = self.address.map(tracing::field::display),
                trace_id = self.trace.trace_id,
                "act"
            );
        }
    }
}

/// An answer's body on its way out, counted.
struct Outgoing {
    inner: BoxBody<Bytes, io::Error>,
    line: Box<Line>,
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.line.sent_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                // Of a body whose length was told, the end is not asked for.
                self.line.is_whole = self.inner.is_end_stream();
            }
            Poll::Ready(None) => self.line.is_whole = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
