//! The one table of what can be answered instead of success: code, status, title, help.
//!
//! A code is part of the API, like a path: scripts match on it, `/problems/{code}` explains it, the OpenAPI document lists
//! it at every operation that can give it. What ends an upload has its words in [`FailureCode`], since watchers are told
//! them too; here it only gets its status.

use crate::domain::FailureCode;

macro_rules! api_codes {
    ($($variant:ident $code:literal $status:literal $title:literal $help:literal)+) => {
        /// Why a request was refused or failed, apart from what ends an upload.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ApiCode {
            $(#[doc = $help] $variant,)+
        }

        impl ApiCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

api_codes! {
    BadRequest "bad-request" 400 "Request not understood"
        "The request is not valid HTTP for this server. `detail` says what is wrong with it."
    BadParameter "bad-parameter" 400 "Parameter not valid"
        "A part of the path or a query parameter has a value that it cannot have. `detail` names it and says what was expected."
    BadMultipart "bad-multipart" 400 "Multipart body not valid"
        "The body is not multipart/form-data as RFC 7578 describes it, or it ends before its closing delimiter. `detail` says where it broke."
    MissingFile "missing-file" 400 "No part named `file`"
        "A multipart upload needs one part named `file` that holds the CSV, as in `curl -F file=@people.csv`."
    TooManyParts "too-many-parts" 400 "Too many parts"
        "The multipart body has more parts than this server takes. Send the part named `file` and only few small text fields."
    Unauthenticated "unauthenticated" 401 "Not signed in"
        "This server wants to know who asks. Send a key or token as `Authorization: Bearer …`, or sign in on the page."
    InvalidToken "invalid-token" 401 "Token not valid"
        "What was shown proves nothing here: the key is not known or was revoked, or the token is not signed as this server expects. `detail` says more."
    TokenExpired "token-expired" 401 "Token expired"
        "What was shown was good until its time was over. Get a new token, or sign in again."
    Forbidden "forbidden" 403 "Not allowed"
        "It is known who asks, but their roles and client patterns do not allow this. `detail` says what it takes."
    CrossSite "cross-site" 403 "Request from another site"
        "A page of another site made this request. Only pages of this server may change anything here through a browser; programs other than browsers are not concerned."
    JoinedFile "joined-file" 403 "File put together from parts"
        "This file is put together from parts that were sent before (`Upload-Concat: final`), or reads the bytes of another upload again; it takes no bytes of its own."
    NotFound "not-found" 404 "Not found"
        "There is nothing at this address: the path is wrong, or what it named was deleted."
    MethodNotAllowed "method-not-allowed" 405 "Method not allowed"
        "This address exists, but not with this method. The `Allow` header lists the methods it has."
    BodyStalled "body-stalled" 408 "Body stalled"
        "No byte of the body arrived for longer than this server waits (`body-stall-ms-max`), or too few (`body-rate-bytes-min`). What was received of an upload is kept; it is interrupted."
    UploadRunning "upload-running" 409 "Upload still running"
        "This cannot be done while the upload is running. Cancel it first, or wait for its end."
    NotRunning "not-running" 409 "Upload not running"
        "The upload has ended already, so there is nothing to cancel."
    NotHeld "not-held" 409 "Upload not held"
        "Only an upload that was sent with `hold=review` waits at `understood`, and can be let go on from there. `detail` says where this one stands."
    IdempotencyKeyRunning "idempotency-key-running" 409 "Request still under way"
        "A request with this `Idempotency-Key` is being carried out. Try again when it has ended; the answer is then the one it got."
    WrongOffset "wrong-offset" 409 "Offset does not fit"
        "The piece does not begin where the file ends that is here. Ask with HEAD for its `Upload-Offset`, and go on from there."
    PartUnfinished "part-unfinished" 409 "Part not complete"
        "A part of the file is not complete yet. Finish it, and then put the parts together."
    UploadGone "upload-gone" 410 "Upload gone"
        "The upload was here, but does not go on: it expired, was deleted or cancelled, or failed. Begin a new one."
    TusVersion "tus-version" 412 "Version of tus not spoken"
        "Requests for resumable files name the version of tus that they speak (`Tus-Resumable`); `Tus-Version` lists those that this server speaks."
    BeyondLength "beyond-length" 413 "Piece longer than the file"
        "The piece has more bytes than the file still lacks, as its length was declared."
    UploadLocked "upload-locked" 423 "Upload sent by another request"
        "Another request sends this upload now. Of two that do, the later one goes on; ask with HEAD where it stands."
    ChecksumMismatch "checksum-mismatch" 460 "Checksum does not fit"
        "The bytes are not those whose checksum was given. None of them was kept: send the piece again."
    FieldsTooLarge "fields-too-large" 413 "Text fields too large"
        "The parts before the file hold more bytes than this server takes (`multipart-text-bytes-max`)."
    EventTooLarge "event-too-large" 413 "Event too large"
        "The data of the event that was to be published has more bytes than this server takes (`published-bytes-max`). Publish where the rest can be had instead."
    UnsupportedMediaType "unsupported-media-type" 415 "Content type not supported"
        "An upload is `multipart/form-data` with a part named `file`, or the CSV itself as `text/csv`."
    Misdirected "misdirected-host" 421 "Host not served here"
        "The `Host` header names a host that this server does not serve, which is how a page on the web reaches into a private network (DNS rebinding). Use the address that the server printed, or start it with that name allowed."
    IdempotencyKeyReused "idempotency-key-reused" 422 "Key used for another request"
        "This `Idempotency-Key` was used for an upload of other bytes, under another file name or with other fields, or for another event. Give each request a key of its own, and repeat a request as it was."
    TooManyWatchers "too-many-watchers" 429 "Too many watchers"
        "As many connections as this server takes watch this client already. Close one, or let several tabs share one."
    TooManyRequests "too-many-requests" 429 "Too many requests"
        "More requests came from this address, or by this key, than this server takes in a minute. `detail` says which policy it is and what it allows, `Retry-After` when to come again."
    TooManyNewUploads "too-many-new-uploads" 429 "Uploads begun too often"
        "More uploads were begun from this address, or by this key, than this server takes in a minute. Begin the next one when `Retry-After` says; those that run go on."
    TooManyConnects "too-many-connects" 429 "Watchers attached too often"
        "More watchers were attached from this address, or by this key, than this server takes in a minute. Try again when `Retry-After` says, with the last event id: nothing is missed. An `EventSource` ends with this answer, so open another."
    TooManyBytes "too-many-bytes" 429 "Too many bytes"
        "More bytes came from this address, or by this key, than this server takes in a day. What was received of an upload is kept; go on with it when `Retry-After` says."
    TooManyFailedCredentials "too-many-failed-credentials" 429 "Too many failed credentials"
        "So many credentials from this address proved nothing that no further one is looked at for a while, good or not. Try again when `Retry-After` says, with the right one."
    ClientUploadsUsedUp "client-uploads-used-up" 429 "No more uploads for this client today"
        "As many uploads were begun for this client as it may have in a day (`client-uploads-per-day-max`). Begin the next one when `Retry-After` says."
    PartHeadTooLong "part-head-too-long" 431 "Head of a part too long"
        "The head of a multipart part is longer than this server takes (`multipart-head-bytes-max`)."
    Internal "internal-error" 500 "Internal error"
        "Something that should not happen did. The server's log says more. It goes on serving other requests."
    NotReady "not-ready" 503 "Not ready"
        "The server runs, but takes no new work at present. `detail` says why."
    ShuttingDown "shutting-down" 503 "Shutting down"
        "The server is about to stop. Try again when it is back; watchers go on where they were with their last event id."
    TooManyConnections "too-many-connections" 503 "Too many connections"
        "As many connections as this server takes are open. Try again shortly."
}

/// Any code that an answer can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Something about the request or the server.
    Api(ApiCode),
    /// Something that ends or refuses an upload.
    Upload(FailureCode),
}

impl From<ApiCode> for Code {
    fn from(code: ApiCode) -> Self {
        Self::Api(code)
    }
}

impl From<FailureCode> for Code {
    fn from(code: FailureCode) -> Self {
        Self::Upload(code)
    }
}

impl Code {
    /// Every code.
    pub fn all() -> impl Iterator<Item = Self> {
        let api = ApiCode::ALL.iter().copied().map(Self::Api);
        api.chain(FailureCode::ALL.iter().copied().map(Self::Upload))
    }

    /// The code with that text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|code| code.as_str() == text)
    }

    /// The stable text of the code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api(code) => code.as_str(),
            Self::Upload(code) => code.as_str(),
        }
    }

    /// The HTTP status (RFC 9110, section 15) it is answered with.
    pub const fn status(self) -> u16 {
        match self {
            Self::Api(code) => code.status(),
            Self::Upload(code) => match code {
                FailureCode::Interrupted | FailureCode::DigestMismatch => 400,
                FailureCode::ServerStopping => 503,
                FailureCode::UploadTooSlow => 408,
                FailureCode::Cancelled => 409,
                FailureCode::BodyTooLarge | FailureCode::ExpansionTooLarge => 413,
                FailureCode::HeaderTooLong | FailureCode::TooManyColumns => 422,
                FailureCode::CorruptCompression | FailureCode::UnknownEncoding => 422,
                FailureCode::StorageFailed => 500,
                FailureCode::TooManyUploads => 503,
                FailureCode::ClientFull | FailureCode::DiskFull => 507,
            },
        }
    }

    /// A few words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Api(code) => code.title(),
            Self::Upload(code) => code.title(),
        }
    }

    /// What it means and what to do about it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Api(code) => code.help(),
            Self::Upload(code) => code.help(),
        }
    }

    /// After how many seconds trying again makes sense, where waiting helps (RFC 9110, section 10.2.3).
    pub const fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Self::Api(
                ApiCode::TooManyWatchers | ApiCode::NotReady | ApiCode::ShuttingDown | ApiCode::TooManyConnections,
            ) => Some(2),
            Self::Api(ApiCode::UploadLocked | ApiCode::IdempotencyKeyRunning) => Some(1),
            // The allowance knows better, where there is one.
            Self::Api(
                ApiCode::TooManyRequests
                | ApiCode::TooManyNewUploads
                | ApiCode::TooManyConnects
                | ApiCode::TooManyBytes
                | ApiCode::TooManyFailedCredentials
                | ApiCode::ClientUploadsUsedUp,
            ) => Some(1),
            Self::Upload(FailureCode::ServerStopping) => Some(2),
            Self::Upload(FailureCode::TooManyUploads) => Some(5),
            Self::Upload(FailureCode::ClientFull | FailureCode::DiskFull) => Some(60),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ProblemCode;
    use std::collections::HashSet;

    #[test]
    fn every_code_is_one_of_a_kind_and_says_something() {
        let mut seen: HashSet<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        for code in Code::all() {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} stands twice");
            assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{text}");
            assert!((400..600).contains(&code.status()), "{text}");
            assert!(!code.title().is_empty() && code.help().ends_with('.'), "{text}");
            assert_eq!(Code::parse(text), Some(code));
        }
        assert_eq!(Code::parse("no-such-code"), None);
    }

    #[test]
    fn a_status_that_asks_to_come_back_says_when() {
        for code in Code::all().filter(|code| matches!(code.status(), 429 | 503)) {
            assert!(code.retry_after_seconds().is_some(), "{}", code.as_str());
        }
    }

    #[test]
    fn the_statuses_are_those_of_the_contract() {
        let table = [
            ("bad-parameter", 400),
            ("upload-interrupted", 400),
            ("digest-mismatch", 400),
            ("unauthenticated", 401),
            ("invalid-token", 401),
            ("token-expired", 401),
            ("forbidden", 403),
            ("cross-site", 403),
            ("not-found", 404),
            ("method-not-allowed", 405),
            ("body-stalled", 408),
            ("upload-too-slow", 408),
            ("upload-running", 409),
            ("not-running", 409),
            ("upload-cancelled", 409),
            ("idempotency-key-running", 409),
            ("body-too-large", 413),
            ("unsupported-media-type", 415),
            ("event-too-large", 413),
            ("misdirected-host", 421),
            ("idempotency-key-reused", 422),
            ("header-too-long", 422),
            ("too-many-columns", 422),
            ("too-many-watchers", 429),
            ("too-many-requests", 429),
            ("client-uploads-used-up", 429),
            ("part-head-too-long", 431),
            ("internal-error", 500),
            ("storage-failed", 500),
            ("too-many-uploads", 503),
            ("shutting-down", 503),
            ("client-full", 507),
            ("disk-full", 507),
        ];
        for (code, status) in table {
            assert_eq!(Code::parse(code).map(Code::status), Some(status), "{code}");
        }
    }
}
