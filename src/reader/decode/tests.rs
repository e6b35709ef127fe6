use super::*;
use crate::domain::{Failure, FailureCode, ReadOptions};
use flate2::write::GzEncoder;
use std::io::Write;

fn utf_16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

fn utf_32(text: &str, little: bool) -> Vec<u8> {
    text.chars().flat_map(|c| if little { u32::from(c).to_le_bytes() } else { u32::from(c).to_be_bytes() }).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn decided(prefix: &[u8], extent: Extent, options: &ReadOptions) -> Option<Decision> {
    decide(prefix, extent, options, &Limits::for_tests()).unwrap()
}

fn found(file: &[u8]) -> Decision {
    decided(file, Extent::Whole, &ReadOptions::default()).unwrap()
}

/// The text of the whole file, and what ended it.
fn text(file: &[u8]) -> (Vec<u8>, Result<(), DecodeError>, Decoder) {
    let limits = Limits::for_tests();
    let mut decoder = Decoder::new(&found(file), &limits).unwrap();
    let (mut out, mut rest) = (Vec::new(), file);
    loop {
        match decoder.push(rest, &mut out, 100) {
            Ok(pushed) => {
                rest = &rest[pushed.used..];
                if !pushed.full && rest.is_empty() {
                    break;
                }
            }
            Err(error) => return (out, Err(error), decoder),
        }
    }
    loop {
        match decoder.finish(&mut out, 100) {
            Ok(true) => return (out, Ok(()), decoder),
            Ok(false) => {}
            Err(error) => return (out, Err(error), decoder),
        }
    }
}

#[track_caller]
fn assert_read(file: &[u8], encoding: &str, byte_order_mark: bool, expected: &str) {
    let decision = found(file);
    assert_eq!((decision.encoding.as_str(), decision.byte_order_mark), (encoding, byte_order_mark), "{decision:?}");
    assert_eq!(decision.passthrough, decision.compression.is_none() && encoding == "utf-8");
    let (out, end, decoder) = text(file);
    assert_eq!((String::from_utf8(out).as_deref(), end), (Ok(expected), Ok(())));
    assert_eq!((decoder.raw_bytes(), decoder.text_bytes()), (file.len() as u64, expected.len() as u64));
}

const TABLE: &str = "name;city\r\n\"Åsa, \u{1f600}\";Malmö\r\nŁukasz;東京\r\n";

#[test]
fn every_unicode_encoding_is_found_with_and_without_a_mark() {
    let marked = format!("\u{feff}{TABLE}");
    assert_read(TABLE.as_bytes(), "utf-8", false, TABLE);
    assert_read(marked.as_bytes(), "utf-8", true, &marked);
    for (little, ending) in [(true, "le"), (false, "be")] {
        for (label, encode) in [("utf-16", utf_16 as fn(&str, bool) -> Vec<u8>), ("utf-32", utf_32)] {
            let label = format!("{label}{ending}");
            assert_read(&encode(TABLE, little), &label, false, TABLE);
            assert_read(&encode(&marked, little), &label, true, &marked);
            assert_read(&gzip(&encode(TABLE, little)), &label, false, TABLE);
            assert_read(&zstd(&encode(&marked, little)), &label, true, &marked);
        }
    }
    // A text mostly of characters without zero bytes is still one whose delimiters have them.
    let cjk = "東京,大阪市,札幌市\n横浜市,名古屋,神戸市\n".repeat(9);
    assert_read(&utf_16(&cjk, true), "utf-16le", false, &cjk);
    assert_read(&utf_16(&cjk, false), "utf-16be", false, &cjk);
}

#[test]
fn zero_bytes_alone_make_no_utf_16() {
    for text in ["a,b\n1,\0\n", "a,b\n\0\0\0\0\0\0\0\0,\0\0\0\0\n", "\0", "\0\0\0\0", "id\0,name\n"] {
        assert_eq!(found(text.as_bytes()).encoding, "utf-8", "{text:?}");
    }
}

#[test]
fn old_encodings_are_found_by_their_letters() {
    for (encoding, text) in [
        (encoding_rs::WINDOWS_1252, "nom;ville;prix\nRené Lefèvre;Besançon;12 €\nZoë Müller;Nîmes;8 €\n"),
        (encoding_rs::WINDOWS_1251, "имя;город\nАнна Каренина;Москва\nИван Петров;Новосибирск\n"),
        (encoding_rs::SHIFT_JIS, "名前,都市\n田中さん,東京です\nカタカナ,ひらがな\n"),
        (encoding_rs::GBK, "姓名,城市\n张三,北京市\n李四先生,上海市\n"),
        (encoding_rs::ISO_2022_JP, "名前,都市\n田中さん,東京です\n"),
    ] {
        let (bytes, ..) = encoding.encode(text);
        assert_read(&bytes, &encoding.name().to_ascii_lowercase(), false, text);
        assert!(found(&bytes).sure_percent < 95, "a guess is never certain");
    }
}

#[test]
fn a_few_wrong_bytes_leave_utf_8_what_it_is() {
    let mut file = "é,ö\nñ,ü\nå,ä\n".repeat(3).into_bytes();
    file[3] = 0xff;
    let decision = found(&file);
    assert_eq!((decision.encoding.as_str(), decision.passthrough), ("utf-8", true));
    assert!(decision.sure_percent < 95 && decision.why[0].contains("only"), "{decision:?}");
    assert_eq!(text(&file).0, file);
}

#[test]
fn it_is_decided_as_soon_as_it_is_certain_and_not_before() {
    use Extent::{Growing, Settled, Whole};
    let none = ReadOptions::default();
    let at = |prefix: &[u8], extent| decided(prefix, extent, &none).map(|decision| decision.encoding);
    for open in [&b""[..], b"a,b\n1,2\n", b"\xff\xfe", b"\xef\xbb", b"\x1f", b"\x28\xb5", b"P*M", "é".as_bytes()] {
        assert_eq!(at(open, Growing), None, "{open:?}");
    }
    assert_eq!(at(b"", Settled), None);
    assert_eq!(at(b"", Whole).as_deref(), Some("utf-8"));
    assert_eq!(at(b"\xff\xfe", Whole).as_deref(), Some("utf-16le"));
    assert_eq!(at(b"\xff\xfea\0", Growing).as_deref(), Some("utf-16le"));
    assert_eq!(at(b"\xff\xfe\0\0", Growing).as_deref(), Some("utf-32le"));
    assert_eq!(at(b"\xef\xbb\xbfa", Growing).as_deref(), Some("utf-8"));
    assert_eq!(at(b"\x1f\x8b", Whole).as_deref(), Some("windows-1252"));
    // A character may be cut where the prefix is, though not where the file ends.
    assert_eq!(at(b"\xc3\xa9,\xc3", Settled).as_deref(), Some("utf-8"));
    assert_ne!(found(b"a,\xc3").encoding, "utf-8");
    let full = vec![b'a'; TEXT_EXAMINED_MAX];
    assert_eq!(at(&full[1..], Growing), None);
    assert_eq!(at(&full, Growing).as_deref(), Some("utf-8"));
    let mut noise = Vec::new();
    let mut state = 1_u32;
    while noise.len() < TEXT_EXAMINED_MAX {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.extend_from_slice(format!("{state},").as_bytes());
    }
    let packed = gzip(&noise.repeat(4));
    assert_eq!(at(&packed[..1000], Growing), None);
    assert!(at(&packed[..1000], Settled).is_some());
    assert!(at(&packed[..TEXT_EXAMINED_MAX], Growing).is_some());
    assert_eq!(at(&packed[..5], Settled), None, "there is no text yet");
}

#[test]
fn what_is_given_counts() {
    let with = |label: &str| ReadOptions { encoding: Some(label.into()), ..ReadOptions::default() };
    let of = |file: &[u8], label: &str| decided(file, Extent::Growing, &with(label)).unwrap().encoding;
    assert_eq!(of("é,ö".as_bytes(), "Latin1"), "windows-1252");
    assert_eq!(of(b"a,b\n", " UTF-8 "), "utf-8");
    assert_eq!(of(b"a,b\n", "utf-32be"), "utf-32be");
    assert_eq!(of(b"a,b\n", "big5"), "big5");
    // The order of bytes is found where the label leaves it open.
    assert_eq!(of(&utf_16("\u{feff}a,b\n", false), "utf-16"), "utf-16be");
    assert_eq!(of(&utf_16("a,b\n", false), "utf-16"), "utf-16be");
    assert_eq!(of(&utf_16("a,b\n", false), "utf-16le"), "utf-16le");
    assert_eq!(of(b"abcd", "utf-16"), "utf-16le");
    assert_eq!(of(&utf_32("a,b\nc", false), "UTF-32"), "utf-32be");
    let error = decide(b"a", Extent::Growing, &with("klingon"), &Limits::for_tests()).unwrap_err();
    assert_eq!(Err(error.clone()), check_encoding("klingon"));
    assert!(error.to_string().contains("'klingon'") && error.to_string().contains("windows-1252"));
    let zip = ReadOptions { compression: Some(Compression::Gzip), ..ReadOptions::default() };
    assert_eq!(decided(&gzip(b"a"), Extent::Whole, &zip).unwrap().compression, Some(Compression::Gzip));
    for other in [&b"a,b\n1"[..], &zstd(b"a"), b"\x1f"] {
        let error = decide(other, Extent::Whole, &zip, &Limits::for_tests()).unwrap_err();
        assert!(matches!(error, DecodeError::NotCompressed { .. }), "{error}");
    }
}

#[test]
fn a_reading_gives_back_its_decision() {
    for file in [&b"a"[..], &zstd(b"a"), &utf_16("\u{feff}a,b\n", true), &gzip(&utf_32("a,b\n", false)), b"\xe9,a"] {
        let decision = found(file);
        let Decision { compression, encoding, byte_order_mark, .. } = decision.clone();
        let reading = crate::domain::Reading { compression, encoding, byte_order_mark, ..Default::default() };
        let again = Decision::of(&reading).unwrap();
        assert_eq!(Decision { sure_percent: 100, why: Vec::new(), ..decision }, again);
    }
}

#[test]
fn malformed_text_is_replaced_and_its_places_are_told() {
    let mut file = utf_16("\u{feff}é,", true);
    file.extend_from_slice(&0xd83d_u16.to_le_bytes());
    file.extend_from_slice(&utf_16(",x", true));
    file.push(0);
    let (out, end, mut decoder) = text(&file);
    assert_eq!((String::from_utf8(out).as_deref(), end), (Ok("\u{feff}é,\u{fffd},x\u{fffd}"), Ok(())));
    let told: Vec<u64> = std::iter::from_fn(|| decoder.next_malformed()).collect();
    assert_eq!((told, decoder.malformed_beyond()), (vec![6, 11], 0));
    let mut file = utf_32("\u{feff}é", false);
    file.extend_from_slice(&[0, 0, 0xd8, 0, 0, 0x11, 0, 0, 0, 0]);
    let (out, _, mut decoder) = text(&file);
    assert_eq!(String::from_utf8(out).as_deref(), Ok("\u{feff}é\u{fffd}\u{fffd}\u{fffd}"));
    assert_eq!(std::iter::from_fn(|| decoder.next_malformed()).collect::<Vec<_>>(), [5, 8, 11]);
    let (out, _, mut decoder) = text(&[&[0xff, 0xfe][..], &[0, 0xdc].repeat(40_000)].concat());
    assert_eq!(out.len(), 3 + 3 * 40_000);
    assert_eq!(std::iter::from_fn(|| decoder.next_malformed()).count() as u64 + decoder.malformed_beyond(), 40_000);
}

#[test]
fn members_frames_and_headers_of_every_kind_are_read() {
    let name_and_extra = [
        &[0x1f, 0x8b, 8, 0b1_1110, 0, 0, 0, 0, 0, 255, 2, 0, b'x', b'y'][..],
        b"name.csv\0a comment\0",
        &[0, 0],
        &gzip(b"a,b\n")[10..],
    ]
    .concat();
    let empty_extra = [&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 0, 0][..], &gzip(b"1,2\n")[10..]].concat();
    let padded = [&name_and_extra[..], &gzip(b""), &empty_extra, &[0; 20]].concat();
    assert_read(&padded, "utf-8", false, "a,b\n1,2\n");
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
    let frames = [&skippable[..], &zstd(b"a,b\n"), &skippable, &zstd(b""), &zstd(b"1,2\n"), &skippable].concat();
    assert_read(&frames, "utf-8", false, "a,b\n1,2\n");
}

