//! The core of the protocol, and how it refuses.

use super::{File, PIECE, ask, beginning, sized};
use crate::files::people;
use crate::server::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn options_tell_what_there_is() {
    let server = Server::start().await;
    let told = server.ask(&crate::client::Request::new("OPTIONS", "/files")).await;
    assert_eq!(told.status(), 204);
    let extensions = told.header("tus-extension").expect("extensions");
    for extension in [
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "termination",
        "checksum",
        "checksum-trailer",
        "expiration",
        "concatenation",
    ] {
        assert!(extensions.split(',').any(|known| known == extension), "{extension} is not in {extensions}");
    }
    assert_eq!((told.header("tus-version"), told.header("tus-resumable")), (Some("1.0.0"), Some("1.0.0")));
    assert_eq!(told.header("tus-checksum-algorithm"), Some("sha1,sha256"));
    assert_eq!(told.header("tus-max-size"), Some(server.limits().body_bytes_max.to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_pieces_becomes_the_same_rows_as_in_one() {
    let server = Server::start().await;
    let csv = people(500);
    let mut watcher = server.watch("me").await;
    let begun = server.ask(&sized("me", csv.len())).await;
    assert_eq!(begun.header("rowcast-client"), Some("me"));
    assert_eq!(begun.header("upload-offset"), None, "nothing was sent along");
    let location = begun.header("location").expect("where it is");
    assert!(location.starts_with(&format!("http://{}/files/", server.address)), "{location}");
    let file = File::of(&server, &begun);
    let mut at = 0;
    for piece in csv.chunks(csv.len() / 7 + 1) {
        assert_eq!(file.offset().await, at);
        file.patched(at, piece).await;
        at += piece.len();
    }
    let upload = server.look(&file.id).await;
    assert_eq!(
        (&upload["stage"], &upload["rows"], &upload["filename"]),
        (&json!("done"), &json!(500), &json!("people.csv"))
    );
    assert_eq!(upload["total_bytes"], csv.len());
    let events = watcher.until_end().await;
    let stages: Vec<_> =
        events.iter().filter(|event| event.is("stage")).map(|event| event.data["stage"].clone()).collect();
    assert_eq!(stages, ["receiving", "understood", "reading", "done"], "nothing happens between two pieces");
    let whole = server.uploaded("other", csv.clone()).await;
    let expected = server.get(&format!("/uploads/{}/rows.csv", whole["id"].as_str().expect("an id"))).await;
    assert_eq!(file.rows().await, expected.body);
    // Whoever did not hear the last answer asks again.
    let head = file.head().await;
    assert_eq!(head.header("upload-offset"), head.header("upload-length"));
    file.patched(csv.len(), b"").await;
    file.patch(0, &csv).await.problem(409, "wrong-offset");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_while_a_piece_is_still_arriving() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let file = File::begin(&server, "me", 12).await;
    let mut sending = file.sending(0, 12).await;
    sending.send("a\n1\n2\n3").await;
    watcher.until(|event| event.is_row(2)).await;
    sending.send("\n4\n5\n").await;
    watcher.until(|event| event.is_row(5)).await;
    assert_eq!(sending.finish().await.status(), 204);
    assert_eq!(server.look(&file.id).await["rows"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_is_done_when_it_is_begun() {
    let server = Server::start().await;
    let file = File::begin(&server, "me", 0).await;
    let upload = server.look(&file.id).await;
    assert_eq!((&upload["stage"], &upload["percent"]), (&json!("done"), &json!(100)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sender_said_is_told_again() {
    let server = Server::start().await;
    let metadata = "client bWU=,filename cGVvcGxlLmNzdg==,draft,mood Z29vZA==";
    let request = ask("POST", "/files").header("Upload-Metadata", metadata).header("Upload-Length", "10");
    let begun = server.ask(&request).await;
    let expires = begun.header("upload-expires").expect("until when");
    assert!(expires.ends_with(" GMT") && expires.len() == 29, "{expires}");
    let head = File::of(&server, &begun).head().await;
    assert_eq!(head.header("upload-metadata"), Some(metadata));
    assert_eq!((head.header("upload-length"), head.header("upload-defer-length")), (Some("10"), None));
    assert_eq!(head.header("cache-control"), Some("no-store"));
    // No client named is a new one.
    let begun = server.ask(&ask("POST", "/files").header("Upload-Length", "1").header("Upload-Metadata", "")).await;
    let client = begun.header("rowcast-client").expect("a client").to_owned();
    assert_eq!(client.len(), 36);
    let upload = server.look(&File::of(&server, &begun).id).await;
    assert_eq!((&upload["client"], &upload["filename"]), (&json!(client), &json!("upload.csv")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_nothing_of_it_counts() {
    let server = Server::start().await;
    let file = File::begin(&server, "me", 10).await;
    let other = |version: Option<&str>| {
        let request = crate::client::Request::new("PATCH", &file.path());
        version.map_or(request.clone(), |version| request.header("Tus-Resumable", version))
    };
    for version in [None, Some("0.2.2")] {
        let refused = server.ask(&other(version).header("Upload-Offset", "0").body(PIECE, "a")).await;
        assert_eq!(refused.header("tus-version"), Some("1.0.0"));
        assert_eq!(refused.header("tus-resumable"), Some("1.0.0"));
        refused.problem(412, "tus-version");
    }
    let refused = server.ask(&file.piece(0).body("text/csv", "a")).await;
    refused.problem(415, "unsupported-media-type");
    server.ask(&ask("PATCH", &file.path()).body(PIECE, "a")).await.problem(400, "bad-parameter");
    let refused = server.ask(&ask("PATCH", &file.path()).header("Upload-Offset", "x").body(PIECE, "a")).await;
    refused.problem(400, "bad-parameter");
    let refused = file.patch(3, b"a").await;
    let told = refused.problem(409, "wrong-offset");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("0 bytes")), "{told}");
    file.patch(0, b"a\n123456789").await.problem(413, "beyond-length");
    let longer = file.piece(0).header("Upload-Length", "11").body(PIECE, "a");
    server.ask(&longer).await.problem(400, "bad-parameter");
    assert_eq!(file.offset().await, 0);
    // Without a length the same is only seen when it comes.
    let mut sending = server.begin_as(&file.piece(0).header("Content-Type", PIECE)).await;
    sending.send("a\n1234").await;
    sending.send("56789").await;
    sending.answer().await.problem(413, "beyond-length");
    assert_eq!(file.offset().await, 6, "what fitted is kept");
    for nothing in ["0199a5f3-9f40-7d2a-8000-000000000000", "nothing"] {
        let file = File::with_id(&server, nothing);
        assert!(matches!(file.head().await.status(), 400 | 404));
        assert!(matches!(file.patch(0, b"a").await.status(), 400 | 404));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_says_too_little_or_too_much_is_refused() {
    let server = Server::limited(|limits| {
        limits.body_bytes_max = 1_000;
        limits.metadata_bytes_max = 100;
    })
    .await;
    server.ask(&beginning("me")).await.problem(400, "bad-parameter");
    server.ask(&sized("me", 10).header("Upload-Defer-Length", "1")).await.problem(400, "bad-parameter");
    server.ask(&beginning("me").header("Upload-Defer-Length", "2")).await.problem(400, "bad-parameter");
    server.ask(&beginning("me").header("Upload-Length", "-1")).await.problem(400, "bad-parameter");
    server.ask(&sized("me", 1_001)).await.problem(413, "body-too-large");
    server.ask(&sized("me", 10).body("text/csv", "a")).await.problem(415, "unsupported-media-type");
    let named = |metadata: &str| ask("POST", "/files").header("Upload-Length", "1").header("Upload-Metadata", metadata);
    server.ask(&named("client YS9i")).await.problem(400, "bad-parameter");
    server.ask(&named(&format!("note {}", "YWJj".repeat(24)))).await.problem(400, "bad-parameter");
    assert_eq!(server.ask(&named(&format!("note {}", "YWJj".repeat(23)))).await.status(), 201);
    let page = server.get("/uploads?client=me").await.ok(200);
    assert_eq!(page["uploads"], json!([]), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_beyond_body_bytes_max_fails_whatever_was_declared() {
    let server = Server::limited(|limits| limits.body_bytes_max = 1_000).await;
    let file = File::of(&server, &server.ask(&beginning("me").header("Upload-Defer-Length", "1")).await);
    file.patched(0, &people(10)).await;
    let at = file.offset().await;
    let refused = file.patch(at, &vec![b'x'; 1_001 - at]).await;
    refused.problem(413, "body-too-large");
    assert_eq!(file.offset().await, at);
    let declares = file.piece(at).header("Upload-Length", "1001").body(PIECE, "");
    server.ask(&declares).await.problem(413, "body-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_can_only_post_says_what_it_means() {
    let server = Server::start().await;
    let file = File::begin(&server, "me", 4).await;
    let meaning = |method: &str| ask("POST", &file.path()).header("X-HTTP-Method-Override", method);
    let taken = server.ask(&meaning("PATCH").header("Upload-Offset", "0").body(PIECE, "a\n")).await;
    assert_eq!((taken.status(), taken.header("upload-offset")), (204, Some("2")));
    assert_eq!(server.ask(&meaning("DELETE")).await.status(), 204);
    assert_eq!(file.head().await.status(), 410);
    assert_eq!(server.ask(&meaning("PUT")).await.status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_is_let_in_only_where_its_origin_is_allowed() {
    let server = Server::with(|args| args.allow_origin = vec!["https://app.example".into()]).await;
    let from = |request: crate::client::Request, origin: &str| {
        request.header("Origin", origin).header("Sec-Fetch-Site", "cross-site")
    };
    let preflight = crate::client::Request::new("OPTIONS", "/files").header("Access-Control-Request-Method", "PATCH");
    let told = server.ask(&from(preflight.clone(), "https://app.example")).await;
    assert_eq!((told.status(), told.header("access-control-allow-origin")), (204, Some("https://app.example")));
    let allowed = told.header("access-control-allow-headers").expect("headers").to_ascii_lowercase();
    for header in ["tus-resumable", "upload-offset", "upload-metadata", "content-type", "x-http-method-override"] {
        assert!(allowed.contains(header), "{header} is not in {allowed}");
    }
    assert!(told.header("access-control-allow-methods").is_some_and(|methods| methods.contains("PATCH")));
    let begun = server.ask(&from(sized("me", 3), "https://app.example")).await;
    assert_eq!(begun.status(), 201);
    assert!(
        begun.header("location").is_some_and(|location| location.starts_with("/files/")),
        "a page knows its scheme"
    );
    let exposed = begun.header("access-control-expose-headers").expect("headers");
    for header in ["Location", "Upload-Offset", "Tus-Resumable", "Upload-Expires", "Rowcast-Client"] {
        assert!(exposed.contains(header), "{header} is not in {exposed}");
    }
    assert!(begun.header("vary").is_some_and(|vary| vary.contains("Origin")));
    let refused = server.ask(&from(sized("me", 3), "https://evil.example")).await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
    refused.problem(403, "cross-site");
    let told = server.ask(&from(preflight, "https://evil.example")).await;
    assert_eq!(told.header("access-control-allow-origin"), None);
}
