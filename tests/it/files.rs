//! CSV files to send.

/// A header and that many rows, `name,zip,note`, of about 40 bytes each.
pub fn people(rows: u64) -> Vec<u8> {
    let mut csv = b"name,zip,note\n".to_vec();
    csv.extend(people_from(1, rows));
    csv
}

/// Rows `first` to `last` of the same file, without its header.
pub fn people_from(first: u64, last: u64) -> Vec<u8> {
    (first..=last).flat_map(person).collect()
}

/// One row. Some have quotes, commas and line breaks in a cell.
pub fn person(number: u64) -> Vec<u8> {
    let note = match number % 10 {
        3 => format!("\"said \"\"{number}\"\", twice\""),
        7 => format!("\"line {number}\nand another\""),
        _ => format!("plain note {number:08}"),
    };
    format!("Person {number},{:05},{note}\n", number % 100_000).into_bytes()
}

/// Columns called `c1`, `c2`, …
pub fn columns(count: u64) -> String {
    (1..=count).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",")
}
