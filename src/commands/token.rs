//! `rowcast token`: keys for `--auth token`, and a look at tokens of any kind.

use super::plain;
use crate::access::{KeyDigest, KeyLine, Keyring, Roles, new_key, unverified};
use crate::config::{InspectArgs, NewTokenArgs, TokenCommand};
use crate::journal::now_ms;
use serde_json::Value;
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: u64 = 64 << 10;

pub(super) fn run(command: TokenCommand) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        TokenCommand::New(args) => new(args),
        TokenCommand::Inspect(args) => inspect(&args),
    }
}

fn new(args: NewTokenArgs) -> Result<ExitCode, Box<dyn Error>> {
    let key = new_key()?;
    let expires_ms = match args.expires {
        None => None,
        Some(time) => {
            let at = now().checked_add(time).ok_or("--expires is too far away")?;
            // No calendar goes beyond the year 9999.
            Some(u64::try_from(at.as_millis())?).filter(|ms| *ms < 253_402_300_800_000)
        }
    };
    if args.expires.is_some() && expires_ms.is_none() {
        return Err("--expires is too far away".into());
    }
    let line = KeyLine {
        digest: KeyDigest::of(&key).expect("a key of ours"),
        sub: args.sub,
        roles: args.roles.iter().flat_map(|roles| roles.iter()).collect::<Roles>(),
        clients: args.clients.into_iter().flat_map(|patterns| patterns.0).collect(),
        expires_ms,
    };
    let text = line.text();
    // Whatever was put together is what a server can read.
    KeyLine::parse(&text)?;
    let told = match &args.file {
        Some(file) => {
            append(file, &text).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
            eprintln!("the key of {} stands in {}; it is shown this once", plain::shown(&line.sub), file.display());
            format!("{key}\n")
        }
        None => format!("{key}\n{text}\n"),
    };
    written(&told)
}

/// Adds a line, behind whatever stands there; a new file is nobody else's to read.
fn append(file: &Path, line: &str) -> io::Result<()> {
    let before = match fs::read(file) {
        Ok(before) => before,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let gap = if before.is_empty() || before.ends_with(b"\n") { "" } else { "\n" };
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    file.write_all(format!("{gap}{line}\n").as_bytes())?;
    file.sync_all()
}

fn inspect(args: &InspectArgs) -> Result<ExitCode, Box<dyn Error>> {
    let token = match args.token.as_str() {
        "-" => {
            let mut text = String::new();
            io::stdin().take(TOKEN_BYTES_MAX).read_to_string(&mut text)?;
            text
        }
        token => token.to_owned(),
    };
    let token = token.trim();
    if let Some(digest) = KeyDigest::of(token) {
        return of_key(&digest, args.file.as_deref());
    }
    let Some((header, claims)) = unverified(token) else {
        return Err("this is neither a key (rct_…) nor a JSON Web Token".into());
    };
    let mut told = "a JSON Web Token; its signature was NOT verified, so anybody may have written this\n".to_owned();
    told += &format!("header    {}\nclaims    {}\n", shown(&header), shown(&claims));
    for (name, what) in [("nbf", "from"), ("exp", "until")] {
        if let Some(seconds) = claims[name].as_f64().filter(|seconds| (0.0..253e9).contains(seconds)) {
            told += &format!("{what:<9} {}\n", moment(Duration::from_secs_f64(seconds)));
        }
    }
    if claims["exp"].is_null() {
        told += "until     for ever, so no server takes it\n";
    }
    written(&told)
}

fn of_key(digest: &KeyDigest, file: Option<&Path>) -> Result<ExitCode, Box<dyn Error>> {
    let mut told = format!("a key of rowcast\nsha256    {digest}\n");
    let Some(file) = file else {
        told += "what it is good for stands in the server's file of keys: --file shows it\n";
        return written(&told);
    };
    let text = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let keys = Keyring::parse(&text).map_err(|bad| format!("{}, {bad}", file.display()))?;
    let Some(line) = keys.line(digest) else {
        told += &format!("it does not stand in {}\n", file.display());
        written(&told)?;
        return Ok(ExitCode::FAILURE);
    };
    let clients: Vec<_> = line.clients.iter().map(ToString::to_string).collect();
    told += &format!("sub       {}\nroles     {}\nclients   {}\n", line.sub, line.roles, clients.join(","));
    told += &match line.expires_ms {
        Some(ms) => format!("until     {}\n", moment(Duration::from_millis(ms))),
        None => "until     its line is taken out\n".to_owned(),
    };
    written(&told)
}

fn shown(value: &Value) -> String {
    plain::shown(&value.to_string())
}

/// A moment and how far it is away.
fn moment(at: Duration) -> String {
    let now = now();
    let whole = |span: Duration| humantime::format_duration(Duration::from_secs(span.as_secs())).to_string();
    let away = match at.checked_sub(now) {
        Some(left) => format!("in {}", whole(left)),
        None => format!("{} ago", whole(now.saturating_sub(at))),
    };
    format!("{} ({away})", humantime::format_rfc3339_seconds(UNIX_EPOCH + at))
}

fn now() -> Duration {
    Duration::from_millis(now_ms())
}

fn written(text: &str) -> Result<ExitCode, Box<dyn Error>> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if !super::reader_left(&error) => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
