//! TLS that is begun and not ended.

use crate::arena::{Outcome, tally};
use crate::gauge::Gauge;
use crate::patience::{rounds, until_blocking};
use crate::program::Program;
use crate::raw::drip;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore};

/// curl, which trusts this certificate alone.
fn curl(program: &Program, trusted: &Path, flags: &[&str], target: &str) -> Output {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "25", "--noproxy", "*", "--cacert"]).arg(trusted);
    command.args(flags).arg(format!("https://localhost:{}{target}", program.address.port()));
    tokio::task::block_in_place(|| command.output()).expect("curl runs")
}

/// What a client says first.
fn client_hello() -> Vec<u8> {
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(config.into(), name).expect("a client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("a hello");
    hello
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_stall() {
    let dir = TempDir::new().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| dir.path().join(name));
    std::fs::write(&cert, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    let [cert_text, key_text] = [&cert, &key].map(|path| path.display().to_string());
    let flags = ["--request-head-ms-max", "3s", "--log", "warn", "--tls-cert", &cert_text, "--tls-key", &key_text];
    let program = Program::with(&dir.path().join("data"), &flags);
    let gauge = Gauge(program.id());
    let honest = || {
        let upload = ["--data-binary", "a,b\n1,2\n", "--header", "Content-Type: text/csv"];
        let done = curl(&program, &cert, &upload, "/upload/me");
        assert!(String::from_utf8_lossy(&done.stdout).contains("\"stage\":\"done\""), "{done:?}");
    };
    honest();
    gauge.reset_peak();
    let before = gauge.read();

    let hello = client_hello();
    let huge = [&[0x16, 3, 1, 0xff, 0xff][..], &[1; 70_000]].concat();
    let (each, mut slow) = (rounds(30), JoinSet::new());
    for _ in 0..each {
        // Nothing; a byte; half a hello; a whole one, and then no more; a record that claims more than there can be.
        for (bytes, at_once) in [(&hello, 0), (&hello, 1), (&hello, hello.len() / 2), (&hello, hello.len()), (&huge, 5)]
        {
            let (address, bytes) = (program.address, bytes.clone());
            slow.spawn(async move { drip(address, &bytes, at_once, Duration::from_millis(150)).await });
        }
    }
    let held = until_blocking("many of them", || {
        let descriptors = gauge.read().descriptors - before.descriptors;
        (descriptors > each * 2).then_some(descriptors)
    });
    honest();
    let ends = slow.join_all().await;
    let refused =
        tally(ends.iter().map(|answer| if answer.is_empty() { "cut" } else { "an alert or a hello, and cut" }));
    honest();
    until_blocking("the descriptors", || (gauge.read().descriptors <= before.descriptors + 16).then_some(()));
    let (peak, after) = (gauge.peak_kib(), gauge.read());
    let outcome = Outcome { tried: format!("{} handshakes", each * 5), held: held.to_string(), refused };
    crate::arena::tell("TLS handshakes that stall", &outcome, 1, (before, peak, after));
    assert!(peak - before.resident_kib <= 64 << 10);
}
