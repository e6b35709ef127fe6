//! Header fields as documented parameters.
//!
//! poem-openapi's own extractor passes over values that are not ASCII and lines after the first. A check that a sender asks
//! for must not be left out so.

use crate::http::error::ApiError;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

/// What can stand in a header field.
pub trait FieldValue: Sized {
    /// What it is documented with; has an example.
    fn schema() -> MetaSchema;

    /// Reads it; of several lines, joined by commas (RFC 9110, section 5.3).
    ///
    /// # Errors
    /// What is wrong with it.
    fn parse(value: &str) -> Result<Self, String>;
}

/// A header field that may be missing.
pub struct Field<T>(pub Option<T>);

impl<'a, T: FieldValue> ApiExtractor<'a> for Field<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(T::schema())))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        let refused = |what: String| ApiError::parameter(options.name, what);
        let lines: Result<Vec<&str>, _> = request.headers().get_all(options.name).iter().map(|v| v.to_str()).collect();
        let lines = lines.map_err(|_| refused("it has characters that are not ASCII".into()))?;
        if lines.is_empty() {
            return Ok(Self(None));
        }
        Ok(Self(Some(T::parse(&lines.join(", ")).map_err(refused)?)))
    }
}
