//! How a file is to be read, as requests say it.

use crate::domain::{BadOption, Compression, Overrides};
use crate::http::code::ApiCode;
use crate::http::error::ApiError;

impl From<BadOption> for ApiError {
    fn from(bad: BadOption) -> Self {
        Self::parameter(bad.name, bad.what)
    }
}

/// What a query says, in the order of [`Overrides::NAMES`] without `null_values`, and the null values.
///
/// # Errors
/// `bad-parameter`.
pub fn said(values: [Option<String>; 12], null_values: Option<Vec<String>>) -> Result<Overrides, ApiError> {
    let mut overrides = Overrides::default();
    let names = Overrides::NAMES.into_iter().filter(|name| *name != "null_values");
    for (name, value) in names.zip(values) {
        overrides.say(name, value.as_deref().unwrap_or_default())?;
    }
    for value in null_values.unwrap_or_default() {
        overrides.say("null_values", &value)?;
    }
    Ok(overrides)
}

/// How a body or a part is compressed, by its `Content-Encoding` (RFC 9110, section 8.4).
///
/// # Errors
/// `unsupported-media-type`.
pub fn compression(encoding: Option<&str>) -> Result<Option<Compression>, ApiError> {
    let Some(encoding) = encoding.map(str::trim) else { return Ok(None) };
    match encoding.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(None),
        "gzip" | "x-gzip" => Ok(Some(Compression::Gzip)),
        "zstd" => Ok(Some(Compression::Zstd)),
        _ => {
            let shown: String = encoding.chars().filter(|c| !c.is_control()).take(40).collect();
            let detail =
                format!("the Content-Encoding '{shown}' is not supported; expected gzip, zstd, or none at all");
            Err(ApiError::new(ApiCode::UnsupportedMediaType, detail))
        }
    }
}

/// Text fields of a form that say how its file is to be read. What the query says goes before them.
#[derive(Debug)]
pub struct OptionFields {
    said: Overrides,
    /// What the query said.
    settled: Overrides,
    /// The field that is being read, where it is one of these.
    open: Option<(&'static str, Vec<u8>)>,
}

impl OptionFields {
    /// Those of a form behind a query that said this.
    pub fn new(query: &Overrides) -> Self {
        Self { said: query.clone(), settled: query.clone(), open: None }
    }

    /// A field begins.
    pub fn begin(&mut self, name: &str) {
        self.open = Overrides::named(name).filter(|name| !self.settled.says(name)).map(|name| (name, Vec::new()));
    }

    /// Bytes of it; how many there can be is for the caller to bound.
    pub fn data(&mut self, bytes: &[u8]) {
        if let Some((_, value)) = &mut self.open {
            value.extend_from_slice(bytes);
        }
    }

    /// It ends.
    ///
    /// # Errors
    /// `bad-parameter`.
    pub fn end(&mut self) -> Result<(), ApiError> {
        let Some((name, value)) = self.open.take() else { return Ok(()) };
        let value = String::from_utf8(value).map_err(|_| ApiError::parameter(name, "it is not UTF-8"))?;
        Ok(self.said.say(name, &value)?)
    }

    /// What all of them said, and the query.
    pub fn said(&self) -> Overrides {
        self.said.clone()
    }
}

/// What stands in the document as the example of a word: nothing. Who tries an operation out there shall not say it
/// without wanting to.
pub fn unsaid() -> Option<String> {
    Some(String::new())
}

/// The same for a word that can be said several times.
pub fn unsaid_list() -> Option<Vec<String>> {
    Some(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_goes_before_a_field_and_fields_say_what_it_leaves_open() {
        let mut values: [Option<String>; 12] = Default::default();
        values[0] = Some("tab".into());
        let mut fields = OptionFields::new(&said(values, None).unwrap());
        for (name, value) in [("delimiter", ";"), ("note", "x"), ("null_values", "NA"), ("null_values", "-")] {
            fields.begin(name);
            value.bytes().for_each(|byte| fields.data(&[byte]));
            fields.end().unwrap();
        }
        let (options, _) = fields.said().finish().unwrap();
        assert_eq!((options.delimiter.as_deref(), options.null_values), (Some("\t"), vec!["NA".into(), "-".into()]));
        fields.begin("quote");
        fields.data(b"\xff");
        assert_eq!(fields.end().unwrap_err().detail, "quote: it is not UTF-8");
    }

    #[test]
    fn a_content_encoding_is_one_that_is_unpacked_here() {
        let told = ["gzip", "X-GZIP", "zstd", "identity"].map(|encoding| compression(Some(encoding)).unwrap());
        assert_eq!(told, [Some(Compression::Gzip), Some(Compression::Gzip), Some(Compression::Zstd), None]);
        let refused = compression(Some("br")).unwrap_err();
        assert_eq!(refused.code.status(), 415);
        assert!(
            refused.detail.contains("'br'") && refused.detail.contains("expected gzip, zstd"),
            "{}",
            refused.detail
        );
        assert!(compression(Some("gzip, zstd")).is_err(), "one at a time");
    }
}
