//! Files that follow RFC 4180: there is one way to read them, and nothing to say about them.

use crate::read::{read, read_with};
use rowcast::domain::{ProblemCode, ReadOptions, Repair, Severity};

/// Why it is there, the file, its columns, its rows.
type Case = (&'static str, &'static str, &'static [&'static str], &'static [&'static [&'static str]]);

const CASES: &[Case] = &[
    ("one row", "id,city\n1,Oslo\n", &["id", "city"], &[&["1", "Oslo"]]),
    ("lines end with CRLF", "id,city\r\n1,Oslo\r\n2,Bonn\r\n", &["id", "city"], &[&["1", "Oslo"], &["2", "Bonn"]]),
    ("lines end with LF", "id,city\n1,Oslo\n2,Bonn\n", &["id", "city"], &[&["1", "Oslo"], &["2", "Bonn"]]),
    ("lines end with CR", "id,city\r1,Oslo\r2,Bonn\r", &["id", "city"], &[&["1", "Oslo"], &["2", "Bonn"]]),
    ("the last line has no end", "id,city\r\n1,Oslo\r\n2,Bonn", &["id", "city"], &[&["1", "Oslo"], &["2", "Bonn"]]),
    ("a header and nothing else", "id,city\r\n", &["id", "city"], &[]),
    ("a header without a line end", "id,city", &["id", "city"], &[]),
    ("every cell is quoted", "\"id\",\"city\"\n\"1\",\"Oslo\"\n", &["id", "city"], &[&["1", "Oslo"]]),
    (
        "some cells are quoted",
        "id,\"city\"\n\"1\",Oslo\n2,\"Bonn\"\n",
        &["id", "city"],
        &[&["1", "Oslo"], &["2", "Bonn"]],
    ),
    (
        "a delimiter within quotes",
        "id,city,zip\n1,\"Springfield, Ohio\",45501\n2,Bonn,53111\n",
        &["id", "city", "zip"],
        &[&["1", "Springfield, Ohio", "45501"], &["2", "Bonn", "53111"]],
    ),
    ("nothing but delimiters within quotes", "a,b\n\",\",\",,\"\n1,2\n", &["a", "b"], &[&[",", ",,"], &["1", "2"]]),
    (
        "a doubled quote",
        "id,said\n1,\"she said \"\"yes\"\"\"\n2,no\n",
        &["id", "said"],
        &[&["1", "she said \"yes\""], &["2", "no"]],
    ),
    ("a cell that is one quote", "id,mark\n1,\"\"\"\"\n2,x\n", &["id", "mark"], &[&["1", "\""], &["2", "x"]]),
    ("a cell that is two quotes", "id,mark\n1,\"\"\"\"\"\"\n2,x\n", &["id", "mark"], &[&["1", "\"\""], &["2", "x"]]),
    (
        "a doubled quote beside a delimiter",
        "id,mark\n1,\"\"\",\"\"\"\n2,x\n",
        &["id", "mark"],
        &[&["1", "\",\""], &["2", "x"]],
    ),
    (
        "LF within quotes, in a file with LF",
        "id,note,n\n1,\"first\nsecond\",5\n2,plain,6\n",
        &["id", "note", "n"],
        &[&["1", "first\nsecond", "5"], &["2", "plain", "6"]],
    ),
    (
        "CRLF within quotes, in a file with CRLF",
        "id,note,n\r\n1,\"first\r\nsecond\",5\r\n2,plain,6\r\n",
        &["id", "note", "n"],
        &[&["1", "first\r\nsecond", "5"], &["2", "plain", "6"]],
    ),
    (
        "LF within quotes, in a file with CRLF",
        "id,note,n\r\n1,\"first\nsecond\",5\r\n2,plain,6\r\n",
        &["id", "note", "n"],
        &[&["1", "first\nsecond", "5"], &["2", "plain", "6"]],
    ),
    (
        "blank lines within quotes",
        "id,note\n1,\"first\n\n\nlast\"\n2,plain\n",
        &["id", "note"],
        &[&["1", "first\n\n\nlast"], &["2", "plain"]],
    ),
    (
        "quotes and line breaks at once",
        "id,note\n1,\"he \n\"\"went\"\"\n home\"\n2,plain\n",
        &["id", "note"],
        &[&["1", "he \n\"went\"\n home"], &["2", "plain"]],
    ),
    (
        "a line break in the header",
        "id,\"net\nweight\"\n1,2.5\n2,3.5\n",
        &["id", "net\nweight"],
        &[&["1", "2.5"], &["2", "3.5"]],
    ),
    ("quotes and delimiters in the header", "\"a \"\"b\"\"\",\"c,d\"\n1,2\n", &["a \"b\"", "c,d"], &[&["1", "2"]]),
    (
        "empty cells",
        "a,b,c\n1,,3\n,5,\n4,5,6\n",
        &["a", "b", "c"],
        &[&["1", "", "3"], &["", "5", ""], &["4", "5", "6"]],
    ),
    ("empty cells in quotes", "a,b,c\n1,\"\",\"\"\n2,3,4\n", &["a", "b", "c"], &[&["1", "", ""], &["2", "3", "4"]]),
    ("an empty last cell", "a,b\n1,\n2,\n", &["a", "b"], &[&["1", ""], &["2", ""]]),
    ("an empty first cell", "a,b\n,1\n,2\n", &["a", "b"], &[&["", "1"], &["", "2"]]),
    ("blanks are part of a cell", "id,city\n1, Oslo \n2,Bonn\n", &["id", "city"], &[&["1", " Oslo "], &["2", "Bonn"]]),
    ("blanks within quotes", "id,city\n1,\"  Oslo \"\n2,Bonn\n", &["id", "city"], &[&["1", "  Oslo "], &["2", "Bonn"]]),
    ("tabs are part of a cell", "id,city\n1,\tOslo\n2,Bonn\n", &["id", "city"], &[&["1", "\tOslo"], &["2", "Bonn"]]),
    ("leading zeros stay", "zip,n\n01234,1\n00000,2\n", &["zip", "n"], &[&["01234", "1"], &["00000", "2"]]),
    (
        "large numbers stay",
        "n,m\n12345678901234567890123,1e5\n9007199254740993,1E-5\n",
        &["n", "m"],
        &[&["12345678901234567890123", "1e5"], &["9007199254740993", "1E-5"]],
    ),
    (
        "letters of many scripts",
        "id,name\n1,Zoë\n2,Đorđe\n3,李\n4,😀\n",
        &["id", "name"],
        &[&["1", "Zoë"], &["2", "Đorđe"], &["3", "李"], &["4", "😀"]],
    ),
    ("a byte order mark", "\u{feff}id,city\n1,Oslo\n", &["id", "city"], &[&["1", "Oslo"]]),
    ("a byte order mark before a quote", "\u{feff}\"id\",\"city\"\n1,Oslo\n", &["id", "city"], &[&["1", "Oslo"]]),
    (
        "JSON in a cell",
        "id,shape\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [1.5, 2]}\"\n2,{}\n",
        &["id", "shape"],
        &[&["1", "{\"type\": \"Point\", \"at\": [1.5, 2]}"], &["2", "{}"]],
    ),
    (
        "other delimiters in cells",
        "id,list,note\n1,a;b;c,x|y\n2,d;e;f,x|z\n3,g;h;i,q|z\n",
        &["id", "list", "note"],
        &[&["1", "a;b;c", "x|y"], &["2", "d;e;f", "x|z"], &["3", "g;h;i", "q|z"]],
    ),
    (
        "apostrophes",
        "id,name\n1,O'Neil\n2,'t Hooft\n3,Rock 'n' Roll\n",
        &["id", "name"],
        &[&["1", "O'Neil"], &["2", "'t Hooft"], &["3", "Rock 'n' Roll"]],
    ),
    (
        "backslashes",
        "id,path\n1,C:\\new\n2,\"D:\\\"\n3,x\n",
        &["id", "path"],
        &[&["1", "C:\\new"], &["2", "D:\\"], &["3", "x"]],
    ),
    (
        "times and addresses, full of colons and slashes",
        "at,url\n2024-02-29T13:05:59Z,https://example.com/a?b=c\n2024-03-01T00:00:00Z,https://example.com/\n",
        &["at", "url"],
        &[&["2024-02-29T13:05:59Z", "https://example.com/a?b=c"], &["2024-03-01T00:00:00Z", "https://example.com/"]],
    ),
    (
        "names that are numbers",
        "country,2022,2023\nNorway,5.4,5.5\nMalta,0.5,0.6\n",
        &["country", "2022", "2023"],
        &[&["Norway", "5.4", "5.5"], &["Malta", "0.5", "0.6"]],
    ),
    (
        "nothing but text",
        "name,town\nAna,Oslo\nBo,Bonn\nCy,Turin\n",
        &["name", "town"],
        &[&["Ana", "Oslo"], &["Bo", "Bonn"], &["Cy", "Turin"]],
    ),
    ("one column", "name\nAna\nBo\n\"Cy, Di\"\n", &["name"], &[&["Ana"], &["Bo"], &["Cy, Di"]]),
];

#[test]
fn each_case_is_read_as_it_is_written_and_nothing_is_said_against_it() {
    for (why, text, columns, rows) in CASES {
        let told = read(text.as_bytes()).unwrap_or_else(|| panic!("{why}: it cannot be read"));
        let cells: Vec<_> = told.rows.iter().map(|row| row.cells.clone()).collect();
        assert_eq!(told.columns, *columns, "{why}");
        assert_eq!(cells, *rows, "{why}");
        assert!(told.problems.is_empty(), "{why}: {:?}", told.problems);
    }
}

#[test]
fn the_case_of_another_line_end_is_the_same_table() {
    for (why, text, columns, rows) in CASES.iter().filter(|(_, text, ..)| !text.contains('\r')) {
        for line_end in ["\r\n", "\r"] {
            let told = read(text.replace('\n', line_end).as_bytes()).expect("it can be read");
            let as_before = |cell: &String| cell.replace(line_end, "\n");
            let names: Vec<_> = told.columns.iter().map(as_before).collect();
            let cells: Vec<Vec<_>> = told.rows.iter().map(|row| row.cells.iter().map(as_before).collect()).collect();
            assert_eq!(names, *columns, "{why} with {line_end:?}");
            assert_eq!(cells, *rows, "{why} with {line_end:?}");
        }
    }
}

#[test]
fn records_of_another_width_are_kept_and_told_of() {
    let told = read(b"a,b,c\n1,2,3\n4,5,6\n7,8,9\n10\n1,2,3,4\n").expect("it can be read");
    let widths: Vec<_> = told.rows.iter().map(|row| row.cells.len()).collect();
    assert_eq!(widths, [3, 3, 3, 1, 4]);
    let errors: Vec<_> = told.problems.iter().map(|problem| (problem.row, problem.line, problem.severity)).collect();
    assert_eq!(errors, [(Some(4), 5, Severity::Error), (Some(5), 6, Severity::Error)]);
}

#[test]
fn a_record_of_empty_cells_is_skipped_and_told_of_unless_nothing_is_repaired() {
    let text = b"a,b,c\n1,2,3\n,,\n4,5,6\n";
    let told = read(text).expect("it can be read");
    assert_eq!(told.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    let codes: Vec<_> = told.problems.iter().map(|problem| (problem.code, problem.line, &*problem.raw)).collect();
    assert_eq!(codes, [(ProblemCode::BlankRow, 3, ",,")]);
    let strict = ReadOptions { repair: Some(Repair::Off), ..ReadOptions::default() };
    let told = read_with(text, &strict).expect("it can be read");
    assert_eq!(told.rows.iter().map(|row| row.cells.concat()).collect::<Vec<_>>(), ["123", "", "456"]);
    assert_eq!(told.problems, []);
}
