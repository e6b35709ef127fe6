//! What a request that fails is answered with: one error type, and the way of every other error into it.

use super::code::{ApiCode, Code};
use crate::domain::{Failure, FailureCode, UploadId};
use crate::ingest::ActError;
use crate::journal::JournalError;
use crate::rates::Exceeded;
use crate::rows::RowsError;
use crate::stream::{AttachError, PublishError};
use poem::error::{MethodNotAllowedError, NotFoundError, ResponseError};
use poem::http::StatusCode;
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};

/// A request's failure: which kind, and one sentence about this case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// Which kind; decides status, type and title.
    pub code: Code,
    /// What was found and what was expected. Never anything internal.
    pub detail: String,
    /// The upload that the request began, so that the sender can look at what became of it.
    pub upload: Option<UploadId>,
    /// Whether the upload can be gone on with.
    pub resume: bool,
    /// The methods that the address has, where it has not the one that was used.
    pub allow: Option<String>,
    /// The allowance that is used up, where that is why.
    pub exceeded: Option<Exceeded>,
}

impl ApiError {
    /// An error of this kind with its sentence.
    pub fn new(code: impl Into<Code>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into(), upload: None, resume: false, allow: None, exceeded: None }
    }

    /// An error of this kind with the sentence of the table.
    pub fn plain(code: impl Into<Code>) -> Self {
        let code = code.into();
        Self::new(code, code.help())
    }

    /// A parameter that has a value it cannot have.
    pub fn parameter(name: &str, what: impl std::fmt::Display) -> Self {
        Self::new(ApiCode::BadParameter, format!("{name}: {what}"))
    }

    /// The same, naming the upload that the request began.
    pub fn of_upload(mut self, upload: UploadId) -> Self {
        self.upload = Some(upload);
        self
    }

    /// The same, naming an upload that its sender can go on with.
    pub fn resumable(self, upload: UploadId) -> Self {
        Self { resume: true, ..self.of_upload(upload) }
    }

    /// Why an upload ended; it says where it goes on, if it does.
    pub fn of_failure(failure: Failure, upload: UploadId) -> Self {
        use FailureCode::{ClientFull, DiskFull, Interrupted, ServerStopping, UploadTooSlow};
        let resume = matches!(failure.code, ClientFull | DiskFull | Interrupted | ServerStopping | UploadTooSlow);
        Self { resume, ..Self::from(failure).of_upload(upload) }
    }

    /// What became of an act on an upload; `wrong_stage` is the answer when it does not fit the upload's stage.
    pub fn from_act(error: ActError, wrong_stage: ApiCode) -> Self {
        match error {
            ActError::NotFound(_) => Self::new(ApiCode::NotFound, error.to_string()),
            ActError::WrongStage(stage) => Self::new(wrong_stage, format!("the upload is {stage}")),
            ActError::Refused(failure) => failure.into(),
            ActError::Journal(JournalError::Full) => Self::plain(FailureCode::DiskFull),
            ActError::Journal(_) | ActError::Spool(_) => Self::storage(&error),
        }
    }

    /// The answer to an error of poem's own: its router, its extractors, or whatever a handler let through.
    pub fn from_poem(error: &poem::Error) -> Self {
        if let Some(error) = error.downcast_ref::<Self>() {
            return error.clone();
        }
        if error.is::<NotFoundError>() {
            return Self::plain(ApiCode::NotFound);
        }
        if error.is::<MethodNotAllowedError>() {
            return Self::plain(ApiCode::MethodNotAllowed);
        }
        if let Some(ParsePathError { reason, .. }) = error.downcast_ref() {
            // poem-openapi numbers the parameters of a path; the type's name says more.
            let (name, what) = parts_of_reason(reason);
            return Self::parameter(name, what);
        }
        if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
            return Self::parameter(name, parts_of_reason(reason).1);
        }
        if error.is::<ContentTypeError>() {
            return Self::plain(ApiCode::UnsupportedMediaType);
        }
        match error.status() {
            StatusCode::NOT_FOUND => Self::plain(ApiCode::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Self::plain(ApiCode::MethodNotAllowed),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::plain(ApiCode::UnsupportedMediaType),
            status if status.is_client_error() => Self::new(ApiCode::BadRequest, error.to_string()),
            _ => {
                tracing::error!(%error, "a request failed");
                Self::plain(ApiCode::Internal)
            }
        }
    }

    /// What the journal or the spool said goes to the log: it may hold paths, and the sender can do nothing with it.
    fn storage(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "storage failed");
        Self::plain(FailureCode::StorageFailed)
    }
}

