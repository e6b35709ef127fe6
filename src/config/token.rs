//! The settings of `rowcast token`.

use crate::access::{ClientPattern, Roles, parse_clients, parse_roles, parse_sub};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// What to do with keys.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Make a key, and write it once; the server keeps only its digest.
    New(NewTokenArgs),
    /// Say what a key or a token is; nothing of it is verified.
    Inspect(InspectArgs),
}

/// The key to make.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  rowcast token new --sub alice --role uploader --client 'orders-*' --expires 30d --file keys
  rowcast serve --auth token --auth-keys keys
  ROWCAST_TOKEN=rct_… rowcast upload orders.csv --client orders-eu

The key is on the first line of standard output and nowhere else. Without --file, the second line is the one for the server's
file of keys.")]
pub struct NewTokenArgs {
    /// Whose key it is: the name in logs, and what {sub} stands for.
    #[arg(long, value_name = "NAME", value_parser = parse_sub)]
    pub sub: String,

    /// What it is good for: viewer, uploader, publisher or admin, joined by commas; may be said several times.
    #[arg(long = "role", value_name = "ROLES", required = true, value_parser = parse_roles)]
    pub roles: Vec<Roles>,

    /// At which clients: names in which * stands for anything and {sub} for the name, joined by commas; may be said several
    /// times. Without it, only at the client that is called like its owner.
    #[arg(long = "client", value_name = "PATTERNS", default_value = "{sub}", value_parser = patterns)]
    pub clients: Vec<Patterns>,

    /// After how long it ends, such as `30d`; never, where nothing is said.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub expires: Option<Duration>,

    /// Add its line to this file of keys, which is made where there is none.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// The key or token to look at.
#[derive(Debug, Clone, Args)]
pub struct InspectArgs {
    /// A key or a JSON Web Token; `-` for standard input, so that it stands in no list of processes.
    pub token: String,

    /// Look the key up in this file of keys.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Client patterns of one flag.
#[derive(Debug, Clone)]
pub struct Patterns(
    /// The patterns.
    pub Vec<ClientPattern>,
);

fn patterns(text: &str) -> Result<Patterns, String> {
    parse_clients(text).map(Patterns)
}
