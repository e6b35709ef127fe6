//! TLS of the server's own: with other people's clients, and with a certificate that is renewed meanwhile.

use crate::patience::until;
use crate::program::output;
use crate::server::Server;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Makes a certificate for `localhost`, and puts it where a server finds it.
fn renew(dir: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    // As tools that renew do it: whole files take the others' places.
    for (name, text) in [("key.pem", made.signing_key.serialize_pem()), ("cert.pem", made.cert.pem())] {
        let part = dir.join("part");
        std::fs::write(&part, text).expect("a file");
        std::fs::rename(part, dir.join(name)).expect("its place");
    }
}

async fn serving(dir: &Path) -> Server {
    renew(dir);
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    Server::with(|args| (args.tls_cert, args.tls_key) = (Some(cert), Some(key))).await
}

/// curl, which trusts the certificate in this file and no other.
fn curl(server: &Server, trusted: &Path, flags: &[&str], target: &str) -> Output {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--max-time", "20", "--noproxy", "*", "--cacert"])
        .arg(trusted)
        .args(flags);
    command.arg(format!("https://localhost:{}{target}", server.address.port()));
    tokio::task::block_in_place(|| command.output()).expect("curl runs")
}

fn said(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_speaks_http2_and_http1_over_it() {
    let dir = TempDir::new().expect("a folder");
    let server = serving(dir.path()).await;
    let trusted = dir.path().join("cert.pem");
    let version = ["--output", "/dev/null", "--write-out", "%{http_code} %{http_version}"];
    for (flag, expected) in [("--http2", "200 2"), ("--http1.1", "200 1.1")] {
        let answer = curl(&server, &trusted, &[&version[..], &[flag]].concat(), "/livez");
        assert_eq!(said(&answer), expected);
    }
    let upload = ["--http2", "--data-binary", "a,b\n1,2\n3,4\n", "--header", "Content-Type: text/csv"];
    let done: serde_json::Value =
        serde_json::from_str(said(&curl(&server, &trusted, &upload, "/upload/me"))).expect("JSON");
    assert_eq!((&done["stage"], &done["rows"]), (&"done".into(), &2.into()));
    let events = curl(&server, &trusted, &["--http2", "--no-buffer"], "/sse/me?from=start&until=done");
    assert_eq!(said(&events).matches("event: row\n").count(), 2);

    // Whoever does not speak TLS is only closed.
    let mut plain = server.connect().await;
    plain.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answer = plain.rest().await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(said(&curl(&server, &trusted, &[], "/livez")).contains("ok"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
    let dir = TempDir::new().expect("a folder");
    let server = serving(dir.path()).await;
    let first = dir.path().join("first.pem");
    std::fs::copy(dir.path().join("cert.pem"), &first).expect("a copy");
    assert!(curl(&server, &first, &[], "/livez").status.success());
    renew(dir.path());
    let second = dir.path().join("second.pem");
    std::fs::copy(dir.path().join("cert.pem"), &second).expect("a copy");
    until("the second is used", async || curl(&server, &second, &[], "/livez").status.success().then_some(())).await;
    assert!(!curl(&server, &first, &[], "/livez").status.success(), "the first is no longer used");
    std::fs::write(dir.path().join("key.pem"), "no key").expect("a file");
    tokio::time::sleep(std::time::Duration::from_millis(4 * server.limits().tls_reload_ms)).await;
    assert!(curl(&server, &second, &[], "/livez").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_where_and_refuses_what_it_cannot_use() {
    let dir = TempDir::new().expect("a folder");
    renew(dir.path());
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| dir.path().join(name).display().to_string());
    let data = dir.path().join("data").display().to_string();
    let check = |cert: &str, key: &str| output(["check", "--data-dir", &data, "--tls-cert", cert, "--tls-key", key]);
    assert!(check(&cert, &key).status.success());
    assert_eq!(check(&key, &key).status.code(), Some(1), "there is no certificate in it");
    assert_eq!(check(&cert, &cert).status.code(), Some(1), "there is no key in it");
    assert_eq!(output(["check", "--tls-cert", &cert]).status.code(), Some(2), "one without the other");
    let other = TempDir::new().expect("a folder");
    renew(other.path());
    let others = other.path().join("key.pem").display().to_string();
    let wrong = check(&cert, &others);
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    let started =
        output(["serve", "--listen", "127.0.0.1:0", "--data-dir", &data, "--tls-cert", &cert, "--tls-key", &others]);
    assert!(!started.status.success() && started.stdout.is_empty(), "{started:?}");

    // The command of its own comes in by the same door.
    let server = serving(dir.path()).await;
    let file = dir.path().join("a.csv");
    std::fs::write(&file, "a\n1\n").expect("a file");
    let mut upload = Command::new(crate::program::PROGRAM);
    crate::program::clear_environment(&mut upload);
    upload.arg("upload").arg(&file).args(["--json", "--client", "me", "--to"]);
    upload
        .arg(format!("https://localhost:{}", server.address.port()))
        .env("SSL_CERT_FILE", dir.path().join("cert.pem"));
    let sent = tokio::task::block_in_place(|| upload.output()).expect("it runs");
    assert!(said(&sent).contains("\"ok\":true"), "{sent:?}");
}
