//! `rowcast upload`: files on their way to a server, whatever happens to the connection.
//!
//! Top layer, a command. What it does is `remote`'s [`Transfer`]; here it is shown, and its end becomes a line and a status.
//!
//! Invariants: every file given ends in exactly one [`outcome::Outcome`]; standard output holds only these; an upload that
//! stops half-way says how to go on with it.
//!
//! Not for: the protocol, and when to try again (`remote`).

mod face;
mod outcome;

use super::plain;
use crate::config::UploadArgs;
use crate::domain::ClientName;
use crate::remote::{
    Begin, Found, Plan, RemoteError, Source, Stop, Subscription, Transfer, Update, Watch, Went, find_upload,
};
use face::Face;
use outcome::{End, Outcome};
use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// How long the last events of an upload may take that is over already.
const LAST_EVENTS: Duration = Duration::from_secs(5);
/// How often what is shown is brought up to date.
const TICK: Duration = Duration::from_millis(100);
/// After how much silence a watching connection counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A file, before it is sent.
struct Item {
    source: Source,
    filename: String,
    /// As it was given, to be given again.
    argument: String,
}

pub(super) fn run(mut args: UploadArgs) -> Result<ExitCode, Box<dyn Error>> {
    args.to = args.to.with_token(args.token.take());
    let items = match open(&args) {
        Ok(items) => items,
        Err(reason) => {
            eprintln!("rowcast: {}", plain::shown(&reason));
            return Ok(super::NOT_REACHED.into());
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let status = runtime.block_on(upload(args, items));
    // Standard input may never end, and nobody waits for it any more.
    runtime.shutdown_background();
    status
}

/// Every file, before the first is sent: a wrong name is told at once and not after an hour.
fn open(args: &UploadArgs) -> Result<Vec<Item>, String> {
    if args.files.len() > 1 && (args.filename.is_some() || args.resume.is_some()) {
        return Err("--filename and --resume are for one file".into());
    }
    args.read.options().map_err(|bad| bad.to_string())?;
    if args.resume.is_some() && !said(args).is_empty() {
        return Err("how an upload is read was said when it began; --resume only goes on with it".into());
    }
    let mut piped = false;
    let open_one = |path: &std::path::PathBuf| {
        let argument = path.to_string_lossy().into_owned();
        let (source, name) = if argument == "-" {
            if args.resume.is_some() {
                return Err("standard input cannot be read again, so --resume takes a file".into());
            }
            if std::mem::replace(&mut piped, true) {
                return Err("standard input can be sent once".into());
            }
            (Source::pipe(io::stdin()), "stdin.csv".to_owned())
        } else {
            let source = Source::open(path).map_err(|error| format!("{argument} cannot be read: {error}"))?;
            (source, path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        };
        Ok(Item { source, filename: args.filename.clone().unwrap_or(name), argument })
    };
    args.files.iter().map(open_one).collect()
}

async fn upload(args: UploadArgs, items: Vec<Item>) -> Result<ExitCode, Box<dyn Error>> {
    let client = match (&args.client, &args.resume) {
        (Some(client), _) => client.clone(),
        (None, Some(id)) => client_of(&args, id).await.unwrap_or_else(new_client),
        (None, None) => new_client(),
    };
    if args.client.is_none() && args.resume.is_none() && !args.quiet {
        eprintln!("client {client}; watch it with: rowcast tail {}/{client}", args.to);
    }
    let mut signals = Signals::new()?;
    let mut events = watch(&args, &client);
    let mut reached = events.attached().await;
    let (mut status, mut stopped) = (ExitCode::SUCCESS, false);
    for item in items {
        let outcome = if stopped {
            // Of the files after one that was broken off nothing was sent.
            Outcome::new(&item, &client, End::NotBegun)
        } else {
            send(&args, &client, item, &mut events, &mut signals, reached).await
        };
        reached |= outcome.reached();
        stopped |= outcome.stops();
        let out = if args.json { outcome.json() } else { outcome.line(&args.to) };
        // Whoever reads no more still wants the files to be sent.
        match out.map_or(Ok(()), |out| writeln!(io::stdout(), "{out}")) {
            Err(error) if !super::reader_left(&error) => return Err(error.into()),
            _ => {}
        }
        for line in outcome.told(&args) {
            eprintln!("{line}");
        }
        if let Some(failed) = outcome.status()
            && status == ExitCode::SUCCESS
        {
            status = failed.into();
        }
    }
    Ok(status)
}

/// How the files are to be read, by name.
fn said(args: &UploadArgs) -> Vec<(&'static str, String)> {
    let mut said = args.read.said();
    said.extend(args.hold.clone().map(|why| ("hold", why)));
    said
}

/// Whose watchers see an upload. It is only for seeing them as well: whether it can be resumed shows later.
async fn client_of(args: &UploadArgs, id: &str) -> Option<ClientName> {
    let upload = find_upload(args.to.clone(), id).await.ok()??;
    ClientName::parse(&upload.client).ok()
}

fn new_client() -> ClientName {
    ClientName::parse(&uuid::Uuid::new_v4().to_string()).expect("a UUID is a client's name")
}

/// Sends one file, and shows how it goes.
async fn send(
    args: &UploadArgs,
    client: &ClientName,
    item: Item,
    events: &mut Events,
    signals: &mut Signals,
    reached: bool,
) -> Outcome {
    let begun = Instant::now();
    let mut outcome = Outcome::new(&item, client, End::NotBegun);
    let mut face = Face::new(&item.filename, item.source.length(), args.quiet, args.problems_shown);
    let plan = Plan {
        client: client.clone(),
        filename: item.filename,
        resume: args.resume.clone(),
        said: said(args),
        chunk_bytes: args.chunk_bytes,
        give_up_after: args.give_up_after,
    };
    let (notes, mut noted) = mpsc::unbounded_channel();
    let transfer = Transfer::new(args.to.clone(), item.source, plan, reached, notes).run();
    tokio::pin!(transfer);
    let mut ticks = tokio::time::interval(TICK);
    let end = loop {
        tokio::select! {
            biased;
            code = signals.next() => break End::Interrupted(code),
            Some(note) = noted.recv() => outcome.note(&face.note(note)),
            ended = &mut transfer => {
                drain(&mut noted, &mut face, &mut outcome);
                break match ended {
                    Ok(found) => End::Done(found),
                    Err(stop) => End::Stopped(stop),
                }
            },
            Some(update) = events.next() => { face.update(update); }
            _ = ticks.tick() => face.show(),
        }
    };
    let time = begun.elapsed();
    // The answer may be here before the last problems are.
    if matches!(&end, End::Done(Found::Told(_)) | End::Stopped(Stop::Ended(_))) {
        let last = async {
            while !face.is_over()
                && let Some(update) = events.next().await
            {
                face.update(update);
            }
        };
        _ = tokio::time::timeout(LAST_EVENTS, last).await;
    }
    face.close();
    outcome.end(end, time);
    outcome
}

fn drain(noted: &mut UnboundedReceiver<Went>, face: &mut Face, outcome: &mut Outcome) {
    while let Ok(note) = noted.try_recv() {
        outcome.note(&face.note(note));
    }
}

/// What the server tells the client's watchers, for as long as it can be had. An upload goes on without it.
struct Events {
    updates: mpsc::Receiver<Update>,
    attached: Option<tokio::sync::oneshot::Receiver<bool>>,
}

fn watch(args: &UploadArgs, client: &ClientName) -> Events {
    let mut subscription = Subscription::new(
        args.to.clone(),
        Watch {
            client: client.clone(),
            begin: Begin::Now,
            kinds: Some("progress,problem,stage".to_owned()),
            until_done: false,
            silence_max: SILENCE_MAX,
            give_up_after: None,
        },
    );
    let (sender, updates) = mpsc::channel(64);
    let (attach, attached) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        // Before the first byte is sent, so that nothing of it is missed.
        let first = subscription.attach().await;
        _ = attach.send(matches!(first, Ok(_) | Err(RemoteError::Refused { .. })));
        if first.is_err() {
            return;
        }
        while let Ok(Some(update)) = subscription.next().await {
            if sender.send(update).await.is_err() {
                return;
            }
        }
    });
    Events { updates, attached: Some(attached) }
}

impl Events {
    /// Whether there is a server, once that is known.
    async fn attached(&mut self) -> bool {
        match self.attached.take() {
            Some(attached) => attached.await.unwrap_or(false),
            None => false,
        }
    }

    async fn next(&mut self) -> Option<Update> {
        self.updates.recv().await
    }
}

/// Ctrl-C, and what a system asks for.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The status that a signal stands for, when one comes.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
        }
    }
}

/// A path as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// Whether a path means standard input.
fn is_pipe(argument: &str) -> bool {
    Path::new(argument) == Path::new("-")
}
