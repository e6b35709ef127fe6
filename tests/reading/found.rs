//! What is found of files that nobody describes: delimiter, header, sections, and what is no row.

use crate::read::{Told, read};
use rowcast::domain::ProblemCode::{self, *};

/// Why it is there, the file, its columns, the first cell of each row, and what is told.
type Case = (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static [ProblemCode]);

const CASES: &[Case] = &[
    ("a delimiter of two bytes", "a||b\n1||2\n3||4\n", &["a", "b"], &["1", "3"], &[]),
    ("a delimiter that is seldom one", "name!age\nAna!4\nBo!5\n", &["name", "age"], &["Ana", "Bo"], &[]),
    ("a control character", "x\u{1}y\n1\u{1}2\n3\u{1}4\n", &["x", "y"], &["1", "3"], &[]),
    ("mail addresses are one column", "mail\na@b.com\nc@d.org\n", &["mail"], &["a@b.com", "c@d.org"], &[]),
    ("amounts are one column", "price\n$4\n$5\n$6\n", &["price"], &["$4", "$5", "$6"], &[]),
    (
        "a long table below a short one",
        LONG_BELOW_SHORT,
        &["t", "x", "y", "z"],
        &["0.1", "0.2", "0.3", "0.4"],
        &[PreambleLine; 4],
    ),
    ("years name columns", "town,2001,2002\nUlm,5,6\nBonn,7,8\n", &["town", "2001", "2002"], &["Ulm", "Bonn"], &[]),
    ("numbers that go up are a row", "1,2,3\n5,3,9\n6,2,8\n", &["col_0", "col_1", "col_2"], &["1", "5", "6"], &[]),
    ("numbers below a header are a row", "a,b,c\n1,2,3\n", &["a", "b", "c"], &["1"], &[]),
    ("the line that names the delimiter", "sep=;\na;b\n1;2\n", &["a", "b"], &["1"], &[SeparatorLine]),
    ("a title", "Prices of May\n\nid,eur\n1,2.5\n2,3.5\n", &["id", "eur"], &["1", "2"], &[PreambleLine, BlankRow]),
    (
        "a header of two records, and a blank one between them",
        "day,spent,,\n,,,\n,air,rail,bus\n1.5.24,10,20,30\n2.5.24,11,21,31\n",
        &["day", "spent air", "spent rail", "spent bus"],
        &["1.5.24", "2.5.24"],
        &[BlankRow],
    ),
    ("a row that was cut short", "name,zip\nAna,1\nBob\n", &["name", "zip"], &["Ana", "Bob"], &[MissingCell]),
    (
        "a footer",
        "id,town,eur\n1,Ulm,2.5\n2,Bonn,3.5\n3,Kiel,4.5\n\nSource: the mint\n",
        &["id", "town", "eur"],
        &["1", "2", "3"],
        &[BlankRow, FooterLine],
    ),
    (
        "files that were joined",
        "id,town\n1,Ulm\n2,Bonn\nid,town\n3,Kiel\n4,Jena\n",
        &["id", "town"],
        &["1", "2", "3", "4"],
        &[RepeatedHeader],
    ),
    (
        "sections of a report",
        "id,town,eur\n1,Ulm,2\n2,Bonn,3\n,,\nMay,,\nid,town,eur\n3,Kiel,4\n",
        &["id", "town", "eur"],
        &["1", "2", "3"],
        &[BlankRow, SectionTitle, RepeatedHeader],
    ),
    (
        "the same table once more",
        "id,town\n1,Ulm\n2,Bonn\nid,town\n1,Ulm\n2,Bonn\n",
        &["id", "town"],
        &["1", "2"],
        &[SecondTable; 3],
    ),
    (
        "a wider table below",
        "id,town\n1,Ulm\n2,Bonn\n3,Kiel\nid,town,eur\n1,Ulm,5\n",
        &["id", "town"],
        &["1", "2", "3"],
        &[SecondTable; 2],
    ),
    (
        "a cell too many that fits nowhere",
        "a,b,c\n1,2,3\n4,5,6\n7,8,9\n1,2,3,4\n",
        &["a", "b", "c"],
        &["1", "4", "7", "1"],
        &[ExtraCell],
    ),
    (
        "a name that is not quoted",
        "name,born\nAna Lee,2001-02-03\nBo Kim,2002-03-04\nDoe, Joe,2003-04-05\nCy Roth,2004-05-06\n",
        &["name", "born"],
        &["Ana Lee", "Bo Kim", "Doe, Joe", "Cy Roth"],
        &[UnquotedDelimiter],
    ),
    (
        "a quote that is never closed",
        "id,note,n\n1,x,4\n2,\"y,5\n3,z,6\n4,w,7\n",
        &["id", "note", "n"],
        &["1", "2", "3", "4"],
        &[StrayQuote],
    ),
    (
        "a record on two lines",
        "id,town,born\n1,Ulm,2001-02-03\n2,Bonn,2002-03-04\n3,Kiel\n,2003-04-05\n4,Jena,2004-05-06\n",
        &["id", "town", "born"],
        &["1", "2", "3", "4"],
        &[BrokenLine],
    ),
];

const LONG_BELOW_SHORT: &str = "info\nlength=[4.0,15.0,4.2]\nwidth=[1.8,3.1,2.0]\nmass=[1390.9,8915.6,1578.7]\nt;x;y;z\n\
    0.1;100000.000001;200000.000002;300000.000003\n0.2;100000.000004;200000.000005;300000.000006\n\
    0.3;100000.000007;200000.000008;300000.000009\n0.4;100000.000010;200000.000011;300000.000012\n";

#[test]
fn each_file_is_read_as_it_is_meant() {
    for (why, text, columns, first_cells, codes) in CASES {
        let Told { columns: found, rows, problems, .. } = read(text.as_bytes()).expect("it can be read");
        let told: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        let cells: Vec<_> = rows.iter().map(|row| row.cells[0].as_str()).collect();
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!((&found[..], &cells[..], &told[..]), (*columns, *first_cells, *codes), "{why}");
    }
}

#[test]
fn letters_beyond_ascii_are_those_of_the_usual_encoding() {
    let told = read(b"id,town\n1,Orl\xe9ans\n2,Ulm\n").expect("it can be read");
    assert_eq!(told.encoding, "windows-1252");
    assert_eq!(told.rows[0].cells[1], "Orléans");
    assert_eq!(told.problems, []);
}
