//! Bytes that no proper client sends: each is answered or cut, nothing panics, and everybody else is served on.

use crate::client::{Connection, Request};
use crate::files::people;
use crate::patience::rounds;
use crate::program::Program;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Requests as they go over the wire; `HOST` stands for the server's own.
const HOSTILE: &[&[u8]] = &[
    b"\r\n\r\n",
    b"\0\0\0\0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"GET\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/0.9\r\nHost: HOST\r\n\r\n",
    b"GET / HTTP/1.2\r\nHost: HOST\r\n\r\n",
    b"GET / HTTP/2.0\r\nHost: HOST\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: HOST\r\n\r\n",
    b"get / http/1.1\r\nhost: HOST\r\n\r\n",
    b"GET  /  HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /a b HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET http://HOST/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /sse/%ff%fe HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /sse/me?events=%ff HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /sse/me?last_event_id=%00%ff HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
    b"GET /csv?rows=9999999999999999999999 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /csv?rows=1&rows=2&&&=&a HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /csv?messy=1e400 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /csv?messy=-0 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /uploads?before=%00 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /?#frag HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : HOST\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: HOST\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: HOST\r\nX\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: HOST\r\n: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: HOST\r\nX: a\rb\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: HOST\r\nX: \0\r\n\r\n",
    b"GET / HTTP/1.1\nHost: HOST\n\n",
    b"GET /sse/me HTTP/1.1\r\nHost: HOST\r\nLast-Event-ID: \xff\xfe\r\nConnection: close\r\n\r\n",
    b"GET /sse/me HTTP/1.1\r\nHost: HOST\r\nLast-Event-ID: aaaaaaaa-18446744073709551616\r\nConnection: close\r\n\r\n",
    b"GET /sse/me HTTP/1.1\r\nHost: HOST\r\nLast-Event-ID: aaaaaaaa-9223372036854775807\r\nConnection: close\r\n\r\n",
    b"GET /docs HTTP/1.1\r\nHost: HOST\r\nIf-None-Match: ,,\"\xff\",*\r\n\r\n",
    b"GET /docs HTTP/1.1\r\nHost: HOST\r\nRange: bytes=0-18446744073709551615\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: HOST\r\nAccept: text/html;q=0.;q=x,,;,*/*;\xff\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\n12345GET /livez HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: HOST\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nContent-Length: -1\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nContent-Length: 1e3\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nContent-Length: 18446744073709551615\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nTransfer-Encoding: gzip\r\n\r\nx",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"\r\n\"\r\nx\r\n0\r\nT: x\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: \xff/\xff\r\nContent-Length: 0\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: multipart/form-data; boundary=\"\\\r\nContent-Length: 0\r\n\r\n",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9\r\n\r\n--b\r\n\xff\xfe\xfd\xfc",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 70\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\xff\x00\"\r\n\r\n\xff",
    b"POST /upload/me?filename=%ff%00%fe HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/csv\r\nContent-Length: 4\r\n\r\n\xff\x00\"\xfe",
    b"POST /upload/me HTTP/1.1\r\nHost: HOST\r\nExpect: 200-ok\r\nContent-Type: text/csv\r\nContent-Length: 1\r\n\r\na",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x05\0\0\0\x01\x82",
    b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
];

fn program(dir: &TempDir) -> Program {
    Program::with(
        dir.path(),
        &["--request-head-ms-max", "500ms", "--body-stall-ms-max", "500ms", "--keep-alive-ms", "100ms"],
    )
}

async fn lives_on(program: &mut Program) {
    assert!(program.is_running(), "it ended: {}", program.log());
    assert_eq!(program.get("/livez").await.status(), 200);
}

