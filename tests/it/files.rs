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

/// A file of that many records, clean ones beside every kind that is wrong: too short, too long, not UTF-8, over a limit,
/// blank lines between.
pub fn mixed(records: u64) -> Vec<u8> {
    let mut csv = b"id,name,note\n".to_vec();
    for n in 1..=records {
        match n % 9 {
            2 => csv.extend(format!("{n},short\n").into_bytes()),
            4 => csv.extend(format!("{n},long,\"a, b\",c,\"\"\"d\"\"\"\n").into_bytes()),
            5 => csv.extend([format!("{n},").as_bytes(), b"\xff\xfe,wrong bytes\n"].concat()),
            6 => csv.extend(format!("{n},{},over the limit\n", "x".repeat(3_000)).into_bytes()),
            7 => csv.extend(format!("\n{n},\"two\nlines\",after a blank one\n").into_bytes()),
            _ => csv.extend(format!("{n},Person {n},clean\n").into_bytes()),
        }
    }
    csv
}

/// What is wrong with the record of that number in such a file, if it is an error.
pub fn wrong(n: u64) -> Option<&'static str> {
    match n % 9 {
        2 => Some("missing-cell"),
        4 => Some("extra-cell"),
        5 => Some("encoding-error"),
        6 => Some("field-too-long"),
        _ => None,
    }
}
