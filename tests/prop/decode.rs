//! The decoder: the same text however the bytes are cut, what went in comes out, and no bytes make it fall over.

use flate2::write::GzEncoder;
use proptest::prelude::*;
use rowcast::domain::{Limits, ReadOptions};
use rowcast::reader::decode::{Decision, DecodeError, Decoder, Extent, Pushed, decide};
use std::io::Write;

type Decoded = (Vec<u8>, Vec<u64>, Option<DecodeError>);

fn decided(file: &[u8], encoding: Option<&str>) -> Decision {
    let options = ReadOptions { encoding: encoding.map(Into::into), ..ReadOptions::default() };
    let prefix = &file[..file.len().min(256 << 10)];
    decide(prefix, Extent::Whole, &options, &Limits::for_tests()).unwrap().expect("a whole file is decided")
}

/// Decodes the file in pieces of these sizes, taken in turn, with that much room each time.
fn decode(file: &[u8], decision: &Decision, pieces: &[usize], room: usize) -> Decoded {
    let mut decoder = Decoder::new(decision, &Limits::for_tests()).unwrap();
    let (mut out, mut malformed, mut at, mut end) = (Vec::new(), Vec::new(), 0, 0);
    let mut sizes = pieces.iter().cycle();
    loop {
        let before = out.len();
        let over = at == file.len();
        let pushed = if over {
            decoder.finish(&mut out, room).map(|whole| Pushed { used: 0, full: !whole })
        } else {
            decoder.push(&file[at..end], &mut out, room)
        };
        assert!(out.len() - before <= room.max(32));
        malformed.extend(std::iter::from_fn(|| decoder.next_malformed()));
        assert_eq!((decoder.text_bytes(), decoder.malformed_beyond()), (out.len() as u64, 0));
        match pushed {
            Err(error) => return (out, malformed, Some(error)),
            Ok(Pushed { used, full }) => {
                at += used;
                assert_eq!(decoder.raw_bytes(), at as u64);
                assert!(full || at == end, "bytes are left, though there is room");
                if !full && over {
                    return (out, malformed, None);
                }
                if !full {
                    end = file.len().min(end + sizes.next().expect("it cycles").max(&1));
                }
            }
        }
    }
}

fn utf(text: &str, bits: u8, little: bool) -> Vec<u8> {
    if bits == 16 {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    } else {
        text.chars().map(u32::from).flat_map(|c| if little { c.to_le_bytes() } else { c.to_be_bytes() }).collect()
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn packed(kind: u8, bytes: &[u8], cut: usize) -> Vec<u8> {
    let (first, second) = bytes.split_at(cut.min(bytes.len()));
    match kind {
        0 => bytes.to_vec(),
        1 => gzip(bytes),
        2 => [gzip(first), gzip(second)].concat(),
        3 => zstd(bytes),
        _ => [zstd(first), zstd(second)].concat(),
    }
}

fn tables() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just(","), 3 => Just("\n"), 2 => Just("a"), 1 => Just("é"), 1 => Just("東"), 1 => Just("\u{1f600}"),
        1 => Just("\""), 1 => Just("\u{fffd}"), 1 => Just("\u{10ffff}"),
    ];
    proptest::collection::vec(piece, 0..200).prop_map(|pieces| pieces.concat())
}

fn pieces() -> impl Strategy<Value = (Vec<usize>, usize)> {
    (proptest::collection::vec(1_usize..40, 1..8), prop_oneof![Just(0_usize), 32_usize..200, Just(65_536)])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(crate::cases(100)) })]

    #[test]
    fn what_went_in_comes_out_however_it_is_cut(
        table in tables(), marked: bool, bits in prop_oneof![Just(8), Just(16), Just(32)], little: bool,
        kind in 0_u8..5, cut in 0_usize..500, (pieces, room) in pieces(),
    ) {
        let table = if marked { format!("\u{feff}{table}") } else { table };
        let bytes = if bits == 8 { table.clone().into_bytes() } else { utf(&table, bits, little) };
        let label = if bits == 8 { "utf-8".into() } else { format!("utf-{bits}{}", if little { "le" } else { "be" }) };
        let file = packed(kind, &bytes, cut);
        let decision = decided(&file, (!marked).then_some(label.as_str()));
        prop_assert_eq!((&decision.encoding, decision.byte_order_mark), (&label, marked));
        let (out, malformed, error) = decode(&file, &decision, &pieces, room);
        prop_assert_eq!((out, malformed, error), (table.into_bytes(), vec![], None));
    }

    #[test]
    fn malformed_text_is_the_same_however_it_is_cut(
        bytes in proptest::collection::vec(prop_oneof![Just(0_u8), Just(0xd8), Just(0xdc), Just(0x1b), any::<u8>()], 0..200),
        label in prop_oneof![
            Just("utf-16le"), Just("utf-16be"), Just("utf-32le"), Just("utf-32be"), Just("utf-8"), Just("windows-1252"),
            Just("shift_jis"), Just("gb18030"), Just("big5"), Just("euc-kr"), Just("iso-2022-jp"), Just("euc-jp"),
        ],
        kind in 1_u8..4, (pieces, room) in pieces(),
    ) {
        let file = packed(kind, &bytes, 0);
        let decision = decided(&file, Some(label));
        let whole = decode(&file, &decision, &[file.len()], 1 << 20);
        prop_assert_eq!(&decode(&file, &decision, &pieces, room), &whole);
        if label == "utf-8" {
            prop_assert_eq!(&whole.0, &bytes);
        } else {
            let text = String::from_utf8(whole.0).expect("what is transcoded is UTF-8");
            for at in whole.1 {
                let replaced = text[at as usize..].starts_with('\u{fffd}');
                prop_assert!(replaced);
            }
        }
    }

    #[test]
    fn changed_bytes_give_an_error_and_nothing_worse(
        table in tables(), kind in 1_u8..5, cut in 0_usize..500, (pieces, room) in pieces(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut file = packed(kind, &table.repeat(8).into_bytes(), cut);
        for (index, byte) in changes {
            // The magic stays, so that it is unpacked at all.
            let at = 4 + index.index(file.len() - 4);
            file[at] = byte;
        }
        file.truncate(4 + keep.index(file.len() - 3));
        let decision = decided(&file, None);
        let whole = decode(&file, &decision, &[file.len()], 1 << 20);
        let cut = decode(&file, &decision, &pieces, room);
        prop_assert_eq!((cut.0, cut.1, cut.2.is_some()), (whole.0, whole.1, whole.2.is_some()));
    }

    #[test]
    fn random_bytes_are_decided_and_decoded(
        magic in proptest::sample::select(vec![
            &b""[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18\x02\0\0\0", b"\xff\xfe", b"\0\0\xfe\xff",
            b"\xff\xfe\0\0",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..300), (pieces, room) in pieces(),
    ) {
        let file = [magic, &bytes].concat();
        for extent in [Extent::Growing, Extent::Settled] {
            let _ = decide(&file, extent, &ReadOptions::default(), &Limits::for_tests()).unwrap();
        }
        let decision = decided(&file, None);
        let (out, ..) = decode(&file, &decision, &pieces, room);
        prop_assert!(!decision.passthrough || out == file);
    }
}
