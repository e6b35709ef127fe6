//! Reaching a host: TCP, and TLS where the address asks for it.

use super::address::Address;
use super::error::innermost;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a peer may acknowledge nothing, or be silent to the kernel's questions, before the connection counts as lost.
/// Without it a laptop that changed its network would wait for a quarter of an hour.
const PEER_TIMEOUT: Duration = Duration::from_secs(60);

/// A connected socket, encrypted or not.
pub trait Socket: Read + Write + Unpin + Send {}

impl<S: Read + Write + Unpin + Send> Socket for S {}

/// Connects; the error is the reason in a few words.
pub async fn dial(address: &Address) -> Result<Box<dyn Socket>, String> {
    match tokio::time::timeout(CONNECT_TIMEOUT, try_dial(address)).await {
        Ok(connected) => connected.map_err(|error| innermost(&*error)),
        Err(_) => Err(format!("no answer within {CONNECT_TIMEOUT:?}")),
    }
}

async fn try_dial(address: &Address) -> Result<Box<dyn Socket>, Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect((address.host(), address.port())).await?;
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new().with_time(PEER_TIMEOUT / 4).with_interval(PEER_TIMEOUT / 8);
    SockRef::from(&stream).set_tcp_keepalive(&keep_alive)?;
    #[cfg(target_os = "linux")]
    SockRef::from(&stream).set_tcp_user_timeout(Some(PEER_TIMEOUT))?;
    if !address.is_https() {
        return Ok(Box::new(TokioIo::new(stream)));
    }
    let name = ServerName::try_from(address.host().to_owned())?;
    let stream = TlsConnector::from(Arc::new(trust()?)).connect(name, stream).await?;
    Ok(Box::new(TokioIo::new(stream)))
}

/// The certificates that this machine trusts (`SSL_CERT_FILE` included), since a server of one's own often has a
/// certificate of one's own.
fn trust() -> Result<ClientConfig, Box<dyn Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let reason = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(io::Error::other(format!("this machine has no list of trusted certificates{reason}")).into());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config = config.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
