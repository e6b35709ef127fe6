//! Resumable uploads by tus 1.0, as a client of that protocol makes them.

mod extensions;
mod interrupted;
mod locks;
mod moments;
mod protocol;

use crate::answer::Answer;
use crate::api::{Api, Sending};
use crate::client::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The type of a piece.
const PIECE: &str = "application/offset+octet-stream";

/// A file that is being uploaded.
struct File {
    api: Api,
    id: String,
}

fn ask(method: &str, target: &str) -> Request {
    Request::new(method, target).header("Tus-Resumable", "1.0.0")
}

/// A request that begins a file for that client, without saying how long it is.
fn beginning(client: &str) -> Request {
    let metadata = format!("client {},filename {}", STANDARD.encode(client), STANDARD.encode("people.csv"));
    ask("POST", "/files").header("Upload-Metadata", &metadata)
}

fn sized(client: &str, length: usize) -> Request {
    beginning(client).header("Upload-Length", &length.to_string())
}

impl File {
    /// Begins a file of that length.
    async fn begin(api: &Api, client: &str, length: usize) -> Self {
        Self::of(api, &api.ask(&sized(client, length)).await)
    }

    /// The file that this answer says was begun.
    fn of(api: &Api, answer: &Answer) -> Self {
        assert_eq!(answer.status(), 201, "{answer:?}");
        let location = answer.header("location").expect("where it is");
        let id = location.rsplit('/').next().expect("an id").to_owned();
        Self { api: *api, id }
    }

    /// The file of an upload, however that was begun.
    fn with_id(api: &Api, id: &str) -> Self {
        Self { api: *api, id: id.to_owned() }
    }

    fn path(&self) -> String {
        format!("/files/{}", self.id)
    }

    fn piece(&self, offset: usize) -> Request {
        ask("PATCH", &self.path()).header("Upload-Offset", &offset.to_string())
    }

    /// Sends a piece whole.
    async fn patch(&self, offset: usize, bytes: &[u8]) -> Answer {
        self.api.ask(&self.piece(offset).body(PIECE, bytes)).await
    }

    /// The same; it must be taken.
    async fn patched(&self, offset: usize, bytes: &[u8]) {
        let answer = self.patch(offset, bytes).await;
        assert_eq!(answer.status(), 204, "{answer:?}");
        assert_eq!(answer.header("upload-offset"), Some((offset + bytes.len()).to_string().as_str()));
    }

    /// Begins to send a piece of that many bytes.
    async fn sending(&self, offset: usize, length: usize) -> Sending {
        let request = self.piece(offset).header("Content-Type", PIECE);
        self.api.send_sized(request, length).await
    }

    async fn head(&self) -> Answer {
        self.api.ask(&ask("HEAD", &self.path())).await
    }

    /// How many bytes of it the server has.
    async fn offset(&self) -> usize {
        let answer = self.head().await;
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer.header("upload-offset").and_then(|offset| offset.parse().ok()).expect("an offset")
    }

    /// The rows that came of it, as a CSV.
    async fn rows(&self) -> Vec<u8> {
        let answer = self.api.get(&format!("/uploads/{}/rows.csv", self.id)).await;
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer.body
    }
}
