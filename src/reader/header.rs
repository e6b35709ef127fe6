//! The names of the columns: kept exactly as they are written, and made unique.

use super::fields::is_blank;
use std::collections::{HashMap, HashSet};

/// A column that is not called what the header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Renamed {
    /// The header has nothing, or only spaces, at this index.
    Blank(usize),
    /// The name at this index stands at an earlier one already.
    Duplicate(usize, usize),
}

/// Names every column. The first column with a name keeps it, wherever it stands; the names that are made up
/// (`column_3`, `zip_2`) avoid all of those, so that no written name ever gives way to a made up one.
pub(super) fn name_columns(labels: &[&str]) -> (Vec<String>, Vec<Renamed>) {
    let mut written = HashMap::with_capacity(labels.len());
    for (index, label) in labels.iter().enumerate() {
        if !is_blank(label) {
            written.entry(*label).or_insert(index);
        }
    }
    let mut made = HashSet::new();
    // The number to try next for each name, so that a thousand equal names do not count up from 2 a thousand times.
    let mut numbers: HashMap<String, u64> = HashMap::new();
    let mut renamed = Vec::new();
    let mut names = Vec::with_capacity(labels.len());
    for (index, &label) in labels.iter().enumerate() {
        let mut name = label.to_owned();
        if is_blank(label) {
            renamed.push(Renamed::Blank(index));
            name = format!("column_{}", index + 1);
        } else if written[label] == index {
            names.push(name);
            continue;
        } else {
            renamed.push(Renamed::Duplicate(index, written[label]));
        }
        let base = name.clone();
        while written.contains_key(name.as_str()) || made.contains(&name) {
            let number = numbers.entry(base.clone()).or_insert(2);
            name = format!("{base}_{number}");
            *number += 1;
        }
        made.insert(name.clone());
        names.push(name);
    }
    (names, renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_named(labels: &[&str], expected: &[&str]) {
        assert_eq!(name_columns(labels).0, expected);
    }

    #[test]
    fn names_are_kept_exactly() {
        assert_named(&["a", " A ", "a b", "ä"], &["a", " A ", "a b", "ä"]);
        assert_named(&[], &[]);
    }

    #[test]
    fn names_become_unique_and_written_ones_stay() {
        assert_named(&["a", "a", "a"], &["a", "a_2", "a_3"]);
        assert_named(&["a", "a", "a_2"], &["a", "a_3", "a_2"]);
        assert_named(
            &["", "column_1", "  ", "column_3", "column_3"],
            &["column_1_2", "column_1", "column_3_2", "column_3", "column_3_3"],
        );
        assert_named(&["column", "column", ""], &["column", "column_2", "column_3"]);
        assert_named(&["column", "", "column"], &["column", "column_2", "column_3"]);
    }

    #[test]
    fn every_change_is_told() {
        let (_, renamed) = name_columns(&["a", "", "b", "a"]);
        assert_eq!(renamed, [Renamed::Blank(1), Renamed::Duplicate(3, 0)]);
    }

    #[test]
    fn thousands_of_equal_names_take_no_time() {
        let mut labels = vec!["a"; 20_000];
        let others: Vec<_> = (2..20_000).map(|n| format!("a_{n}")).collect();
        labels.extend(others.iter().map(String::as_str));
        let (names, _) = name_columns(&labels);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }
}
