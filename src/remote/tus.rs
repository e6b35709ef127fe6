//! tus 1.0 (<https://tus.io/protocols/resumable-upload>), and what a rowcast server adds to it.

use super::body::Payload;
use super::connection::{Ask, Connection};
use super::error::RemoteError;
use super::transfer::Plan;
use crate::domain::Stage;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a question without a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An upload as the server tells of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// The client it feeds.
    pub client: String,
    /// The file's name.
    #[serde(default)]
    pub filename: String,
    /// Where it stands.
    pub stage: Stage,
    /// Rows so far.
    #[serde(default)]
    pub rows: u64,
    /// Problems so far.
    #[serde(default)]
    pub problems: u64,
    /// The same by code.
    #[serde(default)]
    pub problems_by_code: BTreeMap<String, u64>,
    /// Bytes of the file that the server holds.
    #[serde(default)]
    pub received_bytes: u64,
    /// Why it did not finish.
    #[serde(default)]
    pub failure: Option<Reason>,
}

/// Why an upload did not finish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What `HEAD` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Bytes that are safe there.
    pub offset: u64,
    /// Bytes of the whole file; none where it was not said yet.
    pub length: Option<u64>,
}

fn tus(method: Method, path: &str) -> Ask<'_> {
    Ask::new(method, path).header("tus-resumable", "1.0.0")
}

fn file(id: &str) -> String {
    format!("/files/{id}")
}

/// Creates an upload; answers with its id.
pub async fn create(connection: &mut Connection, plan: &Plan, length: Option<u64>) -> Result<String, RemoteError> {
    let (client, filename) = (BASE64.encode(plan.client.as_str()), BASE64.encode(&plan.filename));
    let mut metadata = format!("client {client},filename {filename}");
    for (name, value) in &plan.said {
        metadata += &format!(",{name} {}", BASE64.encode(value));
    }
    let ask = tus(Method::POST, "/files").header("upload-metadata", metadata).header("content-length", "0");
    let ask = match length {
        Some(length) => ask.header("upload-length", length.to_string()),
        None => ask.header("upload-defer-length", "1"),
    };
    let (headers, _) = connection.look(ask, PATIENCE).await?;
    // Only the id: a proxy may have the files under another path, and we know by which we came.
    let location = headers.get("location").and_then(|location| location.to_str().ok()).unwrap_or_default();
    match location.trim_end_matches('/').rsplit('/').next() {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(RemoteError::NotUnderstood("the server created an upload without saying where it is".into())),
    }
}

/// Where an upload stands.
pub async fn standing(connection: &mut Connection, id: &str) -> Result<Standing, RemoteError> {
    let (headers, _) = connection.look(tus(Method::HEAD, &file(id)), PATIENCE).await?;
    Ok(Standing { offset: offset(&headers)?, length: number(&headers, "upload-length") })
}

/// Sends bytes from `offset` on; answers with the offset after them. `length` declares one that was deferred.
pub async fn patch(
    connection: &mut Connection,
    id: &str,
    offset: u64,
    length: Option<u64>,
    body: Payload,
) -> Result<u64, RemoteError> {
    let path = file(id);
    let mut ask = tus(Method::PATCH, &path)
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", offset.to_string());
    if let Some(length) = length {
        ask = ask.header("upload-length", length.to_string());
    }
    if hyper::body::Body::is_end_stream(&body) {
        ask = ask.header("content-length", "0");
    }
    let answer = connection.ask(ask, body).await?;
    self::offset(answer.headers())
}

/// The upload as the server tells of it; none where it does not.
pub async fn look(connection: &mut Connection, id: &str) -> Result<Option<Upload>, RemoteError> {
    match connection.look(Ask::new(Method::GET, &format!("/uploads/{id}")), PATIENCE).await {
        Ok((_, upload)) => Ok(serde_json::from_value(upload).ok()),
        Err(error) if error.status().is_some() && !error.passes() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Cancels an upload whose rest will never come. Its rows stay.
pub async fn cancel(connection: &mut Connection, id: &str) -> Result<(), RemoteError> {
    let path = format!("/uploads/{id}/cancel");
    connection.look(Ask::new(Method::POST, &path).header("content-length", "0"), PATIENCE).await.map(|_| ())
}

fn offset(headers: &HeaderMap) -> Result<u64, RemoteError> {
    number(headers, "upload-offset").ok_or_else(|| {
        RemoteError::NotUnderstood("the server does not say how many bytes it holds (no Upload-Offset)".into())
    })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
