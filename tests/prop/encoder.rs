//! The encoder: what any text becomes is one event, one line of JSON, and reads back as it was.

use crate::sse::{Event, parse};
use proptest::prelude::*;
use rowcast::domain::{CellsBuf, Epoch, EventId, Kind, KindSet, UploadId};
use rowcast::encode::{Batch, BatchEncoder, CsvExport, Formulas, RowTemplate, id_block, ndjson_row, row_json};
use serde_json::{Value, json};

/// Any Unicode, and more of what JSON and event streams treat specially.
fn cell() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just('"'),
        Just('\\'),
        Just('\n'),
        Just('\r'),
        Just('\0'),
        Just('\t'),
        Just('\u{1f}'),
        Just('\u{7f}'),
        Just('\u{2028}'),
        Just('\u{feff}'),
        Just(':'),
        Just(','),
        Just('é'),
        Just('😀')
    ];
    let character = prop_oneof![3 => proptest::char::range('a', 'z'), 1 => special, 1 => any::<char>()];
    proptest::collection::vec(character, 0..40).prop_map(String::from_iter)
}

fn columns() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(cell(), 0..6).prop_map(|names| {
        let unique = |(i, name): (usize, String)| format!("{name}{i}");
        names.into_iter().enumerate().map(unique).collect()
    })
}

fn records() -> impl Strategy<Value = Vec<Vec<String>>> {
    proptest::collection::vec(proptest::collection::vec(cell(), 0..8), 0..6)
}

fn buf(cells: &[String]) -> CellsBuf {
    cells.iter().collect()
}

/// The row as the contract describes it, built the slow way.
fn expected(number: usize, columns: &[String], cells: &[String]) -> Value {
    let data: serde_json::Map<_, _> =
        columns.iter().enumerate().map(|(i, name)| (name.clone(), json!(cells.get(i)))).collect();
    let mut row = json!({"row": number, "data": data});
    if let Some(extra) = cells.get(columns.len()..).filter(|extra| !extra.is_empty()) {
        row["extra"] = json!(extra);
    }
    row
}

/// The names in `data`, in the order in which they are written.
fn keys(json: &str, columns: &[String]) -> Vec<usize> {
    columns.iter().map(|name| json.find(&format!("{}:", json!(name))).expect("every column is a key")).collect()
}

fn epoch() -> Epoch {
    "k3v9x0ab".parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: super::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_of_any_text_read_back_from_the_stream(columns in columns(), records in records(), first_n in 1u64..u64::from(u32::MAX)) {
        let upload = UploadId::now();
        let template = RowTemplate::new(upload, &columns);
        let mut encoder = BatchEncoder::new(epoch(), first_n, 64);
        for (i, cells) in records.iter().enumerate() {
            encoder.row(&template, i as u64 + 1, buf(cells).as_cells());
        }
        let batch = encoder.finish();
        prop_assert_eq!(batch.last_n, first_n + records.len() as u64 - 1);
        let (events, _) = parse(&batch.bytes);
        prop_assert_eq!(events.len(), records.len());
        for (i, (event, cells)) in events.iter().zip(&records).enumerate() {
            let id = EventId { epoch: epoch(), n: first_n + i as u64 };
            prop_assert_eq!((event.kind.as_str(), event.last_id.parse()), ("row", Ok(id)));
            prop_assert!(event.data.bytes().all(|byte| byte >= 0x20));
            let mut read: Value = serde_json::from_str(&event.data).unwrap();
            prop_assert_eq!(read.as_object_mut().unwrap().remove("upload"), Some(json!(upload)));
            prop_assert_eq!(read, expected(i + 1, &columns, cells));
        }
    }

    #[test]
    fn rows_of_pages_and_downloads_read_back(columns in columns(), cells in proptest::collection::vec(cell(), 0..8)) {
        let template = RowTemplate::new(UploadId::now(), &columns);
        let (mut page, mut line) = (Vec::new(), Vec::new());
        row_json(&mut page, &template, 12_345, buf(&cells).as_cells());
        ndjson_row(&mut line, &template, 12_345, buf(&cells).as_cells());
        prop_assert_eq!(serde_json::from_slice::<Value>(&page).unwrap(), expected(12_345, &columns, &cells));
        prop_assert_eq!(line.strip_suffix(b"\n"), Some(&page[..]));
        prop_assert_eq!(line.iter().filter(|&&byte| byte == b'\n' || byte == b'\r').count(), 1);
    }

    #[test]
    fn csv_downloads_read_back(records in proptest::collection::vec(proptest::collection::vec(cell(), 1..8), 1..6)) {
        let (mut export, mut out) = (CsvExport::default(), Vec::new());
        for cells in &records {
            export.row(&mut out, 0, buf(cells).as_cells());
        }
        prop_assume!(!out.starts_with("\u{feff}".as_bytes()));
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(&out[..]);
        let read: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(read, records);
    }

    #[test]
    fn no_escaped_cell_is_a_formula_and_each_is_had_back(cells in proptest::collection::vec(formula_like(), 1..8)) {
        let (mut export, mut out) = (CsvExport::new(Formulas::Escaped), Vec::new());
        export.header(&mut out, &cells);
        export.row(&mut out, 0, buf(&cells).as_cells());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&out[..]);
        let read: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(read.len(), 2);
        for (escaped, cell) in read.iter().flatten().zip(cells.iter().chain(&cells)) {
            prop_assert!(!is_computed(escaped), "{:?}", escaped);
            // A mark comes off where what stands behind all marks would be computed.
            let is_marked = escaped.starts_with('\'') && is_computed(escaped.trim_start_matches('\''));
            prop_assert_eq!(if is_marked { &escaped[1..] } else { &escaped[..] }, cell);
        }
    }

    #[test]
    fn a_filtered_watcher_sees_its_kinds_and_ends_at_the_same_id(
        kinds in proptest::collection::vec((0u8..5, any::<bool>()), 0..20),
        wanted in proptest::sample::subsequence(vec!["row", "problem", "progress", "toast", "stage"], 0..=5),
    ) {
        let batch = mixed(&kinds);
        let set: KindSet = wanted.join(",").parse().unwrap();
        let parts = batch.filtered(&set);
        let (all, all_last) = parse(&batch.bytes);
        let (seen, seen_last) = parse(&parts.concat());
        let durable = all_last;
        let kept = all.into_iter().filter(|event| wanted.contains(&event.kind.as_str()));
        let place = |event: Event| (event.kind, event.data);
        prop_assert_eq!(seen.into_iter().map(place).collect::<Vec<_>>(), kept.map(place).collect::<Vec<_>>());
        prop_assert_eq!(seen_last, durable);
    }
}

