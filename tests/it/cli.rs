//! The command line: the same things as the API, for scripts.

use crate::patience::until_blocking;
use crate::program::{PROGRAM, Program, clear_environment, output};
use crate::server::Server;
use rowcast::domain::Limits;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("it speaks UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn mock_writes_what_csv_answers_byte_for_byte() {
    let server = Server::start().await;
    for (args, query) in [
        (&["mock"][..], ""),
        (&["mock", "--rows", "300", "--seed", "7"], "rows=300&seed=7"),
        (&["mock", "--rows", "200", "--messy", "0.3"], "rows=200&messy=0.3"),
        (&["mock", "--rows", "0", "--columns", "name,email,sentence"], "rows=0&columns=name,email,sentence"),
    ] {
        let written = output(args);
        assert!(written.status.success() && written.stderr.is_empty(), "{written:?}");
        assert!(written.stdout == server.get(&format!("/csv?{query}")).await.body, "{query}");
    }
    for args in [
        &["mock", "--columns", "shoe"][..],
        &["mock", "--messy", "2"],
        &["mock", "--rows", "-1"],
        &["mock", "--rows", "many"],
    ] {
        let refused = output(args);
        assert!(!refused.status.success() && refused.stdout.is_empty() && !refused.stderr.is_empty(), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_writes_the_document_that_is_served_and_that_lies_in_the_repository() {
    let written = output(["openapi"]);
    assert!(written.status.success() && written.stderr.is_empty());
    let server = Server::start().await;
    assert!(written.stdout == server.get("/openapi.json").await.body, "the served document differs");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let committed = std::fs::read(committed).expect("openapi/openapi.json");
    assert!(written.stdout == committed, "openapi/openapi.json is old: cargo run -- openapi > openapi/openapi.json");
}

#[test]
fn help_names_every_setting() {
    let of = |args: &[&str]| {
        let help = output(args);
        assert!(help.status.success(), "{help:?}");
        text(&help.stdout).to_owned()
    };
    let (top, serve, mock) = (of(&["--help"]), of(&["serve", "--help"]), of(&["mock", "--help"]));
    for command in ["serve", "upload", "tail", "token", "mock", "openapi", "check", "gc", "backup"] {
        assert!(top.contains(&format!("  {command}")), "{top}");
    }
    let settings = [
        "LISTEN",
        "DATA_DIR",
        "KEEP",
        "KEEP_BYTES",
        "STATIC_DIR",
        "ALLOW_HOST",
        "ALLOW_ORIGIN",
        "TRUSTED_PROXY",
        "INSECURE_PUBLIC",
        "LOG",
        "LOG_FORMAT",
        "CONFIG",
        "TLS_CERT",
        "TLS_KEY",
        "AUTH",
        "AUTH_KEYS_FILE",
        "AUTH_KEYS",
        "JWT_KEY",
        "JWT_ALGORITHM",
        "JWT_ISSUER",
        "JWT_AUDIENCE",
    ];
    let mut variables: BTreeSet<String> = settings.iter().map(|name| format!("ROWCAST_{name}")).collect();
    for spec in Limits::TABLE {
        variables.insert(format!("ROWCAST_{}", spec.name.to_ascii_uppercase().replace('-', "_")));
        assert!(
            serve.contains(&format!("--{}", spec.name))
                && serve.contains(spec.help.split('.').next().expect("a sentence"))
        );
    }
    for help in [&top, &serve] {
        for variable in &variables {
            // Without its value where that may be a secret.
            let named = help.contains(&format!("{variable}=")) || help.contains(&format!("[env: {variable}]"));
            assert!(named, "{variable} is not named");
        }
    }
    for variable in ["ROWS", "SEED", "COLUMNS", "MESSY"] {
        assert!(mock.contains(&format!("ROWCAST_MOCK_{variable}=")), "{mock}");
    }
    for (command, variables) in [
        ("upload", &["URL", "CLIENT", "CHUNK_BYTES", "PROBLEMS_SHOWN", "GIVE_UP_AFTER"][..]),
        ("tail", &["TAIL_EVENTS", "SILENCE_MAX", "GIVE_UP_AFTER"]),
    ] {
        let help = of(&[command, "--help"]);
        for variable in variables {
            assert!(help.contains(&format!("ROWCAST_{variable}=")), "{command}: {variable} is not named");
        }
        assert!(help.contains("Examples:") && help.contains("Status: 0 "), "{help}");
    }
    // And nothing is named that the table does not know.
    for word in serve.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(|word| word.starts_with("ROWCAST_")) {
        assert!(variables.contains(word), "{word}");
    }
    assert!(text(&output(["--version"]).stdout).starts_with(concat!("rowcast ", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_also_comes_from_the_environment() {
    let dir = TempDir::new().expect("a temporary folder");
    // Without any argument it serves.
    let mut command = Command::new("env");
    command.args(["ROWCAST_LISTEN=127.0.0.1:0", "ROWCAST_MOCK_ROWS_MAX=5", "ROWCAST_ALLOW_HOST=a.example,b.example"]);
    command.args(["ROWCAST_KEEP_ALIVE_MS=100ms", "ROWCAST_BODY_BYTES_MAX=2KiB", "ROWCAST_LOG=off"]);
    command.arg(format!("ROWCAST_DATA_DIR={}", dir.path().display())).arg(PROGRAM);
    let program = Program::run(command);
    program.get("/csv?rows=6").await.problem(400, "bad-parameter");
    program.upload("me", vec![b'x'; 2_049]).await.problem(413, "body-too-large");
    let named = crate::client::Request::get("/livez").header("Host", "b.example");
    assert_eq!(program.ask(&named).await.status(), 200);
    program.watch("me").await.comment().await;
    assert!(dir.path().join("journal.db").exists());
    assert_eq!(program.log(), "", "nothing is logged when nothing shall be");
    // A flag goes before the environment, and a wrong value is named.
    let mut wrong = Command::new(PROGRAM);
    clear_environment(&mut wrong);
    let wrong = wrong.args(["serve", "--listen", "127.0.0.1:0"]).env("ROWCAST_UPLOADS_MAX", "many").output();
    let wrong = wrong.expect("it runs");
    assert!(!wrong.status.success() && text(&wrong.stderr).contains("uploads-max"), "{wrong:?}");
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    for args in [&["mock", "--rows", "1000000"][..], &["openapi"], &["--help"]] {
        let mut command = Command::new(PROGRAM);
        clear_environment(&mut command);
        let mut child =
            command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut beginning = [0; 10];
        let mut stdout = child.stdout.take().expect("its output");
        stdout.read_exact(&mut beginning).expect("its beginning");
        drop(stdout);
        let status = until_blocking("its end", || child.try_wait().expect("it can be waited for"));
        let mut told = String::new();
        child.stderr.take().expect("its errors").read_to_string(&mut told).expect("text");
        assert!(status.success() && told.is_empty(), "{args:?}: {status}: {told}");
    }
    // The same where nothing can be written at all.
    let closed = Command::new("sh").arg("-c").arg("\"$0\" openapi >&-; \"$0\" mock --rows 5 >&-").arg(PROGRAM).output();
    let closed = closed.expect("a shell");
    assert!(!text(&closed.stderr).contains("panicked"), "{closed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_holds_no_cell_and_no_file() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut program = Program::with(dir.path(), &["--log", "trace"]);
    program.uploaded("me", "name,secret\nAna,hunter2-is-my-password\nragged-hunter2\n").await;
    program.terminate();
    assert!(program.exited().success());
    assert!(!program.log().contains("hunter2"), "{}", program.log());
    assert!(program.log().contains("shutting down"));
}
