//! The promises of the module header, each held against the `csv` crate.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn whole(spec: &Spec) -> Vec<u8> {
    Generator::new(spec).flatten().collect()
}

/// Every record after the header, as the `csv` crate reads them.
fn read(file: &[u8], flexible: bool) -> Vec<csv::ByteRecord> {
    csv::ReaderBuilder::new().flexible(flexible).from_reader(file).byte_records().map(Result::unwrap).collect()
}

fn columns() -> impl Strategy<Value = Vec<Column>> {
    proptest::collection::vec(proptest::sample::select(Column::ALL), 1..12)
}

#[test]
fn the_default_file_looks_as_the_documentation_says() {
    let file = whole(&Spec { rows: 2_000, ..Spec::default() });
    let text = String::from_utf8(file).unwrap();
    let mut lines = text.split_terminator("\r\n");
    assert_eq!(lines.next(), Some("id,name,email,city,zip,date,amount,company"));
    let rows: Vec<_> = lines.collect();
    assert_eq!(rows.len(), 2_000);
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    let quoted = rows.iter().filter(|row| row.contains('"')).count();
    assert!((120..300).contains(&quoted), "{quoted} of 2000 rows have quotes");
    assert!((80..110).contains(&(text.len() / 2_000)), "{} bytes a row", text.len() / 2_000);
}

/// When this fails because a dependency brought other words, put the new value here and tell it in the change log.
#[test]
fn the_same_seed_gives_the_bytes_it_always_gave() {
    let every_column = Spec { rows: 5_000, columns: Column::ALL.to_vec(), messy: 0.2, ..Spec::default() };
    assert_eq!(crc32fast::hash(&whole(&every_column)), 2_493_918_975);
    let columns = Column::parse_list("id,uuid,zip,datetime,amount,integer,boolean,phone").unwrap();
    let without_words = Spec { rows: 1, columns, ..Spec::default() };
    assert_eq!(
        String::from_utf8(whole(&without_words)).unwrap(),
        "id,uuid,zip,datetime,amount,integer,boolean,phone\r\n\
         1,a2ad810d-c88c-4f8a-82b7-76343d1e8ab2,03830,2023-12-04T00:18:58Z,832.21,4981,true,(484) 555-0173\r\n"
    );
}

#[test]
fn a_file_without_rows_has_its_header() {
    assert_eq!(whole(&Spec { rows: 0, columns: vec![Column::Id, Column::Id], ..Spec::default() }), b"id,id_2\r\n");
}

#[test]
fn a_longer_file_begins_with_a_shorter_one() {
    let short = whole(&Spec { rows: 300, messy: 0.3, ..Spec::default() });
    let long = whole(&Spec { rows: 900, messy: 0.3, ..Spec::default() });
    assert!(long.starts_with(&short) && long.len() > short.len());
}

#[test]
fn another_seed_gives_another_file() {
    assert_ne!(whole(&Spec { seed: 1, ..Spec::default() }), whole(&Spec { seed: 2, ..Spec::default() }));
}

#[test]
fn an_email_is_made_from_the_name_beside_it_and_never_comes_twice() {
    let columns = Column::parse_list("name,first_name,last_name,email,name").unwrap();
    let file = whole(&Spec { rows: 3_000, columns, ..Spec::default() });
    let mut emails = std::collections::BTreeSet::new();
    let (mut other_name, mut plain) = (0, 0);
    for record in read(&file, false) {
        let record = csv::StringRecord::from_byte_record(record).unwrap();
        assert_eq!(record[0], format!("{} {}", &record[1], &record[2]));
        if record[0].is_ascii() && !record[0].contains(['\'', '-']) && record[2].split(' ').count() == 1 {
            let local = format!("{}{}", &record[1][..1], &record[2]).to_ascii_lowercase();
            assert!(record[3].starts_with(&local), "{record:?}");
            plain += 1;
        }
        other_name += u32::from(record[4] != record[0]);
        assert!(emails.insert(record[3].to_owned()), "{record:?}");
    }
    assert!(plain > 2_000, "most names are plain enough to tell: {plain}");
    assert!(other_name > 2_900, "name_2 has values of its own");
}

#[test]
fn typed_columns_hold_their_types() {
    let columns = Column::parse_list("uuid,datetime,amount,integer,boolean,zip,phone").unwrap();
    for record in read(&whole(&Spec { rows: 5_000, columns, ..Spec::default() }), false) {
        let record = csv::StringRecord::from_byte_record(record).unwrap();
        assert_eq!(uuid::Uuid::parse_str(&record[0]).unwrap().get_version_num(), 4);
        assert_eq!(uuid::Uuid::parse_str(&record[0]).unwrap().get_variant(), uuid::Variant::RFC4122);
        humantime::parse_rfc3339(&record[1]).unwrap();
        let (whole, cents) = record[2].split_once('.').unwrap();
        assert!(whole.trim_start_matches('-').parse::<u32>().unwrap() < 10_000 && cents.len() == 2);
        assert!(record[3].parse::<u32>().unwrap() < 10_000);
        record[4].parse::<bool>().unwrap();
        assert!(record[5].len() == 5 && record[5].bytes().all(|byte| byte.is_ascii_digit()));
        assert!(record[6].len() == 14 && record[6].contains(") 555-01"), "{record:?}");
    }
}

