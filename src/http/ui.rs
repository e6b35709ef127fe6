//! The page and the sample files: embedded in the binary (the page as `build.rs` made it ready), or read from a folder while
//! the page is being made.

use super::etag;
use poem::http::StatusCode;
use poem::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HeaderMap, HeaderName, HeaderValue, VARY,
};
use poem::{Request, Response};
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// What the page may load: its own files, images of its own making, and nothing from anywhere else; no inline script.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Largest file that is read from a folder.
const FILE_BYTES_MAX: u64 = 16 << 20;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
#[allow_missing = true]
struct Static;

#[derive(RustEmbed)]
#[folder = "data/"]
#[include = "*.csv"]
#[exclude = "*/*"]
#[allow_missing = true]
struct Samples;

/// The files that are served as they are.
#[derive(Debug, Clone, Default)]
pub struct Ui {
    /// Where the page's files are read from; none for the embedded ones.
    folder: Option<PathBuf>,
}

struct File {
    content: Cow<'static, [u8]>,
    etag: String,
    /// How the content is compressed, by its name in `Content-Encoding` (RFC 9110, section 8.4.1).
    coding: Option<&'static str>,
}

/// What the page's files are compressed with, best first; each is a folder of what `build.rs` made, as is `identity`.
const CODINGS: [&str; 2] = ["br", "gzip"];

impl Ui {
    /// Serves the page from `folder`, or as it is embedded.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// `/`: the page for whoever takes HTML, else a greeting in plain text.
    pub async fn root(&self, request: &Request) -> Response {
        let mut response = if !takes_html(request.headers()) {
            text(StatusCode::OK, GREETING.to_owned())
        } else if let Some(page) = self.file("/index.html", request.headers()).await {
            page
        } else {
            text(StatusCode::NOT_FOUND, format!("There is no page here: its index.html is missing.\n\n{GREETING}"))
        };
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        response
    }

    /// The file at `path` (with its leading slash); none when there is none.
    pub async fn file(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let name = plain_name(path)?;
        let file = match name.strip_prefix("samples/") {
            Some(sample) => embedded::<Samples>(sample)?,
            None => match &self.folder {
                Some(folder) => read(folder.clone(), name.to_owned()).await?,
                None => of_page(name, headers)?,
            },
        };
        let response = Response::builder()
            .header(ETAG, &file.etag)
            .header(CONTENT_SECURITY_POLICY, PAGE_POLICY)
            .header(VARY, ACCEPT_ENCODING);
        if etag::is_known(headers, &file.etag) {
            return Some(response.status(StatusCode::NOT_MODIFIED).finish());
        }
        let response = response.content_type(content_type(name));
        let response = match file.coding {
            Some(coding) => response.header(CONTENT_ENCODING, coding),
            None => response,
        };
        Some(match file.content {
            Cow::Borrowed(content) => response.body(content),
            Cow::Owned(content) => response.body(content),
        })
    }
}

/// Whether an answer in HTML is wanted more than one in plain text. Browsers name `text/html` first; curl takes anything
/// and is better off with text.
pub fn takes_html(headers: &HeaderMap) -> bool {
    takes(headers, &ACCEPT, &["text/html", "application/xhtml+xml"])
}