#[test]
fn all_text_before_a_fault_is_given_out() {
    let table: String = (0..40_000).map(|i| format!("{i},{}\n", i * 7919 % 10_007)).collect();
    for (name, packed) in [("gzip", gzip(table.as_bytes())), ("zstd", zstd(table.as_bytes()))] {
        let cut = &packed[..packed.len() - 9];
        let (out, end, _) = text(cut);
        let least = if name == "gzip" { table.len() - 300 } else { table.len() - (128 << 10) };
        assert!(table.as_bytes().starts_with(&out) && out.len() >= least, "{name} {} of {}", out.len(), table.len());
        let error = end.unwrap_err();
        assert!(matches!(error, DecodeError::Truncated { raw, .. } if raw == cut.len() as u64), "{error}");
        let mut flipped = packed.clone();
        let end = flipped.len() - 1;
        flipped[end] ^= 1;
        let (out, end, mut decoder) = text(&flipped);
        assert!(out == table.as_bytes(), "{name} {} of {}", out.len(), table.len());
        let error = end.unwrap_err();
        assert!(matches!(&error, DecodeError::Corrupt { what, .. } if what.contains("the file says")), "{error}");
        assert_eq!(decoder.push(b"", &mut Vec::new(), 99), Err(error.clone()), "it stays so");
        assert_eq!(Failure::from(error).code, FailureCode::CorruptCompression);
        let (out, end, _) = text(&[&packed[..], b"x"].concat());
        assert!(
            out == table.as_bytes() && matches!(end, Err(DecodeError::Corrupt { .. } | DecodeError::Truncated { .. }))
        );
    }
    for empty in [&[0x1f, 0x8b, 8][..], &[0x28, 0xb5, 0x2f, 0xfd]] {
        assert!(matches!(text(empty), (out, Err(DecodeError::Truncated { text: 0, .. }), _) if out.is_empty()));
    }
}

