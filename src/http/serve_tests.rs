//! The server's loop over real sockets, with raw bytes: what it waits for, what it cuts, what still arrives.

use super::*;
use futures_util::StreamExt;
use poem::Body;
use std::time::Instant;
use tokio::task::JoinHandle;

/// Reads everything until the peer closes; fails the test when that takes too long.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await;
    read.expect("the connection was not closed").expect("the connection was reset");
    String::from_utf8(bytes).unwrap()
}

/// Reads until `end` arrived.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let byte = tokio::time::timeout(Duration::from_secs(20), stream.read_u8()).await;
        bytes.push(byte.expect("nothing arrived").expect("the connection ended early"));
    }
    String::from_utf8(bytes).unwrap()
}

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(
            listener,
            Paths { dropped: CancellationToken::new() },
            Arc::new(limits),
            Traffic::new([]),
            None,
            shutdown.clone(),
        ));
        Self { address, shutdown, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn say(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

/// An endpoint with one path for each thing a handler can do.
struct Paths {
    /// Cancelled when a handler of `/wait` was dropped.
    dropped: CancellationToken,
}

impl Endpoint for Paths {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let refused = || Response::builder().status(poem::http::StatusCode::PAYLOAD_TOO_LARGE).body("refused");
        Ok(match request.uri().path() {
            "/hello" => Response::builder().body("hello"),
            "/refuse" => refused(),
            "/refuse-late" => {
                let mut body = request.take_body().into_bytes_stream();
                body.next().await;
                refused()
            }
            "/read" => match request.take_body().into_bytes().await {
                Ok(bytes) => Response::builder().body(bytes.len().to_string()),
                Err(poem::error::ReadBodyError::Io(_)) => Response::builder().body("broken"),
                Err(_) => Response::builder().body("other"),
            },
            "/stalled" => {
                let mut body = request.take_body().into_bytes_stream();
                loop {
                    match body.next().await {
                        Some(Ok(_)) => {}
                        Some(Err(error)) => break Response::builder().body(format!("{:?}", error.kind())),
                        None => break Response::builder().body("complete"),
                    }
                }
            }
            "/wait" => {
                let _guard = self.dropped.clone().drop_guard();
                std::future::pending().await
            }
            "/dropped" => {
                self.dropped.cancelled().await;
                Response::builder().body("dropped")
            }
            "/endless" => {
                let chunk = bytes::Bytes::from(vec![b'x'; 64 << 10]);
                let endless = futures_util::stream::repeat_with(move || Ok::<_, io::Error>(chunk.clone()));
                Response::builder().body(Body::from_bytes_stream(endless))
            }
            "/drip" => Response::builder()
                .body(Body::from_bytes_stream(futures_util::stream::pending::<io::Result<bytes::Bytes>>())),
            _ => Response::builder().status(poem::http::StatusCode::NOT_FOUND).finish(),
        })
    }
}

#[tokio::test]
async fn requests_are_answered_one_after_the_other_on_a_connection() {
    let server = Running::start(Limits::for_tests()).await;
    let mut stream = server.say("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(until(&mut stream, "\r\n\r\nhello").await.starts_with("HTTP/1.1 200 OK\r\n"));
    stream.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.ends_with("hello"));
}

#[tokio::test]
async fn http2_is_spoken_to_whoever_begins_with_it() {
    let server = Running::start(Limits::for_tests()).await;
    let mut stream = server.say("PRI * HT").await;
    stream.write_all(b"TP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "the first frame is SETTINGS");
}

#[tokio::test]
async fn a_connection_that_says_nothing_or_half_a_head_is_closed() {
    let limits = Limits::for_tests();
    let patience = Duration::from_millis(limits.request_head_ms_max);
    let server = Running::start(limits).await;
    for said in ["", "P", "PRI * HTTP/2.0\r\n", "GET /hello HT"] {
        let begun = Instant::now();
        let mut stream = server.say(said).await;
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{said:?}: {answer}");
        assert!(begun.elapsed() >= patience / 2, "{said:?} was closed at once");
    }
}

#[tokio::test]
async fn a_connection_beyond_the_cap_is_told_so_and_the_next_one_fits() {
    let server = Running::start(Limits { connections_max: 1, ..Limits::for_tests() }).await;
    let mut first = server.say("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    until(&mut first, "hello").await;
    let mut second = server.say("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let refused = rest(&mut second).await;
    assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refused}");
    assert!(refused.contains("retry-after: ") && refused.contains("\"code\":\"too-many-connections\""), "{refused}");
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())));
    drop(first);
    loop {
        let mut third = server.say("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if rest(&mut third).await.ends_with("hello") {
            break;
        }
    }
}

