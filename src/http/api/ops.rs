//! The page, health, the document, and the meaning of codes.

use super::Part;
use crate::http::Services;
use crate::http::code::ApiCode;
use crate::http::docs::Fixed;
use crate::http::error::ApiError;
use crate::http::payload::json::JsonBytes;
use crate::http::payload::problem::{Codes, Refused};
use crate::http::problems::Explanation;
use crate::http::ui::Ui;
use poem::{IntoResponse, Request, Response};
use poem_openapi::param::Path;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use std::marker::PhantomData;
use std::sync::Arc;

/// What surrounds the API.
pub struct OpsApi {
    /// What is served.
    pub services: Arc<Services>,
    /// The page's files.
    pub ui: Ui,
    /// `/openapi.json`.
    pub openapi: Fixed,
    /// `/docs`.
    pub swagger: Fixed,
}

/// What asking for readiness can be answered with.
pub struct OnReady;

impl Codes for OnReady {
    const CODES: &'static [&'static str] = &["not-ready", "shutting-down"];
}

/// What asking for a meaning can be answered with.
pub struct OnMeaning;

impl Codes for OnMeaning {
    const CODES: &'static [&'static str] = &["not-found"];
}

/// Health in one word.
#[derive(Serialize, Object)]
#[oai(rename = "Health", example)]
struct HealthDocument {
    /// `ok`
    status: String,
}

impl Example for HealthDocument {
    fn example() -> Self {
        Self { status: "ok".into() }
    }
}

impl HealthDocument {
    fn ok() -> JsonBytes<Self> {
        JsonBytes::of(&Self::example())
    }
}

/// A finished answer, documented by `D`.
struct Ready<D>(Response, PhantomData<fn() -> D>);

/// Answers that are documented by the content types they can have.
trait Documented {
    /// What it is.
    const DESCRIPTION: &'static str;
    /// Content types, and the schemas of their content.
    fn content() -> Vec<MetaMediaType>;
    /// Makes the schemas known.
    fn register(_: &mut Registry) {}
}

impl<D> Ready<D> {
    fn new(response: Response) -> Self {
        Self(response, PhantomData)
    }
}

impl<D> IntoResponse for Ready<D> {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<D: Documented> ApiResponse for Ready<D> {
    fn meta() -> MetaResponses {
        let (description, content) = (D::DESCRIPTION, D::content());
        let found = MetaResponse { description, status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![found] }
    }

    fn register(registry: &mut Registry) {
        D::register(registry);
    }
}

fn text_of(content_type: &'static str) -> MetaMediaType {
    MetaMediaType { content_type, schema: String::schema_ref() }
}

struct Page;

impl Documented for Page {
    const DESCRIPTION: &'static str = "The page, or a greeting that names the routes";

    fn content() -> Vec<MetaMediaType> {
        vec![text_of("text/html"), text_of("text/plain")]
    }
}

struct Swagger;

impl Documented for Swagger {
    const DESCRIPTION: &'static str = "Swagger UI";

    fn content() -> Vec<MetaMediaType> {
        vec![text_of("text/html")]
    }
}

struct OpenApiDocument;

impl Documented for OpenApiDocument {
    const DESCRIPTION: &'static str = "The OpenAPI document (version 3.0)";

    fn content() -> Vec<MetaMediaType> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")));
        vec![MetaMediaType { content_type: "application/json", schema }]
    }
}

struct MetricsText;

impl Documented for MetricsText {
    const DESCRIPTION: &'static str = "All metrics, in Prometheus' text format (version 0.0.4)";

    fn content() -> Vec<MetaMediaType> {
        vec![text_of("text/plain")]
    }
}

struct Meaning;

impl Documented for Meaning {
    const DESCRIPTION: &'static str = "What the code means";

    fn content() -> Vec<MetaMediaType> {
        let json = MetaMediaType { content_type: "application/json", schema: Explanation::schema_ref() };
        vec![json, text_of("text/html")]
    }

    fn register(registry: &mut Registry) {
        Explanation::register(registry);
    }
}

#[OpenApi]
impl OpsApi {
    /// The page
    ///
    /// For a browser; a short text that names the routes for anything that does not ask for HTML.
    #[oai(path = "/", method = "get", operation_id = "page", tag = "Part::Operation")]
    async fn page(&self, request: &Request) -> Ready<Page> {
        Ready::new(self.ui.root(request).await)
    }

    /// Is it alive
    ///
    /// 200 as long as the server answers at all.
    #[oai(path = "/livez", method = "get", operation_id = "livez", tag = "Part::Operation")]
    async fn livez(&self) -> JsonBytes<HealthDocument> {
        HealthDocument::ok()
    }

    /// Does it take work
    ///
    /// 503 while it shuts down, and while the journal cannot be written.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz", tag = "Part::Operation")]
    async fn readyz(&self) -> Result<JsonBytes<HealthDocument>, Refused<OnReady>> {
        let journal = || {
            let error = self.services.ingest.trouble()?;
            tracing::warn!(%error, "not ready");
            Some(ApiError::new(ApiCode::NotReady, "The journal could not be written when that was tried last."))
        };
        match self.services.health.not_ready().or_else(journal) {
            Some(trouble) => Err(trouble.into()),
            None => Ok(HealthDocument::ok()),
        }
    }

    /// Metrics
    ///
    /// For Prometheus: requests, connections, uploads, rows, problems, bytes, the journal, watchers and the process. The
    /// names and labels are those of `docs/metrics.md`; no label holds anything that a client or a file is called.
    #[oai(path = "/metrics", method = "get", operation_id = "metrics", tag = "Part::Operation")]
    async fn metrics(&self) -> Ready<MetricsText> {
        let scrape = Arc::clone(&self.services.metrics);
        let text = tokio::task::spawn_blocking(move || scrape()).await.expect("a scrape does not panic");
        Ready::new(Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
    }

    /// This document
    #[oai(path = "/openapi.json", method = "get", operation_id = "openapi", tag = "Part::Operation")]
    async fn openapi(&self, request: &Request) -> Ready<OpenApiDocument> {
        Ready::new(self.openapi.response(request))
    }

    /// This document, to read and to try
    #[oai(path = "/docs", method = "get", operation_id = "docs", tag = "Part::Operation")]
    async fn docs(&self, request: &Request) -> Ready<Swagger> {
        Ready::new(self.swagger.response(request))
    }

    /// What a code means
    ///
    /// Codes of answers (`code`, and the end of `type`) and of problems in files.
    #[oai(path = "/problems/:code", method = "get", operation_id = "explain_problem", tag = "Part::Operation")]
    async fn meaning(
        &self,
        /// The code.
        #[oai(example = "example_code")]
        code: Path<String>,
        request: &Request,
    ) -> Result<Ready<Meaning>, Refused<OnMeaning>> {
        match Explanation::of(&code.0) {
            Some(explanation) => Ok(Ready::new(explanation.response(request))),
            None => Err(ApiError::new(ApiCode::NotFound, "there is no such code").into()),
        }
    }
}

fn example_code() -> String {
    "missing-cell".into()
}
