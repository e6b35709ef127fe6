//! The rules of the source itself: layers, headers, sizes, names.

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

/// The Rust files below a folder of the repository, with their text; paths from that folder.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let root = repository().join(folder);
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(&root).expect("it lies below").to_str().expect("a plain name").to_owned();
                found.push((name, std::fs::read_to_string(&path).expect("its text")));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} is empty");
    found.sort();
    found
}

/// The layers, lowest first; a module imports only from layers below its own. What is not named here is the top, whose
/// modules may use each other.
const LAYERS: [&[&str]; 7] = [
    &["domain", "tally"],
    &["reader", "encode", "mock", "access", "rates"],
    &["spool", "journal"],
    &["rows"],
    &["stream"],
    &["ingest"],
    &["http"],
];

const TOP: [&str; 12] = [
    "app",
    "commands",
    "config",
    "folder",
    "metrics",
    "process",
    "remote",
    "stats",
    "telemetry",
    "upkeep",
    "lib",
    "main",
];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| {
        assert!(TOP.contains(&module), "{module} stands in no layer");
        LAYERS.len()
    })
}

/// The module at the top of the path, of `reader/pull.rs` the `reader`.
fn module(path: &str) -> &str {
    path.split('/').next().expect("a path").trim_end_matches(".rs")
}

/// The sources of the program itself, without comments and tests.
fn program() -> Vec<(String, String)> {
    let is_test = |path: &str| path.contains("/tests/") || path.ends_with("tests.rs");
    let mut found = sources("src");
    found.retain(|(path, _)| !is_test(path));
    for (_, text) in &mut found {
        let code = text.split("#[cfg(test)]\nmod tests {").next().expect("a beginning");
        *text = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    }
    found
}

/// Each `name::` in the text that is a path's first part: a crate, or a module after `crate::`.
fn mentions<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.match_indices(name).map(|(at, _)| at).filter(move |&at| {
        let before = text.as_bytes()[..at].last().copied().unwrap_or(b' ');
        !is_word(before) && before != b':' && text[at + name.len()..].starts_with("::")
    })
}

#[test]
fn a_module_imports_only_from_layers_below_its_own() {
    for (path, text) in program() {
        let own = module(&path);
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let imported = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().expect("a name");
            assert!(!imported.is_empty(), "{path} imports several modules at once, which hides them from this test");
            let both_on_top = TOP.contains(&own) && TOP.contains(&imported);
            let allowed = imported == own || both_on_top || layer(imported) < layer(own);
            assert!(allowed, "{path} imports {imported}");
        }
        // By so many `super::` a file would climb out of its module unseen.
        let climb = path.matches('/').count() + 1 - usize::from(path.ends_with("mod.rs"));
        assert!(!text.contains(&"super::".repeat(climb)), "{path} reaches beyond its module by super");
    }
}

#[test]
fn each_crate_is_known_only_where_it_belongs() {
    let rules: [(&[&str], &[&str]); 13] = [
        (&["poem", "poem_openapi", "rust_embed"], &["http"]),
        (&["hyper", "hyper_util", "http_body_util", "socket2"], &["http", "remote"]),
        (&["tokio_rustls"], &["http", "remote"]),
        (&["rustls_native_certs"], &["remote"]),
        (&["rusqlite"], &["journal"]),
        (&["csv_core"], &["encode"]),
        (&["chardetng", "flate2", "simdutf8", "wide", "zstd"], &["reader"]),
        // Its labels are words that people say, checked where they are said.
        (&["encoding_rs"], &["domain", "reader"]),
        (&["rustls_pki_types", "subtle"], &["access"]),
        (&["ring"], &["access", "remote"]),
        (&["governor"], &["rates"]),
        (&["clap"], &["commands", "config"]),
        (&["toml"], &["config"]),
    ];
    for (path, text) in program() {
        let own = module(&path);
        for (crates, homes) in rules {
            for name in crates {
                let found = mentions(&text, name).next().is_some();
                assert!(!found || homes.contains(&own), "{path} knows {name}");
            }
        }
        let pure = ["domain", "reader", "encode", "mock"].contains(&own);
        for (name, absent) in [
            ("tokio", pure || ["access", "rates", "spool", "journal"].contains(&own)),
            ("std::fs", pure || ["rates", "stream"].contains(&own)),
            ("std::net", pure || ["access", "spool", "journal", "rows", "stream", "ingest"].contains(&own)),
            ("std::thread", pure || ["access", "rates", "stream"].contains(&own)),
            ("std::process", layer(own) < LAYERS.len()),
            ("std::env", layer(own) < LAYERS.len()),
        ] {
            assert!(!absent || mentions(&text, name).next().is_none(), "{path} knows {name}");
        }
    }
}

