//! The strict scanner: the records of a twin that reads byte by byte, wherever the text is cut, and those of the `csv`
//! crate.

use proptest::prelude::*;
use rowcast::domain::Escape;
use rowcast::reader::scan::{Grammar, Scan, Scanner};

#[derive(Debug, PartialEq)]
enum Found {
    Clean { len: usize, terminated: bool, line_breaks: u64, cells: Vec<String> },
    NeedMore,
    Suspicious,
}

fn found(scanner: &Scanner, scan: Scan, text: &[u8]) -> Found {
    match scan {
        Scan::Clean { len, terminated, line_breaks } => {
            let cells = scanner.cells(text);
            let owned: Vec<String> = cells.iter().map(Into::into).collect();
            assert!(owned.iter().enumerate().all(|(index, cell)| cells.get(index) == Some(cell)));
            Found::Clean { len, terminated, line_breaks, cells: owned }
        }
        Scan::NeedMore => Found::NeedMore,
        Scan::Suspicious => Found::Suspicious,
    }
}

/// The grammar, read as plainly as can be: the first record of a whole text.
fn twin(grammar: &Grammar, text: &[u8]) -> Found {
    let delimiter = grammar.delimiter.as_bytes();
    let backslash = grammar.escape == Escape::Backslash && grammar.quote.is_some();
    let is = |at: usize, byte: Option<u8>| byte.is_some() && text.get(at).copied() == byte;
    let is_line_end = |at: usize| matches!(text.get(at), Some(b'\r' | b'\n'));
    if text.is_empty() {
        return Found::NeedMore;
    }
    if is_line_end(0) || is(0, grammar.comment) {
        return Found::Suspicious;
    }
    let (mut at, mut cells, mut line_breaks) = (0, Vec::new(), 0);
    loop {
        let mut cell = Vec::new();
        if is(at, grammar.quote) {
            at += 1;
            loop {
                if at == text.len() {
                    return Found::Suspicious;
                }
                let next_is_quote = is(at + 1, grammar.quote);
                if is(at, grammar.quote) && !next_is_quote {
                    at += 1;
                    break;
                }
                let escaped = backslash && text[at] == b'\\' && (next_is_quote || is(at + 1, Some(b'\\')));
                at += usize::from(is(at, grammar.quote) || escaped);
                line_breaks += u64::from(text[at] == b'\r' || (text[at] == b'\n' && text[at - 1] != b'\r'));
                cell.push(text[at]);
                at += 1;
            }
            if at < text.len() && !is_line_end(at) && !text[at..].starts_with(delimiter) {
                return Found::Suspicious;
            }
        } else {
            while at < text.len() && !is_line_end(at) && !text[at..].starts_with(delimiter) {
                let meant = is_line_end(at + 1)
                    || is(at + 1, grammar.quote)
                    || text.get(at + 1..).is_some_and(|rest| rest.starts_with(delimiter));
                if is(at, grammar.quote) || (backslash && text[at] == b'\\' && meant) {
                    return Found::Suspicious;
                }
                cell.push(text[at]);
                at += 1;
            }
        }
        cells.push(cell);
        if at == text.len() || is_line_end(at) {
            break;
        }
        at += delimiter.len();
    }
    let terminated = at < text.len();
    let too_long = at > grammar.record_bytes_max || cells.iter().any(|cell| cell.len() > grammar.field_bytes_max);
    if cells.len() != grammar.columns || too_long || std::str::from_utf8(&text[..at]).is_err() {
        return Found::Suspicious;
    }
    let cells = cells.into_iter().map(|cell| String::from_utf8(cell).expect("the record is UTF-8")).collect();
    Found::Clean { len: at + usize::from(terminated), terminated, line_breaks, cells }
}

fn grammars() -> impl Strategy<Value = Grammar> {
    let delimiter = prop_oneof![3 => Just(","), 1 => Just("||"), 1 => Just(", "), 1 => Just("¦"), 1 => Just("a,")];
    let quote = prop_oneof![4 => Just(Some(b'"')), 1 => Just(Some(b'\'')), 1 => Just(None)];
    let escape = prop_oneof![Just(Escape::Doubled), Just(Escape::Backslash)];
    let limits = prop_oneof![3 => Just((1000, 500)), 1 => Just((12, 4))];
    (delimiter, quote, escape, proptest::option::of(Just(b'#')), 1_usize..5, limits).prop_map(
        |(delimiter, quote, escape, comment, columns, (record_bytes_max, field_bytes_max))| {
            let delimiter = delimiter.to_owned();
            Grammar { delimiter, quote, escape, comment, columns, record_bytes_max, field_bytes_max }
        },
    )
}

