//! One connection as hyper sees it, with TLS or without.

use super::stall::Stall;
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What an HTTP/2 connection begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much of an answer the kernel holds for a receiver that does not read. With automatic sizing it can be several
/// megabytes for each stalled watcher, none of which counts in our limits; with this, loopback still carries more than
/// 1 GB/s, since a receiver that reads empties it thousands of times a second.
const SEND_BUFFER_BYTES: usize = 256 << 10;

/// How long a connection that is done is still read, for what the peer had sent meanwhile. A socket that is closed with
/// unread bytes resets the connection, and takes back what the peer has not read yet: an answer, or a stream's end.
const LINGER: Duration = Duration::from_millis(500);

/// Sets what hyper leaves alone: no waiting for full packets (events are small and wanted now), dead peers found by
/// probes, unread answers given up after `stall_max`.
pub fn tune(stream: &TcpStream, stall_max: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = socket2::SockRef::from(stream);
    let probes = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10))
        .with_retries(3);
    socket.set_tcp_keepalive(&probes)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    // This also ends peers that are alive but do not read: never sooner than we would do it ourselves.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(stall_max + Duration::from_secs(1)))?;
    let _ = stall_max;
    Ok(())
}

/// Reads the first bytes of a connection: one at least, and as many as it takes to know whether it is HTTP/2. hyper-util
/// waits for these without a deadline, so they are read before, under the caller's.
///
/// # Errors
/// Whatever reading gives; [`io::ErrorKind::UnexpectedEof`] when the peer leaves without a byte.
pub async fn first_bytes(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
    let mut first = [0; PREFACE.len()];
    let mut known = 0;
    while known < first.len() && first[..known] == PREFACE[..known] {
        match stream.read(&mut first[known..]).await? {
            0 if known == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            0 => break,
            read => known += read,
        }
    }
    Ok(Bytes::copy_from_slice(&first[..known]))
}

/// Whether a connection that begins with these bytes is HTTP/2.
pub fn is_http2(first: &[u8]) -> bool {
    first == PREFACE
}

/// A connection whose first bytes were read already, and whose writes may not stall for ever.
pub struct Wire<S> {
    stream: S,
    first: Bytes,
    stall: Stall,
    /// Until when what still comes is thrown away, once nothing more is written.
    linger: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    /// Wraps `stream`. A write that waits longer than `stall_max` fails with [`io::ErrorKind::TimedOut`].
    pub fn new(stream: S, first: Bytes, stall_max: Duration) -> Self {
        Self { stream, first, stall: Stall::new(stall_max), linger: None }
    }

    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stall.progress();
        } else if self.stall.is_over(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let taken = self.first.len().min(buf.remaining());
            buf.put_slice(&self.first[..taken]);
            self.first.advance(taken);
            // With what follows, for one that reads in two steps gets room for twice as much. Whatever comes of it, this
            // read has succeeded; the next one will see.
            if buf.remaining() > 0 {
                let _ = Pin::new(&mut self.stream).poll_read(cx, buf);
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, linger, .. } = &mut *self;
        if linger.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        let linger = linger.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        let mut scrap = [0; 4096];
        while linger.as_mut().poll(cx).is_pending() {
            let mut scrap = ReadBuf::new(&mut scrap);
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut scrap));
            if read.is_err() || scrap.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn sockets_are_tuned_and_never_give_a_watcher_up_too_soon() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stall_max = Duration::from_secs(600);
        tune(&stream, stall_max).unwrap();
        let socket = socket2::SockRef::from(&stream);
        assert!(stream.nodelay().unwrap() && socket.keepalive().unwrap());
        // The kernel doubles what it is asked for, and may allow less.
        assert!(socket.send_buffer_size().unwrap() <= 2 * SEND_BUFFER_BYTES);
        #[cfg(target_os = "linux")]
        assert!(socket.tcp_user_timeout().unwrap().unwrap() >= stall_max);
    }

    #[tokio::test]
    async fn a_connection_that_is_done_is_read_until_the_peer_has_closed_too() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        peer.write_all(&[b'x'; 1 << 14]).await.unwrap();
        let mut wire = Wire::new(stream, Bytes::new(), Duration::from_secs(20));
        wire.write_all(b"the end").await.unwrap();
        let mut told = String::new();
        {
            let closing = wire.shutdown();
            tokio::pin!(closing);
            tokio::select! {
                biased;
                _ = &mut closing => panic!("it would be closed with unread bytes"),
                read = peer.read_to_string(&mut told) => drop(read.unwrap()),
            }
            peer.write_all(b"more").await.unwrap();
            drop(peer);
            closing.await.unwrap();
        }
        assert_eq!((told.as_str(), wire.stream.try_read(&mut [0]).unwrap()), ("the end", 0));
    }

    #[tokio::test]
    async fn a_write_that_nobody_takes_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_silent, _) = listener.accept().await.unwrap();
        let mut wire = Wire::new(stream, Bytes::new(), Duration::from_millis(50));
        let writing = async {
            loop {
                if let Err(error) = wire.write_all(&[b'x'; 1 << 16]).await {
                    break error;
                }
            }
        };
        let error = tokio::time::timeout(Duration::from_secs(20), writing).await.expect("the write waits for ever");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
