//! What tus 1.0 wants around every request for a resumable file, whatever the operation: the version, the headers of every
//! answer, and methods for clients that cannot name them.

use super::code::{ApiCode, Code};
use super::error::ApiError;
use poem::http::header::{HeaderName, HeaderValue};
use poem::http::{Method, StatusCode};
use poem::{Request, Response};

/// The one version spoken here.
pub const VERSION: &str = "1.0.0";
/// Everything that tus 1.0 knows beyond its core, save putting together parts that are not complete yet.
pub const EXTENSIONS: &str = "creation,creation-with-upload,creation-defer-length,termination,checksum,checksum-trailer,\
                              expiration,concatenation";
/// The media type of a piece of a file.
pub const PIECE: &str = "application/offset+octet-stream";

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const SUPPORTED: HeaderName = HeaderName::from_static("tus-version");
const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// Whether a path is one of the resumable files.
pub fn is_file(path: &str) -> bool {
    path.strip_prefix("/files").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path of an upload's file.
pub fn path(id: crate::domain::UploadId) -> String {
    format!("/files/{id}")
}

/// Gives the request the method that it means: some environments can only POST.
pub fn override_method(request: &mut Request) {
    if request.method() != Method::POST {
        return;
    }
    let meant = request.headers().get(OVERRIDE).and_then(|value| Method::from_bytes(value.as_bytes()).ok());
    if let Some(meant) = meant.filter(|meant| [Method::PATCH, Method::DELETE, Method::HEAD].contains(meant)) {
        request.set_method(meant);
    }
}

/// Refuses another version than ours.
///
/// # Errors
/// `tus-version`.
pub fn check_version(request: &Request) -> Result<(), ApiError> {
    if !matches!(*request.method(), Method::POST | Method::HEAD | Method::PATCH | Method::DELETE) {
        return Ok(());
    }
    match request.headers().get(RESUMABLE) {
        Some(version) if version == VERSION => Ok(()),
        Some(other) => {
            let shown: String = String::from_utf8_lossy(other.as_bytes()).chars().take(20).collect();
            let detail = format!("Tus-Resumable: it is '{shown}'; this server speaks {VERSION}");
            Err(ApiError::new(ApiCode::TusVersion, detail))
        }
        None => Err(ApiError::new(ApiCode::TusVersion, format!("the request needs Tus-Resumable: {VERSION}"))),
    }
}

/// What every answer about a file carries.
pub fn complete_headers(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    let wrong_version = Code::from(ApiCode::TusVersion).status();
    if response.status() == StatusCode::from_u16(wrong_version).expect("a status of the table") {
        response.headers_mut().insert(SUPPORTED, HeaderValue::from_static(VERSION));
    }
}
