//! Where settings come from, what goes before what, and what the program says of itself.

use crate::cli::text;
use crate::program::{PROGRAM, Program, clear_environment, output};
use std::process::Command;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn flags_go_before_variables_and_those_before_the_file() {
    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("rowcast.toml");
    let settings =
        format!("listen = '127.0.0.1:0'\ndata-dir = '{}'\n[limits]\nmock-rows-max = 3\n", dir.path().display());
    std::fs::write(&file, &settings).expect("the file");
    let serving = |variables: &[(&str, &str)], flags: &[&str]| {
        // `clear_environment` takes only what is there from outside.
        let mut command = Command::new("env");
        command.args(variables.iter().map(|(name, value)| format!("{name}={value}")));
        command.arg(PROGRAM).arg("serve").arg("--config").arg(&file).args(flags);
        Program::run(command)
    };
    let most = async |program: &Program| {
        let mut most = 0;
        for rows in [3, 4, 5] {
            if program.get(&format!("/csv?rows={rows}")).await.status() == 200 {
                most = rows;
            }
        }
        most
    };
    assert_eq!(most(&serving(&[], &[])).await, 3);
    let variable = ("ROWCAST_MOCK_ROWS_MAX", "4");
    assert_eq!(most(&serving(&[variable], &[])).await, 4);
    assert_eq!(most(&serving(&[variable], &["--mock-rows-max", "5"])).await, 5);
}

#[test]
fn a_setting_that_does_not_exist_is_refused_with_its_line() {
    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("rowcast.toml");
    std::fs::write(&file, "keep = '1h'\nkeeep = '1h'\n").expect("the file");
    for command in ["serve", "check", "gc"] {
        let mut asked = Command::new(PROGRAM);
        clear_environment(&mut asked);
        let refused = asked.arg(command).env("ROWCAST_CONFIG", &file).output().expect("it runs");
        assert_eq!(refused.status.code(), Some(2), "{command}");
        let said = text(&refused.stderr);
        assert!(said.ends_with("rowcast.toml:2: there is no setting 'keeep'\n"), "{command}: {said}");
    }
}

#[test]
fn the_version_says_what_it_was_built_from_and_nothing_of_where() {
    let version = output(["--version"]);
    let said = text(&version.stdout);
    let expected = format!("rowcast {} (commit ", env!("CARGO_PKG_VERSION"));
    assert!(version.status.success() && said.starts_with(&expected), "{said}");
    assert!(said.contains(std::env::consts::ARCH) && said.contains(std::env::consts::OS), "{said}");
    assert!(!said.contains(['/', '\\']), "{said}");
}
