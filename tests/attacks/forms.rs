//! Hostile `multipart/form-data`.

use crate::arena::{Arena, Outcome, tally};
use crate::client::Request;
use crate::form::Form;
use crate::patience::rounds;
use tokio::task::JoinSet;

fn posted(boundary: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::post("/upload/forms").body(&format!("multipart/form-data; boundary={boundary}"), body)
}

/// The head of a file.
const FILE: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_are_none() {
    let arena = Arena::open("forms without an end, nested, of a million parts, with heads of 10 MB", &[]).await;
    let million =
        "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n".repeat(rounds(200_000).min(1_000_000));
    let nested = Form::with_boundary("inner").file("inner.csv", b"c,d\n3,4\n").bytes();
    let nested_head = "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
        Content-Type: multipart/mixed; boundary=inner\r\n";
    let head_10_mb = format!("--b\r\nX: {}\r\n\r\n", "x".repeat(10 << 20));
    let names = format!("--b\r\nContent-Disposition: form-data{}\r\n\r\n", "; name=\"file\"".repeat(500_000));
    let plain = format!("--b\r\n{FILE}\r\na,b\n1,2\n");
    let cases: Vec<(&str, Request, &[u16])> = vec![
        ("no final boundary", posted("b", plain.clone()), &[400]),
        ("the final boundary without its end", posted("b", format!("{plain}\r\n--b-")), &[201]),
        ("nothing at all", posted("b", ""), &[400]),
        ("a million parts", posted("b", million), &[400]),
        ("a head of 10 MB", posted("b", head_10_mb), &[431]),
        ("a head of 500,000 parameters", posted("b", names), &[431]),
        ("10 MB before the first boundary", posted("b", "x".repeat(10 << 20)), &[400]),
        ("10 MB behind the last one", posted("b", format!("{plain}\r\n--b--{}", "x".repeat(10 << 20))), &[201, 400]),
        ("10 MB of blanks behind a boundary", posted("b", format!("--b{}", " ".repeat(10 << 20))), &[400]),
        ("a form in a form", Form::with_boundary("b").part(nested_head, &nested).to("/upload/forms"), &[201]),
        (
            "a boundary of 70",
            posted(&"b".repeat(70), format!("--{0}\r\n{FILE}\r\na\r\n--{0}--", "b".repeat(70))),
            &[201],
        ),
        (
            "a boundary of 71",
            posted(&"b".repeat(71), format!("--{0}\r\n{FILE}\r\na\r\n--{0}--", "b".repeat(71))),
            &[400],
        ),
        ("a boundary of 30,000", posted(&"b".repeat(30_000), ""), &[400]),
        ("no boundary", Request::post("/upload/forms").body("multipart/form-data", plain.clone()), &[400]),
        ("an empty boundary", posted("", plain.clone()), &[400]),
        ("a boundary of other characters", posted("\"b;\\\"b\"", plain), &[400]),
    ];
    let mut attacking = JoinSet::new();
    for (name, request, expected) in cases {
        let api = **arena;
        attacking.spawn(async move { (name, expected, api.ask(&request).await) });
    }
    arena.serves().await;
    let mut told = Vec::new();
    for (name, expected, answer) in attacking.join_all().await {
        assert!(expected.contains(&answer.status()), "{name}: {answer:?}");
        if answer.status() != 201 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{name}");
        }
        told.push(answer.status());
    }
    let refused = tally(&told);
    arena.close(Outcome { tried: format!("{} forms", told.len()), held: "the 201".into(), refused }).await;
}

/// CPU time that a form with this content costs, in ms; every byte of the content has to come back.
async fn cost(arena: &Arena, boundary: &str, content: &[u8]) -> u64 {
    let before = arena.gauge().read().cpu_ms;
    let request = Form::with_boundary(boundary)
        .file("near.csv", content)
        .to("/upload/near?repair=off&header=false&delimiter=comma&encoding=utf-8&quote=none");
    let upload = arena.ask(&request).await.ok(201);
    let cost = arena.gauge().read().cpu_ms - before;
    assert_eq!(upload["received_bytes"], content.len() as u64);
    cost
}

#[tokio::test(flavor = "multi_thread")]
async fn boundaries_that_are_almost_ones() {
    let arena = Arena::open("a file full of boundaries that are almost one", &[]).await;
    let boundary = "b".repeat(70);
    let near = format!("\r\n--{}x", "b".repeat(69));
    // The same again, begun anew within itself: what a search that starts over would be slow at.
    let overlapping = format!("\r\n--{}", "b".repeat(60)).repeat(3);
    let mut figures = Vec::new();
    for pattern in [near, overlapping] {
        let small = pattern.repeat((rounds(1) << 19) / pattern.len());
        let large = small.repeat(8);
        let costs = [cost(&arena, &boundary, small.as_bytes()).await, cost(&arena, &boundary, large.as_bytes()).await];
        arena.serves().await;
        // Eight times as much costs about eight times as much; by squares it would be 64 times.
        assert!(costs[1] < 24 * costs[0].max(50), "{costs:?} ms");
        figures.push(format!("{} KiB: {} ms, {} KiB: {} ms", small.len() >> 10, costs[0], large.len() >> 10, costs[1]));
    }
    let outcome = Outcome { tried: "2 contents in 2 sizes".into(), held: figures.join("; "), refused: "none".into() };
    arena.close(outcome).await;
}
