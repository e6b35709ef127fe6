//! Bytes a day: counted while a body arrives, whoever takes it.

use super::{behind_proxy, from, limited, refused, standing, tus_create};
use crate::access::{Keys, by};
use crate::api::Sending;
use crate::client::Request;
use crate::server::Server;
use serde_json::Value;

/// Sends a line after the other until the server answers.
async fn until_answered(mut sending: Sending) -> crate::answer::Answer {
    sending.send("name\n").await;
    for _ in 0..200 {
        if sending.try_send(format!("{}\n", "x".repeat(499))).await.is_err() {
            break;
        }
    }
    sending.answer().await
}

fn streaming(client: &str) -> Request {
    Request::post(&format!("/upload/{client}")).header("Content-Type", "text/csv")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_address_received_bytes_per_day_max_fails_and_its_upload_is_interrupted() {
    let server = limited(|limits| {
        limits.address_received_bytes_per_day_max = 20_000;
        limits.address_requests_per_minute_max = 0;
    })
    .await;
    let answer = until_answered(server.begin_as(&from("192.0.2.1", streaming("me"))).await).await;
    refused(&answer, "too-many-bytes", "address-bytes");
    let problem: Value = answer.json();
    let upload = server.look(problem["upload"].as_str().expect("the upload that it began")).await;
    assert_eq!((&upload["stage"], &upload["problems"]), (&"interrupted".into(), &0.into()));
    let received = upload["received_bytes"].as_u64().expect("bytes");
    assert!((1_000..=20_000).contains(&received), "{received}");
    assert!(upload["failure"]["message"].as_str().is_some_and(|why| why.starts_with("address-bytes: ")), "{upload}");
    // It goes on from elsewhere, and others are not concerned.
    let resume = problem["resume"].as_str().expect("where it goes on");
    let piece = Request::new("PATCH", resume)
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", &received.to_string())
        .header("Upload-Length", &(received + 2).to_string())
        .body("application/offset+octet-stream", "y\n");
    let answer = server.ask(&from("192.0.2.2", piece)).await;
    assert_eq!(answer.status(), 204, "{answer:?}");
    let (policy, remaining, _, quota, window_s) = standing(&answer);
    assert_eq!((policy.as_str(), remaining, quota, window_s), ("address-bytes", 20_000, 20_000, 86_400));
    // Without a body there is nothing to be counted.
    assert_eq!(server.ask(&from("192.0.2.1", Request::get("/uploads"))).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_counts_and_one_by_one() {
    let server = limited(|limits| limits.address_received_bytes_per_day_max = 10_000).await;
    let csv = format!("name\n{}", "abcdefg\n".repeat(400));
    for _ in 0..3 {
        let upload = Request::post("/upload/me").body("text/csv", csv.clone());
        server.ask(&from("192.0.2.1", upload)).await.ok(201);
    }
    let created = server.ask(&from("192.0.2.1", tus_create("me"))).await;
    assert_eq!(created.status(), 201, "it has no body");
    let form = crate::form::Form::new().text("note", &csv[..500]).file("a.csv", csv.as_bytes());
    refused(&server.ask(&from("192.0.2.1", form.to("/upload/me"))).await, "too-many-bytes", "address-bytes");
    let ticket =
        Request::post("/tickets").body("application/json", format!("{{\"client\":\"{}\"}}", "x".repeat(3_000)));
    refused(&server.ask(&from("192.0.2.1", ticket)).await, "too-many-bytes", "address-bytes");
    let path = created.header("location").expect("where it is").split("/files/").nth(1).expect("a path").to_owned();
    let piece = Request::new("PATCH", &format!("/files/{path}")).header("Tus-Resumable", "1.0.0");
    let piece = piece.header("Upload-Offset", "0").body("application/offset+octet-stream", "a\n1\n");
    assert_eq!(server.ask(&from("192.0.2.1", piece)).await.status(), 204, "this little is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_a_key_count_wherever_they_come_from() {
    let keys = Keys::new();
    let (alice, bob) = (keys.add("sub=alice roles=uploader clients=*"), keys.add("sub=bob roles=uploader clients=*"));
    let server = Server::with(|args| {
        keys.asked_for(args);
        behind_proxy(args);
        let limits = &mut args.limits.0;
        limits.key_received_bytes_per_day_max = 8_000;
    })
    .await;
    let csv = format!("name\n{}", "abcdefg\n".repeat(600));
    let upload = |key: &str, host: u8| {
        from(&format!("192.0.2.{host}"), by(key, Request::post("/upload/me").body("text/csv", csv.clone())))
    };
    server.ask(&upload(&alice, 1)).await.ok(201);
    let answer = until_answered(server.begin_as(&from("192.0.2.2", by(&alice, streaming("me")))).await).await;
    refused(&answer, "too-many-bytes", "key-bytes");
    server.ask(&upload(&bob, 2)).await.ok(201);
}
