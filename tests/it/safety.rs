//! Who may ask, and what a request may not do, whatever it says.

use crate::client::Request;
use crate::files::people;
use crate::program::output;
use crate::server::{Server, settings};
use rowcast::app::{App, AppError};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_expected_is_421_for_every_route() {
    let server = Server::with(|args| args.allow_host = vec!["rows.example.org".into(), "192.0.2.7".into()]).await;
    let port = server.address.port();
    let ask = async |method: &str, target: &str, host: &str| {
        server.ask(&Request::new(method, target).header("Host", host)).await
    };
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "rows.example.org",
        "Rows.Example.ORG:8443",
        "192.0.2.7:80",
        "app.localhost",
        &format!("127.0.0.1:{port}"),
        &format!("localhost:{port}"),
        "127.1.2.3",
    ] {
        assert_eq!(ask("GET", "/livez", host).await.status(), 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.0.2.8",
        "0.0.0.0",
        "sub.rows.example.org",
        "xn--lcalhost-54a.example",
    ] {
        for (method, target) in [
            ("GET", "/livez"),
            ("GET", "/"),
            ("GET", "/sse/me"),
            ("POST", "/upload/me"),
            ("GET", "/nothing"),
            ("DELETE", "/uploads/x"),
        ] {
            ask(method, target, host).await.problem(421, "misdirected-host");
        }
    }
    for host in ["", "a b", "a/b", "[", "user@localhost@x"] {
        let status = ask("GET", "/livez", host).await.status();
        assert!(matches!(status, 400 | 421), "{host:?}: {status}");
    }
    let two = Request::get("/livez").header("Host", "localhost").header("Host", "localhost");
    assert_eq!(server.ask(&two).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_changes_nothing() {
    let server = Server::start().await;
    let id = server.uploaded("me", people(3)).await["id"].as_str().expect("an id").to_owned();
    let requests = || {
        [
            Request::post("/upload/me").body("text/csv", "a\n1\n"),
            Request::post(&format!("/uploads/{id}/cancel")),
            Request::new("DELETE", &format!("/uploads/{id}")),
        ]
    };
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "garbage"),
        ("Origin", "null"),
        ("Origin", "https://evil.example"),
        ("Origin", "http://localhost:1"),
        ("Origin", "http://127.0.0.1:1@evil.example"),
        ("Origin", "garbage"),
        ("Origin", ""),
    ] {
        for request in requests() {
            server.ask(&request.header(name, value)).await.problem(403, "cross-site");
        }
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.look(&id).await["stage"], "done");
    // Reading is free: browsers do not show it to the other site.
    assert_eq!(server.ask(&Request::get("/uploads").header("Sec-Fetch-Site", "cross-site")).await.status(), 200);
    assert_eq!(server.get("/uploads").await.header("access-control-allow-origin"), None);
    // Our own page, programs, and what a person types may.
    let own = format!("http://{}", server.address);
    for (name, value) in [("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none")] {
        server.ask(&requests()[0].clone().header(name, value)).await.ok(201);
    }
    let both = requests()[0].clone().header("Origin", &own).header("Sec-Fetch-Site", "cross-site");
    server.ask(&both).await.problem(403, "cross-site");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_binds_beyond_loopback_unless_told_so() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let dir = TempDir::new().expect("a temporary folder");
        let mut args = settings(dir.path());
        args.listen = listen.parse().expect("an address");
        let refused = App::start(&args).await.err().expect("a refusal");
        assert!(matches!(refused, AppError::Public(_)), "{refused}");
        assert!(refused.to_string().contains("--insecure-public"), "{refused}");
        assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 0, "nothing was begun");
    }
    let dir = TempDir::new().expect("a temporary folder");
    let folder = dir.path().to_str().expect("a plain name");
    let refused = output(["serve", "--listen", "0.0.0.0:0", "--data-dir", folder]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--insecure-public"));
    let server = Server::with(|args| {
        args.listen = "0.0.0.0:0".parse().expect("an address");
        args.insecure_public = true;
    })
    .await;
    let local = crate::api::Api { address: ([127, 0, 0, 1], server.address.port()).into() };
    assert_eq!(local.get("/livez").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_what_is_served() {
    let server = Server::start().await;
    for target in [
        "/../Cargo.toml",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/samples/../../Cargo.toml",
        "/samples/%2e%2e/README.md",
        "/samples/..%5c..%5cCargo.toml",
        "/samples/README.md",
        "/samples/run/journal.db",
        "//etc/passwd",
        "/./",
        "/%00",
        "/samples/customers.csv%00.html",
        "/\\..\\Cargo.toml",
        "/uploads/..%2f..%2fjournal.db/rows.csv",
        "/problems/..%2f..%2fetc%2fpasswd",
        "/sse/..",
        "/upload/..%2f..",
    ] {
        let answer = server.get(target).await;
        assert!(matches!(answer.status(), 400 | 404 | 405), "{target}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{target}");
        let told = answer.text();
        assert!(!told.contains("root:") && !told.contains("[package]"), "{target}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_break_in_a_parameter_stays_in_it() {
    let server = Server::start().await;
    let break_in = "a%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a%3cscript%3e";
    let answer =
        server.ask(&Request::post(&format!("/upload/me?filename={break_in}.csv")).body("text/csv", "a\n1\n")).await;
    assert_eq!(answer.header("set-cookie"), None);
    let upload = answer.ok(201);
    let id = upload["id"].as_str().expect("an id");
    assert!(!upload["filename"].as_str().expect("a name").contains(['\r', '\n']), "{upload}");
    for rest in ["rows.csv", "rows.ndjson", "accepted.csv", "rejects.csv", "problems.csv"] {
        let export = server.get(&format!("/uploads/{id}/{rest}")).await;
        assert_eq!((export.status(), export.header("set-cookie")), (200, None));
        let name = export.header("content-disposition").expect("a name");
        assert!(!name.contains('<') && !name.contains("\r"), "{name}");
    }
    for target in [
        format!("/sse/me?last_event_id={break_in}"),
        format!("/sse/{break_in}"),
        format!("/uploads/{break_in}"),
        format!("/problems/{break_in}"),
        format!("/{break_in}"),
        format!("/csv?columns={break_in}"),
        format!("/sse/me?events={break_in}"),
    ] {
        let head = server.ask(&Request::new("HEAD", &target)).await;
        assert_eq!(head.header("set-cookie"), None, "{target}");
    }
    // An id is repeated in the stream, as JSON in one line.
    let mut watcher = server.watch_after("me", "x").await;
    assert_eq!(watcher.event().await.data["from"], "x");
    let mut watcher = crate::watcher::Watcher::attach(&server, &format!("/sse/me?last_event_id={break_in}")).await;
    let gap = watcher.event().await;
    assert_eq!(gap.data["reason"], "unknown-epoch");
    assert!(gap.data["from"].as_str().is_some_and(|from| from.starts_with("a\r\nSet-Cookie")), "{gap:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_are_told_exactly_whatever_they_hold() {
    let server = Server::start().await;
    let cells = [
        "</script><script>alert(1)</script>",
        "=HYPERLINK(\"http://evil\")",
        "data: x",
        "\n\ndata: forged\nid: 1\nevent: stage",
        "a\rb\r\nc",
        "\0",
        "\u{1}\u{7f}",
        "\u{2028}\u{2029}",
        "\u{feff}",
        "\u{202e}",
        "\\u0000",
        "\\",
        "🦀 é e\u{301}",
        ": comment",
        "",
    ];
    let mut csv = csv::Writer::from_writer(Vec::new());
    // The last one keeps a record of empty cells from being a blank one.
    csv.write_record(["a", "data: \nid: 7\n\nb", "n"]).expect("a record");
    for (n, cell) in cells.iter().enumerate() {
        csv.write_record([cell, cell, n.to_string().as_str()]).expect("a record");
    }
    let upload = server.uploaded("me", csv.into_inner().expect("a file")).await;
    assert_eq!((&upload["problems"], &upload["rows"]), (&0.into(), &(cells.len() as u64).into()));
    let mut watcher = server.watch_from_start("me").await;
    let events = watcher.until_end().await;
    let rows = crate::watcher::rows(&events);
    for (cell, (_, row)) in cells.iter().zip(&rows) {
        assert_eq!((row["a"].as_str(), row["data: \nid: 7\n\nb"].as_str()), (Some(*cell), Some(*cell)));
    }
    let lines = server.get(&format!("/uploads/{}/rows.ndjson", upload["id"].as_str().expect("an id"))).await;
    assert_eq!(lines.text().split_terminator('\n').count(), cells.len());
}
