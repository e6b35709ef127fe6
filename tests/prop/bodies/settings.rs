//! A file of settings: any text is taken or refused by its line.

use clap::{Args, Command};
use rowcast::config::{ServeArgs, SettingsError, settings};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

pub const WORDS: &[&str] = &[
    "listen = \"127.0.0.1:0\"\n",
    "data-dir = ",
    "keep = \"2h\"\n",
    "[limits]\n",
    "uploads-max = 3\n",
    "allow-host = [\"a\", ",
    "]\n",
    "\"",
    "'''",
    "= ",
    "true\n",
    "1_000\n",
    "1979-05-27\n",
    "nan",
    "[",
    "x",
    "\n",
    "#",
    "config = \"x\"\n",
    "insecure-public = false\n",
];

static PLACE: LazyLock<(Mutex<PathBuf>, Command, tempfile::TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    (Mutex::new(folder.path().join("rowcast.toml")), ServeArgs::augment_args(Command::new("rowcast")), folder)
});

pub fn hold(data: &[u8]) {
    let (path, command, _) = &*PLACE;
    let path = path.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::fs::write(&*path, data).expect("a file");
    let args = ["rowcast".into(), "--config".into(), path.clone().into_os_string()];
    match settings(command, args.into()) {
        Ok((_, effective)) => {
            let of_file = effective.iter().filter(|setting| setting.source == "file").count();
            assert!(of_file <= data.split(|byte| *byte == b'=').count(), "{effective:?}");
        }
        Err(SettingsError::Wrong { line, what, .. }) => {
            let lines = data.split(|byte| *byte == b'\n').count();
            assert!((1..=lines).contains(&line), "line {line} of {lines}: {what}");
            assert!(!what.is_empty() && !what.contains('\n'), "{what:?}");
        }
        Err(SettingsError::Unreadable { .. }) => assert!(std::str::from_utf8(data).is_err()),
        // Each is fine by itself, and they do not go together.
        Err(SettingsError::Flags(error)) => assert!(!error.to_string().is_empty()),
    }
}
