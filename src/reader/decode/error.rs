//! Why a file cannot be decoded, or not to its end.

use crate::domain::{Compression, Failure, FailureCode};

/// Why a file cannot be decoded, or not to its end. Offsets are bytes from 0, of the raw file and of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The label names no encoding.
    #[error(
        "there is no encoding '{label}'; expected a label of the WHATWG Encoding Standard, such as utf-8, utf-16le, \
         utf-16be, windows-1252, iso-8859-2, shift_jis, gb18030, big5 or euc-kr, or one of utf-32, utf-32le, utf-32be"
    )]
    UnknownEncoding {
        /// What was given.
        label: String,
    },
    /// The file was said to be compressed, and is not, or not so.
    #[error("the file is said to be {}, but begins with {found}; send it as it says, or say nothing of it", said.as_str())]
    NotCompressed {
        /// What was said.
        said: Compression,
        /// Its first bytes.
        found: String,
    },
    /// The compressed bytes make no sense.
    #[error(
        "the {} data cannot be unpacked beyond its byte {raw}: {what}; {text} bytes of text came out before",
        compression.as_str()
    )]
    Corrupt {
        /// How the file is compressed.
        compression: Compression,
        /// How many bytes of the file were read, about.
        raw: u64,
        /// How much text was given out.
        text: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The compressed bytes end too early.
    #[error(
        "the {} data is cut off: it ends at byte {raw} where more belongs to it; {text} bytes of text came out before",
        compression.as_str()
    )]
    Truncated {
        /// How the file is compressed.
        compression: Compression,
        /// How long the file is.
        raw: u64,
        /// How much text was given out.
        text: u64,
    },
    /// More text than is allowed.
    #[error("the compressed file unpacks to more than {max} bytes, which is the most this server takes")]
    TooLarge {
        /// Bytes allowed.
        max: u64,
    },
    /// More text than is plausible.
    #[error(
        "the first {raw} bytes of the compressed file unpack to {expanded}; this server takes at most {max} times as much"
    )]
    TooDense {
        /// Bytes of the file.
        raw: u64,
        /// What they unpack to.
        expanded: u64,
        /// How many times as much is allowed.
        max: u64,
    },
    /// It would take too much memory.
    #[error(
        "unpacking the compressed file takes a window of more than {max} bytes; compress it with a smaller one \
         (zstd without --long and --ultra)"
    )]
    WindowTooLarge {
        /// Bytes allowed.
        max: u64,
    },
    /// There is no memory for the decompressor.
    #[error("there is no memory to unpack the file with")]
    NoMemory,
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        let code = match error {
            DecodeError::UnknownEncoding { .. } => FailureCode::UnknownEncoding,
            DecodeError::NotCompressed { .. } | DecodeError::Corrupt { .. } | DecodeError::Truncated { .. } => {
                FailureCode::CorruptCompression
            }
            DecodeError::TooLarge { .. }
            | DecodeError::TooDense { .. }
            | DecodeError::WindowTooLarge { .. }
            | DecodeError::NoMemory => FailureCode::ExpansionTooLarge,
        };
        Self::new(code, error.to_string())
    }
}
