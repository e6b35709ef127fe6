//! What a server answered: its head, read strictly, and its body.

use serde_json::Value;
use std::fmt;

/// An answer's status and headers.
#[derive(Debug, Clone)]
pub struct Head {
    pub status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads a head (RFC 9112, sections 4 and 5), with the empty line at its end.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).expect("heads are ASCII");
        let mut lines = text.strip_suffix("\r\n\r\n").expect("a head ends with an empty line").split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let mut words = status_line.splitn(3, ' ');
        let version = words.next().unwrap_or_default();
        assert!(matches!(version, "HTTP/1.1" | "HTTP/1.0"), "no status line: {status_line:?}");
        let status = words.next().and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("{status_line:?}"));
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header: {line:?}"));
            assert!(!name.contains([' ', '\t']) && !value.contains(['\r', '\n', '\0']), "no header: {line:?}");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self { status, headers: headers.collect() }
    }

    /// The header's only value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert!(values.next().is_none(), "{name} stands twice: {:?}", self.headers);
        value
    }
}

/// A whole answer.
#[derive(Clone)]
pub struct Answer {
    pub head: Head,
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.head, String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.status
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The document of a success with that status.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status(), status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.json()
    }

    /// The document of a refusal, which must be a problem (RFC 9457) with every member that was promised and no other.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let told = String::from_utf8_lossy(&self.body).into_owned();
        assert_eq!(self.status(), status, "{told}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{told}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{told}");
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], status);
        for member in ["title", "detail", "instance"] {
            assert!(problem[member].is_string(), "{member} is missing: {told}");
        }
        assert!(!problem["title"].as_str().unwrap_or_default().is_empty(), "{told}");
        for member in problem.as_object().expect("a problem is an object").keys() {
            let known = ["type", "title", "status", "detail", "instance", "code", "upload", "resume"];
            assert!(known.contains(&member.as_str()), "{member} was not promised: {told}");
        }
        if matches!(status, 429 | 503) {
            let seconds = self.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
            assert!(seconds.is_some_and(|seconds| seconds > 0), "come back when? {:?}", self.head);
        }
        problem
    }
}
