//! Forms as browsers and curl send them, and as nobody should.

use crate::client::Request;

/// A `multipart/form-data` body in the making.
#[derive(Debug, Clone)]
pub struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    pub fn new() -> Self {
        Self::with_boundary("----rowcastFormBoundary7MA4YWxk")
    }

    pub fn with_boundary(boundary: &str) -> Self {
        Self { boundary: boundary.into(), body: Vec::new() }
    }

    /// Adds a small field.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("Content-Disposition: form-data; name=\"{name}\"\r\n"), value.as_bytes())
    }

    /// Adds the file.
    #[must_use]
    pub fn file(self, filename: &str, content: &[u8]) -> Self {
        let head = format!(
            "Content-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\nContent-Type: text/csv\r\n"
        );
        self.part(&head, content)
    }

    /// Adds a part with this head, its lines ended.
    #[must_use]
    pub fn part(mut self, head: &str, content: &[u8]) -> Self {
        self.body.extend_from_slice(format!("--{}\r\n{head}\r\n", self.boundary).as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The body as far as it goes, without its end.
    pub fn unended(&self) -> Vec<u8> {
        self.body.clone()
    }

    /// The whole body.
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = self.body.clone();
        body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        body
    }

    /// A request that sends it.
    pub fn to(&self, target: &str) -> Request {
        self.bytes_to(target, self.bytes())
    }

    /// A request that sends something else under its name.
    pub fn bytes_to(&self, target: &str, body: Vec<u8>) -> Request {
        Request::post(target).body(&self.content_type(), body)
    }
}
