//! What is said of the columns.

use crate::read::read;
use rowcast::domain::{ColumnProfile, ValueType};

/// The column `c` of a file with these values, each in a row of its own.
#[track_caller]
fn column(values: &[&str]) -> ColumnProfile {
    let rows: Vec<_> = values.iter().enumerate().map(|(at, value)| format!("k{at};{value}\n")).collect();
    let told = read(format!("key;c\n{}", rows.concat()).as_bytes()).expect("it can be read");
    assert_eq!(told.columns, ["key", "c"]);
    told.profiles[1].clone()
}

#[test]
fn values_have_a_type_a_least_and_a_greatest() {
    for (values, value_type, least, greatest) in [
        (&["3", "-12", "7"][..], ValueType::Integer, "-12", "7"),
        (&["3", "1.5e3", "7.25"], ValueType::Number, "3", "1.5e3"),
        (&["$3.00", "$12.50", "$4"], ValueType::Currency, "$3.00", "$12.50"),
        (&["31.01.2024", "01.02.2024", "15.01.2024"], ValueType::Date, "15.01.2024", "01.02.2024"),
        (
            &["2024-01-02T10:00:00Z", "2024-01-02 09:00", "2024-01-01 11:00"],
            ValueType::Datetime,
            "2024-01-01 11:00",
            "2024-01-02T10:00:00Z",
        ),
        (&["09:30", "23:15", "00:05"], ValueType::Time, "00:05", "23:15"),
        (&["b@x.org", "a@y.org", "c@z.org"], ValueType::Email, "a@y.org", "c@z.org"),
        (&["https://b.org", "http://a.org", "https://c.org"], ValueType::Url, "http://a.org", "https://c.org"),
        (&["yes", "no", "yes"], ValueType::Boolean, "no", "yes"),
        (&["Ulm", "Bonn", "Kiel"], ValueType::Text, "Bonn", "Ulm"),
    ] {
        let found = column(values);
        let (min, max) = (found.min.as_deref(), found.max.as_deref());
        assert_eq!((found.value_type, min, max), (value_type, Some(least), Some(greatest)), "{values:?}");
        assert_eq!((found.rows, found.nulls, found.distinct), (3, 0, found.distinct), "{values:?}");
    }
}

#[test]
fn a_mistake_among_numbers_is_neither_the_least_nor_the_greatest() {
    let mut values: Vec<String> = (10..50).map(|number| number.to_string()).collect();
    values.push("#REF!".into());
    let found = column(&values.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        (found.value_type, found.min.as_deref(), found.max.as_deref()),
        (ValueType::Integer, Some("10"), Some("49"))
    );
}

#[test]
fn days_and_months_that_nothing_tells_apart_are_said_to_be_so() {
    let open = column(&["01/02/2024", "03/04/2024", "05/06/2024"]);
    assert!(open.date_format.is_some() && open.date_format_or.is_some(), "{open:?}");
    assert_ne!(open.date_format, open.date_format_or);
    let known = column(&["01/02/2024", "13/04/2024", "05/06/2024"]);
    assert_eq!((known.date_format.as_deref(), known.date_format_or), (Some("DD/MM/YYYY"), None));
}

#[test]
fn nulls_are_counted_and_no_values() {
    let found = column(&["3", "", "NA", "4", "null"]);
    assert_eq!((found.value_type, found.rows, found.nulls, found.distinct), (ValueType::Integer, 5, 3, 2));
}

#[test]
fn separators_of_numbers_are_found_where_they_can_be_told_apart() {
    for (values, decimal, thousands) in [
        (["1.234,50", "12,25"], Some(','), Some('.')),
        (["1,234.5", "12.25"], Some('.'), Some(',')),
        (["1 234", "2 000 000"], None, Some(' ')),
        (["1.234", "5.678"], None, None),
        (["1234", "5678"], None, None),
    ] {
        let told = read(format!("key;c\na;{}\nb;{}\n", values[0], values[1]).as_bytes()).expect("it can be read");
        assert_eq!((told.decimal, told.thousands), (decimal, thousands), "{values:?}");
    }
}
