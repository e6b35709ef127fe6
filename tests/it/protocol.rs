//! docs/protocol.md says what is: its tables are those of the code, of the API's document and of a running server.

use crate::client::Request;
use crate::documents::codes;
use crate::server::Server;
use crate::watcher::Watcher;
use rowcast::domain::{FailureCode, Kind, Overrides, ProblemCode, Stage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../docs/protocol.md");

/// The rows of all tables below a heading and above the next one, their cells without backticks around them.
fn table(heading: &str) -> Vec<Vec<String>> {
    let mut lines = PAGE.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "there is no {heading}");
    let lines = lines.take_while(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The words of a cell that stand in backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The first cells of a table, which are code.
fn named(heading: &str) -> BTreeSet<String> {
    table(heading).iter().filter_map(|row| Some((*code(&row[0]).first()?).to_owned())).collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The schemas of the API's document.
async fn schemas(server: &Server) -> Value {
    server.get("/openapi.json").await.ok(200)["components"]["schemas"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_is_there_with_its_members() {
    let server = Server::start().await;
    let schemas = schemas(&server).await;
    // What is published has names of its own; a state beside an upload's has no kind.
    let known = Kind::ALL.iter().filter(|kind| **kind != Kind::Published).map(|kind| kind.as_str()).chain(["presence"]);
    assert_eq!(named("### Kinds"), set(known.clone().chain(["status"])));
    for kind in known {
        let schema = &schemas[format!("{}{}Event", kind[..1].to_uppercase(), &kind[1..])];
        let members = schema["properties"].as_object().unwrap_or_else(|| panic!("no schema of {kind}"));
        let heading = format!("#### `{kind}`");
        let told: BTreeMap<_, _> =
            table(&heading)[1..].iter().map(|row| (code(&row[0])[0].to_owned(), row[1].clone())).collect();
        assert_eq!(
            told.keys().collect::<Vec<_>>(),
            members.keys().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
            "{kind}"
        );
        let required = schema["required"].as_array().expect("some are always there");
        for (name, told) in told {
            let nullable = members[&name]["nullable"] == true;
            assert_eq!(told.contains("null"), nullable, "{kind}.{name}: {told}");
            let always = required.iter().any(|required| *required == name.as_str());
            assert!(nullable || told.ends_with('?') != always, "{kind}.{name}: {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_are_numbered_as_it_says() {
    let server = Server::start().await;
    let numbered: BTreeMap<_, _> =
        table("### Kinds")[1..].iter().map(|row| (code(&row[0])[0].to_owned(), row[1] == "yes")).collect();
    let mut watcher = Watcher::attach(&server, "/sse/me?presence=true").await;
    server.upload("me", "a,b\n1,2\n3\n").await.ok(201);
    let told = watcher.until(|event| event.is("stage") && event.data["stage"] == "done").await;
    for event in &told {
        assert_eq!(event.block.id.is_some(), numbered[event.kind()], "{}", event.kind());
    }
    let seen: BTreeSet<_> = told.iter().map(|event| event.kind().to_owned()).collect();
    let status = Watcher::attach(&server, "/sse/system").await.event().await;
    assert_eq!((status.kind(), status.block.id.is_some()), ("status", numbered["status"]));
    let all = numbered.into_keys().filter(|kind| !["gap", "status"].contains(&kind.as_str())).collect::<BTreeSet<_>>();
    assert_eq!(seen, all, "each was seen");
}

#[test]
fn stages_and_what_follows_them_are_those_of_the_code() {
    let told: BTreeMap<_, _> =
        table("### Stages")[1..].iter().map(|row| (code(&row[0])[0].to_owned(), set(code(&row[2])))).collect();
    let known = Stage::ALL.map(|stage| (stage.to_string(), set(stage.next().iter().map(|next| next.as_str()))));
    assert_eq!(told, BTreeMap::from(known));
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_and_codes_are_all_there_with_their_words() {
    let server = Server::start().await;
    let reasons = schemas(&server).await["GapReason"]["enum"].as_array().expect("reasons").clone();
    assert_eq!(named("### Gaps"), set(reasons.iter().filter_map(Value::as_str)));
    let all = codes(&server).await;
    for (heading, about_files) in [("### Codes of refusals", false), ("### Codes of problems", true)] {
        let mut expected = BTreeSet::new();
        for code in all.iter().filter(|code| ProblemCode::parse(code).is_some() == about_files) {
            let known = server.get(&format!("/problems/{code}")).await.ok(200);
            let title = known["title"].as_str().expect("a title").to_owned();
            expected.insert(if about_files {
                vec![format!("`{code}`"), known["severity"].as_str().expect("one").to_owned(), title]
            } else {
                let ends = FailureCode::parse(code).map_or("", |_| "yes").to_owned();
                vec![known["status"].to_string(), format!("`{code}`"), ends, title]
            });
        }
        let told: BTreeSet<_> = table(heading).split_off(1).into_iter().collect();
        let line = |row: &Vec<String>| format!("| {} |", row.join(" | ")).replace("|  |", "| |");
        let missing: Vec<_> = expected.difference(&told).map(line).collect();
        let wrong: Vec<_> = told.difference(&expected).map(line).collect();
        assert!(
            missing.is_empty() && wrong.is_empty(),
            "{heading} lacks\n{}\nand should not have\n{}",
            missing.join("\n"),
            wrong.join("\n")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_tus_it_says_what_the_server_says() {
    let server = Server::start().await;
    let told = server.ask(&Request::new("OPTIONS", "/files")).await;
    let list = |header: &str| set(told.header(header).expect("it is told").split(','));
    let heading = "## Files that go on: tus";
    let rows = table(heading);
    let of = |title: &str| {
        let rows = rows.iter().skip_while(|row| row[0] != title).skip(1);
        rows.take_while(|row| !["extension", "key", "answer"].contains(&row[0].as_str())).cloned().collect::<Vec<_>>()
    };
    let extensions = of("extension");
    assert_eq!(
        extensions.iter().map(|row| code(&row[0])[0].to_owned()).collect::<BTreeSet<_>>(),
        list("tus-extension")
    );
    let checksum = extensions.iter().find(|row| row[0] == "`checksum`").expect("checksums");
    for algorithm in list("tus-checksum-algorithm") {
        assert!(checksum[1].contains(&format!("{algorithm} …")), "{algorithm}: {}", checksum[1]);
    }
    let keys: BTreeSet<_> = of("key").iter().flat_map(|row| set(code(&row[0]))).collect();
    assert_eq!(keys, set(Overrides::NAMES.into_iter().chain(["client", "filename", "name"])));
    for row in of("answer") {
        let words = code(&row[0]);
        for code in words {
            let known = server.get(&format!("/problems/{code}")).await.ok(200);
            assert!(row[0].starts_with(&known["status"].to_string()), "{}: {known}", row[0]);
        }
    }
}
