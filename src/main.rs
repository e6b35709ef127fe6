//! The `rowcast` program: see [`rowcast::commands`].

fn main() -> std::process::ExitCode {
    rowcast::commands::run()
}
