//! How a file is to be read, as flags: of every command that reads one, or has one read.

use crate::domain::{BadOption, Overrides, ReadOptions};
use clap::Args;

/// What is said of how a file is to be read; what is not said is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "How the file is read (found out where nothing is said)")]
pub struct ReadArgs {
    /// What stands between cells: one character or two, or comma, semicolon, tab (also \t), pipe, space.
    #[arg(long, value_name = "TEXT", value_parser = |text: &str| checked("delimiter", text))]
    pub delimiter: Option<String>,

    /// The character around cells that hold delimiters, quotes or line breaks; or none.
    #[arg(long, value_name = "CHAR", value_parser = |text: &str| checked("quote", text))]
    pub quote: Option<String>,

    /// How a quote within a quoted cell is written: doubled or backslash.
    #[arg(long, value_name = "HOW", value_parser = |text: &str| checked("escape", text))]
    pub escape: Option<String>,

    /// The encoding, by a label of the WHATWG Encoding Standard, such as windows-1252.
    #[arg(long, value_name = "LABEL", value_parser = |text: &str| checked("encoding", text))]
    pub encoding: Option<String>,

    /// Whether the first record names the columns: true or false.
    #[arg(long, value_name = "BOOL", value_parser = |text: &str| checked("header", text))]
    pub header: Option<String>,

    /// How many records name the columns, from 0 to 16.
    #[arg(long, value_name = "COUNT", value_parser = |text: &str| checked("header_rows", text))]
    pub header_rows: Option<String>,

    /// Lines to skip before anything else.
    #[arg(long, value_name = "COUNT", value_parser = |text: &str| checked("skip_rows", text))]
    pub skip_rows: Option<String>,

    /// Lines that begin with this character are no records.
    #[arg(long, value_name = "CHAR", value_parser = |text: &str| checked("comment", text))]
    pub comment: Option<String>,

    /// Texts that stand for no value, joined by commas; may be said several times.
    #[arg(long, value_name = "TEXTS", value_parser = |text: &str| checked("null_values", text))]
    pub null_values: Vec<String>,

    /// Whether blanks around cells are left out: true or false.
    #[arg(long, value_name = "BOOL", value_parser = |text: &str| checked("trim", text))]
    pub trim: Option<String>,

    /// The decimal separator: . or ,
    #[arg(long, value_name = "CHAR", value_parser = |text: &str| checked("decimal", text))]
    pub decimal: Option<String>,

    /// What becomes of suspicious records: off (told), report (told with the repair that would be made) or fix.
    #[arg(long, value_name = "HOW", value_parser = |text: &str| checked("repair", text))]
    pub repair: Option<String>,
}

impl ReadArgs {
    /// What was said, by name, as `POST /upload/{client}` and tus metadata take it.
    pub fn said(&self) -> Vec<(&'static str, String)> {
        let null_values = (!self.null_values.is_empty()).then(|| self.null_values.join(","));
        [
            ("delimiter", &self.delimiter),
            ("quote", &self.quote),
            ("escape", &self.escape),
            ("encoding", &self.encoding),
            ("header", &self.header),
            ("header_rows", &self.header_rows),
            ("skip_rows", &self.skip_rows),
            ("comment", &self.comment),
            ("null_values", &null_values),
            ("trim", &self.trim),
            ("decimal", &self.decimal),
            ("repair", &self.repair),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
    }

    /// The same as a reader takes it.
    ///
    /// # Errors
    /// [`BadOption`]: two things that cannot both be meant.
    pub fn options(&self) -> Result<ReadOptions, BadOption> {
        let mut overrides = Overrides::default();
        for (name, value) in self.said() {
            overrides.say(name, &value)?;
        }
        Ok(overrides.finish()?.0)
    }
}

/// The value, where it can be one of that name.
fn checked(name: &'static str, value: &str) -> Result<String, String> {
    if value.is_empty() {
        return Err("it is empty".into());
    }
    Overrides::default().say(name, value).map_err(|bad| bad.what)?;
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        read: ReadArgs,
    }

    #[test]
    fn flags_are_the_words_of_the_api() {
        let args = ["rowcast", "--delimiter=tab", "--header=false", "--null-values", "NA,-", "--null-values", "x"];
        let read = Cli::try_parse_from(args).unwrap().read;
        let options = read.options().unwrap();
        assert_eq!((options.delimiter.as_deref(), options.header_rows), (Some("\t"), Some(0)));
        assert_eq!(options.null_values, ["NA", "-", "x"]);
        assert_eq!(
            read.said(),
            [("delimiter", "tab".into()), ("header", "false".into()), ("null_values", "NA,-,x".to_owned())]
        );
        let wrong = Cli::try_parse_from(["rowcast", "--quote", "ab"]).unwrap_err().to_string();
        assert!(wrong.contains("it is 'ab'; expected one ASCII character, or none"), "{wrong}");
        let both = Cli::try_parse_from(["rowcast", "--header=false", "--header-rows=1"]).unwrap().read;
        assert_eq!(both.options().unwrap_err().name, "header");
    }
}
