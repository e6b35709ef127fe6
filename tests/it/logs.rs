//! What the program says of itself: one line a request, one for each act, in a trace; and nothing that is nobody's business.

use crate::access::{Keys, by};
use crate::client::Request;
use crate::patience::until;
use crate::program::Program;
use serde_json::Value;
use tempfile::TempDir;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The lines of a log for machines.
fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

/// The lines of one target, once there is one of this path.
async fn of(program: &Program, target: &str, path: &str) -> Vec<Value> {
    until(format!("{target} tells of {path}"), async || {
        let log = program.log();
        // The last line may still be on its way.
        let whole = &log[..log.rfind('\n').map_or(0, |end| end + 1)];
        let found: Vec<_> =
            lines(whole).into_iter().filter(|line| line["target"] == target && line["path"] == path).collect();
        (!found.is_empty()).then_some(found)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_line_in_its_trace() {
    let dir = TempDir::new().expect("a folder");
    let program = Program::with(dir.path(), &["--log-format", "json"]);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let upload = Request::post("/upload/me?filename=secret.csv").header("traceparent", &parent);
    let upload = program.ask(&upload.body("text/csv", "a,b\n1,secret\n")).await.ok(201);
    let line = &of(&program, "rowcast::access", "/upload/me").await[0];
    assert_eq!((&line["method"], &line["status"], &line["operation"]), (&"POST".into(), &201.into(), &"upload".into()));
    assert_eq!((&line["received_bytes"], &line["trace_id"]), (&13.into(), &TRACE.into()));
    assert_eq!(line["whole"], true);
    assert!(line["sent_bytes"].as_u64().is_some_and(|bytes| bytes > 100), "{line}");
    assert!(line["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{line}");
    assert!(line["ms"].is_u64() && line["timestamp"].is_string() && line["level"] == "INFO", "{line}");

    // A stream's line comes when it is over, with all that was sent.
    let mut stream = program.connect().await;
    stream.send_head(&Request::get("/sse/me?from=start&ticket=secret").header("traceparent", "00-nonsense")).await;
    stream.head().await;
    drop(stream);
    let line = &of(&program, "rowcast::access", "/sse/me").await[0];
    assert_eq!((&line["status"], &line["whole"]), (&200.into(), &false.into()));
    assert_eq!(line["trace_id"].as_str().map(str::len), Some(32), "a new one: {line}");

    let id = upload["id"].as_str().expect("an id");
    let act = &of(&program, "rowcast::audit", "/upload/me").await[0];
    assert_eq!((&act["act"], &act["trace_id"]), (&"upload".into(), &TRACE.into()));
    assert_eq!(act["location"], format!("/uploads/{id}"));
    let of_upload = format!("/uploads/{id}");
    program.ask(&Request::post(&format!("{of_upload}/cancel"))).await.problem(409, "not-running");
    program.ask(&Request::new("DELETE", &of_upload)).await;
    let refused = &of(&program, "rowcast::audit", &format!("{of_upload}/cancel")).await[0];
    assert_eq!((&refused["act"], &refused["status"]), (&"cancel_upload".into(), &409.into()));
    let deleted = of(&program, "rowcast::audit", &of_upload).await;
    assert_eq!((deleted.len(), &deleted[0]["act"], &deleted[0]["status"]), (1, &"delete_upload".into(), &204.into()));
    assert!(!program.log().contains("secret"), "{}", program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_and_queries_are_in_no_log_at_any_level() {
    let dir = TempDir::new().expect("a folder");
    let program = Program::with(dir.path(), &["--log", "trace"]);
    let csv = "secret-column,b\nsecret-cell,\"secret,quoted\"\nsecret-ragged\n";
    program.upload("me", csv).await.ok(201);
    program.get("/sse/me?last_event_id=secret-id&until=done").await;
    program.get("/uploads?client=secret-query").await;
    until("it is told", async || program.log().contains("/uploads").then_some(())).await;
    assert!(!program.log().contains("secret"), "{}", program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_log_has_a_level_of_its_own() {
    let dir = TempDir::new().expect("a folder");
    let log = async |filter: &str| {
        let mut program = Program::with(dir.path(), &["--log", filter]);
        program.upload("me", "a\n1\n").await.ok(201);
        program.terminate();
        program.exited();
        let log = program.log();
        [log.contains(" request "), log.contains(" act "), log.contains("shutting down")]
    };
    assert_eq!(log("info").await, [true, true, true]);
    assert_eq!(log("info,access=off").await, [false, true, true]);
    assert_eq!(log("warn,audit=info").await, [false, true, false]);
    assert_eq!(log("off").await, [false, false, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_told_with_who_did_it_and_never_with_their_key() {
    let (dir, keys) = (TempDir::new().expect("a folder"), Keys::new());
    let key = keys.add("sub=alice roles=uploader clients=alice");
    let file = keys.file().display().to_string();
    let flags = ["--log", "trace", "--log-format", "json", "--auth", "token", "--auth-keys", &file];
    let program = Program::with(dir.path(), &flags);
    let upload = |client: &str| Request::post(&format!("/upload/{client}")).body("text/csv", "a\n1\n");
    program.ask(&by(&key, upload("alice"))).await.ok(201);
    program.ask(&by(&key, upload("bob"))).await.problem(403, "forbidden");
    program.ask(&upload("carol")).await.problem(401, "unauthenticated");
    program.ask(&by(&key, Request::get("/metrics"))).await.problem(403, "forbidden");
    let ticket = by(&key, Request::post("/tickets").body("application/json", r#"{"client":"alice"}"#));
    let ticket = program.ask(&ticket).await.ok(201)["ticket"].as_str().expect("a ticket").to_owned();
    program.get(&format!("/sse/alice?from=start&until=done&ticket={ticket}")).await;
    for (client, status, principal) in
        [("alice", 201, Some("alice")), ("bob", 403, Some("alice")), ("carol", 401, None)]
    {
        let act = &of(&program, "rowcast::audit", &format!("/upload/{client}")).await[0];
        assert_eq!((act["status"].as_u64(), act["principal"].as_str()), (Some(status), principal), "{act}");
    }
    of(&program, "rowcast::access", "/sse/alice").await;
    let log = program.log();
    assert!(!log.contains(&key[4..]) && !log.contains(&ticket), "{log}");
}
