//! Settings from a file: the flags' names as keys, in TOML 1.0. Flags go before the environment, that before the file, and
//! the file before the defaults.
//!
//! The command line stays the one definition of every setting. What a file says is put to it as further flags, where
//! nobody said otherwise; so a value is written, checked and refused in the same words wherever it stands.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The setting that names the file.
const CONFIG: &str = "config";
/// The table that limits may stand in.
const LIMITS: &str = "limits";

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The command line or the environment; or somebody asked for help.
    #[error("{0}")]
    Flags(#[from] clap::Error),
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}: {what}", .path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// What.
        what: String,
    },
}

/// A setting as it is, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its name: the flag's, without dashes in front.
    pub name: String,
    /// Its values, as they were written; none where nothing is the default. A secret's are left out.
    pub values: Vec<String>,
    /// `flag`, `environment`, `file` or `default`.
    pub source: &'static str,
}

/// A setting that a file says.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    name: String,
    values: Vec<String>,
    line: usize,
}

/// Reads the command line, and the file that it or the environment names. Answers with what `command` makes of it all,
/// and every setting of the command that was named.
///
/// # Errors
/// [`SettingsError`], as it says.
pub fn settings(command: &Command, args: Vec<OsString>) -> Result<(ArgMatches, Vec<Effective>), SettingsError> {
    let first = command.clone().try_get_matches_from(&args)?;
    let (own, matches) = named(command, &first);
    let path = matches.try_get_one::<PathBuf>(CONFIG).ok().flatten().cloned();
    let Some(path) = path else {
        let effective = effective(own, matches, &BTreeSet::new());
        return Ok((first, effective));
    };
    let text =
        std::fs::read_to_string(&path).map_err(|error| SettingsError::Unreadable { path: path.clone(), error })?;
    let wrong = |(line, what)| SettingsError::Wrong { path: path.clone(), line, what };
    let mut said = parse(&text, own).map_err(wrong)?;
    for said in &said {
        try_alone(own, said).map_err(|what| wrong((said.line, what)))?;
    }
    let was_said = |name: &str| {
        let arg = own.get_arguments().find(|arg| arg.get_long() == Some(name)).expect("it was found before");
        let source = matches.value_source(arg.get_id().as_str());
        matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    said.retain(|said| !was_said(&said.name));
    // Right behind the program's name, or the command's where one is named: that stands first.
    let place = if first.subcommand_name().is_some() { 2 } else { 1 };
    let mut more = args.clone();
    let flags = said.iter().flat_map(|said| said.values.iter().map(|value| format!("--{}={value}", said.name).into()));
    more.splice(place..place, flags);
    let all = command.clone().try_get_matches_from(&more)?;
    let names = said.into_iter().map(|said| said.name).collect();
    let (own, matches) = named(command, &all);
    let effective = effective(own, matches, &names);
    Ok((all, effective))
}

/// The command that was named, and what was said to it.
fn named<'c>(command: &'c Command, matches: &'c ArgMatches) -> (&'c Command, &'c ArgMatches) {
    let below = matches.subcommand().and_then(|(name, below)| Some((command.find_subcommand(name)?, below)));
    below.unwrap_or((command, matches))
}

/// What the file says, by name and line; or which line is wrong, and why.
fn parse(text: &str, command: &Command) -> Result<Vec<Said>, (usize, String)> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let document = DeTable::parse(text).map_err(|error| {
        (line(error.span().map_or(0, |span| span.start)), error.message().lines().next().unwrap_or_default().to_owned())
    })?;
    let mut found = Vec::new();
    let mut add = |name: &str, at: usize, value: &Spanned<DeValue<'_>>, limits_only: bool| {
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name) && name != CONFIG);
        let is_setting = arg.is_some_and(is_setting);
        let is_limit = crate::domain::Limits::TABLE.iter().any(|spec| spec.name == name);
        if !is_setting || (limits_only && !is_limit) {
            let kind = if limits_only { "limit" } else { "setting" };
            return Err((line(at), format!("there is no {kind} '{name}'")));
        }
        let values = values(value.get_ref()).map_err(|what| (line(value.span().start), format!("{name}: {what}")))?;
        if found.iter().any(|said: &Said| said.name == name) {
            return Err((line(at), format!("'{name}' is said twice")));
        }
        found.push(Said { name: name.to_owned(), values, line: line(at) });
        Ok(())
    };
    for (key, value) in document.get_ref() {
        let name = key.get_ref().as_ref();
        match value.get_ref() {
            DeValue::Table(limits) if name == LIMITS => {
                for (key, value) in limits {
                    add(key.get_ref().as_ref(), key.span().start, value, true)?;
                }
            }
            _ => add(name, key.span().start, value, false)?,
        }
    }
    Ok(found)
}

/// Whether a flag says how something is, and not what is to be done now.
fn is_setting(arg: &Arg) -> bool {
    match arg.get_action() {
        ArgAction::Set | ArgAction::Append => true,
        // One that may also be said alone.
        ArgAction::SetTrue => arg.get_num_args().is_some_and(|count| count.takes_values()),
        _ => false,
    }
}

/// A value as it would be written behind a flag. A list is as many flags.
fn values(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    Ok(match value {
        DeValue::String(text) => vec![text.clone().into_owned()],
        DeValue::Integer(number) if number.radix() == 10 => vec![number.as_str().to_owned()],
        DeValue::Boolean(said) => vec![said.to_string()],
        DeValue::Array(items) => {
            let one = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
                DeValue::Array(_) => Err("expected a list of texts".to_owned()),
                item => values(item),
            };
            items.iter().map(one).collect::<Result<Vec<_>, _>>()?.concat()
        }
        other => {
            return Err(format!("expected a text, a whole number, true, false or a list, not a {}", other.type_str()));
        }
    })
}

/// Whether a value is one, in the words of the command line.
fn try_alone(command: &Command, said: &Said) -> Result<(), String> {
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(&said.name)).expect("it was found before");
    if said.values.len() > 1 && !matches!(arg.get_action(), ArgAction::Append) {
        return Err(format!("{}: expected one value, not a list", said.name));
    }
    let alone = Command::new("file").no_binary_name(true).disable_help_flag(true).arg(arg.clone());
    let flags = said.values.iter().map(|value| format!("--{}={value}", said.name));
    match alone.try_get_matches_from(flags) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
        // What it is shall be seen nowhere.
        Err(_) if arg.is_hide_env_values_set() => Err(format!("{}: it is not valid", said.name)),
        Err(error) => {
            let text = error.to_string();
            Err(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
        }
    }
}

/// Every setting of the command as it is.
fn effective(command: &Command, matches: &ArgMatches, of_file: &BTreeSet<String>) -> Vec<Effective> {
    let settings = command.get_arguments().filter(|arg| is_setting(arg));
    let flags = settings.filter_map(|arg| Some((arg, arg.get_long()?)));
    flags
        .map(|(arg, name)| {
            let id = arg.get_id().as_str();
            let raw = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
            let values = raw.map(|value| value.to_string_lossy().into_owned());
            // What must not be seen among variables must not be seen here.
            let is_secret = arg.is_hide_env_values_set();
            let values = values.map(|value| if is_secret { "(not shown)".to_owned() } else { value }).collect();
            let source = match matches.value_source(id) {
                _ if of_file.contains(name) => "file",
                Some(ValueSource::CommandLine) => "flag",
                Some(ValueSource::EnvVariable) => "environment",
                _ => "default",
            };
            Effective { name: name.to_owned(), values, source }
        })
        .collect()
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
