//! The body of an upload: a multipart form with a file in it, or the file itself.

use super::content::Content;
use super::digest::Digests;
use super::disposition;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use poem::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

/// Content types of a body that is the CSV itself. Browsers and systems name CSV files in each of these ways.
const RAW: [&str; 7] = [
    "text/csv",
    "application/csv",
    "text/plain",
    "text/tab-separated-values",
    "application/vnd.ms-excel",
    "application/octet-stream",
    "binary/octet-stream",
];

/// An upload's body, of which nothing was read yet. Taking it does not make the sender send: that begins (and a waiting
/// `Expect: 100-continue` is answered) when the stream is first polled.
pub struct UploadBody {
    /// The form it has.
    pub form: Form,
    /// The bytes.
    pub content: Content,
    /// How the whole body is compressed, as its `Content-Encoding` says.
    pub encoding: Option<String>,
    /// How many there will be, as the sender says; an estimate to show progress by, never trusted.
    pub content_length: Option<u64>,
}

/// What form the body of an upload has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `multipart/form-data` with this boundary.
    Multipart(String),
    /// The file and nothing else.
    Raw,
}

impl Form {
    /// The form that a content type announces.
    ///
    /// # Errors
    /// `unsupported-media-type` for anything else, `bad-multipart` for a form without a usable boundary.
    pub fn of(content_type: Option<&str>) -> Result<Self, ApiError> {
        let unsupported = |detail: String| Err(ApiError::new(ApiCode::UnsupportedMediaType, detail));
        let Some(content_type) = content_type else {
            return unsupported("the request has no Content-Type; for a CSV as the whole body it is text/csv".into());
        };
        let (essence, _) = disposition::parse(content_type);
        match essence.as_str() {
            "multipart/form-data" => match disposition::boundary(content_type) {
                Some(boundary) => Ok(Self::Multipart(boundary)),
                None => Err(ApiError::new(ApiCode::BadMultipart, "the Content-Type has no usable boundary")),
            },
            raw if RAW.contains(&raw) => Ok(Self::Raw),
            // curl says this by itself for --data and --data-binary. The former takes the line breaks out of the file,
            // so what comes so is not to be trusted to be the file.
            "application/x-www-form-urlencoded" => unsupported(
                "application/x-www-form-urlencoded is no CSV; with curl, say -H 'Content-Type: text/csv' and use \
                 --data-binary or -T (--data would take the line breaks out)"
                    .into(),
            ),
            _ => {
                let shown: String = essence.chars().filter(|c| !c.is_control()).take(80).collect();
                unsupported(format!("'{shown}' is not supported; send multipart/form-data or text/csv"))
            }
        }
    }
}

impl UploadBody {
    /// The same, whose content has to be as these digests say.
    #[must_use]
    pub fn checked(self, digests: Digests) -> Self {
        Self { content: self.content.checked(digests), ..self }
    }
}

impl<'a> ApiExtractor<'a> for UploadBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let binary = |description| MetaSchema {
            description: Some(description),
            ..MetaSchema::new_with_format("string", "binary")
        };
        let inline = |schema| MetaSchemaRef::Inline(Box::new(schema));
        let file = binary(
            "The CSV, read while it arrives; the part may have a `Content-Encoding` of gzip or zstd. Text fields before it say how it is read, by the names and with the values of the query.",
        );
        let form = MetaSchema {
            required: vec!["file"],
            properties: vec![("file", inline(file))],
            ..MetaSchema::new("object")
        };
        let mut raw = binary("The CSV itself.");
        raw.example = Some("name,zip\nAna,01234\n".into());
        Some(MetaRequest {
            description: Some(
                "A form with a part named `file`, or the CSV as the whole body (`text/csv`; also as `application/csv`, \
                 `text/plain`, `text/tab-separated-values`, `application/vnd.ms-excel` or `application/octet-stream`).",
            ),
            content: vec![
                MetaMediaType { content_type: "multipart/form-data", schema: inline(form) },
                MetaMediaType { content_type: "text/csv", schema: inline(raw.clone()) },
                MetaMediaType { content_type: "application/octet-stream", schema: inline(raw) },
            ],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        let form = Form::of(request.content_type())?;
        let encoding = request.header(CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
        if encoding.is_some() && form != Form::Raw {
            let detail = "a form is not taken compressed; expected its part named 'file' to have the Content-Encoding";
            return Err(ApiError::new(ApiCode::UnsupportedMediaType, detail).into());
        }
        let encoding = encoding.map(ToOwned::to_owned);
        let content_length = request.header(CONTENT_LENGTH).and_then(|value| value.parse().ok());
        Ok(Self { form, content: Content::new(body.take()?, request.headers()), encoding, content_length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_decides_the_form() {
        assert_eq!(Form::of(Some("text/csv; charset=utf-8")), Ok(Form::Raw));
        assert_eq!(Form::of(Some("APPLICATION/Octet-Stream")), Ok(Form::Raw));
        assert_eq!(Form::of(Some("multipart/form-data; boundary=x")), Ok(Form::Multipart("x".into())));
        for (refused, code) in [
            (None, "unsupported-media-type"),
            (Some("application/json"), "unsupported-media-type"),
            (Some("multipart/mixed; boundary=x"), "unsupported-media-type"),
            (Some("application/x-www-form-urlencoded"), "unsupported-media-type"),
            (Some("multipart/form-data"), "bad-multipart"),
        ] {
            assert_eq!(Form::of(refused).unwrap_err().code.as_str(), code, "{refused:?}");
        }
    }
}
