//! `/problems/{code}`: what a code means, for people and for programs.

use super::code::Code;
use super::ui;
use crate::domain::ProblemCode;
use poem::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, VARY};
use poem::{Request, Response};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

/// A page of text and nothing else.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a code means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "ProblemType", example)]
pub struct Explanation {
    /// The code.
    code: String,
    /// The kind in a few words.
    title: String,
    /// What it means, and what to do about it.
    help: String,
    /// The HTTP status that requests are answered with; none where it is about the content of a file.
    #[oai(nullable)]
    status: Option<u16>,
    /// `error`, `warning` or `skipped` where it is about the content of a file; else none.
    #[oai(nullable)]
    severity: Option<String>,
}

impl Example for Explanation {
    fn example() -> Self {
        Self::of(ProblemCode::MissingCell.as_str()).expect("a code of the table")
    }
}

impl Explanation {
    /// What the code means; none when there is no such code.
    pub fn of(code: &str) -> Option<Self> {
        let (title, help, status, severity) = if let Some(known) = Code::parse(code) {
            (known.title(), known.help(), Some(known.status()), None)
        } else {
            let known = ProblemCode::parse(code)?;
            let severity = serde_json::to_value(known.severity()).ok()?.as_str().map(ToOwned::to_owned);
            (known.title(), known.help(), None, severity)
        };
        Some(Self { code: code.into(), title: title.into(), help: help.into(), status, severity })
    }

    /// In the form that the request takes.
    pub fn response(&self, request: &Request) -> Response {
        let response = Response::builder().header(VARY, ACCEPT);
        if ui::takes_html(request.headers()) {
            let response = response.header(CONTENT_SECURITY_POLICY, PAGE_POLICY);
            response.content_type("text/html; charset=utf-8").body(self.html())
        } else {
            let body = serde_json::to_vec(self).expect("an explanation is JSON");
            response.content_type("application/json").body(body)
        }
    }

    fn html(&self) -> String {
        let Self { code, title, help, .. } = self;
        let where_it_shows = match (self.status, &self.severity) {
            (Some(status), _) => format!("An answer of the API, status {status}."),
            (_, Some(severity)) => format!("A finding in the content of a file, severity “{severity}”."),
            _ => String::new(),
        };
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title} · rowcast</title>\n<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\n\
             <link rel=\"stylesheet\" href=\"/css/tokens.css\">\n<link rel=\"stylesheet\" href=\"/css/explain.css\">\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p><code>{code}</code></p>\n\
             <p>{help}</p>\n<p>{where_it_shows}</p>\n<p><a href=\"/\">rowcast</a> · <a href=\"/docs\">API</a></p>\n\
             </main>\n</body>\n</html>\n",
            title = escaped(title),
            code = escaped(code),
            help = marked_up(help),
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The texts of the table mark code by backticks.
fn marked_up(text: &str) -> String {
    let mut html = String::new();
    for (i, part) in escaped(text).split('`').enumerate() {
        let part = if i % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() };
        html.push_str(&part);
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained() {
        let codes = Code::all().map(Code::as_str).chain(ProblemCode::ALL.iter().map(|code| code.as_str()));
        for code in codes {
            let explanation = Explanation::of(code).unwrap_or_else(|| panic!("{code}"));
            assert!(explanation.status.is_some() != explanation.severity.is_some(), "{code}");
            assert!(explanation.html().contains(&format!("<code>{code}</code>")));
        }
        assert_eq!(Explanation::of("<script>"), None);
    }

    #[test]
    fn backticks_become_code() {
        assert_eq!(marked_up("use `a<b` & `c`."), "use <code>a&lt;b</code> &amp; <code>c</code>.");
    }
}
