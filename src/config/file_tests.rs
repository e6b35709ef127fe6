use super::*;
use crate::config::ServeArgs;
use crate::domain::Limits;
use clap::{Args, FromArgMatches, Parser};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    serve: ServeArgs,
}

/// The server's flags without their variables: the environment of whoever runs the tests is none of theirs.
fn command() -> Command {
    ServeArgs::augment_args(Command::new("rowcast")).mut_args(|arg| arg.env(None::<&str>))
}

fn read(text: &str, flags: &[&str]) -> Result<(ServeArgs, Vec<Effective>), String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rowcast.toml");
    std::fs::write(&path, text).unwrap();
    let config = format!("--config={}", path.display());
    let args = ["rowcast", &config].into_iter().chain(flags.iter().copied()).map(OsString::from).collect();
    let name = |error: SettingsError| error.to_string().replace(&path.display().to_string(), "FILE");
    let (matches, effective) = settings(&command(), args).map_err(name)?;
    Ok((ServeArgs::from_arg_matches(&matches).unwrap(), effective))
}

#[test]
fn a_file_says_what_flags_say() {
    let text = r#"
        listen = "127.0.0.1:8080"
        keep = "30d"
        allow-host = ["a.example", "b.example"]
        insecure-public = true
        uploads-max = 5

        [limits]
        record-bytes-max = "2MiB"   # as behind a flag
        columns-max = 7
    "#;
    let (serve, _) = read(text, &[]).unwrap();
    assert_eq!((serve.listen.to_string().as_str(), serve.insecure_public), ("127.0.0.1:8080", true));
    assert_eq!(serve.keep.as_secs(), 30 * 86_400);
    assert_eq!(serve.allow_host, ["a.example", "b.example"]);
    let limits = Limits { record_bytes_max: 2 << 20, columns_max: 7, uploads_max: 5, ..Limits::default() };
    assert_eq!(serve.limits.0, limits);
}

#[test]
fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
    let text = "keep = '1h'\nallow-host = ['file.example']\n[limits]\ncolumns-max = 7\n";
    let (serve, effective) = read(text, &["--keep", "2h", "--allow-host", "flag.example"]).unwrap();
    assert_eq!((serve.keep.as_secs(), serve.limits.0.columns_max), (7_200, 7));
    assert_eq!(serve.allow_host, ["flag.example"]);
    let of = |name: &str| {
        let found = effective.iter().find(|setting| setting.name == name).unwrap();
        (found.values.join(" "), found.source)
    };
    assert_eq!(of("keep"), ("2h".into(), "flag"));
    assert_eq!(of("columns-max"), ("7".into(), "file"));
    assert_eq!(of("uploads-max"), ("16".into(), "default"));
    assert_eq!(of("data-dir"), ("data/run".into(), "default"));
}

#[test]
fn what_is_wrong_is_refused_with_its_line() {
    for (text, expected) in [
        ("listen = '127.0.0.1:1'\nlissten = 'x'\n", "FILE:2: there is no setting 'lissten'"),
        ("[limits]\n\ncolumn-max = 7\n", "FILE:3: there is no limit 'column-max'"),
        ("[limits]\nlisten = '127.0.0.1:1'\n", "FILE:2: there is no limit 'listen'"),
        ("[server]\nlisten = '127.0.0.1:1'\n", "FILE:1: there is no setting 'server'"),
        ("config = 'other.toml'\n", "FILE:1: there is no setting 'config'"),
        ("help = true\n", "FILE:1: there is no setting 'help'"),
        ("\nkeep = 1h\n", "FILE:2: "),
        ("keep = 2026-01-01\n", "FILE:1: keep: expected a text, a whole number, true, false or a list, not a datetime"),
        ("\n\nkeep = 'soon'\n", "FILE:3: invalid value 'soon' for '--keep <TIME>'"),
        ("keep = ['1h', '2h']\n", "FILE:1: keep: expected one value, not a list"),
        ("columns-max = 1\n[limits]\ncolumns-max = 2\n", "FILE:3: 'columns-max' is said twice"),
    ] {
        let refused = read(text, &[]).unwrap_err();
        assert!(refused.starts_with(expected), "{text}: {refused}");
    }
    let args = vec!["rowcast".into(), "--config=/nowhere/rowcast.toml".into()];
    let refused = settings(&command(), args).unwrap_err().to_string();
    assert!(refused.starts_with("cannot read the configuration /nowhere/rowcast.toml"), "{refused}");
}

#[test]
fn a_wrong_value_is_refused_although_a_flag_goes_before_it() {
    assert!(read("keep = 'soon'\n", &["--keep", "1h"]).is_err());
}

#[test]
fn a_secret_is_not_shown() {
    let command = command().arg(clap::Arg::new("key").long("key").env("ROWCAST_TEST_KEY").hide_env_values(true));
    let args = vec!["rowcast".into(), "--key=hunter2".into()];
    let (_, effective) = settings(&command, args).unwrap();
    assert!(!format!("{effective:?}").contains("hunter2"));
    assert!(effective.iter().any(|setting| setting.name == "key" && setting.values == ["(not shown)"]));
}

#[test]
fn the_command_line_of_the_tests_is_that_of_the_server() {
    assert!(Cli::try_parse_from(["rowcast"]).is_ok());
}
