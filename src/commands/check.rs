//! `rowcast check`.

use crate::config::{Effective, ServeArgs};
use crate::upkeep::{self, Verdict};
use std::io::{self, Write};
use std::process::ExitCode;

pub(super) fn run(args: &ServeArgs, settings: &[Effective]) -> io::Result<ExitCode> {
    let found = upkeep::check(args);
    let is_wrong = found.iter().any(|finding| finding.verdict == Verdict::Wrong);
    let mut text = String::from("# settings, as a file would say them\n");
    for setting in settings.iter().filter(|setting| !setting.values.is_empty()) {
        let values: Vec<_> = setting.values.iter().map(|value| quoted(value)).collect();
        let value = if values.len() == 1 { values.concat() } else { format!("[{}]", values.join(", ")) };
        text += &format!("{} = {value}  # {}\n", setting.name, setting.source);
    }
    text += "\n# findings\n";
    for finding in &found {
        let verdict = match finding.verdict {
            Verdict::Well => "well ",
            Verdict::Note => "note ",
            Verdict::Wrong => "WRONG",
        };
        text += &format!("{verdict}  {}\n", finding.what);
    }
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if !super::reader_left(&error) => return Err(error),
        _ => {}
    }
    Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A basic string of TOML 1.0.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
