//! Every route answers as the contract says: status, headers, methods, and the form of every refusal.

use crate::client::Request;
use crate::files::people;
use crate::server::Server;
use serde_json::Value;

const NOBODY: &str = "0199a5f3-9f40-7d2a-8000-000000000000";

/// Every address there is, with the methods it has and a request that succeeds on a server with an upload.
fn addresses(upload: &str) -> Vec<(String, &'static [&'static str], u16)> {
    let of = |rest: &str| format!("/uploads/{upload}{rest}");
    vec![
        ("/".into(), &["GET"], 200),
        ("/sse/me".into(), &["GET", "POST"], 200),
        ("/upload/me".into(), &["POST"], 201),
        ("/csv".into(), &["GET"], 200),
        ("/uploads".into(), &["GET"], 200),
        (of(""), &["GET", "DELETE"], 200),
        (of("/cancel"), &["POST"], 409),
        (of("/rows"), &["GET"], 200),
        (of("/rows.csv"), &["GET"], 200),
        (of("/rows.ndjson"), &["GET"], 200),
        (of("/problems"), &["GET"], 200),
        (of("/problems.csv"), &["GET"], 200),
        (of("/accepted.csv"), &["GET"], 200),
        (of("/rejects.csv"), &["GET"], 200),
        ("/livez".into(), &["GET"], 200),
        ("/readyz".into(), &["GET"], 200),
        ("/metrics".into(), &["GET"], 200),
        ("/api".into(), &["GET"], 200),
        ("/system/health".into(), &["GET"], 200),
        ("/system/stats".into(), &["GET"], 200),
        ("/system/connections".into(), &["GET"], 200),
        ("/openapi.json".into(), &["GET"], 200),
        ("/docs".into(), &["GET"], 200),
        ("/problems/missing-cell".into(), &["GET"], 200),
        ("/samples/customers.csv".into(), &["GET"], 200),
    ]
}

