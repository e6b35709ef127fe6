//! `rowcast token`, and the commands that show one.

use super::{Keys, by, upload};
use crate::command::Running;
use crate::program::{PROGRAM, clear_environment, output};
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rowcast::access::KeyLines;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text").lines().map(ToOwned::to_owned).collect()
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a plain name")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_its_line_lets_its_bearer_in() {
    let made = lines(&output([
        "token",
        "new",
        "--sub",
        "alice",
        "--role",
        "uploader,viewer",
        "--client",
        "orders-*,me",
        "--client",
        "{sub}",
        "--expires",
        "30d",
    ]));
    let [key, line] = made.as_slice() else { panic!("{made:?}") };
    assert!(key.starts_with("rct_") && key.len() == 47 && !line.contains(&key[4..]));
    assert!(
        line.starts_with("sha256:")
            && line.contains(" sub=alice roles=viewer,uploader clients=orders-*,me,{sub} expires="),
        "{line}"
    );
    let server = Server::with(|args| {
        args.auth.auth = rowcast::config::AuthMode::Token;
        args.auth.auth_key = vec![KeyLines::new(&format!("# from the environment; {line}"))];
    })
    .await;
    server.ask(&by(key, upload("orders-1"))).await.ok(201);
    server.ask(&by(key, upload("others"))).await.problem(403, "forbidden");

    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("keys");
    std::fs::write(&file, "# no line end").expect("a file");
    let add = |sub: &str| output(["token", "new", "--sub", sub, "--role", "viewer", "--file", name(&file)]);
    let (bob, carol) = (lines(&add("bob")), lines(&add("carol")));
    assert!(bob.len() == 1 && carol.len() == 1 && bob != carol);
    let text = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(text.lines().count(), 3, "{text}");
    let new = folder.path().join("new");
    lines(&output(["token", "new", "--sub", "d", "--role", "admin", "--file", name(&new)]));
    assert_eq!(std::fs::metadata(&new).expect("it").permissions().mode() & 0o777, 0o600);

    let seen = lines(&output(["token", "inspect", &bob[0], "--file", name(&file)])).join("\n");
    assert!(seen.contains("sub       bob") && seen.contains("clients   {sub}") && !seen.contains(&bob[0]), "{seen}");
    let other = output(["token", "inspect", key, "--file", name(&file)]);
    assert!(!other.status.success() && String::from_utf8_lossy(&other.stdout).contains("does not stand in"));
    for wrong in [
        &["token", "new", "--sub", "a b", "--role", "viewer"][..],
        &["token", "new", "--sub", "a"],
        &["token", "new", "--sub", "a", "--role", "root"],
        &["token", "new", "--sub", "a", "--role", "viewer", "--client", "a/b"],
        &["token", "new", "--sub", "a", "--role", "viewer", "--expires", "9999999y"],
        &["token", "new", "--sub", "a", "--role", "viewer", "--file", "/nowhere/keys"],
        &["token", "inspect", "nonsense"],
    ] {
        let refused = output(wrong);
        assert!(!refused.status.success() && refused.stdout.is_empty() && !refused.stderr.is_empty(), "{refused:?}");
    }
}

#[test]
fn a_token_of_others_is_shown_and_said_to_be_unverified() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let token =
        format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(r#"{"sub":"alice","exp":1300819380,"x":"\u001b[2J"}"#));
    let mut command = Command::new(PROGRAM);
    clear_environment(&mut command);
    let command = command.args(["token", "inspect", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("its input").write_all(format!("{token}\n").as_bytes()).expect("it reads");
    let seen = lines(&child.wait_with_output().expect("its end")).join("\n");
    assert!(seen.contains("NOT verified") && seen.contains(r#""sub":"alice""#), "{seen}");
    assert!(seen.contains("2011-03-22T18:43:00Z (") && seen.contains(" ago)") && !seen.contains('\u{1b}'), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_and_tail_show_their_token_and_are_told_when_it_is_no_good() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=uploader clients={sub}");
    let server = Server::with(|args| keys.asked_for(args)).await;
    let folder = TempDir::new().expect("a folder");
    let csv = super::written(folder.path(), "people.csv", "name\nAna\nBob\n");
    let url = format!("http://{}", server.address);
    let sending = ["upload", name(&csv), "--to", &url, "--client", "alice", "--json", "--token", &key];
    let (status, said, told) = Running::start(&sending).ended().await;
    assert!(status.success() && said[0].contains("\"rows\":2"), "{said:?} {told}");
    let mut command = Command::new(PROGRAM);
    clear_environment(&mut command);
    let tail = command
        .args(["tail", &format!("{url}/alice"), "--rows", "--from-start", "--until-done"])
        .env("ROWCAST_TOKEN", &key);
    assert_eq!(lines(&tail.output().expect("it runs")), [r#"{"name":"Ana"}"#, r#"{"name":"Bob"}"#]);
    // Nobody, and somebody else.
    let (status, _, told) = Running::start(&["tail", &format!("{url}/alice")]).ended().await;
    assert!(status.code() == Some(2) && told.contains("401 unauthenticated"), "{told}");
    let (status, _, told) = Running::start(&["tail", &format!("{url}/others"), "--token", &key]).ended().await;
    assert!(status.code() == Some(2) && told.contains("403 forbidden") && !told.contains(&key), "{told}");
    let (status, said, told) =
        Running::start(&["upload", name(&csv), "--to", &url, "--client", "alice", "--json"]).ended().await;
    assert!(status.code() == Some(1) && said[0].contains("unauthenticated"), "{said:?} {told}");
    let (status, _, told) =
        Running::start(&["upload", name(&csv), "--to", &url, "--client", "others", "--token", &key]).ended().await;
    assert!(status.code() == Some(1) && told.contains("forbidden"), "{told}");
    // A tail whose key is revoked ends by itself.
    let tail = Running::start(&["tail", &format!("{url}/alice"), "--from-start", "--token", &key]);
    tail.until_said("Ana").await;
    keys.revoke("alice");
    let (status, _, told) = tail.ended().await;
    assert!(status.code() == Some(2) && told.contains("invalid-token"), "{told}");
}
