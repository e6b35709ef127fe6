//! What is sent with a request.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Pieces that come from elsewhere while they are sent, or nothing at all.
#[derive(Debug)]
pub struct Payload {
    pieces: Option<mpsc::Receiver<Bytes>>,
    /// Bytes still to come; none when nobody knows.
    left: Option<u64>,
}

impl Payload {
    /// Nothing.
    pub const fn empty() -> Self {
        Self { pieces: None, left: Some(0) }
    }

    /// Pieces until their sender is dropped; `length` bytes where that is known.
    pub const fn pieces(pieces: mpsc::Receiver<Bytes>, length: Option<u64>) -> Self {
        Self { pieces: Some(pieces), left: length }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let Some(pieces) = &mut this.pieces else { return Poll::Ready(None) };
        if this.left == Some(0) {
            return Poll::Ready(None);
        }
        let polled = pieces.poll_recv(cx);
        Poll::Ready(match (std::task::ready!(polled), &mut this.left) {
            (Some(piece), Some(left)) => {
                // A piece too long is a mistake of ours, and must not become part of the next request.
                let Some(rest) = left.checked_sub(piece.len() as u64) else {
                    return Poll::Ready(Some(Err(io::Error::other("more than was announced"))));
                };
                *left = rest;
                Some(Ok(Frame::data(piece)))
            }
            (Some(piece), None) => Some(Ok(Frame::data(piece))),
            (None, Some(_)) => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            (None, None) => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
