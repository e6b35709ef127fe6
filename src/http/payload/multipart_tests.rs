//! The multipart reader against bodies as senders write them, cut anywhere, and against bodies as attackers write them.

use super::*;

const CAPS: Caps = Caps { head_bytes: 200, parts: 4 };

/// One part: its name, its file name, its data, and whether its delimiter was seen.
type Part = (String, Option<String>, Vec<u8>, bool);

/// Feeds `body` in the given pieces; the parts seen, and how it ended.
fn read(boundary: &str, pieces: &[&[u8]]) -> (Vec<Part>, Result<(), MultipartError>) {
    let mut parser = Parser::new(boundary, CAPS);
    let mut parts: Vec<Part> = Vec::new();
    let mut fed = 0;
    for piece in pieces {
        parser.feed(Bytes::copy_from_slice(piece));
        fed += piece.len() as u64;
        loop {
            match parser.next() {
                Ok(Event::NeedMore) => break,
                Ok(Event::Part(head)) => parts.push((head.name, head.filename, Vec::new(), false)),
                Ok(Event::Data(data)) => {
                    assert!(!data.is_empty());
                    parts.last_mut().unwrap().2.extend_from_slice(&data);
                }
                Ok(Event::PartEnd) => parts.last_mut().unwrap().3 = true,
                Ok(Event::End) => return (parts, Ok(())),
                Err(error) => return (parts, Err(error)),
            }
        }
        assert_eq!(parser.consumed(), fed);
    }
    (parts, if parser.is_closed() { Ok(()) } else { Err(MultipartError::Incomplete) })
}

fn part(name: &str, filename: Option<&str>, data: &[u8]) -> Part {
    (name.into(), filename.map(Into::into), data.into(), true)
}

const CURL: &[u8] = b"--B0und\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
    --B0und\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.csv\"\r\nContent-Type: text/csv\r\n\r\n\
    a,b\r\n1,2\r\n\r\n--B0un,x\r\n\r\r\n--B0und--\r\n";

#[test]
fn the_same_parts_come_out_however_the_body_is_cut() {
    let whole = read("B0und", &[CURL]);
    let expected =
        vec![part("note", None, b"hello"), part("file", Some("a b.csv"), b"a,b\r\n1,2\r\n\r\n--B0un,x\r\n\r")];
    assert_eq!(whole.0, expected);
    whole.1.unwrap();
    for first in 0..=CURL.len() {
        for second in [first, first + 1, first + 7, CURL.len()] {
            let second = second.min(CURL.len());
            let (parts, end) = read("B0und", &[&CURL[..first], &CURL[first..second], &CURL[second..]]);
            assert_eq!(parts, expected, "cut at {first} and {second}");
            end.unwrap();
        }
    }
    let bytes: Vec<&[u8]> = CURL.chunks(1).collect();
    let (parts, end) = read("B0und", &bytes);
    assert_eq!(parts, expected);
    end.unwrap();
}

#[test]
fn a_body_that_ends_early_never_closes_its_file() {
    // The delimiter's last byte ends here; up to it the file is open.
    let closed_at = CURL.len() - b"--\r\n".len();
    for end in 0..CURL.len() - 2 {
        let (parts, result) = read("B0und", &[&CURL[..end]]);
        assert!(matches!(result, Err(MultipartError::Incomplete)), "{end}: {result:?}");
        let file_closed = parts.iter().any(|part| part.0 == "file" && part.3);
        assert_eq!(file_closed, end >= closed_at, "{end}");
    }
}

#[test]
fn what_rfc_2046_allows_is_read() {
    let cases: [(&[u8], Vec<Part>); 9] = [
        (b"preamble\r\n--x\r\n\r\nA\r\n--x--", vec![part("", None, b"A")]),
        (b"\r\n--x\r\n\r\nA\r\n--x--epilogue\r\n--x\r\n\r\nB", vec![part("", None, b"A")]),
        (b"--x \t \r\n\r\nA\r\n--x  \r\n\r\nB\r\n--x--", vec![part("", None, b"A"), part("", None, b"B")]),
        (b"--x\r\n\r\n\r\n--x--", vec![part("", None, b"")]),
        (b"--x\r\nA: b\r\n\r\n--x--", vec![part("", None, b"")]),
        (b"--x\r\nContent-Disposition: form-data;\r\n name=\"f\"\r\n\r\n\r\n\r\n--x--", vec![part("f", None, b"\r\n")]),
        (
            b"--x\r\nCONTENT-disposition:form-data;name=f;filename=\"\"\r\n\r\n-\r\n--x--",
            vec![part("f", Some(""), b"-")],
        ),
        (b"--x\r\nno field\r\n\r\n--\r\n--x--", vec![part("", None, b"--")]),
        (b"--x--\r\n", vec![]),
    ];
    for (body, expected) in cases {
        for cut in 0..=body.len() {
            let (parts, end) = read("x", &[&body[..cut], &body[cut..]]);
            assert_eq!(parts, expected, "{} cut at {cut}", body.escape_ascii());
            end.unwrap();
        }
    }
}

