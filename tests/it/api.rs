//! Where a server listens, and what one says to it.

use crate::answer::Answer;
use crate::client::{Connection, Request};
use crate::patience::until;
use crate::watcher::Watcher;
use serde_json::Value;
use std::net::SocketAddr;

/// How a file is read by the letter: its dialect is said, and nothing in it is repaired.
pub const STRICTLY: &str = "repair=off&header=true&delimiter=comma&encoding=utf-8";

/// A server to talk to.
#[derive(Debug, Clone, Copy)]
pub struct Api {
    pub address: SocketAddr,
}

impl Api {
    pub async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    pub async fn ask(&self, request: &Request) -> Answer {
        self.connect().await.ask(request).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.ask(&Request::get(target)).await
    }

    /// Uploads a file as the whole body.
    pub async fn upload(&self, client: &str, csv: impl Into<Vec<u8>>) -> Answer {
        self.ask(&Request::post(&format!("/upload/{client}")).body("text/csv", csv)).await
    }

    /// The same; answers with the upload, which must have gone well.
    pub async fn uploaded(&self, client: &str, csv: impl Into<Vec<u8>>) -> Value {
        self.upload(client, csv).await.ok(201)
    }

    /// Uploads a file that is to be read by the letter, for those who count on each of its records.
    pub async fn upload_strictly(&self, client: &str, csv: impl Into<Vec<u8>>) -> Answer {
        self.ask(&Request::post(&format!("/upload/{client}?{STRICTLY}")).body("text/csv", csv)).await
    }

    /// The same; answers with the upload, which must have gone well.
    pub async fn uploaded_strictly(&self, client: &str, csv: impl Into<Vec<u8>>) -> Value {
        self.upload_strictly(client, csv).await.ok(201)
    }

    /// The upload as it stands.
    pub async fn look(&self, id: &str) -> Value {
        self.get(&format!("/uploads/{id}")).await.ok(200)
    }

    /// The client's newest upload, once it has one that is as `wanted`.
    pub async fn newest(&self, client: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(format!("an upload of {client} that is as wanted"), async || {
            let page = self.get(&format!("/uploads?client={client}&limit=1")).await.ok(200);
            page["uploads"].get(0).filter(|newest| wanted(newest)).cloned()
        })
        .await
    }

    /// Begins an upload whose bytes are sent piece by piece, in chunks, without a length.
    pub async fn begin(&self, client: &str) -> Sending {
        self.begin_as(&Request::post(&format!("/upload/{client}")).header("Content-Type", "text/csv")).await
    }

    /// The same for a file that is to be read by the letter.
    pub async fn begin_strictly(&self, client: &str) -> Sending {
        let request = Request::post(&format!("/upload/{client}?{STRICTLY}"));
        self.begin_as(&request.header("Content-Type", "text/csv")).await
    }

    /// The same with any head; it becomes chunked.
    pub async fn begin_as(&self, request: &Request) -> Sending {
        self.send_as(request.clone().header("Transfer-Encoding", "chunked"), true).await
    }

    /// Begins an upload whose length is told before.
    pub async fn begin_sized(&self, client: &str, length: usize) -> Sending {
        let request = Request::post(&format!("/upload/{client}")).header("Content-Type", "text/csv");
        self.send_sized(request, length).await
    }

    /// The same with any head.
    pub async fn send_sized(&self, request: Request, length: usize) -> Sending {
        self.send_as(request.header("Content-Length", &length.to_string()), false).await
    }

    async fn send_as(&self, request: Request, chunked: bool) -> Sending {
        let mut connection = self.connect().await;
        connection.send_head(&request).await;
        Sending { connection, request, chunked }
    }

    /// Watches from now on.
    pub async fn watch(&self, client: &str) -> Watcher {
        Watcher::attach(self, &format!("/sse/{client}")).await
    }

    /// Watches from the oldest event that is kept.
    pub async fn watch_from_start(&self, client: &str) -> Watcher {
        Watcher::attach(self, &format!("/sse/{client}?from=start")).await
    }

    /// Watches on after an event, as a browser does that was connected before.
    pub async fn watch_after(&self, client: &str, id: &str) -> Watcher {
        Watcher::attach_with(self, &Request::get(&format!("/sse/{client}")).header("Last-Event-ID", id)).await
    }
}

/// A body that is being sent. Dropped, it breaks off.
pub struct Sending {
    connection: Connection,
    request: Request,
    chunked: bool,
}

impl Sending {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the server takes what is sent");
    }

    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        let bytes = bytes.as_ref();
        if !self.chunked {
            return self.connection.try_send(bytes).await;
        }
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.connection.try_send(&chunk).await
    }

    /// Says that this was all, and waits for the answer.
    pub async fn finish(self) -> Answer {
        self.finish_with("").await
    }

    /// The same with trailers, their lines ended.
    pub async fn finish_with(mut self, trailers: &str) -> Answer {
        if self.chunked {
            self.connection.send(format!("0\r\n{trailers}\r\n").as_bytes()).await;
        }
        self.answer().await
    }

    /// Says that nothing more is sent, without an end, and still reads.
    pub async fn half_close(&mut self) {
        self.connection.half_close().await;
    }

    /// Waits for an answer although not everything was sent.
    pub async fn answer(&mut self) -> Answer {
        self.connection.answer_to(&self.request).await
    }

    /// The same where the server may also cut the connection instead.
    pub async fn answer_or_cut(&mut self) -> Option<Answer> {
        let head = self.connection.try_head().await.ok()?;
        let body = self.connection.body(&head).await;
        Some(Answer { head, body })
    }
}
