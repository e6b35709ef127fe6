//! What can go wrong between us and a server.

use std::error::Error;
use std::time::Duration;

/// Why a server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// No connection came about: nobody listens, no such host, no trusted certificate.
    #[error("cannot reach {server}: {reason}")]
    Unreachable {
        /// The server's address.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// The connection ended before the answer did, or nothing came for too long.
    #[error("the connection was lost ({0})")]
    Lost(String),
    /// The server answered with an error.
    #[error("{detail} ({status} {code})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's stable code; empty when it was no problem document.
        code: String,
        /// The problem in a sentence.
        detail: String,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The answer makes no sense: this is not a rowcast server, or none that can do this.
    #[error("{0}")]
    NotUnderstood(String),
}

impl RemoteError {
    /// Whether trying again later makes sense.
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Lost(_) => true,
            // Another offset than ours, or another sender: the server knows the place to go on from.
            Self::Refused { status: 408 | 409 | 423 | 425 | 429, .. } => true,
            Self::Refused { status: 501 | 505, .. } => false,
            Self::Refused { status, .. } => *status >= 500,
            Self::NotUnderstood(_) => false,
        }
    }

    /// How long the server asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Lost(_) => "connection-lost",
            Self::Refused { code, .. } if !code.is_empty() => code,
            Self::Refused { .. } => "refused",
            Self::NotUnderstood(_) => "not-understood",
        }
    }

    pub(super) fn lost(error: &dyn Error) -> Self {
        Self::Lost(innermost(error))
    }
}

/// The last cause in the chain, which says most.
pub(super) fn innermost(mut error: &dyn Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_for_good_is_not_tried_again() {
        let refused =
            |status| RemoteError::Refused { status, code: String::new(), detail: String::new(), retry_after: None };
        for passes in [408, 409, 423, 429, 500, 502, 503, 507] {
            assert!(refused(passes).passes(), "{passes}");
        }
        for stays in [301, 400, 403, 404, 410, 412, 413, 415, 422, 501] {
            assert!(!refused(stays).passes(), "{stays}");
        }
    }
}
