//! Made-up files: streamed, the same for the same parameters, and what they say they are.

use crate::client::{Connection, Left, Request};
use crate::patience::until;
use crate::server::Server;
use std::collections::BTreeMap;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_parameters_make_the_same_bytes() {
    let server = Server::start().await;
    let first = server.get("/csv?rows=500&seed=7").await;
    assert_eq!(first.status(), 200);
    assert_eq!(first.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(first.header("content-disposition"), Some("attachment; filename=\"mock-500-seed-7.csv\""));
    assert_eq!(first.header("content-length"), None, "it is streamed");
    assert!(first.body == server.get("/csv?seed=7&rows=500").await.body);
    assert!(first.body != server.get("/csv?rows=500&seed=8").await.body);
    assert!(server.get("/csv?rows=600&seed=7").await.body.starts_with(&first.body), "a longer one begins with it");
    assert_eq!(first.text().lines().count(), 501);
    assert_eq!(server.get("/csv").await.text().lines().count(), 1_001);
    assert_eq!(server.get("/csv?rows=0").await.text().lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_the_columns_that_were_asked_for() {
    let server = Server::start().await;
    let columns = "name,email,city,date,amount,uuid,company,phone,sentence";
    let csv = server.get(&format!("/csv?rows=20&columns={columns}")).await;
    assert_eq!(csv.text().lines().next(), Some(columns));
    let upload = server.uploaded("me", csv.body).await;
    assert_eq!((&upload["rows"], &upload["problems"]), (&20.into(), &0.into()));
    assert_eq!(upload["columns"].as_array().map(Vec::len), Some(9));
    let twice = server.get("/csv?rows=1&columns=Name,%20name").await;
    assert_eq!(twice.text().lines().next(), Some("name,name_2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messy_one_has_its_share_of_faults_and_all_of_it_is_read() {
    let server = Server::limited(|limits| limits.problems_max = 10_000).await;
    let csv = server.get("/csv?rows=2000&seed=3&messy=0.2").await;
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"mock-messy-2000-seed-3.csv\""));
    let upload = server.uploaded_strictly("me", csv.body.clone()).await;
    assert_eq!(upload["stage"], "done");
    let by_code: BTreeMap<String, u64> = serde_json::from_value(upload["problems_by_code"].clone()).expect("counts");
    for code in ["missing-cell", "extra-cell", "blank-row"] {
        assert!(by_code.get(code).is_some_and(|count| *count > 5), "{code}: {by_code:?}");
    }
    assert!(upload["problems"].as_u64().is_some_and(|count| count < 500), "{by_code:?}");
    // Where it may be repaired, much of that is, and a header within it changes nothing for the rows below.
    let repaired = server.uploaded("me", csv.body).await;
    let errors = |upload: &serde_json::Value| {
        ["missing-cell", "extra-cell"].iter().filter_map(|code| upload["problems_by_code"][code].as_u64()).sum::<u64>()
    };
    let again = repaired["problems_by_code"]["repeated-header"].as_u64().expect("headers");
    assert!(again > 5, "{repaired}");
    assert_eq!(repaired["rows"].as_u64(), upload["rows"].as_u64().map(|rows| rows - again));
    assert_eq!(repaired["columns"], upload["columns"]);
    assert_eq!(repaired["problems_by_code"].get("second-table"), None);
    let joined = repaired["problems_by_code"]["unquoted-delimiter"].as_u64();
    assert!(joined > Some(10) && errors(&repaired) + 10 < errors(&upload), "{repaired}, {upload}");
    let clean = server.uploaded("me", server.get("/csv?rows=2000&seed=3").await.body).await;
    assert_eq!((&clean["problems"], &clean["rows"]), (&0.into(), &2_000.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_one_comes_while_it_is_made_and_its_making_ends_with_its_reader() {
    let server = Server::limited(|limits| {
        limits.mock_rows_max = 10_000_000;
        limits.connections_max = 2;
    })
    .await;
    for _ in 0..4 {
        let (mut connection, head) = until("a free connection", async || {
            let mut connection = Connection::open(server.address).await;
            connection.send_head(&Request::get("/csv?rows=10000000")).await;
            let head = connection.head().await;
            (head.status != 503).then_some((connection, head))
        })
        .await;
        let mut left = Connection::left(&head);
        assert_eq!((head.status, left), (200, Left::Chunks));
        let chunk = connection.piece(&mut left).await.expect("it goes on").expect("it goes on");
        assert!(chunk.starts_with(b"id,name,") && chunk.len() < 1 << 20, "a piece of it");
    }
    // The connections of those who left are free again, so whatever was made for them is over.
    let small = until("a free connection", async || {
        let answer = server.get("/csv?rows=3").await;
        (answer.status() == 200).then_some(answer)
    });
    assert_eq!(small.await.text().lines().count(), 4);
}
