//! Texts for the reader: chosen ones, and any number of others, with the options and limits they are read by.

use proptest::prelude::*;
use rowcast::domain::{Escape, Limits, QuoteOption, ReadOptions, Repair};

/// Texts in which something is special about the places where they may be cut.
pub const TEXTS: &[&[u8]] = &[
    b"",
    b"\n",
    b"\r\n\r\n",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"\xef\xbb\xbfa,b\r\n1,2\r\n",
    b"\xef\xbb\xbf\xef\xbb\xbfa\n\xef\xbb\xbf1\n",
    b"a,b",
    b"a,b\n",
    b"a,b\r\n1,2\r\n3,4",
    b"a,b\r1,2\r\r3,4\r",
    b"a,b\n\n1,2\n\r\n\n3,4\n\n",
    b"\r\r\n\na\r\n\r\n1\r\n",
    b"a,b,c\n1\n1,2,3,4,5\n,,\n",
    b"a,a,\n\"x\ry\r\nz\",\"\"\"\",\"\"\n1,\"b\"c\"d\n",
    b"a,b\n1,\"2\n3,4\n\n5",
    b"a,b\n1,\"2\"\"",
    b"\"a\nb",
    b"a,b\n\xff,\xc3\xa9\n\xc3,\xa9\n\"\xc3\"\xa9,\xe2\x82",
    b"\"\"\n\"\"\n\n\"\"",
    b"a\n\"b\r\"\r\n\"c\n\"\n",
    b"1,2\n\"3\n4\n5,6\n,\n7,8\n",
    b"1,x,2\n3;y;4\n5,\"z,6\n7 8,9\n,,,\n5,6,7,8\n\n",
    b"1,2\na,b\n3,4\n\n5,\"6\n",
    b"#1,2\n1,2\n#\n3,\\\",4\r\n",
];

/// Beginnings by which it is decided how a text is read.
pub const BEGINNINGS: &[&[u8]] = &[
    b"",
    b"a,b\n1,2\n3,4\n",
    b"a\n1\n2\r\n",
    b"1,2\n3,4\n5,6\n",
    b"\n1,2\n3,4\n5,6\n",
    b"T\n\na;b;c\r\n1;x;2\r\n2;y;4\r\n",
    b"\xef\xbb\xbfa,b\n1,x y\n3,z\n",
    b"a, b\n1, 2\n3, 4\n",
    b"\"a\",\"b\"\n\"1\",\"x\"\n\"2\",\"y\"\n",
    b"a,b\n1,\"x\\\"y\"\n2,\"z\\\"\"\n",
    b"#a\n1,2\n#\n3,4\n5,6\n",
    b"sep=;\na;b\n1;2\n3;4\n5;",
];

pub fn tiny() -> Limits {
    Limits {
        record_bytes_max: 12,
        field_bytes_max: 5,
        columns_max: 4,
        header_record_bytes_max: 16,
        raw_bytes_max: 6,
        ..Limits::for_tests()
    }
}

/// RFC 4180 and nothing else, with a header.
pub fn strict() -> ReadOptions {
    ReadOptions { repair: Some(Repair::Off), ..dialect() }
}

pub fn dialect() -> ReadOptions {
    ReadOptions {
        delimiter: Some(",".into()),
        quote: Some(QuoteOption::Char('"')),
        escape: Some(Escape::Doubled),
        encoding: Some("utf-8".into()),
        header_rows: Some(1),
        trim: Some(false),
        ..ReadOptions::default()
    }
}

pub fn utf8() -> ReadOptions {
    ReadOptions { encoding: Some("utf-8".into()), ..ReadOptions::default() }
}

/// Texts made mostly of what matters to a CSV parser.
pub fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just(&b"\""[..]), 6 => Just(&b","[..]), 4 => Just(&b"\n"[..]), 4 => Just(&b"\r\n"[..]), 3 => Just(&b"\r"[..]),
        6 => Just(&b"a"[..]), 2 => Just(&b"bcd"[..]), 1 => Just(&b" "[..]), 1 => Just("é".as_bytes()),
        1 => Just(&b"\xff"[..]), 1 => Just(&b"\xc3"[..]), 1 => Just(&b"\xa9"[..]), 1 => Just(&b"\xef\xbb\xbf"[..]),
        1 => Just(&b"\0"[..]), 2 => Just(&b";"[..]), 1 => Just(&b"\\"[..]), 1 => Just(&b"#"[..]), 3 => Just(&b"1"[..]),
        2 => Just(&b"1,2\n"[..]), 1 => Just(&b"a,b\n"[..]), 1 => Just(&b"\n1,\""[..]), 1 => Just(&b"\n,\n"[..]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A text whose records all have as many cells as its header, of which none is blank.
pub fn clean_texts() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop_oneof![
        4 => Just("1"), 4 => Just("x"), 2 => Just("é "), 2 => Just("\"a,b\""), 2 => Just("\"\"\"\""), 2 => Just("\"q\"\"q\""),
        1 => Just("\"l\nm\""), 1 => Just("\"\r\n.\""), 1 => Just("\u{feff}z"), 1 => Just("a b"), 1 => Just("\"x\""),
    ];
    let ends = prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n")];
    (1usize..5, 0usize..12, any::<bool>(), ends).prop_flat_map(move |(columns, rows, terminated, end)| {
        proptest::collection::vec(cell.clone(), columns * rows).prop_map(move |cells| {
            let header: Vec<_> = (0..columns).map(|column| format!("name {column}")).collect();
            let mut text = header.join(",") + end;
            let rows: Vec<_> = cells.chunks(columns).map(|cells| cells.join(",")).collect();
            text += &rows.join(end);
            if terminated {
                text += end
            }
            text.into_bytes()
        })
    })
}

pub fn limits() -> impl Strategy<Value = Limits> {
    prop_oneof![Just(tiny()), Just(Limits::for_tests())]
}

pub fn beginnings() -> impl Strategy<Value = &'static [u8]> {
    proptest::sample::select(BEGINNINGS)
}

/// Cuts `text` after every so many bytes, the numbers being used in turn.
pub fn cut<'a>(mut text: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &length in lengths.iter().cycle() {
        if text.is_empty() || lengths.iter().all(|&length| length == 0) {
            break;
        }
        let (piece, rest) = text.split_at(length.min(text.len()));
        pieces.push(piece);
        text = rest;
    }
    pieces.push(text);
    pieces
}

/// Line breaks of the file: CRLF, LF, CR.
pub fn breaks(text: &[u8]) -> usize {
    text.iter().enumerate().filter(|&(i, &b)| b == b'\r' || b == b'\n' && (i == 0 || text[i - 1] != b'\r')).count()
}

pub fn shown(text: &[u8]) -> String {
    text.escape_ascii().to_string()
}
