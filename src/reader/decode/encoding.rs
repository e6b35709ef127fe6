//! The encodings by name: those of the WHATWG Encoding Standard, and UTF-32.

use super::DecodeError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

/// How text is written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf32(Endian),
    /// Any other of the standard's; never its UTF-8, never its "replacement".
    Other(&'static encoding_rs::Encoding),
}

pub(super) const UTF_16LE: Encoding = Encoding::Other(encoding_rs::UTF_16LE);
pub(super) const UTF_16BE: Encoding = Encoding::Other(encoding_rs::UTF_16BE);
pub(super) const UTF_32LE: Encoding = Encoding::Utf32(Endian::Little);
pub(super) const UTF_32BE: Encoding = Encoding::Utf32(Endian::Big);

impl Encoding {
    /// The one with that label, in whatever case and with blanks around it.
    pub fn parse(label: &str) -> Result<Self, DecodeError> {
        let known = match label.trim().to_ascii_lowercase().as_str() {
            "utf-32" | "utf32" | "utf-32le" | "utf32le" => Some(UTF_32LE),
            "utf-32be" | "utf32be" => Some(UTF_32BE),
            _ => encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()).map(Self::of),
        };
        known.ok_or_else(|| DecodeError::UnknownEncoding { label: label.chars().take(64).collect() })
    }

    pub fn of(encoding: &'static encoding_rs::Encoding) -> Self {
        if encoding == encoding_rs::UTF_8 { Self::Utf8 } else { Self::Other(encoding) }
    }

    /// The label that readings have: the standard's name in small letters.
    pub fn label(self) -> String {
        match self {
            Self::Utf8 => "utf-8".to_owned(),
            Self::Utf32(Endian::Little) => "utf-32le".to_owned(),
            Self::Utf32(Endian::Big) => "utf-32be".to_owned(),
            Self::Other(encoding) => encoding.name().to_ascii_lowercase(),
        }
    }

    /// Whether the label leaves open which byte of a unit comes first.
    pub fn is_either_endian(label: &str) -> bool {
        matches!(label.trim().to_ascii_lowercase().as_str(), "utf-16" | "utf-32" | "utf32")
    }
}

/// The byte order mark (U+FEFF) that a text begins with, and how long it is. None while more bytes are needed to tell;
/// `over` says that there are no more.
pub(super) fn byte_order_mark(start: &[u8], over: bool) -> Option<Option<(Encoding, usize)>> {
    let marks: [(&[u8], Encoding); 5] = [
        // Before UTF-16LE, whose mark it begins with: a text that begins with U+0000 is none.
        (&[0xff, 0xfe, 0, 0], UTF_32LE),
        (&[0, 0, 0xfe, 0xff], UTF_32BE),
        (&[0xef, 0xbb, 0xbf], Encoding::Utf8),
        (&[0xff, 0xfe], UTF_16LE),
        (&[0xfe, 0xff], UTF_16BE),
    ];
    for (mark, encoding) in marks {
        let known = start.len().min(mark.len());
        if start[..known] == mark[..known] {
            if known == mark.len() {
                return Some(Some((encoding, known)));
            }
            if !over {
                return None;
            }
        }
    }
    Some(None)
}