#[test]
fn a_bomb_is_stopped_within_the_limits() {
    let limits = Limits::for_tests();
    let zeros = vec![b'0'; 4 << 20];
    for bomb in [gzip(&zeros), zstd(&zeros), gzip(&utf_16(&"0".repeat(1 << 20), true))] {
        let (out, end, _) = text(&bomb);
        assert!(matches!(end, Err(DecodeError::TooDense { .. })), "{end:?}");
        assert!(out.len() as u64 <= limits.expansion_free_bytes * 3, "{}", out.len());
        assert_eq!(Failure::from(end.unwrap_err()).code, FailureCode::ExpansionTooLarge);
    }
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'0' + (state >> 24) as u8 % 10
    })
    .take(5 << 20)
    .collect();
    for large in [gzip(&noise), zstd(&noise)] {
        let (out, end, _) = text(&large);
        assert_eq!(end, Err(DecodeError::TooLarge { max: limits.expanded_bytes_max }));
        assert!(out == noise[..limits.expanded_bytes_max as usize]);
    }
}

#[test]
fn a_window_over_the_limit_is_refused_with_what_to_do() {
    let compressed = |window_log| {
        let mut encoder = ::zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(b"a,b\n").unwrap();
        encoder.finish().unwrap()
    };
    let limit = Limits::for_tests().decode_window_bytes_max.ilog2();
    assert_eq!(text(&compressed(limit)).0, b"a,b\n");
    let (out, end, _) = text(&compressed(limit + 1));
    assert!(out.is_empty() && matches!(end, Err(DecodeError::WindowTooLarge { max: 2_097_152 })), "{end:?}");
    assert!(end.unwrap_err().to_string().contains("--long"));
}
