//! What the program says of itself while it runs. The content of a cell is never logged.

use crate::config::{LogFilter, LogFormat};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What the program was built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The package's version.
    pub version: &'static str,
    /// The commit, shortened; `unknown` where none was known, as in a build for development.
    pub commit: &'static str,
    /// What it runs on, as `x86_64-unknown-linux-gnu`.
    pub target: &'static str,
    /// How it was compiled, as `release`.
    pub profile: &'static str,
}

/// This program.
pub const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    commit: env!("ROWCAST_BUILD_COMMIT"),
    target: env!("ROWCAST_BUILD_TARGET"),
    profile: env!("ROWCAST_BUILD_PROFILE"),
};

/// What `rowcast --version` says behind the name.
pub const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("ROWCAST_BUILD_COMMIT"),
    ", ",
    env!("ROWCAST_BUILD_TARGET"),
    ", ",
    env!("ROWCAST_BUILD_PROFILE"),
    ")"
);

/// Begins logging to standard error. The first call counts.
///
/// Lines of the access log have the target `rowcast::access`, those of the audit log `rowcast::audit`.
pub fn start(filter: LogFilter, format: LogFormat) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(ansi).with_target(false).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    // Libraries below would say the same in other words.
    let ours = Targets::new()
        .with_target("rowcast", filter.level)
        .with_target("rowcast::access", filter.access.unwrap_or(filter.level))
        .with_target("rowcast::audit", filter.audit.unwrap_or(filter.level));
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}
