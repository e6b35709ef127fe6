//! The bytes of an upload: a file, which can be read again from any place, or a pipe, which cannot.

use super::body::Payload;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex as AsyncMutex, mpsc};

/// Bytes of one piece.
const PIECE_BYTES: usize = 256 << 10;
/// Pieces that wait between the disk and the socket.
const PIECES_WAITING: usize = 2;
/// After how long without a byte a pipe's request ends, so that the server does not take it for a dead one.
const PIPE_IDLE: Duration = Duration::from_secs(5);
/// Bytes of a pipe that are kept, and sent with one request, where nothing else is said.
const PIPE_CHUNK_BYTES: u64 = 8 << 20;

/// Why there are no more bytes.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// It is not the file that it was.
    #[error("the file changed while it was sent: {0}")]
    Changed(Changed),
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(Arc<io::Error>),
    /// The server lost bytes of a pipe that it had confirmed.
    #[error("the server lost bytes that it had confirmed, and what came from a pipe cannot be read again")]
    Gone,
}

/// How a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Changed {
    /// It has another length.
    #[error("it had {0} bytes, and has {1}")]
    Length(u64, u64),
    /// It was written to.
    #[error("it was written to")]
    Time,
}

/// Where the bytes come from.
#[derive(Debug)]
pub struct Source {
    from: From,
    fault: Fault,
}

type Fault = Arc<Mutex<Option<SourceError>>>;

#[derive(Debug)]
enum From {
    File { file: Arc<File>, as_found: Seen },
    Pipe(Arc<AsyncMutex<Pipe>>),
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    length: u64,
    modified: Option<SystemTime>,
}

impl Source {
    /// A file, as it is now.
    ///
    /// # Errors
    /// When it is no regular file, or cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let found = file.metadata()?;
        if !found.is_file() {
            let kind = if found.is_dir() { "it is a folder" } else { "it is no file; send what it holds with `-`" };
            return Err(io::Error::other(kind));
        }
        let as_found = Seen { length: found.len(), modified: found.modified().ok() };
        Ok(Self::from(From::File { file: Arc::new(file), as_found }))
    }

    /// Whatever `input` gives until its end, read by a thread of its own.
    pub fn pipe(input: impl Read + Send + 'static) -> Self {
        Self::from(From::Pipe(Arc::new(AsyncMutex::new(Pipe::new(input)))))
    }

    fn from(from: From) -> Self {
        Self { from, fault: Fault::default() }
    }

    /// Bytes in all, where that is known before the end.
    pub fn length(&self) -> Option<u64> {
        match &self.from {
            From::File { as_found, .. } => Some(as_found.length),
            From::Pipe(_) => None,
        }
    }

    /// Why the last pieces ended too early, if they did.
    pub fn fault(&self) -> Option<SourceError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What comes from `offset` on: `chunk` bytes at most. A pipe forgets what was before `offset`.
    ///
    /// # Errors
    /// [`SourceError`] when the place is no longer there.
    pub async fn pieces(&self, offset: u64, chunk: Option<u64>) -> Result<Payload, SourceError> {
        let pieces = self.try_pieces(offset, chunk).await;
        if let Err(error) = &pieces {
            note(&self.fault, error.clone());
        }
        pieces
    }

    async fn try_pieces(&self, offset: u64, chunk: Option<u64>) -> Result<Payload, SourceError> {
        let (sender, receiver) = mpsc::channel(PIECES_WAITING);
        match &self.from {
            From::File { file, as_found } => {
                let left = as_found
                    .length
                    .checked_sub(offset)
                    .ok_or(SourceError::Changed(Changed::Length(offset, as_found.length)))?;
                let count = chunk.map_or(left, |chunk| left.min(chunk));
                let (file, as_found, fault) = (Arc::clone(file), *as_found, Arc::clone(&self.fault));
                tokio::task::spawn_blocking(move || {
                    if let Err(error) = feed_file(&file, as_found, offset..offset + count, &sender) {
                        // Before the sender is dropped: whoever sees the pieces end can already ask why.
                        note(&fault, error);
                    }
                });
                Ok(Payload::pieces(receiver, Some(count)))
            }
            From::Pipe(pipe) => {
                let mut pipe = Arc::clone(pipe).lock_owned().await;
                pipe.forget(offset)?;
                let fault = Arc::clone(&self.fault);
                tokio::spawn(async move {
                    if let Err(error) = pipe.feed(chunk.unwrap_or(PIPE_CHUNK_BYTES), &sender).await {
                        note(&fault, error);
                    }
                });
                Ok(Payload::pieces(receiver, None))
            }
        }
    }

    /// The length in all, where it is known when everything up to `offset` is safe. Of a pipe only at its end.
    pub async fn length_at(&self, offset: u64) -> Option<u64> {
        match &self.from {
            From::File { as_found, .. } => Some(as_found.length),
            From::Pipe(pipe) => pipe.lock().await.length_at(offset),
        }
    }
}