/// Cells of what formulas, numbers and their escapes are made of.
fn formula_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "=", "+", "-", "@", "＝", "＠", "\t", "\r", "\n", "'", "\"", " ", "\u{a0}", "1", "20", ".", ",", "e", "%",
        "A1", "x",
    ]);
    prop_oneof![3 => proptest::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat()), 1 => cell()]
}

/// What OWASP says of cells that are computed, but for numbers; written apart from the program.
fn is_computed(cell: &str) -> bool {
    let is_hidden = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2060}\u{feff}".contains(c)
    };
    if ["\t", "\r", "\n"].iter().any(|begin| cell.starts_with(begin)) {
        return true;
    }
    let cell = cell.trim_start_matches(is_hidden);
    cell.starts_with(|c| "=+-@＝＋－＠".contains(c)) && !is_plain_number(cell.trim_end_matches(' '))
}

/// A number, by taking it apart character by character.
fn is_plain_number(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    chars.next_if(|c| "+-".contains(*c));
    chars.next_if_eq(&'.');
    let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
        let mut count = 0;
        while chars.next_if(char::is_ascii_digit).is_some() {
            count += 1;
        }
        count > 0
    };
    let mut is_good = digits(&mut chars);
    while chars.next_if(|c| ".,".contains(*c)).is_some() {
        is_good &= digits(&mut chars);
    }
    if chars.next_if(|c| "eE".contains(*c)).is_some() {
        chars.next_if(|c| "+-".contains(*c));
        is_good &= digits(&mut chars);
    }
    chars.next_if_eq(&'%');
    is_good && chars.next().is_none()
}

/// A batch of rows, other durable events and states, by kind and whether it is a state.
fn mixed(kinds: &[(u8, bool)]) -> Batch {
    let template = RowTemplate::new(UploadId::now(), &["a".to_owned()]);
    let mut encoder = BatchEncoder::new(epoch(), 100, 0);
    for (i, &(kind, state)) in kinds.iter().enumerate() {
        let json = format!("{{\"i\":{i}}}");
        match Kind::from_number(kind).unwrap() {
            Kind::Row => encoder.row(&template, i as u64, buf(&["x".to_owned()]).as_cells()),
            kind if state || kind == Kind::Progress => encoder.state(kind, &json),
            kind => encoder.event(kind, &json),
        }
    }
    encoder.finish()
}

#[test]
fn keys_stand_in_the_order_of_the_columns() {
    let columns: Vec<_> = ["2019", "b", "2018", "a"].map(str::to_owned).to_vec();
    let mut out = Vec::new();
    row_json(&mut out, &RowTemplate::new(UploadId::now(), &columns), 1, buf(&columns[..2]).as_cells());
    assert!(keys(&String::from_utf8(out).unwrap(), &columns).is_sorted());
}

#[test]
fn an_id_block_moves_the_last_id_and_shows_nothing() {
    let id = EventId { epoch: epoch(), n: u64::MAX };
    assert_eq!(parse(&id_block(id)), (Vec::new(), id.to_string()));
}
