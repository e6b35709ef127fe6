//! Every setting: flags, environment, defaults. `rowcast serve --help` is the reference.
//!
//! Limits are flags of their own, made from the one table in [`Limits::TABLE`].

mod auth;
mod file;
mod log;
mod read;
mod remote;
mod token;
mod upkeep;

pub use auth::{AuthArgs, AuthMode, BadAuth};
pub use file::{Effective, SettingsError, settings};
pub use log::{BadLogFilter, LogFilter, LogFormat};
pub use read::ReadArgs;
pub use remote::{Client, TailArgs, UploadArgs};
pub use token::{InspectArgs, NewTokenArgs, Patterns, TokenCommand};
pub use upkeep::{BackupArgs, GcArgs};

use crate::domain::{LimitSpec, Limits, Unit};
use crate::mock::{BadColumns, Column};
use crate::rates::Network;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// How the server runs.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// File of settings in TOML: flags' names as keys, limits also in a table `[limits]`. Flags and variables go before it.
    #[arg(long, env = "ROWCAST_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Address and port to listen on. Port 0 takes a free one; the line `listening on …` tells which.
    #[arg(long, env = "ROWCAST_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// Folder of everything that is kept. One process at a time may use it.
    #[arg(long, env = "ROWCAST_DATA_DIR", default_value = "data/run", value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// How long an upload is kept after it ended, such as `24h` or `30d`.
    #[arg(long, env = "ROWCAST_KEEP", default_value = "24h", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub keep: Duration,

    /// Bytes of files kept in all, such as `100GiB`; beyond them the oldest uploads go first.
    #[arg(long, env = "ROWCAST_KEEP_BYTES", default_value = "100GiB", value_name = "BYTES", value_parser = bytes)]
    pub keep_bytes: u64,

    /// Serve the page from this folder instead of the one in the program, while working on it.
    #[arg(long, env = "ROWCAST_STATIC_DIR", value_name = "FOLDER")]
    pub static_dir: Option<PathBuf>,

    /// Further names by which this server may be addressed, besides loopback and the listen address (DNS rebinding).
    #[arg(long, env = "ROWCAST_ALLOW_HOST", value_name = "NAME", value_delimiter = ',')]
    pub allow_host: Vec<String>,

    /// Origins whose pages may use this server from another site, such as `https://app.example` (CORS).
    #[arg(long, env = "ROWCAST_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,

    /// Networks of proxies that are believed when they say whom a request is from (`Forwarded`, `X-Forwarded-For`,
    /// `X-Forwarded-Proto`), such as `127.0.0.1` or `10.0.0.0/8`; may be said several times. Nobody else is.
    #[arg(long, env = "ROWCAST_TRUSTED_PROXY", value_name = "NETWORK", value_delimiter = ',')]
    pub trusted_proxy: Vec<Network>,

    /// Listen beyond loopback without --auth, although anybody who reaches the port may then read, upload and delete.
    #[arg(long, env = "ROWCAST_INSECURE_PUBLIC", value_parser = clap::builder::BoolishValueParser::new(),
          default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    pub insecure_public: bool,

    /// Certificate to speak TLS with, and those between it and its root, as PEM. It is read again when it is renewed.
    #[arg(long, env = "ROWCAST_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's key, as PEM.
    #[arg(long, env = "ROWCAST_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// How much is logged: off, error, warn, info, debug or trace. The access log (a line a request) and the audit log (who
    /// uploaded, cancelled, deleted what) are part of info, and can be set apart: `warn,audit=info`, `info,access=off`.
    #[arg(long, env = "ROWCAST_LOG", default_value = "info", value_name = "LEVEL")]
    pub log: LogFilter,

    /// What the log looks like.
    #[arg(long, env = "ROWCAST_LOG_FORMAT", value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,

    /// How people prove who they are.
    #[command(flatten)]
    pub auth: AuthArgs,

    /// How much of anything is allowed.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Settings of `rowcast read`.
#[derive(Debug, Clone, Args)]
pub struct ReadFileArgs {
    /// The file; `-` for standard input.
    pub file: std::path::PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value_t = ReadFormat::Csv)]
    pub format: ReadFormat,
    /// What is known of how it is to be read.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// What `rowcast read` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReadFormat {
    /// The table as RFC 4180 has it: UTF-8, commas, header first.
    Csv,
    /// A JSON object for each row.
    Ndjson,
    /// A JSON object for each problem.
    Problems,
    /// One JSON object: how the file is read, and what its columns hold.
    Profile,
}

/// Which mock CSV to make; the same as the query of `GET /csv`.
#[derive(Debug, Clone, Args)]
pub struct MockArgs {
    /// How many rows.
    #[arg(long, env = "ROWCAST_MOCK_ROWS", default_value_t = 1000, value_name = "COUNT")]
    pub rows: u64,

