//! What somebody says of how a file is to be read: whatever they say is taken or refused by its name, and what was taken reads.

use super::with_dice;
use crate::items::read;
use rowcast::domain::{ClientName, KindSet, Limits, Overrides};

pub const WORDS: &[&str] = &[
    "delimiter=",
    "quote=",
    "escape=",
    "encoding=",
    "header=",
    "header_rows=",
    "skip_rows=",
    "comment=",
    "null_values=",
    "trim=",
    "decimal=",
    "repair=",
    "hold=",
    "\n",
    ";",
    "tab",
    "none",
    "backslash",
    "doubled",
    "true",
    "false",
    "report",
    "windows-1252",
    "utf-16",
    "3",
    "NA,-",
    "review",
    "row,problem",
];

/// Lines of `name=value`.
pub fn hold(data: &[u8]) {
    let (text, [cut]) = with_dice(data);
    let text = String::from_utf8_lossy(text);
    let mut overrides = Overrides::default();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let Some(name) = Overrides::named(name) else { continue };
        let before = overrides.clone();
        match overrides.say(name, value) {
            Ok(()) => assert!(value.is_empty() || overrides.says(name)),
            Err(bad) => {
                assert_eq!(bad.name, name);
                assert!(bad.what.chars().count() < 400 && !bad.what.contains(['\n', '\r', '\0']), "{bad}");
                assert_eq!(overrides, before, "what is refused changes nothing");
            }
        }
        // Saying the same again is no contradiction.
        if overrides != before && name != "null_values" {
            let mut again = overrides.clone();
            again.say(name, value).expect("the same once more");
        }
    }
    if let Ok((options, _)) = overrides.finish() {
        let sample = format!("{text}\na;b\n1;2\n");
        let sample = &sample.as_bytes()[usize::from(cut).min(sample.len())..];
        assert!(!read(&Limits::for_tests(), &options, sample).is_empty());
    }
    if let Ok(client) = ClientName::parse(&text) {
        assert_eq!(client.as_str(), text);
    }
    if let Ok(kinds) = text.parse::<KindSet>() {
        assert!(kinds.is_all() || text.split(',').count() >= 1);
    }
}
