//! Who sent a request: its peer, or whom a trusted proxy names.

use crate::rates::{Network, Proxies, Said, Sender};
use poem::Request;
use poem::http::HeaderName;
use poem::http::uri::Scheme;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Finds out who sent requests.
pub struct Senders {
    proxies: Proxies,
    /// Whether it was said that a proxy stands before this server that is not trusted.
    told: AtomicBool,
}

impl Senders {
    /// These networks are those of proxies.
    pub fn new(trusted: Vec<Network>) -> Self {
        Self { proxies: Proxies::new(trusted), told: AtomicBool::new(false) }
    }

    /// Who sent this one.
    pub fn of(&self, request: &Request) -> Sender {
        let peer = request.remote_addr().as_socket_addr().copied();
        let peer = peer.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
        // What is no text is no address either.
        let lines = |name: &HeaderName| -> Vec<&str> {
            request.headers().get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect()
        };
        let said = Said {
            forwarded: lines(&FORWARDED),
            x_forwarded_for: lines(&X_FORWARDED_FOR),
            x_forwarded_proto: request.header(&X_FORWARDED_PROTO),
        };
        let came_on = !said.forwarded.is_empty() || !said.x_forwarded_for.is_empty();
        if came_on && !self.proxies.trust(peer.ip().to_canonical()) && !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "a request came on from another address, but this peer is no --trusted-proxy: all that comes by it counts as one sender"
            );
        }
        self.proxies.sender(peer, &said)
    }
}

/// Whether the request came by TLS, which may end at a trusted proxy.
pub fn came_by_tls(request: &Request) -> bool {
    *request.scheme() == Scheme::HTTPS || request.extensions().get::<Sender>().is_some_and(|sender| sender.by_tls)
}
