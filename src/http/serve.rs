//! The loop that accepts connections and the life of each: deadlines, caps, and an orderly end.
//!
//! poem's own server has no deadline for heads or stalled writes, spins when file descriptors run out, and goes on with a
//! handler whose client is gone. Here a handler lives inside its connection: when the peer leaves, it is dropped.

use super::code::{ApiCode, Code};
use super::error::ApiError;
use super::payload::problem;
use super::streams::{Given, Streams};
use super::tls::Tls;
use super::traffic::{Open, Traffic};
use super::{incoming, wire};
use crate::domain::Limits;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pause after an accept that failed for want of something (file descriptors, memory): trying again at once only spins.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Refused connections that are told so at once. Further ones are only closed.
const REFUSALS_MAX: usize = 64;
/// How long a refused connection may take to read why.
const REFUSAL_TIME_MAX: Duration = Duration::from_secs(1);
/// hyper asks for at least this much room for a head.
const HEAD_BYTES_MIN: usize = 8 << 10;
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Body bytes that an HTTP/2 sender may send ahead, for a request and for the connection: memory for each connection.
const HTTP2_WINDOW_BYTES: u32 = 1 << 20;
/// How often a silent HTTP/2 peer is asked whether it lives, and how long it may take to say so.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// Serves `endpoint` on `listener` until `shutdown` is cancelled; then accepts nothing more, lets running requests end
/// within `shutdown_ms_max`, and cuts what is left. Returns when every connection is closed.
///
/// Whoever cancels `shutdown` has ended the watchers' streams first, else they run into the cut.
pub async fn serve<E>(
    listener: TcpListener,
    endpoint: E,
    limits: Arc<Limits>,
    traffic: Traffic,
    tls: Option<Tls>,
    shutdown: CancellationToken,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let connections = TaskTracker::new();
    let server = Arc::new(Server {
        endpoint,
        http1: http1(&limits),
        slots: Arc::new(Semaphore::new(usize::try_from(limits.connections_max).unwrap_or(usize::MAX >> 4))),
        refusals: Arc::new(Semaphore::new(REFUSALS_MAX)),
        tls,
        shutdown: shutdown.clone(),
        cut: CancellationToken::new(),
        limits,
    });
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match server.slots.clone().try_acquire_owned() {
                Ok(slot) => {
                    connections.spawn(server.clone().connection(stream, peer, (slot, traffic.accepted())));
                }
                Err(_) => {
                    traffic.refused();
                    // Whoever expects TLS would not understand it.
                    if server.tls.is_some() {
                        continue;
                    }
                    if let Ok(place) = server.refusals.clone().try_acquire_owned() {
                        connections.spawn(tokio::time::timeout(REFUSAL_TIME_MAX, refuse(stream, place)));
                    }
                }
            },
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    let grace = Duration::from_millis(server.limits.shutdown_ms_max);
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "cut at shutdown");
        server.cut.cancel();
        connections.wait().await;
    }
}

/// A connection's place among those that may be open, and that it counts as one.
type Slot = (OwnedSemaphorePermit, Open);

struct Server<E> {
    endpoint: E,
    http1: http1::Builder,
    slots: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    limits: Arc<Limits>,
    tls: Option<Tls>,
    /// Finish what runs.
    shutdown: CancellationToken,
    /// Stop at once.
    cut: CancellationToken,
}

