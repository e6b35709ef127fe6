//! How a file ended: a line for people, a line for scripts, a status.

use super::{Item, is_pipe, quoted};
use crate::commands::plain::{counted, shown, span};
use crate::config::UploadArgs;
use crate::domain::{ClientName, Stage};
use crate::remote::{Address, Found, Reason, RemoteError, Stop, Upload, Went};
use serde::Serialize;
use std::time::Duration;

/// One file's end.
pub struct Outcome {
    filename: String,
    argument: String,
    client: String,
    id: Option<String>,
    /// Bytes that the server is known to hold.
    reached: u64,
    time: Duration,
    end: End,
}

/// How it ended.
pub enum End {
    /// It was not tried.
    NotBegun,
    /// The server has read all of it.
    Done(Found),
    /// It did not go well.
    Stopped(Stop),
    /// Somebody stopped this program; with the status for it.
    Interrupted(u8),
}

impl Outcome {
    /// Of a file that nothing has happened to.
    pub fn new(item: &Item, client: &ClientName, end: End) -> Self {
        Self {
            filename: item.filename.clone(),
            argument: item.argument.clone(),
            client: client.to_string(),
            id: None,
            reached: 0,
            time: Duration::ZERO,
            end,
        }
    }

    /// Takes in what happened on the way.
    pub fn note(&mut self, note: &Went) {
        match note {
            Went::Begun(id) => self.id = Some(id.clone()),
            Went::Reached(bytes) | Went::Back(bytes) => self.reached = *bytes,
            Went::Away { .. } => {}
        }
    }

    /// It is over.
    pub fn end(&mut self, end: End, time: Duration) {
        (self.end, self.time) = (end, time);
    }

    /// Whether the server was there.
    pub fn reached(&self) -> bool {
        self.id.is_some()
    }

    /// Whether further files need not be tried.
    pub fn stops(&self) -> bool {
        matches!(self.end, End::Interrupted(_) | End::Stopped(Stop::Unreachable(_)))
    }

    /// The status, if it did not go well.
    pub fn status(&self) -> Option<u8> {
        match &self.end {
            End::Done(_) => None,
            End::Interrupted(status) => Some(*status),
            End::Stopped(Stop::Unreachable(_)) => Some(super::super::NOT_REACHED),
            End::Stopped(_) | End::NotBegun => Some(1),
        }
    }

    /// What the server said last.
    fn upload(&self) -> Option<&Upload> {
        match &self.end {
            End::Done(Found::Told(upload)) => Some(upload),
            End::Stopped(Stop::Ended(upload)) => Some(upload),
            _ => None,
        }
    }

    fn failure(&self) -> Option<Reason> {
        let reason = |code: &str, message: String| Some(Reason { code: code.to_owned(), message });
        let remote = |error: &RemoteError| reason(error.code(), error.to_string());
        match &self.end {
            End::Done(_) => None,
            End::NotBegun => reason("not-begun", "It was not tried any more.".into()),
            End::Interrupted(_) => reason("stopped", "This program was stopped.".into()),
            End::Stopped(Stop::Unreachable(error) | Stop::Refused(error)) => remote(error),
            End::Stopped(Stop::GaveUp(error)) => reason("gave-up", format!("Given up: {error}")),
            End::Stopped(Stop::Source(error)) => {
                reason("source", format!("The file's bytes are not there any more: {error}"))
            }
            End::Stopped(Stop::Ended(upload)) => {
                upload.failure.clone().or_else(|| reason(upload.stage.as_str(), format!("It is {}.", upload.stage)))
            }
        }
    }

    /// Whether somebody can go on with it, and there is something to go on with.
    fn can_go_on(&self) -> bool {
        let is_open = matches!(&self.end, End::Interrupted(_) | End::Stopped(Stop::GaveUp(_)));
        is_open && self.id.is_some() && !is_pipe(&self.argument)
    }

    /// For scripts: one line of JSON.
    pub fn json(&self) -> Option<String> {
        #[derive(Serialize)]
        struct Line<'a> {
            file: &'a str,
            filename: &'a str,
            client: &'a str,
            upload: Option<&'a str>,
            ok: bool,
            stage: Option<Stage>,
            rows: Option<u64>,
            problems: Option<u64>,
            problems_by_code: Option<&'a std::collections::BTreeMap<String, u64>>,
            bytes: u64,
            seconds: f64,
            failure: Option<Reason>,
            can_resume: bool,
        }
        let upload = self.upload();
        let stage = match &self.end {
            End::Done(Found::Bytes(..)) => Some(Stage::Done),
            _ => upload.map(|upload| upload.stage),
        };
        let line = Line {
            file: &self.argument,
            filename: &self.filename,
            client: upload.map_or(&self.client, |upload| &upload.client),
            upload: self.id.as_deref(),
            ok: matches!(self.end, End::Done(_)),
            stage,
            rows: upload.map(|upload| upload.rows),
            problems: upload.map(|upload| upload.problems),
            problems_by_code: upload.map(|upload| &upload.problems_by_code),
            bytes: upload.map_or(self.reached, |upload| upload.received_bytes),
            seconds: (self.time.as_secs_f64() * 1000.0).round() / 1000.0,
            failure: self.failure(),
            can_resume: self.can_go_on(),
        };
        Some(serde_json::to_string(&line).expect("a line of ours is JSON"))
    }

    /// For people, where it went well: what came of it, and where it is.
    pub fn line(&self, server: &Address) -> Option<String> {
        let End::Done(found) = &self.end else { return None };
        let name = shown(&self.filename);
        let (what, id) = match found {
            Found::Told(upload) if upload.stage == Stage::Understood => {
                (format!("held for review, {}", counted(upload.received_bytes, "byte")), &upload.id)
            }
            Found::Told(upload) => {
                (format!("{}, {}", counted(upload.rows, "row"), counted(upload.problems, "problem")), &upload.id)
            }
            Found::Bytes(id, bytes) => (counted(*bytes, "byte"), id),
        };
        Some(format!("{name}: {what}, {}  {server}/uploads/{}", span(self.time), shown(id)))
    }

    /// For people, where it waits or did not go well: why, and how to go on.
    pub fn told(&self, args: &UploadArgs) -> Vec<String> {
        let name = shown(&self.filename);
        if let End::Done(Found::Told(Upload { stage: Stage::Understood, id, .. })) = &self.end {
            let at = format!("{}/uploads/{}", args.to, shown(id));
            return vec![
                format!("{name} is held: look at its `reading` at {at}. If that is right, go on with:"),
                format!("curl -X POST {at}/next"),
                format!("If it is not: curl -X POST {at}/cancel, and send it with other options."),
            ];
        }
        let Some(Reason { message, .. }) = self.failure() else { return Vec::new() };
        let mut lines = vec![format!("rowcast: {name}: {}", shown(&message))];
        match &self.id {
            Some(id) if self.can_go_on() => lines.push(format!(
                "{} of it are safe. Go on with: rowcast upload {} --to {} --client {} --resume {id}",
                counted(self.reached, "byte"),
                quoted(&self.argument),
                args.to,
                self.client,
            )),
            Some(_) if is_pipe(&self.argument) && matches!(self.end, End::Interrupted(_)) => {
                lines.push("What came from standard input cannot be read again; the rows so far stay.".into());
            }
            _ => {}
        }
        lines
    }
}
