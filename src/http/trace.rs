//! Which trace a request belongs to (W3C Trace Context, section 3.2: `traceparent`).

use poem::http::HeaderMap;

/// A request's place in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The trace, 32 hexadecimal digits: the sender's, else a new one.
    pub trace_id: String,
    /// What the sender calls its own part of it, 16 digits; none where it said nothing that is valid.
    pub parent_id: Option<String>,
    /// What this request's part of it is called.
    pub span_id: String,
}

impl Trace {
    /// As the header says. One that is not valid, or there several times, is as if there was none (section 3.2.2.4).
    pub fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all("traceparent").iter();
        let (one, more) = (given.next(), given.next());
        let parent = one.filter(|_| more.is_none()).and_then(|value| parse(value.to_str().ok()?));
        let span_id = fresh()[..16].to_owned();
        match parent {
            Some((trace_id, parent_id)) => Self { trace_id, parent_id: Some(parent_id), span_id },
            None => Self { trace_id: fresh(), parent_id: None, span_id },
        }
    }
}

/// `version "-" trace-id "-" parent-id "-" trace-flags`. A later version may say more behind a further dash.
fn parse(text: &str) -> Option<(String, String)> {
    let mut fields = text.splitn(5, '-');
    let mut field = |digits: usize| {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        fields.next().filter(|field| field.len() == digits && field.bytes().all(is_digit))
    };
    let (version, trace, parent, _flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    let more = fields.next();
    let known = version != "ff" && (version != "00" || more.is_none());
    let is_null = |id: &str| id.bytes().all(|digit| digit == b'0');
    (known && !is_null(trace) && !is_null(parent)).then(|| (trace.to_owned(), parent.to_owned()))
}

/// 32 hexadecimal digits that were never there before.
fn fresh() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn of(values: &[&str]) -> Trace {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", value.parse().unwrap());
        }
        Trace::of(&headers)
    }

    #[test]
    fn a_valid_header_is_gone_on_with() {
        for text in [format!("00-{TRACE}-{PARENT}-01"), format!("cc-{TRACE}-{PARENT}-00-what-comes")] {
            let trace = of(&[&text]);
            assert_eq!((trace.trace_id.as_str(), trace.parent_id.as_deref()), (TRACE, Some(PARENT)), "{text}");
            assert_ne!(trace.span_id, PARENT);
        }
    }

    #[test]
    fn anything_else_begins_a_trace() {
        let zeros = "0".repeat(32);
        let upper = TRACE.to_uppercase();
        for text in [
            String::new(),
            "garbage".into(),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("00-{zeros}-{PARENT}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{upper}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}0-{PARENT}-01"),
        ] {
            let trace = of(&[&text]);
            assert!(trace.parent_id.is_none() && trace.trace_id != TRACE, "{text}");
            assert_eq!((trace.trace_id.len(), trace.span_id.len()), (32, 16));
        }
        let good = format!("00-{TRACE}-{PARENT}-01");
        assert_eq!(of(&[&good, &good]).parent_id, None);
        assert_ne!(of(&[]).trace_id, of(&[]).trace_id);
    }
}
