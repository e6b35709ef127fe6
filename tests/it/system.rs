//! What the server says of itself, and to whom.

use crate::access::{Guarded, by};
use crate::client::Request;
use crate::files::people;
use crate::patience::until;
use crate::server::Server;
use crate::watcher::Watcher;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_are_those_of_what_happened() {
    let server = Server::start().await;
    let before = server.get("/system/stats").await.ok(200);
    assert_eq!((&before["version"], &before["ready"]), (&json!(env!("CARGO_PKG_VERSION")), &json!(true)));
    let watcher = server.watch("me").await;
    let file = people(20);
    server.uploaded("me", file.clone()).await;
    server.get("/uploads/nothing").await.problem(400, "bad-parameter");
    let after = server.get("/system/stats").await.ok(200);
    let rose = |of: &str, name: &str| after[of][name].as_u64().expect(name) - before[of][name].as_u64().expect(name);
    assert_eq!((rose("uploads", "begun"), rose("uploads", "done"), rose("uploads", "rows")), (1, 1, 20));
    assert_eq!(rose("uploads", "received_bytes"), file.len() as u64);
    assert_eq!(rose("storage", "spool_bytes"), file.len() as u64);
    assert_eq!((rose("traffic", "client_errors"), rose("traffic", "server_errors")), (1, 0));
    assert_eq!((&after["watchers"]["attached"], &after["watchers"]["attached_total"]), (&json!(1), &json!(1)));
    assert!(after["process"]["memory_bytes"].as_u64() > Some(1 << 20), "{after}");
    assert!(after["uptime_ms"].as_u64() > before["uptime_ms"].as_u64());
    drop(watcher);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_system_is_told_again_and_again_without_ids() {
    let server = Server::limited(|limits| limits.status_ms = 20).await;
    let mut watcher = server.watch("system").await;
    let first = watcher.event().await;
    assert_eq!((first.kind(), first.n()), ("status", None));
    assert_eq!(first.data["uploads"]["rows"], 0);
    server.uploaded("me", people(5)).await;
    let seen = watcher.until(|event| event.data["uploads"]["rows"] == 5).await;
    assert!(seen.iter().all(|event| event.is("status") && event.n().is_none()));
    // One that comes later is told at once, and a filter leaves it alone.
    let mut later = Watcher::attach(&server, "/sse/system?events=toast&presence=true").await;
    let kinds = [later.event().await, later.event().await].map(|event| event.kind().to_owned());
    assert!(kinds.contains(&"status".into()) && kinds.contains(&"presence".into()), "{kinds:?}");
    // Nobody watches for a while: then it begins anew, with nothing that is old.
    drop((watcher, later));
    until("they left", async || (server.get("/sse/system/watchers").await.ok(200)["count"] == 0).then_some(())).await;
    server.uploaded("me", people(2)).await;
    let mut again = server.watch("system").await;
    assert_eq!(again.event().await.data["uploads"]["rows"], 7);
    // It ends with the server, like every other.
    server.begin_to_stop();
    let rest = again.rest().await;
    assert!(rest.iter().all(|event| event.is("status")) && again.retry.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_speaks_at_system() {
    let server = Server::start().await;
    for target in ["/upload/system", "/sse/system"] {
        let request = Request::post(target).body("text/csv", "a\n1\n");
        let refused = server.ask(&request).await.problem(400, "bad-parameter");
        assert!(refused["detail"].as_str().expect("a detail").contains("the server's own"), "{refused}");
    }
    let create = Request::post("/files").header("Tus-Resumable", "1.0.0").header("Upload-Length", "4");
    // base64 of `system`
    let refused = server.ask(&create.header("Upload-Metadata", "client c3lzdGVt")).await;
    refused.problem(400, "bad-parameter");
    let all = Request::post("/sse").body("application/json", r#"{"clients":"*","event":"a","data":1}"#);
    let watcher = server.watch("system").await;
    assert_eq!(server.ask(&all).await.ok(201)["published"], json!([]), "it has no events of its own");
    assert_eq!(server.get("/uploads?client=system").await.ok(200)["uploads"], json!([]));
    drop(watcher);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_an_admin_of_all_clients() {
    let (guarded, [root, viewer, some]) = Guarded::with([
        "sub=root roles=admin clients=*",
        "sub=v roles=viewer clients=*",
        "sub=some roles=admin clients=me,orders-*",
    ])
    .await;
    let server = &guarded.server;
    for target in ["/system/stats", "/system/connections", "/sse/system/watchers"] {
        server.ask(&by(&root, Request::get(target))).await.ok(200);
        for key in [&viewer, &some] {
            server.ask(&by(key, Request::get(target))).await.problem(403, "forbidden");
        }
        server.get(target).await.problem(401, "unauthenticated");
    }
    let watch = Request::get("/sse/system");
    for key in [&viewer, &some] {
        let refused = Watcher::try_attach(server, &by(key, watch.clone())).await.map(|_| ()).expect_err("a refusal");
        refused.problem(403, "forbidden");
    }
    let mut watcher = Watcher::attach_with(server, &by(&root, watch)).await;
    assert!(watcher.event().await.is("status"));
    // By a ticket too, which is good for nothing else.
    let wanted = Request::post("/tickets").body("application/json", r#"{"client":"system"}"#);
    server.ask(&by(&viewer, wanted.clone())).await.problem(403, "forbidden");
    let ticket = server.ask(&by(&root, wanted)).await.ok(201)["ticket"].as_str().expect("a ticket").to_owned();
    let mut by_ticket = Watcher::attach(server, &format!("/sse/system?ticket={ticket}")).await;
    assert!(by_ticket.event().await.is("status"));
    server.get(&format!("/sse/me?ticket={ticket}")).await.problem(403, "forbidden");
    // It ends with the key.
    guarded.keys.revoke("root");
    assert!(watcher.rest().await.iter().chain(&by_ticket.rest().await).all(|event| event.is("status")));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_connected_is_listed_by_client() {
    let server = Server::limited(|limits| limits.page_rows_max = 3).await;
    assert_eq!(server.get("/system/connections").await.ok(200)["clients"], json!([]));
    let mut watchers = vec![server.watch("b").await, server.watch("a").await, server.watch("b").await];
    let told = server.get("/system/connections").await.ok(200);
    let clients: Vec<_> =
        told["clients"].as_array().expect("clients").iter().map(|it| (&it["client"], &it["count"])).collect();
    assert_eq!(clients, [(&json!("a"), &json!(1)), (&json!("b"), &json!(2))]);
    assert_eq!((&told["watchers"], &told["complete"]), (&json!(3), &json!(true)));
    assert!(told["connections"].as_u64() >= Some(4), "{told}");
    // No more in one answer than rows.
    watchers.push(server.watch("c").await);
    let told = server.get("/system/connections").await.ok(200);
    assert_eq!((&told["watchers"], &told["complete"]), (&json!(4), &json!(false)));
    assert_eq!(told["clients"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_part_by_part() {
    let server = Server::limited(|limits| limits.shutdown_grace_ms = 5_000).await;
    let well = server.get("/system/health").await.ok(200);
    assert_eq!(well["status"], "pass");
    assert_eq!(well["checks"]["journal"], json!({"status": "pass"}));
    // As many uploads as may run.
    let mut held = Vec::new();
    for _ in 0..server.limits().uploads_max {
        let mut connection = server.connect().await;
        let head =
            "POST /upload/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: 99\r\n\r\na\n";
        connection.send(head.as_bytes()).await;
        held.push(connection);
    }
    let busy = until("a warning", async || {
        let told = server.get("/system/health").await.ok(200);
        (told["status"] == "warn").then_some(told)
    })
    .await;
    assert_eq!(
        (&busy["checks"]["uploads"]["status"], &busy["checks"]["disk"]["status"]),
        (&json!("warn"), &json!("pass"))
    );
    let mut connection = server.connect().await;
    server.begin_to_stop();
    let failing = until("the end", async || {
        let answer = connection.ask(&Request::get("/system/health")).await;
        (answer.status() == 503).then(|| answer.json())
    })
    .await;
    assert_eq!((&failing["status"], &failing["checks"]["running"]["status"]), (&json!("fail"), &json!("fail")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_is_what_the_document_has() {
    let server = Server::start().await;
    let told: Value = server.get("/api").await.ok(200);
    let document = server.get("/openapi.json").await.json();
    let operations = told["operations"].as_array().expect("operations");
    let count: usize =
        document["paths"].as_object().expect("paths").values().map(|it| it.as_object().map_or(0, |it| it.len())).sum();
    assert_eq!(operations.len(), count);
    for operation in operations {
        let text = |name: &str| operation[name].as_str().expect(name).to_owned();
        let (method, path) = (text("method").to_lowercase(), text("path"));
        assert_eq!(document["paths"][&path][&method]["operationId"], operation["id"], "{operation}");
        assert_eq!(document["paths"][&path][&method]["summary"], operation["summary"]);
        assert!(text("example").contains("$server"), "{operation}");
    }
    let variables = told["variables"].as_array().expect("variables");
    assert_eq!(variables[0], format!("server=http://{}", server.address));
}