async fn with_an_upload() -> (Server, String) {
    let server = Server::start().await;
    let upload = server.uploaded("me", people(3)).await;
    let id = upload["id"].as_str().expect("an id").to_owned();
    (server, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_get_head_and_options() {
    let (server, upload) = with_an_upload().await;
    for (target, methods, status) in addresses(&upload) {
        if methods.contains(&"GET") {
            let head = server.ask(&Request::new("HEAD", &target)).await;
            assert_eq!(head.status(), status, "HEAD {target}");
            if target != "/sse/me" {
                let get = server.get(&target).await;
                assert_eq!(get.status(), status, "GET {target}");
                for name in ["content-type", "etag", "content-security-policy", "content-disposition", "cache-control"]
                {
                    assert_eq!(get.header(name), head.header(name), "{name} of {target}");
                }
                // What it says changes with every request.
                let length =
                    head.header("content-length").filter(|_| target != "/metrics" && target != "/system/stats");
                if let Some(length) = length {
                    assert_eq!(length, get.body.len().to_string(), "{target}");
                }
            }
        } else if target == "/upload/me" {
            assert_eq!(server.upload("me", "a\n1\n").await.status(), status);
        } else {
            assert_eq!(server.ask(&Request::post(&target)).await.status(), status, "POST {target}");
        }
        let options = server.ask(&Request::new("OPTIONS", &target)).await;
        assert_eq!((options.status(), options.body.len()), (204, 0), "OPTIONS {target}");
        let allow: Vec<_> = options.header("allow").expect("its methods").split(", ").collect();
        assert!(methods.iter().all(|method| allow.contains(method)), "{target}: {allow:?}");
        assert!(
            allow.contains(&"OPTIONS") && allow.contains(&"HEAD") == methods.contains(&"GET"),
            "{target}: {allow:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_405_and_told_which_there_are() {
    let (server, upload) = with_an_upload().await;
    for (target, methods, _) in addresses(&upload) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "FETCH-IT"] {
            if methods.contains(&method) || method == "HEAD" && methods.contains(&"GET") {
                continue;
            }
            let answer = server.ask(&Request::new(method, &target)).await;
            assert_eq!(answer.status(), 405, "{method} {target}");
            let allow: Vec<_> = answer.header("allow").expect("Allow").split(", ").collect();
            assert!(
                methods.iter().all(|known| allow.contains(known)) && !allow.contains(&method),
                "{target}: {allow:?}"
            );
            if method != "HEAD" {
                assert_eq!(answer.problem(405, "method-not-allowed")["instance"], target);
            }
        }
    }
    assert_eq!(server.look(&upload).await["stage"], "done", "nothing happened to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_404_with_the_path_as_its_instance() {
    let server = Server::start().await;
    for target in [
        "/nothing",
        "/nothing/at/all",
        "/sse/",
        "/sse/me/",
        "/sse/me/more",
        "/upload",
        "/upload/",
        "/uploads/",
        "/csv/",
        "//",
        "/samples/",
        "/samples/none.csv",
        "/problems/",
        "/problems/no-such-code",
        "/Docs",
        "/LIVEZ",
        "/data/run/journal.db",
        "/journal.db",
        "/spool",
        "/index.html/more",
        "/static/index.html",
        "/favicon.txt",
    ] {
        assert_eq!(server.get(target).await.problem(404, "not-found")["instance"], target);
    }
    let of = |rest: &str| format!("/uploads/{NOBODY}{rest}");
    let below =
        ["", "/rows", "/rows.csv", "/rows.ndjson", "/problems", "/problems.csv", "/accepted.csv", "/rejects.csv"];
    for target in below.map(of) {
        server.get(&target).await.problem(404, "not-found");
    }
    server.ask(&Request::post(&of("/cancel"))).await.problem(404, "not-found");
    server.ask(&Request::new("DELETE", &of(""))).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_parameter_is_named_and_what_it_can_be_is_said() {
    let (server, upload) = with_an_upload().await;
    let of = |rest: &str| format!("/uploads/{upload}{rest}");
    let cases = [
        ("/sse/me?from=end".into(), "from", "start"),
        ("/sse/me?until=now".into(), "until", "done"),
        ("/sse/me?events=rows".into(), "events", "row, problem"),
        ("/sse/me?events=row,,progres".into(), "events", "'progres'"),
        ("/uploads?limit=0".into(), "limit", "1 to 500"),
        ("/uploads?limit=501".into(), "limit", "1 to 500"),
        ("/uploads?limit=-1".into(), "limit", ""),
        ("/uploads?limit=ten".into(), "limit", ""),
        ("/uploads?limit=".into(), "limit", ""),
        ("/uploads?before=yesterday".into(), "before", "UUID"),
        ("/uploads?client=a/b".into(), "client", "letter or digit"),
        ("/uploads/42".into(), "id", "UUID"),
        ("/uploads/42/rows".into(), "id", "UUID"),
        (of("/rows?from=0"), "from", "1 to"),
        (of("/rows?from=18446744073709551616"), "from", ""),
        (of("/rows?limit=0"), "limit", "1 to 100"),
        (of("/rows?limit=101"), "limit", "1 to 100"),
        (of("/problems?limit=101"), "limit", "1 to 100"),
        (of("/problems?from=-1"), "from", ""),
        (of("/problems?code=missing"), "code", "missing-cell, extra-cell"),
        (of("/problems?severity=error,bad"), "severity", "'bad'"),
        (of("/problems.csv?severity=bad"), "severity", "error, warning, repaired, skipped"),
        ("/csv?rows=-1".into(), "rows", ""),
        ("/csv?rows=10001".into(), "rows", "10000"),
        ("/csv?seed=x".into(), "seed", ""),
        ("/csv?columns=name,shoe".into(), "columns", "email"),
        ("/csv?columns=".into(), "columns", "name"),
        ("/csv?messy=1.5".into(), "messy", "0 to 1"),
        ("/csv?messy=NaN".into(), "messy", "0 to 1"),
        ("/csv?messy=lots".into(), "messy", ""),
    ];
    for (target, name, expected) in cases {
        let problem = server.get(&target).await.problem(400, "bad-parameter");
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.contains(name) && detail.contains(expected), "{target}: {detail}");
        assert_eq!(problem["instance"], target.split('?').next().expect("a path"), "without the query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_names_are_checked_wherever_they_stand() {
    let server = Server::start().await;
    let long = "x".repeat(64);
    for name in ["a", "0", "A.b_c-D", "019a5f3e-9f40-7d2a-8000-000000000000", long.as_str()] {
        server.watch(name).await;
        assert_eq!(server.uploaded(name, "a\n1\n").await["client"], name);
        assert_eq!(server.get(&format!("/uploads?client={name}")).await.ok(200)["uploads"][0]["client"], name);
    }
    let longer = "x".repeat(65);
    for name in [
        "-a",
        "_a",
        ".",
        "..",
        "...",
        "a%20b",
        "a%2Fb",
        "%2e%2e%2f",
        "a%00",
        "a%0d%0aX:1",
        "%C3%A4",
        "a@b",
        longer.as_str(),
    ] {
        for target in [format!("/sse/{name}"), format!("/uploads?client={name}")] {
            server.get(&target).await.problem(400, "bad-parameter");
        }
        server.upload(name, "a\n1\n").await.problem(400, "bad-parameter");
    }
    assert_eq!(
        std::fs::read_dir(server.data_dir()).expect("the folder").count(),
        5,
        "lock, journal with its log, spool"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_csv_is_415() {
    let server = Server::start().await;
    let post = |content_type: &str| Request::post("/upload/me").body(content_type, "{}");
    for content_type in ["application/json", "text/html", "image/png", "multipart/mixed; boundary=x", "", "csv", "*/*"]
    {
        server.ask(&post(content_type)).await.problem(415, "unsupported-media-type");
    }
    server.ask(&Request::post("/upload/me").header("Content-Length", "0")).await.problem(415, "unsupported-media-type");
    // What curl says by itself for --data takes the line breaks out; the answer says what to do.
    let told = server.ask(&post("application/x-www-form-urlencoded")).await.problem(415, "unsupported-media-type");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("--data-binary")), "{told}");
    for encoding in ["br", "deflate, gzip", "compress"] {
        let packed = post("text/csv").header("Content-Encoding", encoding);
        server.ask(&packed).await.problem(415, "unsupported-media-type");
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"], Value::Array(vec![]), "no upload was begun");
    for content_type in [
        "text/csv",
        "Text/CSV; charset=utf-8; header=present",
        "text/plain",
        "application/csv",
        "application/vnd.ms-excel",
        "application/octet-stream",
        "text/tab-separated-values",
    ] {
        let answer = server.ask(&Request::post("/upload/me").body(content_type, "a\n1\n")).await;
        assert_eq!(answer.ok(201)["rows"], 1, "{content_type}");
    }
    let plain = Request::post("/upload/me").body("text/csv", "a\n1\n").header("Content-Encoding", "identity");
    server.ask(&plain).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_what_protects_its_reader() {
    let (server, upload) = with_an_upload().await;
    let mut targets: Vec<_> = addresses(&upload).into_iter().map(|(target, ..)| target).collect();
    targets.retain(|target| target != "/sse/me");
    targets.extend(["/nothing".into(), "/uploads/x".into()]);
    for target in targets {
        for accept in ["text/html", "*/*"] {
            let answer = server.ask(&Request::get(&target).header("Accept", accept)).await;
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{name} of {target}");
            }
            let policy = answer.header("content-security-policy").expect("a policy");
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{target}: {policy}"
            );
            assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{target}: {policy}");
            let kept = answer.header("cache-control").expect("whether it may be kept");
            assert_eq!(kept, if answer.header("etag").is_some() { "no-cache" } else { "no-store" }, "{target}");
            assert_eq!(answer.header("server"), None, "{target}");
        }
    }
}
