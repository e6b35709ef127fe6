//! An event stream as a browser reads it (HTML standard, section 9.2.6), but strict: what it would drop in silence panics.

/// One dispatched event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub kind: String,
    /// The stream's last event id when this event was dispatched.
    pub last_id: String,
    pub data: String,
}

/// The events of a stream, and its last event id at the end.
pub fn parse(stream: &[u8]) -> (Vec<Event>, String) {
    let text = std::str::from_utf8(stream).expect("a stream is UTF-8");
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    assert!(text.is_empty() || text.ends_with("\n\n"), "a stream ends after a whole event");
    let (mut events, mut last_id) = (Vec::new(), String::new());
    let (mut kind, mut id, mut data) = (String::new(), None, String::new());
    for line in text.split_terminator('\n') {
        if line.is_empty() {
            last_id = id.clone().unwrap_or(last_id);
            if let Some(data) = data.strip_suffix('\n') {
                let kind = if kind.is_empty() { "message".to_owned() } else { kind.clone() };
                events.push(Event { kind, last_id: last_id.clone(), data: data.to_owned() });
            } else {
                assert!(kind.is_empty(), "an event without data is never seen");
            }
            kind.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => kind = value.to_owned(),
            "data" => data.extend([value, "\n"]),
            "id" => {
                assert!(!value.contains('\0'), "an id with NUL is ignored");
                id = Some(value.to_owned());
            }
            _ => panic!("unknown field {field:?}"),
        }
    }
    (events, last_id)
}

#[test]
fn the_parser_follows_the_standard() {
    let (events, last_id) = parse(b"data: a\r\ndata:b\r\rid: 1\n\nevent: x\ndata\nid:2\n\nid: 3\n\n");
    let event =
        |kind: &str, last_id: &str, data: &str| Event { kind: kind.into(), last_id: last_id.into(), data: data.into() };
    assert_eq!(events, [event("message", "", "a\nb"), event("x", "2", "")]);
    assert_eq!(last_id, "3");
}
