//! The commands over https, to a server that a proxy keeps under a path.

use crate::program::PROGRAM;
use crate::server::Server;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Speaks TLS as `localhost`, and takes `/rowcast` from the front of every path. Its certificate lies in `dir`.
async fn front(server: SocketAddr, dir: &Path) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    std::fs::write(dir.join("cert.pem"), made.cert.pem()).expect("a file");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = tokio::io::split(acceptor.accept(stream).await.ok()?);
                let (mut from_server, mut to_server) = TcpStream::connect(server).await.ok()?.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                let mut room = vec![0; 16 << 10];
                while let Ok(read @ 1..) = from_client.read(&mut room).await {
                    let asked = std::str::from_utf8(&room[..read]).ok()?.replace(" /rowcast/", " /");
                    to_server.write_all(asked.as_bytes()).await.ok()?;
                }
                Some(())
            });
        }
    });
    address
}

fn run(args: &[&str], trusted: Option<&Path>) -> Output {
    let mut command = Command::new(PROGRAM);
    crate::program::clear_environment(&mut command);
    command.args(args);
    if let Some(trusted) = trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    tokio::task::block_in_place(|| command.output()).expect("the program runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_behind_https_and_a_path_is_reached_when_its_certificate_is_trusted() {
    let server = Server::start().await;
    let dir = TempDir::new().expect("a temporary folder");
    let address = front(server.address, dir.path()).await;
    let file = dir.path().join("a.csv");
    std::fs::write(&file, b"a\n1\n2\n").expect("a file");
    let file = file.to_str().expect("a plain path");
    let url = format!("https://localhost:{}/rowcast", address.port());
    let watched = format!("{url}/me");
    let trusted = dir.path().join("cert.pem");
    let tail = ["tail", &watched, "--rows", "--from-start", "--until-done"];
    let upload = ["upload", file, "--to", &url, "--client", "me", "--json"];
    for args in [&tail[..], &upload] {
        let refused = run(args, None);
        let reason = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(2) && reason.contains("certificate"), "{refused:?}");
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"].as_array().map(Vec::len), Some(0));
    let sent = run(&upload, Some(&trusted));
    assert!(sent.status.success() && String::from_utf8_lossy(&sent.stdout).contains("\"rows\":2"), "{sent:?}");
    let told = run(&tail, Some(&trusted));
    assert!(told.status.success() && told.stdout == b"{\"a\":\"1\"}\n{\"a\":\"2\"}\n", "{told:?}");
}
