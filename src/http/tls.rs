//! TLS on the connections that are accepted: with the certificate that lies in a file, also after that was renewed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// What is spoken within, best first (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is not PEM.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{}: there is no certificate in it", .0.display())]
    Empty(PathBuf),
    /// They cannot be used, as a key that is of another certificate.
    #[error("the certificate and its key: {0}")]
    Unusable(#[from] rustls::Error),
}

/// TLS with a certificate. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
}

/// The certificate in force.
#[derive(Debug)]
struct Current {
    cert: PathBuf,
    key: PathBuf,
    certified: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certified.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// How a file was when it was looked at.
type Look = Option<(SystemTime, u64)>;

impl Tls {
    /// With the certificate, and those between it and its root, in one PEM file and its key in another.
    ///
    /// # Errors
    /// [`TlsError`], as it says.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let provider = Arc::new(default_provider());
        let certified = RwLock::new(Arc::new(read(cert, key, &provider)?));
        let current = Arc::new(Current { cert: cert.into(), key: key.into(), certified });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { acceptor: Arc::new(config).into(), current })
    }

    /// Looks every so often whether the files are others, and takes them over for the connections to come. Never ends.
    pub async fn follow(self, every: Duration) {
        let mut seen = self.current.look();
        loop {
            tokio::time::sleep(every).await;
            let look = self.current.look();
            if look == seen {
                continue;
            }
            match read(&self.current.cert, &self.current.key, &default_provider()) {
                Ok(certified) => {
                    *self.current.certified.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                    tracing::info!("the certificate was renewed");
                }
                // One of the two may still be on its way; the other one changes what is seen once more.
                Err(error) => tracing::warn!(%error, "the renewed certificate cannot be used; the one before stays"),
            }
            seen = look;
        }
    }

    /// The server's side of the handshake.
    ///
    /// # Errors
    /// Whatever the peer did wrong.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl Current {
    fn look(&self) -> [Look; 2] {
        [&self.cert, &self.key].map(|path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        })
    }
}

fn read(cert: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |error| TlsError::File { path, error }
    };
    let chain = CertificateDer::pem_file_iter(cert).map_err(of(cert))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(of(cert))?;
    if chain.is_empty() {
        return Err(TlsError::Empty(cert.into()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(of(key))?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}
