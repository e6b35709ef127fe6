//! The corpus: some files of every pollution, the same in every run.

use crate::file::{File, Plan};
use crate::pollution::{Dice, POLLUTIONS};
use crate::table::Table;

/// Files of each pollution: one of each shape of table.
const FILES_EACH: u64 = 6;

/// Every pollution, with its files.
pub fn corpus() -> impl Iterator<Item = (&'static str, Vec<File>)> {
    POLLUTIONS.iter().enumerate().map(|(i, (name, change))| {
        let file = |n: u64| {
            let seed = i as u64 * FILES_EACH + n;
            let mut plan = Plan::of(Table::from_seed(seed));
            change(&mut plan, &mut Dice::of(seed));
            plan.write(format!("{name}-{n}"))
        };
        (*name, (0..FILES_EACH).map(file).collect())
    })
}

/// Files of one pollution.
pub fn files(name: &str) -> Vec<File> {
    corpus().find(|(pollution, _)| *pollution == name).unwrap_or_else(|| panic!("there is no pollution {name}")).1
}

mod tests {
    use super::*;
    use crate::file::Encoding;

    #[test]
    fn the_same_files_are_made_each_time() {
        let bytes = || corpus().flat_map(|(_, files)| files).map(|file| file.bytes).collect::<Vec<_>>();
        assert_eq!(bytes(), bytes());
        assert!(bytes().len() >= 200, "{}", bytes().len());
    }

    #[test]
    fn a_clean_file_is_its_truth_to_another_reader() {
        for file in files("clean").into_iter().chain(files("quotes-everywhere")) {
            let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
            let names: Vec<_> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
            let rows: Vec<Vec<_>> =
                reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
            assert_eq!((Some(names), rows), (file.columns, file.rows), "{}", file.name);
        }
    }

    #[test]
    fn every_pollution_makes_other_bytes_than_the_clean_file() {
        for (i, (name, change)) in POLLUTIONS.iter().enumerate().skip(1) {
            for n in 0..FILES_EACH {
                let seed = i as u64 * FILES_EACH + n;
                let clean = Plan::of(Table::from_seed(seed));
                let mut plan = clean.clone();
                change(&mut plan, &mut Dice::of(seed));
                let encoded = plan.encoding != Encoding::Utf8;
                let (clean, polluted) = (clean.write(String::new()), plan.write(String::new()));
                assert_ne!(clean.bytes, polluted.bytes, "{name}-{n}");
                let about_records =
                    ["missing", "doubled", "opening", "inner", "bare", "unquoted", "other", "line-break"];
                if about_records.iter().any(|kind| name.starts_with(kind)) {
                    assert_eq!(polluted.damaged.len(), 1, "{name}-{n}");
                    assert!(!encoded);
                }
            }
        }
    }
}