/// `failed to parse "name": what (occurred while parsing …)`, as poem-openapi writes it, without its frame.
fn parts_of_reason(reason: &str) -> (&str, &str) {
    let reason = reason.split(" (occurred while parsing").next().unwrap_or(reason);
    let framed = reason.strip_prefix("failed to parse \"").and_then(|rest| rest.split_once("\": "));
    framed.unwrap_or(("parameter", reason))
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.code, failure.message)
    }
}

impl From<AttachError> for ApiError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::TooManyWatchers => Self::plain(ApiCode::TooManyWatchers),
            AttachError::ShuttingDown => Self::plain(ApiCode::ShuttingDown),
            AttachError::Journal(_) => Self::storage(&error),
        }
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> Self {
        Self::storage(&error)
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::KeyRunning => Self::plain(ApiCode::IdempotencyKeyRunning),
            PublishError::KeyReused => Self::plain(ApiCode::IdempotencyKeyReused),
            PublishError::Full => Self::plain(FailureCode::DiskFull),
            PublishError::TooManyClients(max) => Self::parameter(
                "clients",
                format_args!("it names more than {max} clients; name them in several patterns"),
            ),
            PublishError::ShuttingDown => Self::plain(ApiCode::ShuttingDown),
            PublishError::Journal(_) => Self::storage(&error),
        }
    }
}

impl From<RowsError> for ApiError {
    fn from(error: RowsError) -> Self {
        match error {
            RowsError::NotFound(_) => Self::new(ApiCode::NotFound, error.to_string()),
            RowsError::Journal(_) | RowsError::Span(_) => Self::storage(&error),
        }
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Stage;

    #[test]
    fn errors_of_poem_get_codes_of_ours() {
        let cases: [(poem::Error, &str); 7] = [
            (NotFoundError.into(), "not-found"),
            (MethodNotAllowedError.into(), "method-not-allowed"),
            (ContentTypeError::ExpectContentType.into(), "unsupported-media-type"),
            (ParseParamError { name: "limit", reason: "x".into() }.into(), "bad-parameter"),
            (poem::Error::from_status(StatusCode::BAD_REQUEST), "bad-request"),
            (poem::Error::from_status(StatusCode::BAD_GATEWAY), "internal-error"),
            (ApiError::plain(FailureCode::DiskFull).into(), "disk-full"),
        ];
        for (error, code) in cases {
            assert_eq!(ApiError::from_poem(&error).code.as_str(), code);
        }
    }

    #[test]
    fn a_bad_parameter_is_named_and_explained() {
        let reason = "failed to parse \"client\": it is empty".to_owned();
        let error: poem::Error = ParsePathError { name: "param0", reason }.into();
        assert_eq!(ApiError::from_poem(&error).detail, "client: it is empty");
        let reason =
            "failed to parse \"integer_uint64\": no number (occurred while parsing \"optional_integer\")".to_owned();
        let error: poem::Error = ParseParamError { name: "limit", reason }.into();
        assert_eq!(ApiError::from_poem(&error).detail, "limit: no number");
    }

    #[test]
    fn what_storage_said_stays_in_the_log() {
        let told = ApiError::from_act(ActError::Spool(std::io::Error::other("/srv/secret: EIO")), ApiCode::NotRunning);
        assert_eq!(told.code.as_str(), "storage-failed");
        assert!(!told.detail.contains("secret"));
        let told = ApiError::from_act(ActError::WrongStage(Stage::Done), ApiCode::NotRunning);
        assert_eq!((told.code.status(), told.detail.as_str()), (409, "the upload is done"));
    }
}
