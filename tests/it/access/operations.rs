//! Every operation asks, and tells nobody of what belongs to others.

use super::{Guarded, by, upload};
use crate::client::Request;
use crate::program::output;
use crate::server::Server;
use base64::Engine;
use serde_json::Value;

const PUBLIC: [&str; 12] = [
    "GET /",
    "GET /livez",
    "GET /readyz",
    "GET /docs",
    "GET /openapi.json",
    "GET /api",
    "GET /system/health",
    "GET /problems/{code}",
    "OPTIONS /files",
    "GET /session",
    "DELETE /session",
    // It asks by itself, for a token alone.
    "POST /session",
];

/// Every operation of the document, and a request for it that names this client and this upload.
async fn operations(server: &Server, client: &str, upload: &str) -> Vec<(String, Request)> {
    let document = server.get("/openapi.json").await.json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys().map(|method| method.to_uppercase()) {
            let target = path.replace("{client}", client).replace("{id}", upload).replace("{code}", "missing-cell");
            let request = Request::new(&method, &target).header("Tus-Resumable", "1.0.0");
            let request = match format!("{method} {path}").as_str() {
                "POST /upload/{client}" => request.body("text/csv", "a\n1\n"),
                "POST /sse" => {
                    let body = format!("{{\"clients\":\"{client}\",\"event\":\"a\",\"data\":1}}");
                    request.body("application/json", body)
                }
                "POST /tickets" => request.body("application/json", format!("{{\"client\":\"{client}\"}}")),
                "POST /files" => {
                    let named = base64::engine::general_purpose::STANDARD.encode(client);
                    request.header("Upload-Length", "4").header("Upload-Metadata", &format!("client {named}"))
                }
                "PATCH /files/{id}" => {
                    request.header("Upload-Offset", "0").body("application/offset+octet-stream", "x")
                }
                "GET /uploads" => Request::get(&format!("/uploads?client={client}")),
                _ => request,
            };
            found.push((format!("{method} {path}"), request));
        }
    }
    assert!(found.len() > 25, "{found:?}");
    found
}

