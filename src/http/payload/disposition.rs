//! Header values of the form `token; name=value; name="quoted"`, and the file names in them.

use std::fmt::Write as _;

/// Longest file name that is kept, in bytes. Longer ones do not fit common file systems either.
const NAME_BYTES_MAX: usize = 200;
/// The name of a file whose sender gave none.
pub const UNNAMED: &str = "upload.csv";

/// The leading token in lower case, and the parameters in their order; names in lower case.
///
/// Lenient where senders are known to differ: no parameter is an error, a quote that is never closed ends with the value.
pub fn parse(value: &str) -> (String, Vec<(String, String)>) {
    let (token, mut rest) = value.split_at(value.find(';').unwrap_or(value.len()));
    let mut params = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        rest = after.trim_start();
        let Some(name_end) = rest.find(['=', ';']) else { break };
        let name = rest[..name_end].trim().to_ascii_lowercase();
        rest = &rest[name_end..];
        let Some(after) = rest.strip_prefix('=') else { continue };
        rest = after.trim_start();
        let value = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = unquote(quoted);
                rest = &after[after.find(';').unwrap_or(after.len())..];
                value
            }
            None => {
                let (value, after) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
                rest = after;
                value.trim().to_owned()
            }
        };
        params.push((name, value));
    }
    (token.trim().to_ascii_lowercase(), params)
}

/// A quoted string after its opening quote: its text, and what follows the closing quote.
///
/// Only `\"` and `\\` are escapes. Old browsers send whole Windows paths with bare backslashes, which have to survive.
fn unquote(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => text.push(chars.next_if(|(_, next)| matches!(next, '"' | '\\')).map_or('\\', |(_, next)| next)),
            char => text.push(char),
        }
    }
    (text, "")
}

/// The boundary of a `multipart/form-data` content type (RFC 2046, section 5.1.1): 1 to 70 characters of a small set.
pub fn boundary(content_type: &str) -> Option<String> {
    let (_, params) = parse(content_type);
    let (_, boundary) = params.into_iter().find(|(name, _)| name == "boundary")?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    let well_formed = (1..=70).contains(&boundary.len()) && boundary.bytes().all(allowed) && !boundary.ends_with(' ');
    well_formed.then_some(boundary)
}

/// A label for people from a name that a sender gave: the last part of a path, without characters that would break a
/// line, a log or the direction of text, and not too long. [`UNNAMED`] when nothing is left.
pub fn file_label(name: &str) -> String {
    // Browsers write these three, and no others, in this form (WHATWG HTML, multipart/form-data encoding algorithm).
    let name = name.replace("%22", "\"").replace("%0D", "").replace("%0A", "");
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns_text = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_line = |c| matches!(c, '\u{2028}' | '\u{2029}');
    let mut label = String::new();
    for char in last.chars().filter(|&c| !c.is_control() && !turns_text(c) && !breaks_line(c)) {
        if label.len() + char.len_utf8() > NAME_BYTES_MAX {
            break;
        }
        label.push(char);
    }
    let label = label.trim();
    if label.is_empty() || label.chars().all(|c| c == '.') { UNNAMED.to_owned() } else { label.to_owned() }
}

/// A name under which any system saves a file, from a label and what the file is to end with: nothing that is a path, hidden,
/// or a device (Windows takes `con.x.csv` for one).
pub fn saved_name(label: &str, ending: &str) -> String {
    let stem = label.rsplit_once('.').map_or(label, |(stem, _)| stem);
    let plain = |c: char| if r#"<>:"/\|?*"#.contains(c) { '_' } else { c };
    let stem: String = stem.chars().map(plain).collect();
    let first = stem.split(['.', ' ']).next().unwrap_or_default().to_ascii_uppercase();
    let is_port = |name: &str| first.strip_prefix(name).is_some_and(|rest| rest.chars().count() == 1);
    let is_device = ["CON", "PRN", "AUX", "NUL"].contains(&&*first) || is_port("COM") || is_port("LPT");
    match stem.as_str() {
        "" => format!("upload-{ending}"),
        stem if is_device || stem.starts_with(['.', '-', '~']) => format!("_{stem}-{ending}"),
        stem => format!("{stem}-{ending}"),
    }
}

