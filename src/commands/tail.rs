//! `rowcast tail`: a client's events, as they come.

use super::{plain, reader_left, told};
use crate::config::TailArgs;
use crate::domain::Stage;
use crate::remote::sse::Event;
use crate::remote::{Begin, RemoteError, Subscription, Update, Watch};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For people.
    Lines,
    /// Each event as a JSON object.
    Ndjson,
    /// Each row's cells as a JSON object.
    Rows,
}

/// What ends the watching early.
enum End {
    /// Whoever read the output has had enough.
    ReaderLeft,
    /// The output cannot be written.
    Output(io::Error),
    /// The server cannot be reached, or does not want us.
    Remote(RemoteError),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        if reader_left(&error) { Self::ReaderLeft } else { Self::Output(error) }
    }
}

pub(super) fn run(args: TailArgs) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = watch(args) => ended,
            () = reader_gone() => Err(End::ReaderLeft),
        }
    });
    match ended {
        Ok(stage) if stage.is_none_or(|stage| stage == Stage::Done) => Ok(ExitCode::SUCCESS),
        Ok(_) => Ok(ExitCode::FAILURE),
        Err(End::ReaderLeft) => Ok(ExitCode::SUCCESS),
        Err(End::Output(error)) => Err(error.into()),
        Err(End::Remote(error)) => {
            eprintln!("rowcast: {}", plain::shown(&error.to_string()));
            Ok(super::NOT_REACHED.into())
        }
    }
}

/// Writes until the server says that it was all; with the stage that the last upload ended in.
async fn watch(args: TailArgs) -> Result<Option<Stage>, End> {
    let form = match (args.rows, args.ndjson) {
        (true, _) => Form::Rows,
        (false, true) => Form::Ndjson,
        (false, false) => Form::Lines,
    };
    let shown = match (form, args.events) {
        (Form::Rows, _) => Some("row".to_owned()),
        (_, Some(kinds)) => Some(kinds),
        (Form::Lines, None) => Some("row,problem,toast,stage".to_owned()),
        (Form::Ndjson, None) => None,
    };
    // How it ended is told by a stage, asked for or not.
    let kinds = shown.clone().map(|kinds| if args.until_done { kinds + ",stage" } else { kinds });
    let begin = match (args.from_start, args.last_event_id) {
        (true, _) => Begin::Start,
        (false, Some(id)) => Begin::After(id),
        (false, None) => Begin::Now,
    };
    let mut events = Subscription::new(
        args.client.server.with_token(args.token),
        Watch {
            client: args.client.name,
            begin,
            kinds,
            until_done: args.until_done,
            silence_max: args.silence_max,
            give_up_after: args.give_up_after,
        },
    );
    let is_shown =
        |kind: &str| kind == "gap" || shown.as_ref().is_none_or(|kinds| kinds.split(',').any(|one| one == kind));
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut ended = None;
    loop {
        if !events.has_next() {
            // Whatever came together is written together, and nothing waits for more.
            out.flush()?;
        }
        match events.next().await.map_err(End::Remote)? {
            None => return Ok(ended),
            Some(Update::Away { reason, pause }) => {
                let pause = plain::span(pause);
                eprintln!("rowcast: {}; trying again in {pause}", plain::shown(&reason));
            }
            Some(Update::Back) => eprintln!("rowcast: connected again"),
            Some(Update::Event(event)) => {
                if event.kind == "gap" {
                    eprintln!("rowcast: {}", gap(&event));
                }
                ended = told::entered(&event).filter(|stage| !stage.is_running()).or(ended);
                if is_shown(&event.kind) {
                    write(&mut out, form, &event)?;
                }
            }
        }
    }
}

fn write(out: &mut impl Write, form: Form, event: &Event) -> io::Result<()> {
    match form {
        Form::Lines if event.kind == "gap" => Ok(()),
        Form::Lines => writeln!(out, "{}", told::line(event)),
        Form::Ndjson => {
            #[derive(Serialize)]
            struct Line<'a> {
                event: &'a str,
                id: Option<&'a str>,
                data: &'a RawValue,
            }
            let text;
            let data = match one_line(&event.data) {
                Some(data) => data,
                None => {
                    text = to_raw_value(&event.data)?;
                    &text
                }
            };
            serde_json::to_writer(&mut *out, &Line { event: &event.kind, id: event.id.as_deref(), data })?;
            out.write_all(b"\n")
        }
        Form::Rows => {
            #[derive(Deserialize)]
            struct Row<'a> {
                #[serde(borrow)]
                data: &'a RawValue,
            }
            match serde_json::from_str::<Row<'_>>(&event.data) {
                // The text as it was sent: the columns keep their order.
                Ok(row) if event.kind == "row" => writeln!(out, "{}", row.data.get()),
                _ => Ok(()),
            }
        }
    }
}

/// The data, if it is JSON of one line.
fn one_line(data: &str) -> Option<&RawValue> {
    serde_json::from_str::<&RawValue>(data).ok().filter(|data| !data.get().contains('\n'))
}

/// What cannot be had any more.
fn gap(event: &Event) -> String {
    #[derive(Deserialize)]
    struct Gap {
        from: String,
        to: String,
        reason: String,
    }
    match serde_json::from_str(&event.data) {
        Ok(Gap { from, to, reason }) => plain::shown(&format!("events are missing, from {from} to {to}: {reason}")),
        Err(_) => format!("events are missing: {}", plain::shown(&event.data)),
    }
}

/// Ends when whoever read the output has gone, even if there is nothing to write. A file never goes.
async fn reader_gone() {
    let (sender, gone) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let output = io::stdout();
        // Nothing is asked for: only the other end's going away is told.
        let mut ends = [PollFd::new(&output, PollFlags::empty())];
        while let Err(Errno::INTR) = poll(&mut ends, None) {}
        if ends[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            _ = sender.send(());
        }
    });
    if gone.await.is_err() {
        std::future::pending().await
    }
}
