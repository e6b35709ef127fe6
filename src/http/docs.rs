//! `/docs` (Swagger UI, from the binary alone) and `/openapi.json`.

use super::etag;
use base64::Engine;
use bytes::Bytes;
use poem::http::StatusCode;
use poem::http::header::{CONTENT_SECURITY_POLICY, ETAG};
use poem::{Request, Response};
use sha2::{Digest, Sha256};

/// A document that never changes while the server runs.
#[derive(Debug, Clone)]
pub struct Fixed {
    content: Bytes,
    content_type: &'static str,
    etag: String,
    policy: Option<String>,
}

impl Fixed {
    /// The OpenAPI document.
    pub fn openapi(document: String) -> Self {
        Self {
            etag: etag::of_content(document.as_bytes()),
            content: document.into(),
            content_type: "application/json",
            policy: None,
        }
    }

    /// Swagger UI's page. It brings its scripts in its own text, so they are allowed by their digests: exactly these run.
    /// It styles its elements from script, which only `'unsafe-inline'` allows (and a style digest would switch off again).
    pub fn swagger(html: String) -> Self {
        let html = html.trim_start().replacen("<html", "<!doctype html>\n<html lang=\"en\"", 1);
        let digests: Vec<String> = scripts(&html).map(|script| format!("'{}'", digest(script))).collect();
        let policy = format!(
            "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; \
             connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            digests.join(" ")
        );
        Self {
            etag: etag::of_content(html.as_bytes()),
            content: html.into(),
            content_type: "text/html; charset=utf-8",
            policy: Some(policy),
        }
    }

    /// The answer to a request for it.
    pub fn response(&self, request: &Request) -> Response {
        let mut response = Response::builder().header(ETAG, &self.etag);
        if let Some(policy) = &self.policy {
            response = response.header(CONTENT_SECURITY_POLICY, policy);
        }
        if etag::is_known(request.headers(), &self.etag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.content_type(self.content_type).body(self.content.clone())
    }
}

/// The text of each inline script, as a browser sees it.
fn scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let after = &rest[rest.find("<script")?..];
        let text = &after[after.find('>')? + 1..];
        let (script, after) = text.split_once("</script>")?;
        rest = after;
        Some(script)
    })
}

/// A script's source expression (CSP Level 3, section 2.3.1). Browsers turn CR LF into LF before they digest.
fn digest(script: &str) -> String {
    let digest = Sha256::digest(script.replace("\r\n", "\n").as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inline_script_is_allowed_by_its_digest() {
        let page = Fixed::swagger("\n<html><script charset=x>alert(1)</script><p><script>\r\nb</script></html>".into());
        let policy = page.policy.unwrap();
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"), "{policy}");
        assert_eq!(policy.matches("sha256-").count(), 2);
        assert!(page.content.starts_with(b"<!doctype html>"));
    }
}
