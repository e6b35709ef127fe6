use super::*;

fn grammar(delimiter: &str, quote: Option<u8>, escape: Escape, columns: usize) -> Grammar {
    let (comment, record_bytes_max, field_bytes_max) = (Some(b'#'), 200, 100);
    Grammar { delimiter: delimiter.into(), quote, escape, comment, columns, record_bytes_max, field_bytes_max }
}

fn comma(columns: usize) -> Grammar {
    grammar(",", Some(b'"'), Escape::Doubled, columns)
}

/// What a scanner finds in the whole text, with the cells of a clean record.
fn scanned(grammar: Grammar, text: &str) -> (Scan, Vec<String>) {
    let mut scanner = Scanner::new(grammar);
    let scan = scanner.scan(text.as_bytes(), true);
    let cells = match scan {
        Scan::Clean { .. } => scanner.cells(text.as_bytes()).iter().map(Into::into).collect(),
        _ => Vec::new(),
    };
    (scan, cells)
}

#[track_caller]
fn assert_clean(grammar: Grammar, text: &str, len: usize, line_breaks: u64, cells: &[&str]) {
    let (scan, found) = scanned(grammar, text);
    assert!(matches!(scan, Scan::Clean { len: l, line_breaks: b, .. } if (l, b) == (len, line_breaks)), "{scan:?}");
    assert_eq!(found, cells);
}

#[test]
fn clean_records_give_their_cells() {
    assert_clean(comma(3), "a,,é\nb", 6, 0, &["a", "", "é"]);
    assert_clean(comma(3), "a,b,c\r\n", 6, 0, &["a", "b", "c"]);
    assert_clean(comma(2), ",", 1, 0, &["", ""]);
    assert_clean(comma(3), "x,\"a\"\"b,\r\n\n\r\",\"\"\rz", 17, 3, &["x", "a\"b,\r\n\n\r", ""]);
    assert_clean(comma(1), "\"\"", 2, 0, &[""]);
    let long = "0123456789".repeat(9);
    assert_clean(comma(2), &format!("{long},\"{long}\"\n"), 184, 0, &[&long, &long]);
    assert_clean(grammar("||", Some(b'\''), Escape::Doubled, 3), "a|b||'|''||'||", 14, 0, &["a|b", "|'||", ""]);
    assert_clean(grammar("¦", None, Escape::Doubled, 2), "Â\"b¦c\n", 8, 0, &["Â\"b", "c"]);
    let backslash = || grammar(";", Some(b'"'), Escape::Backslash, 2);
    assert_clean(backslash(), "\"a\\\"\\\\\\n\"\"b\";C:\\x\n", 18, 0, &["a\"\\\\n\"b", "C:\\x"]);
}

#[test]
fn everything_else_is_suspicious() {
    for text in [
        "\na,b\n",
        "\r",
        "#a,b\n",
        "a\n",
        "a,b,c\n",
        "a\",b\n",
        "\"a\"x,b\n",
        "\"a,b\n",
        "\"a\" ,b\n",
        "a, \"b\"\n",
        "a,\"b\"\"\n",
    ] {
        assert_eq!(scanned(comma(2), text).0, Scan::Suspicious, "{text:?}");
    }
    for text in ["a\\;b;c\n", "a\\\";b\n", "a;b\\\n", "\"a\\\";b\n"] {
        assert_eq!(scanned(grammar(";", Some(b'"'), Escape::Backslash, 2), text).0, Scan::Suspicious, "{text:?}");
    }
    let broken = |text: &[u8]| Scanner::new(comma(2)).scan(text, true);
    assert_eq!([broken(b"a,\xff\n"), broken(b"\xc3,\xa9\n"), broken(b"\"\xc3\",b\n")], [Scan::Suspicious; 3]);
    let long = "x".repeat(101);
    for text in [format!("{long},b\n"), format!("a,\"{long}\"\n"), format!("{0},{0}\n", "\"\"".repeat(51))] {
        assert_eq!(scanned(comma(2), &text).0, Scan::Suspicious);
    }
}

#[test]
fn a_long_cell_that_trickles_in_is_looked_at_once() {
    let limits = |grammar| Grammar { record_bytes_max: 1 << 30, field_bytes_max: 1 << 30, ..grammar };
    for quote in ["", "\""] {
        let text = format!("a,{quote}{}{quote}\n", "word ".repeat(400_000));
        let mut scanner = Scanner::new(limits(comma(2)));
        let begun = std::time::Instant::now();
        for end in (1..text.len()).step_by(16) {
            assert_eq!(scanner.scan(&text.as_bytes()[..end], false), Scan::NeedMore);
        }
        let scan = scanner.scan(text.as_bytes(), false);
        assert!(matches!(scan, Scan::Clean { len, .. } if len == text.len()), "{scan:?}");
        // Looked at again with each piece, these would be 125 GB.
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
}

#[test]
fn a_record_over_the_limit_is_not_waited_for() {
    let mut scanner = Scanner::new(comma(2));
    assert_eq!(scanner.scan(&[b'a'; 200], false), Scan::NeedMore);
    assert_eq!(scanner.scan(&[b'a'; 201], false), Scan::Suspicious);
    assert_eq!(scanner.scan(b"", false), Scan::NeedMore);
    assert_eq!(scanner.scan(b"1,2", false), Scan::NeedMore);
    scanner.reset();
    assert_eq!(scanner.scan(b",\"\n", true), Scan::Suspicious);
}