/// Whether one of `names` is in a list of what the sender takes, and not with a weight of 0 (RFC 9110, section 12.4.2).
fn takes(headers: &HeaderMap, header: &HeaderName, names: &[&str]) -> bool {
    let lists = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|found| names.iter().any(|name| found.eq_ignore_ascii_case(name)));
        named && !parts.any(|param| matches!(param, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The path without its leading slash, when each of its parts is a plain name: nothing hidden, nothing above the folder,
/// nothing escaped.
fn plain_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
    name.split('/').all(is_plain).then_some(name)
}

fn embedded<E: RustEmbed>(name: &str) -> Option<File> {
    let file = E::get(name)?;
    Some(File { etag: etag::of_digest(&file.metadata.sha256_hash()), content: file.data, coding: None })
}

/// A file of the embedded page, compressed if its receiver can take that. The content differs, and so does its tag.
fn of_page(name: &str, headers: &HeaderMap) -> Option<File> {
    let compressed = CODINGS
        .into_iter()
        .filter(|coding| takes(headers, &ACCEPT_ENCODING, &[coding]))
        .find_map(|coding| Some(File { coding: Some(coding), ..embedded::<Static>(&format!("{coding}/{name}"))? }));
    compressed.or_else(|| embedded::<Static>(&format!("identity/{name}")))
}

async fn read(folder: PathBuf, name: String) -> Option<File> {
    let read = tokio::task::spawn_blocking(move || read_blocking(&folder, &name));
    let content = read.await.ok()??;
    Some(File { etag: etag::of_content(&content), content: content.into(), coding: None })
}

/// Follows links only as far as they stay in the folder.
fn read_blocking(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let folder = folder.canonicalize().ok()?;
    let path = folder.join(name).canonicalize().ok()?;
    let data = path.metadata().ok()?;
    (path.starts_with(&folder) && data.is_file() && data.len() <= FILE_BYTES_MAX).then(|| std::fs::read(path).ok())?
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "csv" => "text/csv; charset=utf-8",
        // TypeScript has no media type. Whoever opens it in a browser is to see it.
        "txt" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn text(status: StatusCode, body: String) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(body)
}

const GREETING: &str = "\
rowcast reads CSV uploads and streams every row to whoever watches, while the file is still arriving.

  GET  /                        the page, in a browser
  GET  /sse/{client}            the events of a client        curl -N http://127.0.0.1:3000/sse/me
  POST /upload/{client}         upload a CSV                  curl -F file=@people.csv http://127.0.0.1:3000/upload/me
  POST /sse/{client}            publish an event of your own: a JSON object of `event` and `data`
  POST /sse                     the same at all clients that a pattern names (`clients`)
  GET  /csv?rows=1000           a made-up CSV to try it with
  GET  /uploads                 the uploads; /uploads/{id}, and its /rows, /rows.csv, /rows.ndjson, /problems,
                                /problems.csv, /accepted.csv, /rejects.csv
  GET  /docs                    the API, to read and to try; /openapi.json for programs
  GET  /client.js               a module for pages and Node: subscribe, upload; /client.d.ts has its types
  GET  /problems/{code}         what an error or a problem code means
  GET  /livez, /readyz          health; /metrics for Prometheus
";

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::header::IF_NONE_MATCH;

    fn asking(name: poem::http::HeaderName, value: &str) -> Request {
        Request::builder().header(name, value).finish()
    }

    #[test]
    fn only_plain_names_reach_the_folder() {
        for good in ["/index.html", "/js/app.js", "/a-b_c.1.css"] {
            assert!(plain_name(good).is_some(), "{good}");
        }
        for bad in ["", "/", "//a", "/../a", "/a/../b", "/.env", "/a/.b", "/a%2f..", "/a\\b", "/a\0", "/a/", "a"] {
            assert!(plain_name(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn html_is_for_whoever_asks_for_it() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, Text/HTML;q=0.5", true),
            ("*/*", false),
            ("text/html;q=0", false),
            ("text/plain", false),
        ] {
            assert_eq!(takes_html(asking(ACCEPT, accept).headers()), html, "{accept}");
        }
    }

    #[tokio::test]
    async fn the_page_is_sent_as_small_as_its_receiver_takes_it() {
        let ui = Ui::new(None);
        let mut tags = Vec::new();
        for (takes, coding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip, br;q=0", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("deflate", None),
            ("", None),
        ] {
            let asked = asking(ACCEPT_ENCODING, takes);
            let file = ui.file("/js/page.js", asked.headers()).await.unwrap();
            assert_eq!(
                (file.header("content-encoding"), file.header("vary")),
                (coding, Some("accept-encoding")),
                "{takes}"
            );
            assert_eq!(file.content_type(), Some("text/javascript; charset=utf-8"));
            tags.push(file.header("etag").unwrap().to_owned());
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "what differs has a tag of its own");
        for hidden in ["/br/js/page.js", "/identity/index.html"] {
            assert!(ui.file(hidden, &HeaderMap::new()).await.is_none(), "{hidden}");
        }
    }

    #[tokio::test]
    async fn a_folder_is_served_with_tags_and_without_its_surroundings() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("static");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(outer.path().join("secret.txt"), "x").unwrap();
        std::fs::write(folder.join("index.html"), "<p>hi").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outer.path().join("secret.txt"), folder.join("link.txt")).unwrap();
        let ui = Ui::new(Some(folder));

        let page = ui.root(&asking(ACCEPT, "text/html")).await;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("vary"), Some("accept, accept-encoding"));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        let tag = page.header("etag").unwrap().to_owned();
        assert_eq!(page.into_body().into_string().await.unwrap(), "<p>hi");

        let again = ui.file("/index.html", asking(IF_NONE_MATCH, &tag).headers()).await.unwrap();
        assert_eq!((again.status(), again.into_body().is_empty()), (StatusCode::NOT_MODIFIED, true));
        for missing in ["/link.txt", "/none.js", "/"] {
            assert!(ui.file(missing, &HeaderMap::new()).await.is_none(), "{missing}");
        }
    }

    #[tokio::test]
    async fn a_missing_page_is_told_plainly() {
        let folder = tempfile::tempdir().unwrap();
        let ui = Ui::new(Some(folder.path().into()));
        let page = ui.root(&asking(ACCEPT, "text/html")).await;
        assert_eq!(page.status(), StatusCode::NOT_FOUND);
        let body = page.into_body().into_string().await.unwrap();
        assert!(body.starts_with("There is no page here") && body.contains("/sse/{client}"));
        let greeting = ui.root(&asking(ACCEPT, "*/*")).await;
        assert_eq!(greeting.status(), StatusCode::OK);
        assert!(greeting.into_body().into_string().await.unwrap().starts_with("rowcast reads"));
    }
}