#[test]
fn every_kind_of_fault_happens_and_is_what_it_says() {
    let spec = Spec { rows: 6_000, messy: 0.5, ..Spec::default() };
    let clean = read(&whole(&Spec { messy: 0.0, ..spec.clone() }), false);
    let file = whole(&spec);
    let read = read(&file, true);
    let mut counts = BTreeMap::<FaultKind, u64>::new();
    for fault in Generator::new(&spec).faults() {
        *counts.entry(fault.kind).or_default() += 1;
        let (found, meant) = (&read[fault.row as usize - 1], &clean[fault.row as usize - 1]);
        match fault.kind {
            FaultKind::MissingCells => assert_eq!(found.len(), fault.column.unwrap()),
            FaultKind::ExtraCells => assert!(found.len() > meant.len()),
            FaultKind::BlankLine => assert_eq!(found, meant),
            FaultKind::HeaderAgain => assert_eq!(&found[0], b"id"),
            kind => {
                assert_eq!(found.len(), meant.len(), "{fault:?} {found:?}");
                let differing: Vec<_> = (0..meant.len()).filter(|&i| found[i] != meant[i]).collect();
                assert_eq!(differing, [fault.column.unwrap()], "{fault:?}");
                let cell = &found[fault.column.unwrap()];
                match kind {
                    FaultKind::EmptyCell => assert!(cell.is_empty()),
                    FaultKind::NotUtf8 => assert!(std::str::from_utf8(cell).is_err()),
                    FaultKind::LineBreak => assert!(cell.contains(&b'\n')),
                    FaultKind::StrayQuote | FaultKind::UnescapedQuote => assert!(cell.contains(&b'"')),
                    FaultKind::Padding => {
                        let text = std::str::from_utf8(cell).unwrap();
                        assert_eq!(text.trim().as_bytes(), &meant[fault.column.unwrap()]);
                    }
                    _ => {}
                }
            }
        }
    }
    assert_eq!(counts.len(), FaultKind::ALL.len(), "{counts:?}");
    let all: u64 = counts.values().sum();
    assert!((2_800..3_200).contains(&all), "half of 6000: {all}");
    let blank = file.windows(4).filter(|bytes| bytes == b"\r\n\r\n").count() as u64;
    assert_eq!(blank, counts[&FaultKind::BlankLine]);
}

#[test]
fn a_smaller_share_has_fewer_of_the_same_faults() {
    let faults = |messy| Generator::new(&Spec { messy, ..Spec::default() }).faults().collect::<Vec<_>>();
    let (few, many) = (faults(0.1), faults(0.6));
    assert!(!few.is_empty() && few.len() < many.len() && few.iter().all(|fault| many.contains(fault)));
    assert_eq!(faults(1.0).len(), 1_000);
    assert_eq!(faults(0.0), []);
}

#[test]
fn what_is_out_of_bounds_is_refused_with_the_bounds() {
    let check = |spec: Spec| spec.check(10_000).map_err(|bad| bad.to_string());
    assert_eq!(check(Spec::default()), Ok(()));
    assert!(check(Spec { rows: 10_001, ..Spec::default() }).unwrap_err().contains("at most 10000"));
    assert!(check(Spec { messy: f64::NAN, ..Spec::default() }).unwrap_err().contains("from 0 to 1"));
    assert!(check(Spec { messy: 1.01, ..Spec::default() }).unwrap_err().contains("1.01"));
    assert!(check(Spec { columns: vec![], ..Spec::default() }).unwrap_err().contains("sentence"));
    assert!(check(Spec { columns: vec![Column::Id; 257], ..Spec::default() }).unwrap_err().contains("256"));
}

#[test]
fn the_file_name_says_what_is_in_it() {
    assert_eq!(file_name(&Spec::default()), "mock-1000-seed-42.csv");
    assert_eq!(file_name(&Spec { rows: 7, seed: 1, messy: 0.5, ..Spec::default() }), "mock-messy-7-seed-1.csv");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn cuts_change_no_byte(columns in columns(), seed: u64, messy in 0.0..=1.0, cuts in proptest::collection::vec(0usize..3_000, 1..9)) {
        let spec = Spec { rows: 200, seed, columns, messy };
        let (mut file, mut generator) = (Vec::new(), Generator::new(&spec));
        for at_least in cuts.iter().cycle().map(|cut| cut + 1) {
            let before = file.len();
            if !generator.fill(&mut file, at_least) { break; }
            prop_assert!(file.len() - before >= at_least);
            prop_assert!(file.ends_with(b"\r\n"));
        }
        prop_assert_eq!(file, whole(&spec));
    }

    #[test]
    fn a_clean_file_has_every_record_as_wide_as_its_header(columns in columns(), seed: u64) {
        let records = read(&whole(&Spec { rows: 200, seed, columns: columns.clone(), messy: 0.0 }), false);
        prop_assert_eq!(records.len(), 200);
        prop_assert!(records.iter().all(|record| record.len() == columns.len()));
        prop_assert!(records.iter().flatten().all(|cell| !cell.is_empty()));
    }

    #[test]
    fn a_fault_damages_its_own_record_only(columns in columns(), seed: u64, messy in prop_oneof![0.0..=1.0, Just(1.0)]) {
        let spec = Spec { rows: 200, seed, columns, messy };
        let (clean, found) = (read(&whole(&Spec { messy: 0.0, ..spec.clone() }), false), read(&whole(&spec), true));
        prop_assert_eq!(found.len(), 200);
        let generator = Generator::new(&spec);
        for row in 1..=200u64 {
            if generator.fault(row).is_none_or(|fault| fault.kind.keeps_cells()) {
                prop_assert_eq!(&found[row as usize - 1], &clean[row as usize - 1]);
            }
        }
    }

    #[test]
    fn a_column_has_its_values_whatever_stands_beside_it(columns in columns(), seed: u64) {
        let beside = read(&whole(&Spec { rows: 50, seed, columns: columns.clone(), messy: 0.0 }), false);
        let alone = read(&whole(&Spec { rows: 50, seed, columns: columns[..1].to_vec(), messy: 0.0 }), false);
        prop_assert!(beside.iter().zip(&alone).all(|(beside, alone)| beside[0] == alone[0]));
    }
}