/// A `Content-Disposition` that makes a browser save the answer under `name` (RFC 6266, section 4; RFC 8187, section 3.2).
pub fn attachment(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_. ()+,@=".contains(c);
    let fallback: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{fallback}\"");
    if fallback != name {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                value.push(char::from(byte));
            } else {
                let _ = write!(value, "%{byte:02X}");
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_names_are_plain_ones() {
        for (label, expected) in [
            ("people.csv", "people-rows.csv"),
            ("Größe 1.2.csv", "Größe 1.2-rows.csv"),
            (".htaccess", "upload-rows.csv"),
            ("..%2f..%2fout.csv", "_..%2f..%2fout-rows.csv"),
            ("-rf.csv", "_-rf-rows.csv"),
            ("con.x.csv", "_con.x-rows.csv"),
            ("lpt1 .csv", "_lpt1 -rows.csv"),
            ("console.csv", "console-rows.csv"),
            (r#"a:b?"c".csv"#, "a_b__c_-rows.csv"),
        ] {
            assert_eq!(saved_name(label, "rows.csv"), expected, "{label}");
        }
    }

    fn param(value: &str, name: &str) -> Option<String> {
        parse(value).1.into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    #[test]
    fn parameters_are_read_as_senders_write_them() {
        let cases = [
            (r#"form-data; name="file"; filename="a.csv""#, Some("a.csv")),
            (r#"form-data; name=file; FileName=a.csv"#, Some("a.csv")),
            (r#"form-data; filename="a \"b\".csv"; name=x"#, Some(r#"a "b".csv"#)),
            (r#"form-data; filename="a;b=c.csv"; name=x"#, Some("a;b=c.csv")),
            (r#"form-data; filename="C:\tmp\a.csv""#, Some(r"C:\tmp\a.csv")),
            (r#"form-data; filename="never closed"#, Some("never closed")),
            (r#"form-data; filename="""#, Some("")),
            (r#"form-data;;; flag; filename = a.csv ;"#, Some("a.csv")),
            (r#"form-data; filename*=UTF-8''a.csv"#, None),
            ("form-data", None),
            ("", None),
        ];
        for (value, expected) in cases {
            assert_eq!(param(value, "filename").as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_boundary_is_checked() {
        assert_eq!(boundary("multipart/form-data; boundary=----x").as_deref(), Some("----x"));
        assert_eq!(boundary("multipart/form-data; charset=utf-8; Boundary=\"a b?\"").as_deref(), Some("a b?"));
        let longest = "x".repeat(70);
        assert_eq!(boundary(&format!("multipart/form-data; boundary={longest}")), Some(longest.clone()));
        for bad in ["", "\"a \"", "\"\"", "a\u{e9}", "\"a\\\"b\"", &format!("{longest}x")] {
            assert_eq!(boundary(&format!("multipart/form-data; boundary={bad}")), None, "{bad}");
        }
        assert_eq!(boundary("multipart/form-data"), None);
    }

    #[test]
    fn a_label_is_never_a_path_and_fits_on_a_line() {
        let cases = [
            ("people.csv", "people.csv"),
            ("../../etc/passwd", "passwd"),
            (r"C:\tmp\people.csv", "people.csv"),
            ("a\r\nb\0.csv", "ab.csv"),
            ("say %22hi%22.csv", "say \"hi\".csv"),
            ("a\u{202e}vsc.exe", "avsc.exe"),
            ("Überblick 2026.csv", "Überblick 2026.csv"),
            ("", UNNAMED),
            ("..", UNNAMED),
            ("dir/", UNNAMED),
        ];
        for (name, label) in cases {
            assert_eq!(file_label(name), label, "{name:?}");
        }
        let long = file_label(&"ü".repeat(300));
        assert!(long.len() <= NAME_BYTES_MAX && long.chars().all(|c| c == 'ü'));
    }

    #[test]
    fn a_download_name_cannot_leave_its_header() {
        assert_eq!(attachment("a.csv"), "attachment; filename=\"a.csv\"");
        assert_eq!(
            attachment("Grüße \"1\".csv"),
            "attachment; filename=\"Gr__e _1_.csv\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.csv"
        );
        assert!(attachment("a\r\nx: y").bytes().all(|b| b.is_ascii_graphic() || b == b' '));
    }
}