/// The status of an answer, if these bytes are one.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_or_cut_and_the_server_lives_on() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut program = program(&dir);
    let host = program.address.to_string();
    let mut asking = tokio::task::JoinSet::new();
    for request in HOSTILE {
        let request = replaced(request, host.as_bytes());
        let api = *program;
        asking.spawn(async move {
            let shown = String::from_utf8_lossy(&request).into_owned();
            let begun = Instant::now();
            let mut connection = Connection::open(api.address).await;
            let _ = connection.try_send(&request).await;
            connection.half_close().await;
            let answer = connection.rest().await;
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "{shown:?} held its connection for {:?}",
                begun.elapsed()
            );
            let status = status(&answer);
            // An HTTP/2 answer begins with a frame; whatever is HTTP/1 is a proper status, and never a broken server.
            assert!(status.is_none_or(|status| (200..500).contains(&status)), "{shown:?}: {status:?}");
        });
    }
    asking.join_all().await;
    lives_on(&mut program).await;
    assert!(!program.log().contains("internal"), "{}", program.log());
    assert_eq!(program.uploaded("me", people(100)).await["rows"], 100);
}

fn replaced(request: &[u8], host: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = request;
    while let Some(at) = rest.windows(4).position(|window| window == b"HOST") {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(host);
        rest = &rest[at + 4..];
    }
    out.extend_from_slice(rest);
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_broken_at_random_places_harm_nobody() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut program = program(&dir);
    let host = program.address;
    let proper = format!(
        "POST /upload/me?filename=a.csv HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Transfer-Encoding: chunked\r\n\r\n5b\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n\
         a,b\r\n1,\"2\r\n\"\r\n3\r\n--b--\r\n\r\n0\r\n\r\n"
    );
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move |below: usize| {
        // xorshift: the same requests each time.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).expect("it fits")
    };
    let mut asking = tokio::task::JoinSet::new();
    for round in 0..rounds(150) {
        let mut request = proper.clone().into_bytes();
        for _ in 0..=next(3) {
            let at = next(request.len());
            match next(4) {
                0 => request.truncate(at),
                1 => request[at] = u8::try_from(next(256)).expect("a byte"),
                2 => request.insert(at, u8::try_from(next(256)).expect("a byte")),
                _ => drop(request.remove(at)),
            }
            if request.is_empty() {
                break;
            }
        }
        let api = *program;
        asking.spawn(async move {
            let mut connection = Connection::open(api.address).await;
            let _ = connection.try_send(&request).await;
            connection.half_close().await;
            let answer = connection.rest().await;
            assert!(status(&answer).is_none_or(|status| status != 500), "{}", String::from_utf8_lossy(&request));
        });
        // A few at a time.
        if round % 8 == 7 {
            while asking.join_next().await.is_some_and(|joined| joined.is_ok()) && asking.len() > 4 {}
        }
    }
    asking.join_all().await;
    lives_on(&mut program).await;
    let list = program.get("/uploads?limit=500").await.ok(200);
    assert!(list["uploads"].as_array().is_some_and(|uploads| uploads.iter().any(|upload| upload["stage"] == "done")));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_at_once_cost_nothing() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut program =
        Program::with(dir.path(), &["--connections-max", "20", "--uploads-max", "3", "--client-connections-max", "3"]);
    for round in 0..rounds(60) {
        for target in ["/sse/me?from=start", "/csv?rows=1000000", "/docs", "/uploads"] {
            let mut connection = program.connect().await;
            connection.send_head(&Request::get(target)).await;
            if round % 3 == 0 {
                let _ = connection.try_head().await;
            }
        }
        let mut sending = program.begin("me").await;
        let _ = sending.try_send("a\n1\n").await;
    }
    // Every place is free again, sooner or later.
    crate::patience::until("free places", async || {
        let answer = program.upload("me", "a\n1\n").await;
        (answer.status() == 201).then_some(())
    })
    .await;
    crate::patience::until("a free place to watch", async || {
        crate::watcher::Watcher::try_attach(&program, &Request::get("/sse/me")).await.ok().map(drop)
    })
    .await;
    lives_on(&mut program).await;
}
