//! The command that scores other people's archives, tried on one of our own with a program whose faults are known.

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Says of every file what its clean table is, but of the one that is named.
const PROGRAM: &str = r#"#!/bin/sh
name=$(basename "$2")
case "$4" in
  profile) echo '{"reading":{"encoding":"utf-8","header_rows":'$(case "$name" in bare*) echo 0;; *) echo 1;; esac)'}}' ;;
  problems) [ "$name" != named.csv ] || echo '{"row":null,"line":1,"code":"blank-label","severity":"warning","column":"column_2","raw":"a,"}' ;;
  csv) case "$name" in
    shifted.csv) printf 'a,b\n1,\n,2\n' ;;
    lost.csv) printf 'a,b\n1,2\n' ;;
    failed.csv) exit 2 ;;
    bare.csv) printf 'column_1,column_2\n1,2\n' ;;
    named.csv) printf 'a,column_2\n1,2\n' ;;
    *) cat "$(dirname "$2")/../clean/$name" ;;
  esac ;;
esac
"#;

/// Scores an archive of these files, each with its clean table, and gives what is written as JSON.
fn score(archive: &str, files: &[(&str, &str, &str)]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for (name, file, clean) in files {
        for (part, text) in [("csv", file), ("clean", clean)] {
            let folder = path(&format!("{archive}/{part}"));
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(name), text).expect("a file");
        }
    }
    let program = path("program");
    fs::write(&program, PROGRAM).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it may run");
    let scorer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reading/score");
    let done = Command::new(scorer)
        .args([folder.path(), Path::new("--only"), Path::new(archive), Path::new("--bin"), &program])
        .args([Path::new("--json"), &path("figures")])
        .output()
        .expect("Python is there");
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&fs::read(path("figures")).expect("figures")).expect("JSON")
}

/// The sum of a file's ten numbers, whether it is exact, and its lines that nobody tells of.
#[track_caller]
fn assert_file(scored: &Value, name: &str, of_ten: f64, exact: bool, lost: u64) {
    let files = scored["files"].as_array().expect("files");
    let file = files.iter().find(|file| file["name"] == name).expect("it was scored");
    let sum: f64 =
        file["numbers"].as_array().expect("numbers").iter().map(|number| number.as_f64().unwrap_or(0.0)).sum();
    assert!((sum - of_ten).abs() < 0.001, "{name}: {sum} of 10");
    assert_eq!(file["exact"], exact, "{name}");
    assert_eq!(file["lines"][1].as_u64().unwrap_or(0), lost, "{name}: {}", file["lines"]);
}

#[test]
fn each_fault_costs_what_the_measure_says() {
    let plain = "a,b\n1,2\n3,4\n";
    let scored = score(
        "pollock",
        &[
            ("whole.csv", plain, plain),
            // The measure does not see where a cell stands; only `exact` does.
            ("shifted.csv", "a,b\n1,\n2,\n", "a,b\n1,\n2,\n"),
            ("lost.csv", plain, plain),
            ("failed.csv", plain, plain),
            // Without a header there are rows only.
            ("bare.csv", "1,2\n", "1,2\n"),
            // A name that was made up is nobody's.
            ("named.csv", "a,\n1,2\n", "a,\n1,2\n"),
            ("empty.csv", "", ""),
        ],
    );
    assert_file(&scored, "whole.csv", 10.0, true, 0);
    assert_file(&scored, "shifted.csv", 10.0, false, 0);
    // Loaded 1, header 3; half of the records found and none beside them, two thirds of the cells.
    let f1 = |precision: f64| precision + 1.0 + 2.0 * precision / (precision + 1.0);
    assert_file(&scored, "lost.csv", 4.0 + f1(0.5) + f1(4.0 / 6.0), false, 1);
    assert_file(&scored, "failed.csv", 0.0, false, 0);
    assert_file(&scored, "bare.csv", 10.0, true, 0);
    assert_file(&scored, "named.csv", 10.0, true, 0);
    assert_file(&scored, "empty.csv", 10.0, true, 0);
    assert_eq!(scored["figures"]["files that could not be read"], 1);
    assert_eq!(scored["figures"]["files with a line nobody tells of"], 1);
}

#[test]
fn columns_without_names_are_called_as_the_survey_calls_them() {
    let scored = score("survey", &[("bare.csv", "1,2\n", "col_0,col_1\n1,2\n")]);
    assert_file(&scored, "bare.csv", 10.0, true, 0);
}
