//! Speaking to a rowcast server as a client: what `rowcast tail` and `rowcast upload` are made of.
//!
//! Top layer, beside the commands: it shares the words of `domain` with the server, and no code of it.
//!
//! Invariants: what can pass by itself (a lost connection, a restart, a busy server) is waited out with growing pauses, what
//! cannot is told at once ([`RemoteError::passes`]); an event is given once; bytes are sent again only from the place that
//! the server names; nothing holds more of a file than a few pieces.
//!
//! Not for: showing anything to anybody (`commands`), or serving (`http`).

mod address;
mod body;
mod connection;
mod error;
mod pause;
mod source;
pub mod sse;
mod subscription;
mod tls;
mod token;
mod transfer;
mod tus;

pub use address::{Address, BadAddress};
pub use error::RemoteError;
pub use source::{Changed, Source, SourceError};
pub use subscription::{Begin, Subscription, Update, Watch};
pub use token::{BadToken, Token};
pub use transfer::{Found, Plan, Stop, Transfer, Went};
pub use tus::{Reason, Upload};

/// An upload as the server tells of it; none where it knows of none.
///
/// # Errors
/// [`RemoteError`] when the server is not there, or cannot answer now.
pub async fn find_upload(server: Address, id: &str) -> Result<Option<Upload>, RemoteError> {
    tus::look(&mut connection::Connection::to(server), id).await
}
