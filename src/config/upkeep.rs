//! The settings of the commands that look after a data folder. They take those of the server, to know what it stands on.

use super::ServeArgs;
use clap::Args;
use std::path::PathBuf;

/// What `rowcast gc` lets go of.
#[derive(Debug, Clone, Args)]
pub struct GcArgs {
    /// Say what would be let go of, and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// What the server is run with.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Where `rowcast backup` puts the copy.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// Where to: a folder that is made, or is empty. A server can be started on it with --data-dir.
    #[arg(value_name = "FOLDER")]
    pub to: PathBuf,

    /// What the server is run with.
    #[command(flatten)]
    pub serve: ServeArgs,
}