fn note(fault: &Fault, error: SourceError) {
    *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
}

fn feed_file(
    file: &File,
    as_found: Seen,
    mut place: std::ops::Range<u64>,
    sender: &mpsc::Sender<Bytes>,
) -> Result<(), SourceError> {
    let unreadable = |error| SourceError::Unreadable(Arc::new(error));
    while !place.is_empty() {
        let mut piece =
            BytesMut::zeroed(PIECE_BYTES.min(usize::try_from(place.end - place.start).unwrap_or(PIECE_BYTES)));
        let read = match file.read_at(&mut piece, place.start) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(unreadable)?,
        };
        // After reading, so that the last piece of a changed file never completes it.
        let now = file.metadata().map_err(unreadable)?;
        if now.len() != as_found.length {
            return Err(SourceError::Changed(Changed::Length(as_found.length, now.len())));
        }
        if now.modified().ok() != as_found.modified || read == 0 {
            return Err(SourceError::Changed(Changed::Time));
        }
        piece.truncate(read);
        place.start += read as u64;
        if sender.blocking_send(piece.freeze()).is_err() {
            // The request is over; the next one begins at its own place.
            break;
        }
    }
    Ok(())
}

/// A pipe, and what came from it that is not safe at the server yet.
#[derive(Debug)]
struct Pipe {
    input: mpsc::Receiver<io::Result<Bytes>>,
    held: VecDeque<Bytes>,
    /// The place of the first byte that is held.
    from: u64,
    /// The place after the last byte that is held.
    to: u64,
    ended: bool,
}

impl Pipe {
    fn new(mut input: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(PIECES_WAITING);
        // A thread that nobody joins: reading a terminal cannot be broken off.
        std::thread::spawn(move || {
            let mut room = vec![0; PIECE_BYTES];
            loop {
                let piece = match input.read(&mut room) {
                    Ok(0) => return,
                    Ok(read) => Ok(Bytes::copy_from_slice(&room[..read])),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let over = piece.is_err();
                if sender.blocking_send(piece).is_err() || over {
                    return;
                }
            }
        });
        Self { input: receiver, held: VecDeque::new(), from: 0, to: 0, ended: false }
    }

    /// Lets go of everything before `offset`.
    fn forget(&mut self, offset: u64) -> Result<(), SourceError> {
        if !(self.from..=self.to).contains(&offset) {
            return Err(SourceError::Gone);
        }
        while self.from < offset {
            let mut first = self.held.pop_front().expect("as much is held as the places say");
            let past = (offset - self.from).min(first.len() as u64);
            self.from += past;
            let rest = first.split_off(usize::try_from(past).expect("within a piece"));
            if !rest.is_empty() {
                self.held.push_front(rest);
            }
        }
        Ok(())
    }

    /// Gives what is held, then what comes, until it is enough for one request, nothing came for a while, or it was all.
    async fn feed(&mut self, chunk: u64, sender: &mpsc::Sender<Bytes>) -> Result<(), SourceError> {
        for piece in &self.held {
            if sender.send(piece.clone()).await.is_err() {
                return Ok(());
            }
        }
        while !self.ended && self.to - self.from < chunk {
            let received = tokio::select! {
                received = tokio::time::timeout(PIPE_IDLE, self.input.recv()) => received,
                () = sender.closed() => return Ok(()),
            };
            match received {
                Err(_) => return Ok(()),
                Ok(None) => self.ended = true,
                Ok(Some(Err(error))) => return Err(SourceError::Unreadable(Arc::new(error))),
                Ok(Some(Ok(piece))) => {
                    self.to += piece.len() as u64;
                    self.held.push_back(piece.clone());
                    if sender.send(piece).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn length_at(&self, offset: u64) -> Option<u64> {
        (self.ended && offset == self.to).then_some(self.to)
    }
}
