//! What people read: the page or the greeting, the API's documentation, and what each code means. All from the binary.

use crate::client::Request;
use crate::server::Server;
use base64::Engine;
use rowcast::domain::{FailureCode, ProblemCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn the_root_is_a_page_for_browsers_and_a_greeting_for_everybody_else() {
    let server = Server::with(|args| args.static_dir = Some(page())).await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = server.ask(&Request::get("/").header("Accept", browser)).await;
    assert_eq!((page.status(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("vary"), Some("accept, accept-encoding"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    for accept in ["*/*", "application/json", "text/plain"] {
        let greeting = server.ask(&Request::get("/").header("Accept", accept)).await;
        assert_eq!(greeting.header("content-type"), Some("text/plain; charset=utf-8"), "{accept}");
        assert_eq!(greeting.header("vary"), Some("accept, accept-encoding"));
        for route in ["/sse/{client}", "/upload/{client}", "/csv", "/uploads", "/docs", "/livez", "/problems/{code}"] {
            assert!(greeting.text().contains(route), "{route} is not named: {}", greeting.text());
        }
        assert!(greeting.text().lines().count() < 30, "short");
    }
    assert_eq!(server.get("/").await.header("content-type"), Some("text/plain; charset=utf-8"));
}

/// The files of the page, as a browser finds them: the document, and what the files found so far name. What is loaded only
/// when somebody asks for it is not among them.
async fn files_of_the_page(server: &Server) -> Vec<String> {
    let mut files = vec!["/index.html".to_owned()];
    let mut at = 0;
    while let Some(file) = files.get(at).cloned() {
        at += 1;
        let answer = server.get(&file).await;
        assert_eq!(answer.status(), 200, "{file}");
        let text = answer.text();
        let pieces: Vec<_> = text.split(['"', '\'']).collect();
        for (before, quoted) in pieces.iter().zip(pieces.iter().skip(1)) {
            if before.ends_with("import(") {
                continue;
            }
            let folder = &file[..=file.rfind('/').expect("a path")];
            let named = quoted.strip_prefix("./").map_or((*quoted).to_owned(), |name| format!("{folder}{name}"));
            let is_file =
                named.starts_with('/') && [".js", ".css", ".svg"].iter().any(|ending| named.ends_with(ending));
            if is_file && !files.contains(&named) {
                files.push(named);
            }
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_few_small_files_that_are_sent_once() {
    let server = Server::start().await;
    let page = server.ask(&Request::get("/").header("Accept", "text/html")).await;
    assert_eq!((page.status(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let files = files_of_the_page(&server).await;
    assert!((5..10).contains(&files.len()), "{files:?}");
    let (mut whole, mut sent) = (0, 0);
    for file in &files {
        whole += server.get(file).await.body.len();
        let asked = Request::get(file).header("Accept-Encoding", "gzip, br");
        let answer = server.ask(&asked).await;
        assert_eq!(answer.header("content-encoding"), Some("br"), "{file}");
        sent += answer.body.len();
        let again = server.ask(&asked.header("If-None-Match", answer.header("etag").expect("a tag"))).await;
        assert_eq!((again.status(), again.body.len()), (304, 0), "{file}");
    }
    println!("the page: {whole} bytes, {sent} sent");
    assert!(whole <= 160 << 10, "{whole} bytes");
    assert!(sent <= 50 << 10, "{sent} bytes sent");
}

/// A folder with a page, as `--static-dir` takes it.
fn page() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/static")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_given_for_the_page_is_served_and_nothing_around_it() {
    let server = Server::with(|args| args.static_dir = Some(page())).await;
    let script = server.get("/js/app.js").await;
    assert_eq!((script.status(), script.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    let tag = script.header("etag").expect("a tag").to_owned();
    let again = server.ask(&Request::get("/js/app.js").header("If-None-Match", &tag)).await;
    assert_eq!((again.status(), again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())));
    for target in
        ["/../main.rs", "/js/../../main.rs", "/%2e%2e/main.rs", "/js", "/js/", "/.hidden", "/js/%2e%2e/index.html"]
    {
        server.get(target).await.problem(404, "not-found");
    }
}

/// The text of each `<script>` in a page; none may load anything from elsewhere.
fn scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<script") {
        let (attributes, after) = after.split_once('>').expect("a tag ends");
        assert!(!attributes.contains("src="), "a script from elsewhere: {attributes}");
        let (script, after) = after.split_once("</script>").expect("a script ends");
        // After these two a browser would not end the script here (HTML standard, section 13.2.5.20).
        let escaped = script.split_once("<!--").map(|(_, comment)| comment.split("-->").next().unwrap_or_default());
        assert!(escaped.is_none_or(|comment| !comment.contains("<script")), "a browser reads on after its end");
        scripts.push(script);
        rest = after;
    }
    scripts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_works_offline_and_only_its_own_scripts_run() {
    let server = Server::start().await;
    let docs = server.ask(&Request::get("/docs").header("Accept", "text/html")).await;
    assert_eq!((docs.status(), docs.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let html = docs.text();
    assert!(html.to_lowercase().starts_with("<!doctype html>"));
    let policy = docs.header("content-security-policy").expect("a policy");
    let directive = |name: &str| {
        let found = policy.split(';').map(str::trim).find_map(|directive| directive.strip_prefix(name));
        found.unwrap_or_else(|| panic!("no {name} in {policy}")).trim().to_owned()
    };
    assert_eq!(directive("default-src"), "'none'");
    assert_eq!(directive("connect-src"), "'self'");
    let allowed: BTreeSet<_> = directive("script-src").split(' ').map(str::to_owned).collect();
    let scripts = scripts(html);
    assert!(!scripts.is_empty());
    let digests = scripts.iter().map(|script| {
        let digest = Sha256::digest(script.replace("\r\n", "\n").as_bytes());
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(digest))
    });
    assert_eq!(digests.collect::<BTreeSet<_>>(), allowed, "exactly the scripts of the page may run");
    for elsewhere in ["<link rel=\"stylesheet\" href=\"http", "src=\"http", "@import"] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_describes_every_route_and_is_not_sent_twice() {
    let server = Server::start().await;
    let answer = server.get("/openapi.json").await;
    let document = answer.ok(200);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let operations: BTreeSet<String> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("methods").keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    for route in [
        "get /",
        "get /sse/{client}",
        "post /upload/{client}",
        "get /csv",
        "get /uploads",
        "get /uploads/{id}",
        "post /uploads/{id}/cancel",
        "delete /uploads/{id}",
        "get /uploads/{id}/rows",
        "get /uploads/{id}/rows.csv",
        "get /uploads/{id}/rows.ndjson",
        "get /uploads/{id}/problems",
        "get /uploads/{id}/problems.csv",
        "get /uploads/{id}/accepted.csv",
        "get /uploads/{id}/rejects.csv",
        "get /livez",
        "get /readyz",
        "get /metrics",
        "get /openapi.json",
        "get /docs",
        "get /problems/{code}",
    ] {
        assert!(operations.contains(route), "{route} is not described");
    }
    let tag = answer.header("etag").expect("a tag");
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
        let again = server.ask(&Request::get("/openapi.json").header("If-None-Match", &known)).await;
        assert_eq!((again.status(), again.body.len()), (304, 0), "{known}");
    }
    let other = server.ask(&Request::get("/openapi.json").header("If-None-Match", "\"other\"")).await;
    assert_eq!(other.body, answer.body);
}

/// Every code that the document says an answer can have, and every code of files and of uploads.
pub async fn codes(server: &Server) -> BTreeSet<String> {
    let document = server.get("/openapi.json").await.ok(200);
    let mut codes = BTreeSet::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("methods").values() {
            let refusals = operation["responses"].as_object().expect("answers").iter();
            for (_, answer) in refusals.filter(|(status, _)| status.as_str() >= "400") {
                let told = answer["description"].as_str().expect("what it is");
                // `code`: title. `code`: title.
                let parts: Vec<_> = told.split('`').collect();
                let named = parts.windows(2).filter(|pair| pair[1].starts_with(": "));
                codes.extend(named.map(|pair| pair[0].to_owned()));
            }
        }
    }
    assert!(codes.len() > 20, "{codes:?}");
    // These come before there is an operation.
    codes.extend(["method-not-allowed", "too-many-connections"].map(str::to_owned));
    codes.extend(FailureCode::ALL.iter().map(|code| code.as_str().to_owned()));
    codes.extend(ProblemCode::ALL.iter().map(|code| code.as_str().to_owned()));
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_has_a_page_for_people_and_an_explanation_for_programs() {
    let server = Server::start().await;
    for code in codes(&server).await {
        let target = format!("/problems/{code}");
        let told = server.get(&target).await.ok(200);
        assert_eq!(told["code"], code.as_str());
        for member in ["title", "help"] {
            assert!(told[member].as_str().is_some_and(|text| text.len() > 5), "{code}: {told}");
        }
        assert!(told["status"].is_null() != told["severity"].is_null(), "about an answer or about a file: {told}");
        let page = server.ask(&Request::get(&target).header("Accept", "text/html")).await;
        assert_eq!((page.status(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.text().contains(&format!("<code>{code}</code>")), "{}", page.text());
        assert!(scripts(page.text()).is_empty());
    }
    let severity = |code: &str| ProblemCode::parse(code).map(ProblemCode::severity);
    let told = server.get("/problems/blank-row").await.ok(200);
    assert_eq!(told["severity"], serde_json::to_value(severity("blank-row")).expect("a name"));
    assert_eq!(server.get("/problems/disk-full").await.ok(200)["status"], 507);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_in_one_word() {
    let server = Server::start().await;
    for target in ["/livez", "/readyz"] {
        assert_eq!(server.get(target).await.ok(200), serde_json::json!({"status": "ok"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_samples_are_served_as_they_lie_in_the_repository() {
    let server = Server::start().await;
    for name in ["customers.csv", "orders-messy.csv", "quotes.csv", "unicode.csv"] {
        let answer = server.get(&format!("/samples/{name}")).await;
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
        assert!(answer.body == std::fs::read(path).expect("the sample"), "{name}");
    }
    let document: Value = server.get("/openapi.json").await.json();
    assert!(document["info"]["version"].is_string());
}