    /// The same seed makes the same file.
    #[arg(long, env = "ROWCAST_MOCK_SEED", default_value_t = 42, value_name = "NUMBER")]
    pub seed: u64,

    /// Columns, joined by commas.
    #[arg(long, env = "ROWCAST_MOCK_COLUMNS", value_name = "NAMES", default_value_t = MockColumns::default(),
          long_help = format!("Columns, joined by commas. There are: {}.", Column::names()))]
    pub columns: MockColumns,

    /// Share of rows with a realistic fault, from 0 to 1.
    #[arg(long, env = "ROWCAST_MOCK_MESSY", default_value_t = 0.0, value_name = "SHARE")]
    pub messy: f64,
}

/// A list of mock columns on the command line.
#[derive(Debug, Clone)]
pub struct MockColumns(
    /// The columns, in order.
    pub Vec<Column>,
);

impl Default for MockColumns {
    fn default() -> Self {
        Self(Column::DEFAULT.to_vec())
    }
}

impl FromStr for MockColumns {
    type Err = BadColumns;

    fn from_str(text: &str) -> Result<Self, BadColumns> {
        Column::parse_list(text).map(Self)
    }
}

impl fmt::Display for MockColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|column| column.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

/// The limits, as flags.
#[derive(Debug, Clone, Default)]
pub struct LimitArgs(
    /// What was given, over the defaults.
    pub Limits,
);

impl FromArgMatches for LimitArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut limits = Limits::default();
        for spec in Limits::TABLE {
            if let Some(value) = matches.get_one::<u64>(spec.name) {
                limits.set(spec.name, *value).expect("the table names its own limits");
            }
        }
        Ok(Self(limits))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for LimitArgs {
    fn augment_args(command: Command) -> Command {
        let command = Limits::TABLE.iter().fold(command, |command, spec| command.arg(limit(spec)));
        command.next_help_heading(None::<&str>)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn limit(spec: &'static LimitSpec) -> Arg {
    type Parse = fn(&str) -> Result<u64, String>;
    let (default, value, parser): (_, _, Parse) = match spec.unit {
        Unit::Bytes => (
            bytesize::ByteSize(spec.default).display().iec().to_string().replace(' ', "").replace(".0", ""),
            "BYTES",
            bytes,
        ),
        Unit::Milliseconds => {
            (humantime::format_duration(Duration::from_millis(spec.default)).to_string(), "TIME", milliseconds)
        }
        Unit::Count => (spec.default.to_string(), "COUNT", count),
    };
    Arg::new(spec.name)
        .long(spec.name)
        .env(env_name(spec.name))
        .value_name(value)
        .value_parser(parser)
        .default_value(default)
        .help(spec.help)
        .help_heading("Limits")
}

/// The environment variable of a limit: `ROWCAST_RECORD_BYTES_MAX`.
fn env_name(name: &'static str) -> String {
    format!("ROWCAST_{}", name.to_ascii_uppercase().replace('-', "_"))
}

fn bytes(text: &str) -> Result<u64, String> {
    bytesize::ByteSize::from_str(text).map(|size| size.0).map_err(|_| "expected bytes, such as 512KiB or 10GiB".into())
}

fn milliseconds(text: &str) -> Result<u64, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    u64::try_from(duration.as_millis()).map_err(|_| "too long".into())
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        serve: ServeArgs,
    }

    #[test]
    fn limits_are_flags_with_units() {
        let args = ["rowcast", "--record-bytes-max", "2MiB", "--body-stall-ms-max=5s", "--uploads-max", "3"];
        let limits = Cli::try_parse_from(args).unwrap().serve.limits.0;
        assert_eq!((limits.record_bytes_max, limits.body_stall_ms_max, limits.uploads_max), (2 << 20, 5_000, 3));
        assert_eq!(limits.columns_max, Limits::default().columns_max);
        let wrong = Cli::try_parse_from(["rowcast", "--record-bytes-max", "many"]).unwrap_err().to_string();
        assert!(wrong.contains("expected bytes"), "{wrong}");
    }

    #[test]
    fn every_default_shown_reads_back_as_the_default() {
        for spec in Limits::TABLE {
            let arg = limit(spec);
            let [shown] = arg.get_default_values() else { panic!("no default of {}", spec.name) };
            let shown = shown.to_str().unwrap().to_owned();
            let read = match spec.unit {
                Unit::Bytes => bytes(&shown),
                Unit::Milliseconds => milliseconds(&shown),
                Unit::Count => count(&shown),
            };
            assert_eq!(read, Ok(spec.default), "{}", spec.name);
        }
    }

    #[test]
    fn nothing_said_is_a_valid_configuration() {
        let serve = Cli::try_parse_from(["rowcast"]).unwrap().serve;
        assert_eq!(serve.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(serve.limits.0, Limits::default());
    }
}
