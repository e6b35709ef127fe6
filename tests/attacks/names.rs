//! Names that would be paths.

use crate::arena::{Arena, Outcome, tally};
use crate::client::Request;
use crate::form::Form;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const NAMES: &[&str] = &[
    "../../../../../../tmp/out.csv",
    "..\\..\\..\\out.csv",
    "/etc/cron.d/out.csv",
    "//server/share/out.csv",
    "\\\\server\\share\\out.csv",
    "C:\\Windows\\out.csv",
    "C:out.csv",
    "file:///etc/passwd",
    "..",
    ".",
    "...",
    "../",
    "a/../../b.csv",
    "..%2f..%2fout.csv",
    "..%252f..%252fout.csv",
    "%2e%2e/out.csv",
    "..%c0%af..%c0%afout.csv",
    "\u{2025}/out.csv",
    "\u{ff0e}\u{ff0e}\u{ff0f}out.csv",
    "out.csv\0.html",
    "\0",
    "out\r\nSet-Cookie: a=b\r\n\r\n<script>.csv",
    "out\u{2028}x\u{2029}.csv",
    "CON",
    "con.csv",
    "NUL.txt.csv",
    "LPT1.csv",
    "aux .csv",
    "COM\u{b9}.csv",
    "out.csv:stream",
    "out.csv.",
    "out.csv ",
    "~root/.ssh/authorized_keys",
    "$(touch out).csv",
    "`touch out`.csv",
    "-rf",
    ".htaccess",
    "invoice\u{202e}vsc.exe",
    "\u{2066}out\u{2069}.csv",
    "\u{feff}out.csv",
    "journal.db",
    "seal.key",
    "\"; filename=\"other.csv",
    "';drop table uploads;--.csv",
];

/// Everything below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path);
    }
    found
}

fn percent(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02x}");
        text
    })
}

/// Whether Windows takes a file of that name for a device: whatever follows the first dot, and blanks before it.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || ["COM", "LPT"].iter().any(|port| {
            stem.strip_prefix(port).is_some_and(|rest| matches!(rest, "1" | "2" | "3" | "9" | "¹" | "²" | "³"))
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_would_be_paths() {
    let arena = Arena::open("names that would be paths, devices, other lines or other directions", &[]).await;
    let around = |path: &Path| path.parent().map(Path::to_owned).expect("a folder");
    let beside: BTreeSet<_> =
        std::fs::read_dir(arena.path()).expect("a folder").map(|e| e.expect("it").path()).collect();
    let mut uploads = Vec::new();
    let mut told = Vec::new();
    for name in NAMES {
        let in_form = name.replace('"', "\\\"");
        // In the form, in the query, and in the metadata of a resumable upload.
        let form = Form::new().file(&in_form, b"a,b\n1,2\n").to("/upload/names");
        let query = Request::post(&format!("/upload/names?filename={}", percent(name))).body("text/csv", "a,b\n1,2\n");
        for request in [form, query] {
            let answer = arena.ask(&request).await;
            told.push(answer.status());
            if answer.status() == 201 {
                uploads.push((*name, answer.json()["id"].as_str().expect("an id").to_owned()));
            }
        }
        let metadata = format!("client {},filename {}", STANDARD.encode("names"), STANDARD.encode(name));
        let tus = Request::post("/files").header("Tus-Resumable", "1.0.0").header("Upload-Metadata", &metadata);
        let answer = arena.ask(&tus.header("Upload-Length", "0")).await;
        told.push(answer.status());
        if answer.status() == 201 {
            let place = answer.header("location").expect("a place");
            uploads.push((*name, place.rsplit('/').next().expect("an id").to_owned()));
        }
        // And as the name of a client, where hardly any of them can be one.
        for target in ["/upload/", "/sse/", "/uploads?client=", "/uploads/"] {
            let answer = arena.ask(&Request::new("HEAD", &format!("{target}{}", percent(name)))).await;
            assert!(matches!(answer.status(), 200 | 400 | 404 | 405), "{target}{name}: {}", answer.status());
        }
    }
    arena.serves().await;
    for (name, id) in &uploads {
        let label = arena.look(id).await["filename"].as_str().expect("a label").to_owned();
        let is_plain = |c: char| {
            !c.is_control()
                && !matches!(c, '/' | '\\' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
        };
        assert!(label.chars().all(is_plain) && !label.is_empty() && label != "..", "{name:?} became {label:?}");
        for rest in ["rows.csv", "problems.csv"] {
            let answer = arena.get(&format!("/uploads/{id}/{rest}")).await;
            let disposition = answer.header("content-disposition").expect("a name").to_owned();
            let quoted = disposition.split('"').nth(1).expect("a quoted name");
            assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
            assert!(disposition.bytes().all(|b| b.is_ascii_graphic() || b == b' '), "{disposition}");
            assert!(!quoted.contains(['/', '\\', ':', '%']) && !quoted.starts_with('.'), "{name:?}: {disposition}");
            assert!(!is_device(quoted), "{name:?}: {disposition}");
            if let Some((_, extended)) = disposition.split_once("filename*=UTF-8''") {
                assert!(
                    !extended.contains("%2F") && !extended.contains("%5C") && !extended.contains("%0"),
                    "{disposition}"
                );
            }
        }
    }
    // Nothing came to be but the server's own files.
    let after: BTreeSet<_> =
        std::fs::read_dir(arena.path()).expect("a folder").map(|e| e.expect("it").path()).collect();
    assert_eq!(after, beside);
    let data = arena.data();
    for file in files(&data) {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        let is_spooled = around(&file).ends_with("spool") && name.len() == 40 && name.ends_with(".csv");
        let is_own = around(&file) == data && !name.contains("out") && !name.contains("passwd");
        assert!(is_spooled || is_own, "{}", file.display());
    }
    let outcome = Outcome {
        tried: format!("{} names in 3 places", NAMES.len()),
        held: format!("{} uploads, by id", uploads.len()),
        refused: tally(told),
    };
    arena.close(outcome).await;
}
