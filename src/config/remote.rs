//! The settings of the commands that speak to a server: `rowcast tail --help`, `rowcast upload --help`.

use super::{ReadArgs, bytes};
use crate::domain::{ClientName, EventId, KindSet};
use crate::remote::{Address, Token};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// A client of a server.
#[derive(Debug, Clone)]
pub struct Client {
    /// The server.
    pub server: Address,
    /// The client's name.
    pub name: ClientName,
}

/// What to watch, and how it is shown.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  rowcast tail http://127.0.0.1:3000/me                       for people, from now on
  rowcast tail http://127.0.0.1:3000/me --from-start          all that is kept, then what comes
  rowcast tail http://127.0.0.1:3000/me --rows | jq .name     rows alone, one JSON object a line
  rowcast tail http://127.0.0.1:3000/me --ndjson --until-done > events.ndjson

It reconnects by itself and goes on after the last event; nothing is told twice, and what the server no longer keeps is
reported on standard error.

Status: 0 all went well, 1 the upload failed or was cancelled (with --until-done), 2 wrong usage or no such server.")]
pub struct TailArgs {
    /// The server and the client on it, such as `http://127.0.0.1:3000/me`. A path in between is kept, as behind a proxy.
    #[arg(value_name = "URL/CLIENT", value_parser = client)]
    pub client: Client,

    /// The key or token to show, where the server asks for one. In the environment it stands in no list of processes.
    #[arg(long, env = "ROWCAST_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<Token>,

    /// One JSON object a line for every event: {"event","id","data"}. `id` is null for progress, which has none.
    #[arg(long, conflicts_with = "rows")]
    pub ndjson: bool,

    /// Only the rows, one JSON object a line with every column, as in `{"name":"Ana","zip":"01234"}`.
    #[arg(long)]
    pub rows: bool,

    /// Begin with the oldest event that is kept, instead of now.
    #[arg(long, conflicts_with = "last_event_id")]
    pub from_start: bool,

    /// Begin after this event.
    #[arg(long, value_name = "ID", value_parser = event_id)]
    pub last_event_id: Option<String>,

    /// End with the next upload that ends, and say by the status how it went.
    #[arg(long)]
    pub until_done: bool,

    /// Only these kinds, joined by commas: row, problem, progress, toast, stage, profile. People are shown all but progress.
    #[arg(long, env = "ROWCAST_TAIL_EVENTS", value_name = "KINDS", conflicts_with = "rows", value_parser = kinds)]
    pub events: Option<String>,

    /// After how much silence the connection counts as lost; more than the server's `--keep-alive-ms`.
    #[arg(long, env = "ROWCAST_SILENCE_MAX", default_value = "60s", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub silence_max: Duration,

    /// How long to try to reach a server that was lost. Without it, for ever.
    #[arg(long, env = "ROWCAST_GIVE_UP_AFTER", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub give_up_after: Option<Duration>,
}

/// What to upload, and where.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  rowcast upload customers.csv                                to http://127.0.0.1:3000, for a new client
  rowcast upload *.csv --to https://csv.example.com --client me
  rowcast mock --rows 100000 | rowcast upload - --filename mock.csv --client me
  rowcast upload big.csv --client me --json | jq .rows

A connection that breaks, and a server that restarts, are waited for; the upload goes on from the last byte that is safe.
After Ctrl-C it can be taken up again with --resume.

Status: 0 every file was read, 1 an upload failed, was cancelled or given up, 2 wrong usage, a file that cannot be read, or
no such server; 130 after Ctrl-C.")]
pub struct UploadArgs {
    /// CSV files, sent one after the other; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// The server. A path is kept, as behind a proxy.
    #[arg(long, env = "ROWCAST_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub to: Address,

    /// The key or token to show, where the server asks for one. In the environment it stands in no list of processes.
    #[arg(long, env = "ROWCAST_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<Token>,

    /// The client whose watchers see the rows. Without it, a new UUID, which is printed; with --resume, the upload's own.
    #[arg(long, env = "ROWCAST_CLIENT", value_name = "NAME", value_parser = ClientName::parse)]
    pub client: Option<ClientName>,

    /// The name that the file is shown by, instead of its own. For one file only.
    #[arg(long, value_name = "NAME")]
    pub filename: Option<String>,

    /// Go on with this upload, which was interrupted. For one file only, and it must be the same.
    #[arg(long, value_name = "UPLOAD", value_parser = upload_id)]
    pub resume: Option<String>,

    /// `review`: it waits, once it is known how it is read, until somebody lets it go on (`POST /uploads/{id}/next`).
    #[arg(long, value_name = "WHY", value_parser = ["review"])]
    pub hold: Option<String>,

    /// Send in requests of at most so many bytes, such as `16MiB`, for proxies that bound them. Without it a file is one
    /// request; standard input is sent in requests of 8 MiB, which are kept in memory until the server has them.
    #[arg(long, env = "ROWCAST_CHUNK_BYTES", value_name = "BYTES", value_parser = chunk)]
    pub chunk_bytes: Option<u64>,

    /// Write one JSON object a line for each file, and nothing else, to standard output.
    #[arg(long)]
    pub json: bool,

    /// No progress on standard error; problems are still told.
    #[arg(long, short)]
    pub quiet: bool,

    /// How many problems of each file are told in full. Further ones are counted.
    #[arg(long, env = "ROWCAST_PROBLEMS_SHOWN", default_value_t = 20, value_name = "COUNT")]
    pub problems_shown: u64,

    /// How long to try without getting any further before the upload is given up. It can be resumed even then.
    #[arg(long, env = "ROWCAST_GIVE_UP_AFTER", default_value = "10m", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub give_up_after: Duration,

    /// How the files are to be read.
    #[command(flatten)]
    pub read: ReadArgs,
}

fn client(text: &str) -> Result<Client, String> {
    let (server, name) = Address::with_client(text).map_err(|error| error.to_string())?;
    Ok(Client { server, name })
}

fn kinds(text: &str) -> Result<String, String> {
    text.parse::<KindSet>().map_err(|error| error.to_string())?;
    Ok(text.split(',').map(str::trim).filter(|kind| !kind.is_empty()).collect::<Vec<_>>().join(","))
}

fn event_id(text: &str) -> Result<String, String> {
    text.parse::<EventId>().map(|id| id.to_string()).map_err(|error| error.to_string())
}

fn upload_id(text: &str) -> Result<String, String> {
    let id = text.parse::<uuid::Uuid>().map_err(|_| "expected the id of an upload, a UUID")?;
    Ok(id.to_string())
}

fn chunk(text: &str) -> Result<u64, String> {
    match bytes(text)? {
        0 => Err("expected at least one byte".into()),
        count => Ok(count),
    }
}
