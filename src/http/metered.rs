//! A request's body whose bytes are counted against allowances, by the piece, as they arrive.

use crate::rates::{Exceeded, Policy, Rates, Subject};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// One allowance that bytes are taken from.
pub struct Toll {
    policy: Policy,
    who: Subject,
    /// How many bytes are gathered before they are taken.
    step: u64,
    gathered: u64,
    /// Bytes that were too few to be taken.
    owed: u64,
}

impl Toll {
    /// That of `who`.
    pub fn new(rates: &Rates, policy: Policy, who: Subject) -> Self {
        Self { policy, who, step: rates.step_bytes(policy), gathered: 0, owed: 0 }
    }

    fn take(&mut self, rates: &Rates) -> Result<(), Exceeded> {
        rates.take_bytes(self.policy, self.who, &mut self.owed, std::mem::take(&mut self.gathered))
    }
}

/// Counts what arrives of the body of `request`. Where an allowance is used up, the body ends with `Exceeded` in an
/// [`io::Error`], and what did not fit is not given out.
pub fn meter(request: &mut poem::Request, rates: &Arc<Rates>, tolls: Vec<Toll>) {
    let inner = request.take_body().into();
    let metered = Metered { inner, rates: Arc::clone(rates), tolls };
    request.set_body(poem::Body::from(BoxBody::new(metered)));
}

struct Metered {
    inner: BoxBody<Bytes, io::Error>,
    rates: Arc<Rates>,
    tolls: Vec<Toll>,
}

impl Body for Metered {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            let is_last = this.inner.is_end_stream();
            for toll in &mut this.tolls {
                toll.gathered += bytes;
                if (toll.gathered >= toll.step || is_last)
                    && let Err(exceeded) = toll.take(&this.rates)
                {
                    return Poll::Ready(Some(Err(io::Error::other(exceeded))));
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        // What came of a body that broke off, or was left, counts as well; nobody is there any more to be refused.
        for toll in self.tolls.iter_mut().filter(|toll| toll.gathered > 0) {
            let _ = toll.take(&self.rates);
        }
    }
}
