//! Problems asked for: by code, severity and column, page by page and as a file; and counted while they are found.

use crate::results::{announced, parsed, with_mixed};
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Wanted<'a> = &'a dyn Fn(&Value) -> bool;

#[tokio::test(flavor = "multi_thread")]
async fn problems_can_be_asked_for_by_code_severity_and_column() {
    let (server, id) = with_mixed(180).await;
    let all =
        server.get(&format!("/uploads/{id}/problems")).await.ok(200)["problems"].as_array().expect("them").clone();
    assert_eq!(all.len(), 100);
    let cases: [(&str, Wanted); 7] = [
        ("code=extra-cell", &|problem| problem["code"] == "extra-cell"),
        ("code=extra-cell,blank-row", &|problem| problem["code"] == "extra-cell" || problem["code"] == "blank-row"),
        ("code=", &|_| true),
        ("severity=skipped", &|problem| problem["code"] == "blank-row"),
        ("severity=error&code=blank-row", &|_| false),
        ("column=note&column=nothing", &|problem| problem["column"] == "note"),
        ("column=note&severity=error&code=missing-cell", &|problem| problem["code"] == "missing-cell"),
    ];
    for (query, wanted) in cases {
        let expected: Vec<&Value> = all.iter().filter(|problem| wanted(problem)).collect();
        assert_eq!(expected.is_empty(), query.contains("&code=blank-row"), "{query}: {expected:?}");
        for limit in [1, 3, 100] {
            let (mut found, mut from) = (Vec::new(), Some(0));
            while let Some(at) = from {
                let target = format!("/uploads/{id}/problems?from={at}&limit={limit}&{query}");
                let page = server.get(&target).await.ok(200);
                assert_eq!((&page["from"], &page["total"]), (&json!(at), &json!(100)));
                let problems = page["problems"].as_array().expect("problems").clone();
                assert!(problems.len() <= limit);
                found.extend(problems);
                from = page["next"].as_u64();
                assert!(from.is_none_or(|next| next > at && next < 100), "{target}: {page}");
            }
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}, by {limit}");
        }
        let csv = parsed(&server.get(&format!("/uploads/{id}/problems.csv?{query}")).await.body);
        assert_eq!(csv[0], ["line", "byte", "row", "column", "code", "severity", "message", "raw", "raw_cut"]);
        let records = expected.iter().map(|problem| {
            let text = |name: &str| match &problem[name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            csv[0].iter().map(|name| text(name)).collect::<Vec<_>>()
        });
        assert_eq!(csv[1..], records.collect::<Vec<_>>(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_rare_problems_looks_at_a_page_of_them_at_most() {
    let server = Server::limited(|limits| limits.problems_max = 1_000).await;
    let csv: String = (1..=250).map(|n| if n == 220 { "1,2,3\n".to_owned() } else { "1\n".to_owned() }).collect();
    let upload = server.uploaded_strictly("me", format!("a,b\n{csv}")).await;
    let id = upload["id"].as_str().expect("an id");
    let page = async |from: u64| {
        server.get(&format!("/uploads/{id}/problems?from={from}&limit=1&code=extra-cell")).await.ok(200)
    };
    for (from, next, found) in [(0, json!(100), 0), (100, json!(200), 0), (200, json!(220), 1), (220, Value::Null, 0)] {
        let page = page(from).await;
        assert_eq!((&page["next"], page["problems"].as_array().map(Vec::len)), (&next, Some(found)), "from {from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_counts_problems_by_code_and_so_does_the_end() {
    let (server, id) = with_mixed(90).await;
    let status = server.look(&id).await["problems_by_code"].clone();
    let codes: BTreeSet<&str> = status.as_object().expect("counts").keys().map(String::as_str).collect();
    assert!(codes.is_superset(&["missing-cell", "extra-cell", "blank-row", "field-too-long"].into()), "{status}");
    let events = announced(&server).await;
    let [.., progress, done] = &events[..] else { panic!("{events:?}") };
    assert!(progress.is("progress") && done.is_stage("done"));
    assert_eq!((&progress.data["problems_by_code"], &done.data["problems_by_code"]), (&status, &status));
    server.uploaded("clean", "a\n1\n").await;
    for event in server.watch_from_start("clean").await.until_end().await {
        assert!(event.data.get("problems_by_code").is_none(), "{event:?}");
    }
}