#[test]
fn every_module_says_what_it_is_what_holds_in_it_and_what_it_is_not_for() {
    for (path, text) in sources("src") {
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        assert!(is_test || text.starts_with("//! "), "{path} begins without a word about itself");
        if path.ends_with("mod.rs") {
            let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            assert!(header.contains("Not for"), "{path} does not say what it is not for");
            assert!(header.contains("Invariant"), "{path} names no invariant");
        }
    }
}

#[test]
fn files_are_small_and_say_by_their_name_what_they_own() {
    for (folder, lines_max) in [("src", 400), ("tests", 400), ("tests/it", 300), ("benches", 300)] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= lines_max, "{folder}/{path} has {lines} lines");
            let stem = path.rsplit('/').next().expect("a name").trim_end_matches(".rs");
            for vague in ["util", "helper", "common", "manager", "misc"] {
                assert!(!stem.contains(vague), "{folder}/{path}");
            }
        }
    }
}

#[test]
fn every_test_file_is_part_of_its_suite() {
    for suite in ["tests/it", "tests/prop", "tests/reading", "tests/faults"] {
        let files = sources(suite);
        for (path, _) in &files {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let (home, module) = match (folder, name) {
                (_, "main.rs") => continue,
                (folder, "mod.rs") => ("main.rs".to_owned(), folder),
                ("", name) => ("main.rs".to_owned(), name.trim_end_matches(".rs")),
                (folder, name) => (format!("{folder}/mod.rs"), name.trim_end_matches(".rs")),
            };
            let (_, text) = files.iter().find(|(path, _)| *path == home).expect("its home");
            assert!(text.contains(&format!("mod {module};")), "{suite}/{path} is never compiled");
        }
    }
}

#[test]
fn unsafe_code_is_forbidden_and_nobody_allows_it_again() {
    let manifest = std::fs::read_to_string(repository().join("Cargo.toml")).expect("the manifest");
    let lints = manifest.split("[lints.rust]").nth(1).expect("lints").split("\n[").next().expect("them");
    assert!(lints.contains("unsafe_code = \"forbid\""), "{lints}");
    // The lint sees what is compiled, here and now; this sees every file of ours, on whatever system and by whatever manifest.
    let mut files = vec![("build.rs".to_owned(), std::fs::read_to_string(repository().join("build.rs")).expect("it"))];
    for folder in ["src", "tests", "benches", "fuzz/src", "fuzz/fuzz_targets"] {
        files.extend(sources(folder).into_iter().map(|(path, text)| (format!("{folder}/{path}"), text)));
    }
    for (path, text) in files {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // What can follow the keyword: a block, an item, or the parenthesis of an attribute.
            let is_keyword = |(at, word): (usize, &str)| {
                let rest = line[at + word.len()..].trim_start();
                ["{", "fn ", "impl", "trait ", "extern ", "("].iter().any(|next| rest.starts_with(next))
            };
            assert!(!line.match_indices(concat!("uns", "afe")).any(is_keyword), "{path}: {line}");
        }
    }
}

#[test]
fn the_layers_of_the_documents_are_those_of_this_test() {
    let text = std::fs::read_to_string(repository().join("src/lib.rs")).expect("the library");
    for (number, layer) in LAYERS.iter().enumerate() {
        let line =
            text.lines().find(|line| line.starts_with(&format!("//! | {number} |"))).expect("a line of the table");
        for module in *layer {
            assert!(line.contains(&format!("[`{module}`]")), "{module} is not in layer {number} there: {line}");
        }
        assert_eq!(line.matches("[`").count(), layer.len(), "{line}");
    }
    for (path, _) in sources("src") {
        layer(module(&path));
    }
}
