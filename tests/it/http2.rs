//! HTTP/2 without TLS (h2c, prior knowledge): the same server for whoever begins with its preface.

use crate::server::Server;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::net::TcpStream;

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    sender
}

fn request(method: &str, uri: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(uri).header("content-type", "text/csv");
    request.body(Full::new(body.into())).expect("a request")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_watches_and_uploads_at_the_same_time() {
    let server = Server::start().await;
    let mut sender = connect(server.address).await;
    let at = |path: &str| format!("http://{}{path}", server.address);
    let watching = sender.send_request(request("GET", &at("/sse/me?until=done"), "")).await.expect("a stream");
    assert_eq!(
        (watching.status(), &watching.headers()["content-type"]),
        (hyper::StatusCode::OK, &"text/event-stream".parse().expect("a value"))
    );
    let uploaded = sender.send_request(request("POST", &at("/upload/me"), "a\n1\n2\n")).await.expect("an answer");
    assert_eq!(uploaded.status(), 201);
    let told = watching.into_body().collect().await.expect("a clean end").to_bytes();
    let told = String::from_utf8(told.to_vec()).expect("UTF-8");
    assert_eq!(told.matches("event: row\n").count(), 2);
    assert!(told.ends_with("\n\n") && told.contains(r#""stage":"done""#), "{told}");
    let missing = sender.send_request(request("GET", &at("/nothing"), "")).await.expect("an answer");
    assert_eq!(
        (missing.status().as_u16(), &missing.headers()["content-type"]),
        (404, &"application/problem+json".parse().expect("a value"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_is_checked_here_too() {
    let server = Server::start().await;
    let mut sender = connect(server.address).await;
    let refused = sender.send_request(request("GET", "http://evil.example/livez", "")).await.expect("an answer");
    assert_eq!(refused.status(), 421);
    let port = server.address.port();
    let served =
        sender.send_request(request("GET", &format!("http://localhost:{port}/livez"), "")).await.expect("an answer");
    assert_eq!(served.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_its_streams_too() {
    let server = Server::start().await;
    let mut sender = connect(server.address).await;
    let uri = format!("http://{}/sse/me", server.address);
    let watching = sender.send_request(request("GET", &uri, "")).await.expect("a stream");
    server.begin_to_stop();
    let told = watching.into_body().collect().await.expect("a clean end").to_bytes();
    assert!(told.starts_with(b"id: ") && told.windows(7).any(|window| window == b"retry: "), "{told:?}");
    drop(server.stop().await);
}
