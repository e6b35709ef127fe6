//! One file on its way: created, sent, taken up again as often as it has to be.

use super::address::Address;
use super::connection::Connection;
use super::error::RemoteError;
use super::pause::Pause;
use super::source::{Source, SourceError};
use super::tus::{self, Upload};
use crate::domain::{ClientName, Stage};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// What to send, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The client whose watchers see it.
    pub client: ClientName,
    /// The file's name, as people see it.
    pub filename: String,
    /// How the file is to be read, by name.
    pub said: Vec<(&'static str, String)>,
    /// Go on with this upload instead of creating one.
    pub resume: Option<String>,
    /// Bytes of one request at most; all of them where there is none.
    pub chunk_bytes: Option<u64>,
    /// How long to try without getting any further.
    pub give_up_after: Duration,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Went {
    /// It has an id now, under which it can be taken up again.
    Begun(String),
    /// The server holds that many bytes.
    Reached(u64),
    /// It broke off; after the pause it goes on.
    Away {
        /// What happened.
        reason: String,
        /// How long until the next try.
        pause: Duration,
    },
    /// It goes on, from this byte.
    Back(u64),
}

/// How it ended when it went well: what the server says of it, or only its id where the server does not.
#[derive(Debug, Clone)]
pub enum Found {
    /// What the server says.
    Told(Upload),
    /// It has the id, and as many bytes.
    Bytes(String, u64),
}

/// Why it did not end well.
#[derive(Debug)]
pub enum Stop {
    /// Nothing was ever reached there.
    Unreachable(RemoteError),
    /// The server does not want it.
    Refused(RemoteError),
    /// Trying was given up; this was the last reason.
    GaveUp(RemoteError),
    /// The server ended it: failed, cancelled.
    Ended(Box<Upload>),
    /// The bytes are not there any more. The upload was cancelled.
    Source(SourceError),
}

/// Sends one source to one upload.
pub struct Transfer {
    plan: Plan,
    source: Source,
    connection: Connection,
    pause: Pause,
    notes: UnboundedSender<Went>,
    /// Whether the server has answered before.
    reached: bool,
    /// The most bytes it was ever known to hold.
    farthest: u64,
}

/// What comes next.
enum Step {
    /// Send from here. True: the length is still to be declared.
    Send(u64, bool),
    /// Everything is there; the server reads the rest.
    Wait,
    /// It is over.
    Over(Found),
}

impl Transfer {
    /// For a server. `reached`: whether it has answered before, so that it is worth waiting for.
    pub fn new(server: Address, source: Source, plan: Plan, reached: bool, notes: UnboundedSender<Went>) -> Self {
        let pause = Pause::new(Duration::from_millis(250), Duration::from_secs(15));
        Self { plan, source, connection: Connection::to(server), pause, notes, reached, farthest: 0 }
    }

    /// Sends everything, and waits until the server has read it, or holds it for somebody to look at.
    ///
    /// # Errors
    /// [`Stop`]. Dropped half-way, the upload can be resumed.
    pub async fn run(mut self) -> Result<Found, Stop> {
        let (id, mut next) = self.begin().await?;
        self.note(Went::Begun(id.clone()));
        loop {
            let tried = match next {
                Some(Step::Over(Found::Told(upload))) if !matches!(upload.stage, Stage::Done | Stage::Understood) => {
                    return Err(Stop::Ended(Box::new(upload)));
                }
                Some(Step::Over(found)) => return Ok(found),
                Some(Step::Send(offset, declare)) => self.send(&id, offset, declare).await,
                Some(Step::Wait) => self.wait(&id).await,
                None => self.find(&id).await,
            };
            next = match tried {
                Ok(step) => Some(step),
                Err(error) => {
                    if let Some(fault) = self.source.fault() {
                        // The rest will never come, and nobody shall take the beginning for the whole.
                        _ = tus::cancel(&mut self.connection, &id).await;
                        return Err(Stop::Source(fault));
                    }
                    if error.passes() {
                        self.away(error).await?;
                        None
                    } else {
                        // Most often somebody or something ended the upload, and the server knows more than the refusal.
                        match tus::look(&mut self.connection, &id).await {
                            Ok(Some(upload)) if upload.stage.is_final() => Some(Step::Over(Found::Told(upload))),
                            _ => return Err(Stop::Refused(error)),
                        }
                    }
                }
            };
        }
    }

    /// The upload's id, and where to begin if that is known already.
    async fn begin(&mut self) -> Result<(String, Option<Step>), Stop> {
        if let Some(id) = self.plan.resume.clone() {
            return Ok((id, None));
        }
        loop {
            let length = self.source.length();
            match tus::create(&mut self.connection, &self.plan, length).await {
                Ok(id) => {
                    self.reached = true;
                    return Ok((id, Some(Step::Send(0, length.is_none()))));
                }
                Err(error) if error.passes() => self.away(error).await?,
                Err(error) => return Err(Stop::Refused(error)),
            }
        }
    }

    async fn send(&mut self, id: &str, offset: u64, declare: bool) -> Result<Step, RemoteError> {
        let length = self.source.length_at(offset).await;
        let pieces = self.source.pieces(offset, self.plan.chunk_bytes).await;
        let pieces = pieces.map_err(|error| RemoteError::NotUnderstood(error.to_string()))?;
        let declared = length.filter(|_| declare);
        let new = tus::patch(&mut self.connection, id, offset, declared, pieces).await?;
        self.farther(new);
        if length == Some(new) {
            return self.find(id).await;
        }
        Ok(Step::Send(new, declare && declared.is_none()))
    }

    /// Asks the server where the upload stands.
    async fn find(&mut self, id: &str) -> Result<Step, RemoteError> {
        let told = tus::look(&mut self.connection, id).await?;
        if let Some(upload) = told.as_ref().filter(|upload| upload.stage.is_final()) {
            return Ok(Step::Over(Found::Told(upload.clone())));
        }
        let standing = tus::standing(&mut self.connection, id).await?;
        let offset = standing.offset;
        self.reached = true;
        self.farther(offset);
        if self.source.length().zip(standing.length).is_some_and(|(ours, theirs)| ours != theirs) {
            let theirs = standing.length.unwrap_or_default();
            return Err(RemoteError::NotUnderstood(format!("the upload is of another file: it has {theirs} bytes")));
        }
        let complete = standing.length == Some(offset);
        match told {
            None if complete => Ok(Step::Over(Found::Bytes(id.to_owned(), offset))),
            Some(upload) if complete && upload.stage == Stage::Understood => Ok(Step::Over(Found::Told(upload))),
            Some(upload) if complete && upload.stage.is_running() => Ok(Step::Wait),
            _ => {
                self.note(Went::Back(offset));
                Ok(Step::Send(offset, standing.length.is_none()))
            }
        }
    }

    /// Looks until the server has read what it has.
    async fn wait(&mut self, id: &str) -> Result<Step, RemoteError> {
        loop {
            match tus::look(&mut self.connection, id).await? {
                Some(upload) if upload.stage == Stage::Understood => return Ok(Step::Over(Found::Told(upload))),
                Some(upload) if upload.stage.is_running() => tokio::time::sleep(Duration::from_millis(100)).await,
                Some(upload) if upload.stage.is_final() => return Ok(Step::Over(Found::Told(upload))),
                _ => return self.find(id).await,
            }
        }
    }

    async fn away(&mut self, error: RemoteError) -> Result<(), Stop> {
        if !self.reached && matches!(error, RemoteError::Unreachable { .. }) {
            return Err(Stop::Unreachable(error));
        }
        if self.pause.lasting() >= self.plan.give_up_after {
            return Err(Stop::GaveUp(error));
        }
        let pause = self.pause.next(error.retry_after());
        self.note(Went::Away { reason: error.to_string(), pause });
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn farther(&mut self, offset: u64) {
        if offset > self.farthest {
            self.farthest = offset;
            self.pause.reset();
        }
        self.note(Went::Reached(offset));
    }

    fn note(&self, note: Went) {
        // Whoever does not listen does not want to know.
        _ = self.notes.send(note);
    }
}
