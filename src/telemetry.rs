//! What the program says of itself while it runs. The content of a cell is never logged.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins logging to standard error, up to that level. The first call counts.
pub fn start(level: LevelFilter) {
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi).with_target(false);
    // Libraries below would say the same in other words.
    let ours = tracing_subscriber::filter::Targets::new().with_target("rowcast", level);
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}