/// A record of about the right shape for the grammar, or pieces of anything.
fn texts(grammar: &Grammar) -> impl Strategy<Value = Vec<u8>> + use<> {
    let delimiter = grammar.delimiter.clone().into_bytes();
    let quote = vec![grammar.quote.unwrap_or(b'"')];
    let of = |text: &str| Just(text.as_bytes().to_vec());
    let piece = prop_oneof![
        6 => Just(delimiter.clone()), 5 => Just(quote.clone()), 1 => of("\r"), 1 => of("\n"), 1 => of("\r\n"), 4 => of("a"),
        2 => of("\\"), 1 => of("é"), 1 => of("¦"), 1 => of("|"), 1 => of(" "), 1 => of("#"), 1 => of("some longer text"),
        1 => Just(vec![0xff]), 1 => Just(vec![0xc2]), 1 => Just(vec![0]),
    ];
    let inner = prop_oneof![
        4 => of("a"), 1 => of("\r\n"), 1 => of("\n"), 1 => of("é"), 2 => Just(quote.repeat(2)), 1 => Just(delimiter.clone()),
        1 => of("\\\\"), 1 => of("text beyond one block of the scanner, which has sixty-four bytes of text"),
    ];
    let quoted =
        proptest::collection::vec(inner, 0..5).prop_map(move |cell| [&quote[..], &cell.concat(), &quote].concat());
    let cell = prop_oneof![2 => of("plain"), 1 => of(""), 1 => of("Zoë"), 3 => quoted];
    let record = proptest::collection::vec(cell, grammar.columns)
        .prop_map(move |cells| [&cells.join(&delimiter[..])[..], b"\r\nnext,record\n"].concat());
    prop_oneof![1 => record, 1 => proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::cases(500)))]

    #[test]
    fn a_record_is_what_its_twin_says_wherever_it_is_cut(
        (grammar, text) in grammars().prop_flat_map(|grammar| { let text = texts(&grammar); (Just(grammar), text) }),
    ) {
        let expected = twin(&grammar, &text);
        let mut scanner = Scanner::new(grammar.clone());
        let scan = scanner.scan(&text, true);
        prop_assert_eq!(&found(&scanner, scan, &text), &expected);
        scanner.reset();
        for cut in 0..=text.len() {
            let mut scan = scanner.scan(&text[..cut], false);
            let first = found(&scanner, scan, &text[..cut]);
            if scan == Scan::NeedMore {
                scan = scanner.scan(&text, true);
                prop_assert_eq!(&found(&scanner, scan, &text), &expected, "cut at {}", cut);
            } else {
                // What is decided early is decided rightly.
                prop_assert_eq!(&first, &expected, "decided at {}", cut);
            }
            scanner.reset();
        }
        for end in 0..=text.len() {
            let scan = scanner.scan(&text[..end], false);
            if scan != Scan::NeedMore {
                prop_assert_eq!(&found(&scanner, scan, &text[..end]), &expected, "trickled to {}", end);
                return Ok(());
            }
        }
        let scan = scanner.scan(&text, true);
        prop_assert_eq!(&found(&scanner, scan, &text), &expected, "trickled");
    }

    #[test]
    fn clean_files_are_those_of_the_csv_crate(
        columns in 1_usize..5, crlf: bool,
        cells in proptest::collection::vec("[ab\"\r\n,é ]{0,9}|[a-z]{0,90}", 1..60),
    ) {
        let ending = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().terminator(ending).from_writer(Vec::new());
        let records: Vec<&[String]> = cells.chunks_exact(columns).collect();
        for record in &records {
            writer.write_record(*record).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let (record_bytes_max, field_bytes_max) = (1 << 20, 1 << 20);
        let (delimiter, escape) = (",".to_owned(), Escape::Doubled);
        let mut scanner = Scanner::new(Grammar {
            delimiter, quote: Some(b'"'), escape, comment: None, columns, record_bytes_max, field_bytes_max,
        });
        let mut at = 0;
        for record in records {
            let scan = scanner.scan(&file[at..], true);
            let Found::Clean { len, cells, .. } = found(&scanner, scan, &file[at..]) else {
                panic!("{scan:?} in {:?}", String::from_utf8_lossy(&file[at..]));
            };
            prop_assert_eq!(&cells[..], record);
            at += len + usize::from(crlf);
        }
        prop_assert_eq!(at, file.len());
    }
}
