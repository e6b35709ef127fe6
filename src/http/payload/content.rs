//! The content of a request on its way to whoever reads it, checked against its digests where it has some.
//!
//! The check is part of the stream: content that is not what its sender says ends with an error instead of an end.

use super::digest::{Check, Digests, FIELDS};
use bytes::Bytes;
use futures_util::Stream;
use http_body_util::combinators::BoxBody;
use hyper::HeaderMap;
use hyper::body::Body as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Content that differs from its digest. What [`Content`] ends with then, inside of an [`io::Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Differs(
    /// What differs, in one sentence.
    pub String,
);

impl Differs {
    /// What differs, where that is what the error says.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// Bytes as they arrive.
pub struct Content {
    /// None when it ended, well or not.
    body: Option<BoxBody<Bytes, io::Error>>,
    check: Check,
    /// Whether the sender announced digests behind the content.
    is_trailed: bool,
}

impl Content {
    /// The content of a request with these headers.
    pub fn new(body: poem::Body, headers: &HeaderMap) -> Self {
        let announced = headers.get_all("trailer").iter().filter_map(|line| line.to_str().ok());
        let mut announced = announced.flat_map(|line| line.split(','));
        let is_trailed = announced.any(|name| FIELDS.iter().any(|field| name.trim().eq_ignore_ascii_case(field)));
        Self { body: Some(body.into()), check: Check::new(Digests::default(), is_trailed), is_trailed }
    }

    /// What it is to be checked against, besides what follows it. To be said before its first byte.
    #[must_use]
    pub fn checked(self, said: Digests) -> Self {
        Self { check: Check::new(said, self.is_trailed), ..self }
    }

    /// Whether its end says something: a check has to see all of it.
    pub fn is_checked(&self) -> bool {
        self.check.is_wanted()
    }

    /// What is said behind the content.
    fn take_trailers(&mut self, trailers: &HeaderMap) -> Result<(), String> {
        for name in FIELDS {
            for value in trailers.get_all(name) {
                let digests = value.to_str().map_err(|_| "it is not ASCII".to_owned()).and_then(Digests::parse);
                self.check.say(digests.map_err(|what| format!("The trailer field {name} cannot be read: {what}."))?);
            }
        }
        Ok(())
    }

    fn differs(&mut self, what: String) -> Poll<Option<io::Result<Bytes>>> {
        self.body = None;
        Poll::Ready(Some(Err(io::Error::other(Differs(what)))))
    }
}

impl Stream for Content {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(body) = &mut this.body else { return Poll::Ready(None) };
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        this.check.update(&data);
                        return Poll::Ready(Some(Ok(data)));
                    }
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok().filter(|_| this.is_trailed);
                        if let Some(Err(what)) = trailers.map(|trailers| this.take_trailers(&trailers)) {
                            return this.differs(what);
                        }
                    }
                },
                Some(Err(error)) => {
                    this.body = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.body = None;
                    return match std::mem::take(&mut this.check).finish() {
                        Ok(()) => Poll::Ready(None),
                        Err(what) => this.differs(what),
                    };
                }
            }
        }
    }
}
