//! What is published is ordered, replayed, filtered and kept like everything else.

use super::{named, publish, published};
use crate::client::Request;
use crate::ledger::parts;
use crate::patience::until;
use crate::program::Program;
use crate::server::Server;
use crate::watcher::{Watcher, kinds, rows};
use serde_json::json;
use std::time::Duration;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_gets_what_is_published_as_it_was_written_and_under_the_id_that_was_answered() {
    let server = Server::start().await;
    let mut live = server.watch("me").await;
    let mut other = server.watch("other").await;
    let data = "{ \"z\": 1.10,\r\n \"a\": [123456789012345678901, \"ü \\u0000\", null] }";
    let id = published(&server, "me", "order.updated", data).await;
    let event = live.event().await;
    assert_eq!((event.kind(), event.block.id.as_deref()), (named("order.updated").as_str(), Some(id.as_str())));
    assert_eq!(event.block.data, "{\"z\":1.10,\"a\":[123456789012345678901,\"ü \\u0000\",null]}");
    assert_eq!(parts(&id).1, 1, "it has the client's first number");
    for (n, data) in ["null", "[]", "\"text\"", "0"].into_iter().enumerate() {
        published(&server, "me", "any", data).await;
        let event = live.event().await;
        assert_eq!((event.block.data.as_str(), event.n()), (data, Some(n as u64 + 2)));
    }
    let mut replayed = server.watch_from_start("me").await;
    for _ in 0..5 {
        replayed.event().await;
    }
    replayed.ledger.assert_same(&live.ledger);
    other.comment().await;
    assert_eq!(other.ledger.n(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stands_among_the_rows_of_uploads_in_one_order_for_everybody() {
    let server = Server::limited(|limits| limits.body_stall_ms_max = 30_000).await;
    let mut live = server.watch("me").await;
    let mut sending = server.begin_strictly("me").await;
    sending.send("a\n1\n2\n").await;
    live.until(|event| event.is_row(2)).await;
    let first = published(&server, "me", "between", "1").await;
    sending.send("3\n").await;
    let told = live.until(|event| event.is_row(3)).await;
    let place = told.iter().position(|event| event.is(&named("between"))).expect("it came between the rows");
    assert_eq!(told[place].block.id.as_deref(), Some(first.as_str()));
    let many = async {
        for i in 0..40 {
            published(&server, "me", "many", &i.to_string()).await;
        }
    };
    let rest = async {
        for i in 4..200 {
            sending.send(format!("{i}\n")).await;
        }
        sending.finish().await.ok(201);
    };
    tokio::join!(many, rest);
    published(&server, "me", "last", "0").await;
    let told = live.until(|event| event.is(&named("last"))).await;
    let many: Vec<_> = told.iter().filter(|event| event.is(&named("many"))).map(|event| &event.data).collect();
    assert_eq!(many, (0..40).map(|i| json!(i)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    assert_eq!(rows(&told).len(), 196);
    // The ledger holds every number to be there, once.
    let mut replayed = server.watch_from_start("me").await;
    replayed.until(|event| event.is(&named("last"))).await;
    replayed.ledger.assert_agrees(&live.ledger);
    // An upload's pages know nothing of it.
    let upload = server.newest("me", |upload| upload["stage"] == "done").await;
    let page = server.get(&format!("/uploads/{}/rows?limit=100", upload["id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!(page["rows"].as_array().map(Vec::len), Some(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_takes_all_that_is_published_or_some_names_and_ids_keep_up() {
    let server = Server::limited(|limits| limits.client_connections_max = 64).await;
    let chat = format!("published:{}", named("chat"));
    let mut live = Watcher::attach(&server, &format!("/sse/me?events=stage,{chat}")).await;
    server.uploaded("me", "a\n1\n").await;
    for name in ["chat", "chat.left", "chat", "order"] {
        published(&server, "me", name, "{}").await;
    }
    let told = live.until(|event| event.is(&named("chat"))).await;
    assert!(told.len() > 1 && told[..told.len() - 1].iter().all(|event| event.is("stage")), "{:?}", kinds(&told));
    let last = live.event().await;
    assert_eq!(last.kind(), named("chat"), "others by its beginning are others");
    let order = published(&server, "me", "order", "{}").await;
    until("an id beyond what is passed over", async || {
        live.comment().await;
        (live.last_id() == order).then_some(())
    })
    .await;
    for (wanted, expected) in [("published", 5), (chat.as_str(), 2), ("toast", 0)] {
        let mut replayed = Watcher::attach(&server, &format!("/sse/me?from=start&events={wanted}")).await;
        until("everything that is wanted", async || {
            replayed.step().await.expect("it goes on");
            (replayed.last_id() == order).then_some(())
        })
        .await;
        let names = replayed.ledger.blocks.values().filter(|block| block.contains(&named(""))).count();
        assert_eq!(names, expected, "{wanted}");
    }
    for bad in ["chat", "published:", "published:row", "published:a%20b"] {
        let refused = server.get(&format!("/sse/me?events={bad}")).await.problem(400, "bad-parameter");
        assert!(refused["detail"].as_str().is_some_and(|told| told.contains("published:<name>")), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9_under_its_id() {
    let dir = TempDir::new().expect("a folder");
    let program = Program::start(dir.path());
    let mut ids = Vec::new();
    for i in 0..5 {
        ids.push(published(&program, "me", "n", &i.to_string()).await);
    }
    program.uploaded("me", "a\n1\n").await;
    ids.push(published(&program, "me", "n", "5").await);
    program.kill();
    let program = Program::start(dir.path());
    let mut back = program.watch_after("me", &ids[0]).await;
    let told = back.until(|event| event.data == 5).await;
    let known: Vec<_> = told.iter().filter(|event| event.is(&named("n"))).filter_map(|e| e.block.id.clone()).collect();
    assert_eq!(known, ids[1..]);
    let next = published(&program, "me", "n", "6").await;
    assert_eq!((back.event().await.block.id, parts(&next).1), (Some(next.clone()), parts(&ids[5]).1 + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_an_upload_leaves_it_and_age_makes_a_gap_of_it() {
    let server = Server::with(|args| args.keep = Duration::from_secs(3600)).await;
    published(&server, "me", "before", "1").await;
    let upload = server.uploaded("me", "a\n1\n").await;
    let after = published(&server, "me", "after", "1").await;
    let id = upload["id"].as_str().expect("an id");
    assert_eq!(server.ask(&Request::new("DELETE", &format!("/uploads/{id}"))).await.status(), 204);
    let mut watcher = server.watch_from_start("me").await;
    let told = watcher.until(|event| event.is(&named("after"))).await;
    assert_eq!(kinds(&told), [named("before").as_str(), "gap", &named("after")]);
    assert_eq!(told[1].data["reason"], "deleted");
    drop(watcher);
    let server = server.restart_with(|args| args.keep = Duration::from_millis(1)).await;
    until("a gap up to the last that was published", async || {
        let mut watcher = server.watch_after("me", &after).await;
        // The place itself stays good: whoever was there misses nothing.
        watcher.comment().await;
        let mut watcher = Watcher::attach(&server, &format!("/sse/me?last_event_id={}-0", parts(&after).0)).await;
        let (mut reasons, mut last) = (Vec::new(), String::new());
        while last != after {
            let event = watcher.event().await;
            reasons.push(event.data["reason"].as_str().unwrap_or("kept").to_owned());
            last = watcher.last_id().to_owned();
        }
        (reasons == ["expired", "deleted", "expired"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_at_once_get_numbers_of_their_own() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let publishers = (0..4u32).map(|who| {
        let api = *server;
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for i in 0..10 {
                let answer = publish(&api, "me", "at.once", &format!("[{who},{i}]")).await.ok(201);
                ids.push(parts(answer["id"].as_str().expect("an id")).1);
            }
            assert!(ids.is_sorted(), "one's own events keep their order");
            ids
        })
    });
    let mut all = Vec::new();
    for publisher in publishers.collect::<Vec<_>>() {
        all.extend(publisher.await.expect("a publisher"));
    }
    all.sort_unstable();
    assert_eq!(all, (1..=40).collect::<Vec<u64>>());
    for _ in 0..40 {
        watcher.event().await;
    }
    assert_eq!(watcher.ledger.n(), 40);
}