#[test]
fn hostile_bodies_are_refused_within_the_caps() {
    let long_preamble = vec![b'p'; 300];
    let endless_head = [b"--x\r\nA: ".as_slice(), &vec![b'a'; 300]].concat();
    let many_parts = b"--x\r\n\r\n\r\n".repeat(5);
    let padding = [b"--x".as_slice(), &[b' '; 100]].concat();
    let cases: [(&[u8], &str); 8] = [
        (&long_preamble, "the body does not begin with its boundary"),
        (&endless_head, "the head of a part is longer than 200 bytes"),
        (&many_parts, "the body has more than 4 parts"),
        (&padding, "a boundary is followed by something else than a line end"),
        (b"--xy\r\n\r\nA\r\n--x--", "a boundary is followed by something else than a line end"),
        (b"--x\n\nA", "a boundary is followed by something else than a line end"),
        (b"--x-\r\n", "a boundary is followed by a single '-'"),
        (b"--x\rA", "a boundary's line ends with a bare CR"),
    ];
    for (body, message) in cases {
        for size in [1, 2, 3, 64, body.len()] {
            let pieces: Vec<&[u8]> = body.chunks(size).collect();
            let (_, end) = read("x", &pieces);
            assert_eq!(end.unwrap_err().to_string(), message, "{}", body.escape_ascii());
        }
    }
}

#[test]
fn a_head_of_exactly_the_cap_is_read() {
    let head = format!("A: {}\r\n\r\n", "a".repeat(CAPS.head_bytes - 7));
    assert_eq!(head.len(), CAPS.head_bytes);
    let body = format!("--x\r\n{head}A\r\n--x--");
    for size in [1, 7, body.len()] {
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
        let (parts, end) = read("x", &pieces);
        assert_eq!(parts, [part("", None, b"A")]);
        end.unwrap();
    }
}

#[test]
fn data_full_of_half_delimiters_comes_out_whole() {
    let tricky = b"\r\n\r\n-\r\n--\r\n--a\r\n--aa\r\r\n\r\n--aaA\r\n--aa\n--aab";
    let body = [b"--aab\r\n\r\n".as_slice(), &tricky[..tricky.len() - 7], b"\r\n--aab--"].concat();
    for size in 1..body.len() {
        let pieces: Vec<&[u8]> = body.chunks(size).collect();
        let (parts, end) = read("aab", &pieces);
        assert_eq!(parts, [part("", None, &tricky[..tricky.len() - 7])], "pieces of {size}");
        end.unwrap();
    }
}

#[test]
fn file_bytes_are_slices_of_the_chunks() {
    let chunk = Bytes::from([b"--x\r\n\r\n".as_slice(), &[b'a'; 1000]].concat());
    let mut parser = Parser::new("x", CAPS);
    parser.feed(chunk.clone());
    assert!(matches!(parser.next(), Ok(Event::Part(_))));
    assert_eq!(parser.consumed(), 7);
    let Ok(Event::Data(data)) = parser.next() else { panic!("no data") };
    assert_eq!(data.as_ptr(), chunk[7..].as_ptr());
    assert_eq!(data.len(), 1000);
}

#[tokio::test]
async fn a_stream_is_read_to_its_end_and_its_failures_are_told() {
    let chunks = |body: &'static [u8]| futures_util::stream::iter(body.chunks(5).map(|c| Ok(Bytes::from_static(c))));
    let mut multipart = Multipart::new(chunks(CURL), "B0und", CAPS);
    let mut parts = 0;
    loop {
        match multipart.next().await.unwrap() {
            Event::Part(_) => parts += 1,
            Event::End => break,
            _ => {}
        }
    }
    assert_eq!(parts, 2);
    multipart.skip_epilogue().await.unwrap();

    let mut multipart = Multipart::new(chunks(&CURL[..60]), "B0und", CAPS);
    let error = loop {
        if let Err(error) = multipart.next().await {
            break error;
        }
    };
    assert!(matches!(error, MultipartError::Incomplete));
}
