//! The command line: one file a command.
//!
//! Top layer.
//!
//! Invariants: nothing is parsed that `config` does not define; nothing is done that a library user could not do; an error
//! is one line on standard error and a status that is not 0, a reader that has had enough is none.
//!
//! Not for: building the server (`app`), or what the files that it writes hold (`mock`, `http`).

mod mock;
mod openapi;
mod plain;
mod read;
mod serve;
mod tail;
mod token;
mod told;
mod upload;

use crate::config::{MockArgs, ReadFileArgs, ServeArgs, TailArgs, TokenCommand, UploadArgs};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// CSV uploads in, every row out while the file is still arriving, over Server-Sent Events.
#[derive(Debug, Parser)]
#[command(name = "rowcast", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the page and the API. Also what happens with no command at all.
    Serve(Box<ServeArgs>),
    /// Send CSV files to a server, and go on when the connection breaks.
    Upload(Box<UploadArgs>),
    /// Watch a client's events.
    Tail(Box<TailArgs>),
    /// Make keys for a server that asks who one is, and look at tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Read a CSV file as the server would, and write what was found.
    Read(Box<ReadFileArgs>),
    /// Write a mock CSV to standard output.
    Mock(MockArgs),
    /// Write the OpenAPI document to standard output.
    Openapi,
}

/// The status when a server cannot be reached, or nothing can be asked of it; clap's own for wrong usage.
const NOT_REACHED: u8 = 2;

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => serve::run(cli.serve).map(|()| ExitCode::SUCCESS),
        Some(Command::Serve(args)) => serve::run(*args).map(|()| ExitCode::SUCCESS),
        Some(Command::Upload(args)) => upload::run(*args),
        Some(Command::Tail(args)) => tail::run(*args),
        Some(Command::Token(command)) => token::run(command),
        Some(Command::Read(args)) => read::run(&args),
        Some(Command::Mock(args)) => mock::run(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Openapi) => openapi::run().map(|()| ExitCode::SUCCESS),
    };
    match outcome {
        Ok(status) => status,
        Err(error) => {
            eprintln!("rowcast: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether writing failed because whoever read the output has had enough, as `head` does.
fn reader_left(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_what_happens_without_a_command() {
        let cli = Cli::try_parse_from(["rowcast", "--listen", "127.0.0.1:0"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.listen.port(), 0);
    }
}