fn is_head(route: &str) -> bool {
    route.starts_with("HEAD")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_credential_every_operation_is_401_unless_it_is_public() {
    let (guarded, [admin]) = Guarded::with(["sub=root roles=admin clients=*"]).await;
    let server = &guarded.server;
    let id = server.ask(&by(&admin, upload("me"))).await.ok(201)["id"].as_str().expect("an id").to_owned();
    for (route, request) in operations(server, "me", &id).await {
        let answer = server.ask(&request).await;
        if PUBLIC.contains(&route.as_str()) {
            assert!(answer.status() < 300 || route == "POST /session", "{route}: {answer:?}");
            continue;
        }
        assert_eq!(answer.status(), 401, "{route}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"rowcast\""), "{route}");
        if !is_head(&route) {
            answer.problem(401, "unauthenticated");
        }
        // Nor with what only looks like a key.
        let refused = server.ask(&by("rct_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", request)).await;
        assert_eq!(refused.status(), 401, "{route}");
        assert!(refused.header("www-authenticate").is_some_and(|asked| asked.contains("invalid_token")), "{route}");
    }
    let seen = server.ask(&by(&admin, Request::get(&format!("/uploads/{id}")))).await;
    assert_eq!(seen.header("cache-control"), Some("private, no-cache"));
    assert_eq!(server.get("/openapi.json").await.header("cache-control"), Some("no-cache"));
    let seen = seen.ok(200);
    assert_eq!(seen["stage"], "done", "nothing happened to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_clients_uploads_nobody_is_told() {
    let (guarded, [admin, other]) =
        Guarded::with(["sub=root roles=admin clients=*", "sub=other roles=admin clients={sub},other-*"]).await;
    let server = &guarded.server;
    let id = server.ask(&by(&admin, upload("me"))).await.ok(201)["id"].as_str().expect("an id").to_owned();
    let nobody = "0199a5f3-9f40-7d2a-8000-000000000000";
    let absent = operations(server, "me", nobody).await;
    for ((route, request), (_, absent)) in operations(server, "me", &id).await.into_iter().zip(absent) {
        if PUBLIC.contains(&route.as_str()) || route == "GET /csv" {
            continue;
        }
        let answer = server.ask(&by(&other, request)).await;
        if route.contains("{id}") {
            assert_eq!(answer.status(), 404, "{route}");
            let of_nothing = server.ask(&by(&other, absent)).await;
            assert_eq!(of_nothing.status(), 404, "{route}");
            if !is_head(&route) {
                let told = |answer: &crate::answer::Answer, id: &str| {
                    answer.problem(404, "not-found")["detail"].to_string().replace(id, "…")
                };
                assert_eq!(told(&answer, &id), told(&of_nothing, nobody), "{route}: they must look the same");
            }
        } else {
            answer.problem(403, "forbidden");
            assert!(answer.header("www-authenticate").is_some_and(|asked| asked.contains("insufficient_scope")));
        }
    }
    server.ask(&by(&other, Request::get("/uploads"))).await.problem(403, "forbidden");
    server.ask(&by(&other, Request::get("/uploads?client=me&client=other"))).await.problem(400, "bad-parameter");
    let own = server.ask(&by(&other, upload("other-1"))).await.ok(201);
    assert_eq!(own["client"], "other-1");
    let listed = server.ask(&by(&other, Request::get("/uploads?client=other-1"))).await.ok(200);
    assert_eq!(listed["uploads"].as_array().map(Vec::len), Some(1));
    let all = server.ask(&by(&admin, Request::get("/uploads"))).await.ok(200);
    assert_eq!(all["uploads"].as_array().map(Vec::len), Some(2));
    // However it is written.
    server.ask(&by(&other, Request::get("/sse/%6de"))).await.problem(400, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_kept_apart() {
    let (guarded, [viewer, uploader, publisher]) = Guarded::with([
        "sub=v roles=viewer clients=me",
        "sub=u roles=uploader clients=me",
        "sub=p roles=publisher clients=me",
    ])
    .await;
    let server = &guarded.server;
    let id = server.ask(&by(&uploader, upload("me"))).await.ok(201)["id"].as_str().expect("an id").to_owned();
    let rows = Request::get(&format!("/uploads/{id}/rows"));
    let delete = Request::new("DELETE", &format!("/uploads/{id}"));
    for key in [&viewer, &uploader] {
        assert_eq!(server.ask(&by(key, rows.clone())).await.status(), 200);
        assert_eq!(server.ask(&by(key, Request::new("HEAD", "/sse/me"))).await.status(), 200);
    }
    for request in [upload("me"), delete.clone()] {
        let refused = server.ask(&by(&viewer, request)).await.problem(403, "forbidden");
        assert!(refused["detail"].as_str().is_some_and(|told| told.contains("uploader or admin")), "{refused}");
    }
    for request in [upload("me"), Request::get("/sse/me")] {
        server.ask(&by(&publisher, request)).await.problem(403, "forbidden");
    }
    server.ask(&by(&publisher, rows)).await.problem(404, "not-found");
    assert_eq!(server.ask(&by(&uploader, delete)).await.status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_file_belong_to_the_client_that_they_name() {
    let (guarded, [alice, bob]) =
        Guarded::with(["sub=alice roles=uploader clients={sub}", "sub=bob roles=uploader clients={sub}"]).await;
    let server = &guarded.server;
    let named = |client: &str| format!("client {}", base64::engine::general_purpose::STANDARD.encode(client));
    let create = |concat: &str, metadata: &str| {
        let request = Request::post("/files").header("Tus-Resumable", "1.0.0").header("Upload-Concat", concat);
        if metadata.is_empty() { request } else { request.header("Upload-Metadata", metadata) }
    };
    let part = create("partial", &named("alice"))
        .header("Upload-Length", "4")
        .body("application/offset+octet-stream", "a\n1\n");
    let answer = server.ask(&by(&alice, part)).await;
    assert_eq!(answer.status(), 201, "{answer:?}");
    let location = answer.header("location").expect("its address").to_owned();
    let path = format!("/files/{}", location.rsplit('/').next().expect("an id"));
    let head = Request::new("HEAD", &path).header("Tus-Resumable", "1.0.0");
    assert_eq!(server.ask(&by(&alice, head.clone())).await.status(), 200);
    assert_eq!(server.ask(&by(&bob, head)).await.status(), 404);
    let stolen = create(&format!("final;{path}"), &named("bob"));
    server.ask(&by(&bob, stolen)).await.problem(400, "bad-parameter");
    server.ask(&by(&bob, create("partial", "").header("Upload-Length", "4"))).await.problem(403, "forbidden");
    let whole = server.ask(&by(&alice, create(&format!("final;{path}"), &named("alice")))).await;
    assert_eq!((whole.status(), whole.header("rowcast-client")), (201, Some("alice")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_may_be_reached_from_anywhere() {
    let keys = super::Keys::new();
    let key = keys.add("sub=a roles=viewer clients=*");
    let server = Server::with(|args| {
        args.listen = "0.0.0.0:0".parse().expect("an address");
        keys.asked_for(args);
    })
    .await;
    let port = server.address.port();
    let here = crate::api::Api { address: format!("127.0.0.1:{port}").parse().expect("an address") };
    assert_eq!(here.ask(&by(&key, Request::get("/uploads"))).await.status(), 200);
    here.get("/uploads").await.problem(401, "unauthenticated");
    for args in
        [&["--auth=token"][..], &["--auth-keys=x"], &["--auth=jwt"], &["--auth=token", "--auth-keys=/nowhere/keys"]]
    {
        let folder = tempfile::TempDir::new().expect("a folder");
        let folder = folder.path().to_str().expect("a name");
        let serve = ["serve", "--listen=0.0.0.0:0", "--data-dir", folder];
        let refused = output(serve.iter().chain(args));
        assert!(!refused.status.success() && !refused.stderr.is_empty(), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_nobody_says_so() {
    let server = Server::start().await;
    let told: Value = server.get("/session").await.ok(200);
    assert_eq!((&told["mode"], &told["signed_in"], &told["roles"][0]), (&"none".into(), &true.into(), &"admin".into()));
    // A credential that nobody asks for is none, good or bad.
    assert_eq!(server.ask(&by("nonsense", Request::get("/uploads"))).await.status(), 200);
    let ticket = server.ask(&Request::post("/tickets").body("application/json", r#"{"client":"me"}"#)).await.ok(201);
    let ticket = ticket["ticket"].as_str().expect("a ticket");
    assert_eq!(server.ask(&Request::new("HEAD", &format!("/sse/me?ticket={ticket}"))).await.status(), 200);
}
