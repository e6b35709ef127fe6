//! What is logged, and how it looks.

use std::fmt;
use std::str::FromStr;
use tracing::level_filters::LevelFilter;

/// How much is logged: a level for everything, and others for the access log and the audit log where they are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFilter {
    /// Of everything that is not told apart below.
    pub level: LevelFilter,
    /// Of the access log: one line a request, at `info`.
    pub access: Option<LevelFilter>,
    /// Of the audit log: one line for each request that was to change something, at `info`.
    pub audit: Option<LevelFilter>,
}

/// What a line of the log looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line, for machines.
    Json,
}

impl LogFilter {
    /// Nothing is logged.
    pub const OFF: Self = Self { level: LevelFilter::OFF, access: None, audit: None };
}

/// It says nothing that can be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a level (off, error, warn, info, debug, trace), and after it 'access=LEVEL', 'audit=LEVEL' or both")]
pub struct BadLogFilter;

impl FromStr for LogFilter {
    type Err = BadLogFilter;

    /// `info`, `warn,audit=info`, `debug,access=off,audit=info`.
    fn from_str(text: &str) -> Result<Self, BadLogFilter> {
        let level = |text: &str| text.trim().parse().map_err(|_| BadLogFilter);
        let mut parts = text.split(',');
        let first = parts.next().filter(|first| !first.trim().is_empty()).ok_or(BadLogFilter)?;
        let mut filter = Self { level: level(first)?, access: None, audit: None };
        for part in parts {
            let (name, said) = part.split_once('=').ok_or(BadLogFilter)?;
            let place = match name.trim() {
                "access" => &mut filter.access,
                "audit" => &mut filter.audit,
                _ => return Err(BadLogFilter),
            };
            *place = Some(level(said)?);
        }
        Ok(filter)
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.level.fmt(f)?;
        for (name, level) in [("access", self.access), ("audit", self.audit)] {
            if let Some(level) = level {
                write!(f, ",{name}={level}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_reads_back_as_it_is_shown() {
        for text in ["off", "info", "warn,audit=info", "debug,access=off,audit=trace"] {
            assert_eq!(text.parse::<LogFilter>().unwrap().to_string(), text);
        }
        for wrong in ["", "loud", "info,access", "info,other=info", "access=info", "info,audit=loud"] {
            assert_eq!(wrong.parse::<LogFilter>(), Err(BadLogFilter), "{wrong}");
        }
    }
}
