//! Uploads as things: what an upload says of itself, the list, and the two acts of cancelling and deleting.

use crate::client::Request;
use crate::files::people;
use crate::server::Server;
use serde_json::{Value, json};

fn id(upload: &Value) -> &str {
    upload["id"].as_str().expect("an id")
}

async fn cancel(server: &Server, upload: &str) -> crate::answer::Answer {
    server.ask(&Request::post(&format!("/uploads/{upload}/cancel"))).await
}

async fn delete(server: &Server, upload: &str) -> crate::answer::Answer {
    server.ask(&Request::new("DELETE", &format!("/uploads/{upload}"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_upload_is_answered_whole_and_found_where_the_answer_says() {
    let server = Server::start().await;
    let answer = server.ask(&Request::post("/upload/me?filename=a.csv").body("text/csv", "n,z\n1,2\n3\n\n")).await;
    let upload = answer.ok(201);
    assert_eq!(answer.header("location"), Some(format!("/uploads/{}", id(&upload)).as_str()));
    let found = server.get(answer.header("location").expect("where it is")).await.ok(200);
    assert_eq!(found, upload);
    for time in ["created_at", "updated_at"] {
        let text = upload[time].as_str().expect("a time");
        assert!(text.len() == 24 && text.ends_with('Z') && text.contains('T'), "{time}: {text}");
    }
    assert!(upload["created_at"].as_str() <= upload["updated_at"].as_str());
    let version = id(&upload).split('-').nth(2).and_then(|group| group.chars().next());
    assert_eq!(version, Some('7'), "ids sort by time");
    let expected = json!({
        "id": upload["id"], "client": "me", "filename": "a.csv", "stage": "done", "percent": 100, "received_bytes": 11,
        "read_bytes": 11, "total_bytes": 11, "rows": 2, "problems": 2,
        "problems_by_code": {"missing-cell": 1, "blank-row": 1}, "columns": ["n", "z"],
        "reading": upload["reading"], "profile": upload["profile"], "options": {}, "hold": false, "source": null,
        "failure": null, "resume": null, "created_at": upload["created_at"], "updated_at": upload["updated_at"],
    });
    assert_eq!(upload, expected);
    let reading = &upload["reading"];
    assert_eq!(
        (&reading["delimiter"], &reading["quote"], &reading["encoding"]),
        (&json!(","), &json!("\""), &json!("utf-8"))
    );
    assert_eq!((&reading["columns"], &reading["header_rows"]), (&json!(["n", "z"]), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_with_a_tag_is_304_until_something_changes() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    sending.send("a\n1\n").await;
    watcher.until(|event| event.is_row(1)).await;
    let running = server.newest("me", |upload| upload["rows"] == 1).await;
    assert_eq!(
        (&running["stage"], &running["percent"], &running["failure"]),
        (&json!("reading"), &Value::Null, &Value::Null)
    );
    let target = format!("/uploads/{}", id(&running));
    let first = server.get(&target).await;
    let tag = first.header("etag").expect("a tag").to_owned();
    let asking = Request::get(&target).header("If-None-Match", &tag);
    let same = server.ask(&asking).await;
    assert_eq!((same.status(), same.body.len(), same.header("etag")), (304, 0, Some(tag.as_str())));
    sending.send("2\n").await;
    watcher.until(|event| event.is_row(2)).await;
    let changed = server.ask(&asking).await;
    assert_eq!(changed.ok(200)["rows"], 2);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    sending.finish().await.ok(201);
    let done = server.get(&target).await;
    let tag = done.header("etag").expect("a tag");
    assert_eq!(server.ask(&Request::get(&target).header("If-None-Match", tag)).await.status(), 304);
    let server = server.restart().await;
    assert_eq!(server.get(&target).await.header("etag"), done.header("etag"), "the same after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_newest_first_in_pages_and_by_client() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for number in 0..7 {
        let client = if number % 3 == 0 { "a" } else { "b" };
        ids.insert(0, id(&server.uploaded(client, format!("x\n{number}\n")).await).to_owned());
    }
    let listed = async |target: &str| {
        let page = server.get(target).await.ok(200);
        let members: Vec<_> = page.as_object().expect("a page").keys().cloned().collect();
        assert_eq!(members, ["next", "uploads"]);
        let found = page["uploads"].as_array().expect("a list").iter().map(|upload| id(upload).to_owned());
        (found.collect::<Vec<_>>(), page["next"].as_str().map(str::to_owned))
    };
    assert_eq!(listed("/uploads").await, (ids.clone(), None));
    assert_eq!(listed("/uploads?limit=7").await, (ids.clone(), None));
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let (found, next) = listed(&format!("/uploads?limit=3{before}")).await;
        assert!(found.len() <= 3);
        seen.extend(found);
        let Some(next) = next else { break };
        before = format!("&before={next}");
    }
    assert_eq!(seen, ids);
    let of_a: Vec<_> = ids.iter().rev().step_by(3).rev().cloned().collect();
    assert_eq!(listed("/uploads?client=a").await, (of_a.clone(), None));
    assert_eq!(listed("/uploads?client=a&limit=1").await, (of_a[..1].to_vec(), Some(of_a[0].clone())));
    assert_eq!(listed("/uploads?client=nobody").await, (vec![], None));
    // What is answered in the list is what is answered alone.
    let page = server.get("/uploads?client=b").await.ok(200);
    assert_eq!(page["uploads"][0], server.look(id(&page["uploads"][0])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_upload_is_cancelled_and_not_deleted() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    sending.send("a\n1\n2\n").await;
    let event = watcher.until(|event| event.is_row(2)).await.remove(0);
    let upload = event.data["upload"].as_str().expect("an id");
    delete(&server, upload).await.problem(409, "upload-running");
    assert_eq!(server.look(upload).await["stage"], "reading");
    let cancelled = cancel(&server, upload).await.ok(200);
    assert_eq!((&cancelled["stage"], &cancelled["rows"]), (&json!("cancelled"), &json!(2)));
    assert_eq!(cancelled["failure"]["code"], "upload-cancelled");
    // Whoever sends is told at once, though the body has not ended, and which upload it was.
    let told = sending.answer().await.problem(409, "upload-cancelled");
    assert_eq!(told["upload"], upload);
    let end = watcher.until_end().await;
    assert!(end.last().is_some_and(|event| event.is_stage("cancelled") && event.data["code"] == "upload-cancelled"));
    cancel(&server, upload).await.problem(409, "not-running");
    // Its rows stay until it is deleted, which is another act.
    assert_eq!(server.get(&format!("/uploads/{upload}/rows")).await.ok(200)["total"], 2);
    assert!(server.spooled(upload).exists());
    assert_eq!(delete(&server, upload).await.status(), 204);
    server.get(&format!("/uploads/{upload}/rows")).await.problem(404, "not-found");
    assert!(!server.spooled(upload).exists(), "its bytes are gone");
    delete(&server, upload).await.problem(404, "not-found");
    cancel(&server, upload).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_upload_can_be_cancelled_and_a_finished_one_cannot() {
    let server = Server::start().await;
    let done = server.uploaded("me", people(3)).await;
    cancel(&server, id(&done)).await.problem(409, "not-running");
    assert_eq!(server.look(id(&done)).await["stage"], "done");

    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    sending.send("a\n1\n2\n3").await;
    watcher.until(|event| event.is_row(2)).await;
    drop(sending);
    let end = watcher.until_end().await;
    let told = &end.last().expect("its end").data;
    assert_eq!(
        (&told["stage"], &told["code"], &told["rows"]),
        (&json!("interrupted"), &json!("upload-interrupted"), &json!(2))
    );
    let upload = server.newest("me", |upload| upload["stage"] == "interrupted").await;
    assert_eq!(upload["failure"]["code"], "upload-interrupted");
    assert_eq!((&upload["received_bytes"], &upload["rows"]), (&json!(7), &json!(2)));
    let cancelled = cancel(&server, id(&upload)).await.ok(200);
    assert_eq!((&cancelled["stage"], &cancelled["rows"]), (&json!("cancelled"), &json!(2)));
    assert!(watcher.until_end().await.last().is_some_and(|event| event.is_stage("cancelled")));
    cancel(&server, id(&upload)).await.problem(409, "not-running");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_leaves_the_count_of_problems_as_it_was() {
    // More problems than are told in detail, and then broken off.
    let server = Server::limited(|limits| limits.problems_max = 5).await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin_strictly("me").await;
    sending.send(format!("a,b\n{}", "ragged\n".repeat(12))).await;
    watcher.until(|event| event.is_row(12)).await;
    drop(sending);
    watcher.until_end().await;
    let upload = server.newest("me", |upload| upload["stage"] == "interrupted").await;
    let problems = async || server.get(&format!("/uploads/{}/problems", id(&upload))).await.ok(200);
    let before = problems().await;
    assert_eq!((&before["total"], &before["next"], &upload["problems"]), (&json!(5), &Value::Null, &json!(12)));
    let cancelled = cancel(&server, id(&upload)).await.ok(200);
    assert_eq!(cancelled["problems_by_code"], json!({"missing-cell": 12}));
    assert_eq!(problems().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_uploads_at_once_are_all_right() {
    let server = Server::limited(|limits| limits.uploads_max = 8).await;
    let mut uploading = tokio::task::JoinSet::new();
    for number in 0..8u64 {
        let api = *server;
        uploading.spawn(async move {
            let client = format!("client-{}", number % 3);
            let upload = api.uploaded(&client, people(200 + number)).await;
            (number, upload)
        });
    }
    for (number, upload) in uploading.join_all().await {
        assert_eq!(upload["rows"], 200 + number);
        let rows = server.get(&format!("/uploads/{}/rows.csv", id(&upload))).await;
        assert_eq!(rows.text().replace("\r\n", "\n").into_bytes(), people(200 + number));
    }
}