#[tokio::test]
async fn an_early_answer_reaches_a_sender_that_reads_only_after_sending_everything() {
    let server = Running::start(Limits::for_tests()).await;
    for path in ["/refuse", "/refuse-late"] {
        let bytes: usize = 24 << 20;
        let mut stream =
            server.say(&format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {bytes}\r\n\r\n")).await;
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..bytes / chunk.len() {
            stream.write_all(&chunk).await.expect("the server stopped reading");
        }
        let answer = until(&mut stream, "refused").await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        // The body was read to its end, so the connection can be used again.
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        until(&mut stream, "hello").await;
    }
}

#[tokio::test]
async fn a_sender_that_asks_first_is_told_at_once() {
    let server = Running::start(Limits::for_tests()).await;
    let ask =
        |path: &str| format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    let mut refused = server.say(&ask("/refuse")).await;
    let answer = until(&mut refused, "refused").await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && !answer.contains("100 Continue"), "{answer}");
    // Its body will not come, so nothing waits for it.
    let closed = tokio::time::timeout(Duration::from_secs(3), rest(&mut refused)).await;
    assert_eq!(closed.as_deref(), Ok(""));
    let mut taken = server.say(&ask("/read")).await;
    assert_eq!(until(&mut taken, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    taken.write_all(b"12345").await.unwrap();
    assert!(until(&mut taken, "\r\n\r\n5").await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_body_that_stalls_or_breaks_is_an_error_for_its_handler() {
    let server = Running::start(Limits::for_tests()).await;
    let mut stalled = server.say("POST /stalled HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123").await;
    assert!(until(&mut stalled, "TimedOut").await.starts_with("HTTP/1.1 200"));
    let mut broken = server.say("POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").await;
    assert!(until(&mut broken, "broken").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_slow_body_that_moves_is_not_stalled() {
    let limits = Limits::for_tests();
    let pause = Duration::from_millis(limits.body_stall_ms_max) * 2 / 5;
    let server = Running::start(limits).await;
    let mut stream = server.say("POST /stalled HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n").await;
    for _ in 0..6 {
        tokio::time::sleep(pause).await;
        stream.write_all(b"x").await.unwrap();
    }
    until(&mut stream, "complete").await;
}

#[tokio::test]
async fn a_handler_ends_when_its_client_goes_away() {
    let server = Running::start(Limits::for_tests()).await;
    let waiting = server.say("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut witness = server.say("GET /dropped HTTP/1.1\r\nHost: x\r\n\r\n").await;
    drop(waiting);
    until(&mut witness, "\r\n\r\ndropped").await;
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_is_cut() {
    let limits = Limits { watcher_stall_ms_max: 200, connections_max: 1, ..Limits::for_tests() };
    let server = Running::start(limits).await;
    let stalled = server.say("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // The only place is free again when the stalled connection was closed, though its client still holds it.
    loop {
        let mut next = server.say("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if rest(&mut next).await.ends_with("hello") {
            break;
        }
    }
    drop(stalled);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let limits = Limits::for_tests();
    let long = "x".repeat(usize::try_from(limits.request_head_bytes_max).unwrap());
    let server = Running::start(limits).await;
    let mut stream = server.say(&format!("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: {long}")).await;
    let answer = until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_shutdown_ends_idle_connections_finishes_requests_and_cuts_the_rest() {
    let limits = Limits { shutdown_ms_max: 600, request_head_ms_max: 20_000, ..Limits::for_tests() };
    let server = Running::start(limits).await;
    let mut idle = server.say("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
    until(&mut idle, "hello").await;
    let mut silent = server.connect().await;
    let mut sending = server.say("POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n123").await;
    let mut endless = server.say("GET /drip HTTP/1.1\r\nHost: x\r\n\r\n").await;
    until(&mut endless, "\r\n\r\n").await;

    let begun = Instant::now();
    server.shutdown.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(rest(&mut silent).await, "");
    sending.write_all(b"45").await.unwrap();
    assert!(rest(&mut sending).await.ends_with("\r\n\r\n5"));
    server.task.await.unwrap();
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(500) && took < Duration::from_secs(5), "{took:?}");
    assert!(TcpStream::connect(server.address).await.is_err());
    let mut scrap = [0; 1];
    assert!(matches!(endless.read(&mut scrap).await, Ok(0) | Err(_)));
}