impl<E: Endpoint<Output = Response> + 'static> Server<E> {
    /// One connection from its first byte to its last.
    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, _slot: Slot) {
        let stall_max = Duration::from_millis(self.limits.watcher_stall_ms_max);
        let head_max = Duration::from_millis(self.limits.request_head_ms_max);
        let Ok(local) = stream.local_addr() else { return };
        if let Err(error) = wire::tune(&stream, stall_max) {
            // The peer is gone already, most likely; else the connection works all the same.
            tracing::debug!(%error, "socket options");
        }
        let Some(tls) = &self.tls else {
            return Self::talk(self, stream, (local, peer), Scheme::HTTP).await;
        };
        let shaken = tokio::select! {
            () = self.shutdown.cancelled() => return,
            shaken = tokio::time::timeout(head_max, tls.accept(stream)) => shaken,
        };
        match shaken {
            Ok(Ok(stream)) => Box::pin(Self::talk(self, stream, (local, peer), Scheme::HTTPS)).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
            Err(_) => {}
        }
    }

    /// What is said on a connection, between these two addresses.
    async fn talk<S>(self: Arc<Self>, mut stream: S, (local, peer): (SocketAddr, SocketAddr), scheme: Scheme)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let stall_max = Duration::from_millis(self.limits.watcher_stall_ms_max);
        let head_max = Duration::from_millis(self.limits.request_head_ms_max);
        let first = tokio::select! {
            () = self.shutdown.cancelled() => return,
            first = tokio::time::timeout(head_max, wire::first_bytes(&mut stream)) => first,
        };
        let Ok(Ok(first)) = first else { return };

        // Told apart here, and not by hyper-util, whose connection has room for both.
        let is_http2 = wire::is_http2(&first);
        let io = TokioIo::new(wire::Wire::new(stream, first, stall_max));
        let server = self.clone();
        let service = hyper::service::service_fn(move |request| {
            let (server, scheme) = (server.clone(), scheme.clone());
            // hyper keeps room for this as long as the answer lasts, and that of a watcher lasts long.
            Box::pin(async move {
                let mut request: Request = (request, LocalAddr(local.into()), RemoteAddr(peer.into()), scheme).into();
                let (pause_max, rate_min) = (server.limits.body_stall_ms_max, server.limits.body_rate_bytes_min);
                incoming::watch(&mut request, Duration::from_millis(pause_max), rate_min);
                let response: hyper::Response<_> = server.endpoint.get_response(request).await.into();
                Ok::<_, Infallible>(response.map(Given::new))
            })
        });
        let ended = if is_http2 {
            let streams = Streams::new(stall_max);
            let connection = http2(&self.limits, streams.clone()).serve_connection(io, service);
            Box::pin(self.drive(connection, Some(&streams))).await
        } else {
            self.drive(self.http1.serve_connection(io, service), None).await
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "connection ended early");
        }
    }

    /// Serves a connection to its end, or until it is cut. One of HTTP/2 is told to end when nothing was asked on it for as
    /// long as a head may take (hyper does the same for HTTP/1.1), and is cut when it does not.
    async fn drive<C: GracefulConnection>(&self, connection: C, streams: Option<&Streams>) -> Result<(), C::Error> {
        let none_for = async |ms| match streams {
            Some(streams) => streams.none_for(Duration::from_millis(ms)).await,
            None => std::future::pending().await,
        };
        tokio::pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = self.shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
            () = none_for(self.limits.request_head_ms_max) => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.cut.cancelled() => Ok(()),
            // What was answered may still be on its way.
            () = none_for(self.limits.watcher_stall_ms_max) => Ok(()),
        }
    }
}

/// hyper with deadlines and caps instead of its defaults.
fn http1(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.request_head_ms_max))
        .max_buf_size(head_bytes(limits));
    builder
}

/// The same for HTTP/2.
fn http2(limits: &Limits, streams: Streams) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1)
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(HTTP2_WINDOW_BYTES)
        .initial_connection_window_size(HTTP2_WINDOW_BYTES)
        .max_header_list_size(u32::try_from(head_bytes(limits)).unwrap_or(u32::MAX));
    builder
}

fn head_bytes(limits: &Limits) -> usize {
    usize::try_from(limits.request_head_bytes_max).unwrap_or(usize::MAX).max(HEAD_BYTES_MIN)
}

/// Whether accepting failed only for the connection that was about to be accepted.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Tells a connection beyond the cap that there are too many. Its request is not looked at; what of it arrives meanwhile
/// is thrown away, since closing a socket with unread bytes would take the answer back.
async fn refuse(mut stream: TcpStream, _place: OwnedSemaphorePermit) {
    if stream.write_all(refusal().as_bytes()).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    let mut scrap = [0; 4096];
    let mut rest: usize = 64 << 10;
    while let Ok(read @ 1..) = stream.read(&mut scrap).await {
        rest = match rest.checked_sub(read) {
            Some(rest) => rest,
            None => return,
        };
    }
}

fn refusal() -> String {
    let code = Code::from(ApiCode::TooManyConnections);
    let body = problem::text(&ApiError::plain(code), "");
    format!(
        "HTTP/1.1 {} Service Unavailable\r\ncontent-type: {}\r\ncontent-length: {}\r\nretry-after: {}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        code.status(),
        problem::CONTENT_TYPE,
        body.len(),
        code.retry_after_seconds().unwrap_or(1),
    )
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
