//! Public keys out of a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7): just enough DER for three kinds of key.

/// A public key as ring takes it.
#[derive(Debug, PartialEq, Eq)]
pub enum PublicKey<'a> {
    /// An RSAPublicKey (RFC 8017, appendix A.1.1).
    Rsa(&'a [u8]),
    /// An uncompressed point of P-256 (SEC 1, section 2.3.3).
    P256(&'a [u8]),
    /// 32 bytes (RFC 8032, section 5.1.5).
    Ed25519(&'a [u8]),
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// AlgorithmIdentifier of rsaEncryption, with its NULL (RFC 3279, section 2.3.1).
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// id-ecPublicKey on prime256v1 (RFC 5480, section 2.1.1).
const P256: &[u8] =
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// id-Ed25519 (RFC 8410, section 3).
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];

/// The key in `der`; none when it is of another kind or broken.
pub fn parse(der: &[u8]) -> Option<PublicKey<'_>> {
    let (info, after) = value(SEQUENCE, der)?;
    let (algorithm, rest) = value(SEQUENCE, info)?;
    let (bits, behind) = value(BIT_STRING, rest)?;
    // Whole bytes: no bit of the last is unused.
    let key = bits.strip_prefix(&[0])?;
    if !after.is_empty() || !behind.is_empty() {
        return None;
    }
    match (algorithm, key.first(), key.len()) {
        (RSA, Some(&SEQUENCE), _) => Some(PublicKey::Rsa(key)),
        (P256, Some(4), 65) => Some(PublicKey::P256(key)),
        (ED25519, _, 32) => Some(PublicKey::Ed25519(key)),
        _ => None,
    }
}

/// The content of the element at the beginning, which must have that tag, and what follows it (X.690, section 8.1).
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else { return None };
    if *found != tag {
        return None;
    }
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), rest.get(2..)?),
        // Keys of 64 KiB are none.
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ed25519() -> Vec<u8> {
        [&[0x30, 0x2a, 0x30, 0x05], ED25519, &[0x03, 0x21, 0x00], &[7; 32]].concat()
    }

    #[test]
    fn a_key_is_taken_out_of_its_wrapping() {
        assert_eq!(parse(&ed25519()), Some(PublicKey::Ed25519(&[7; 32])));
        let point = [&[4][..], &[9; 64]].concat();
        let p256 = [&[0x30, 0x59, 0x30, 0x13], P256, &[0x03, 0x42, 0x00], &point].concat();
        assert_eq!(parse(&p256), Some(PublicKey::P256(&point)));
        let long = [&[0x30, 0x82, 0x01, 0x00], &[1; 256][..]].concat();
        let rsa = [&[0x30, 0x82, 0x01, 0x18, 0x30, 0x0d], RSA, &[0x03, 0x82, 0x01, 0x05, 0x00], &long].concat();
        assert_eq!(parse(&rsa), Some(PublicKey::Rsa(&long)));
    }

    #[test]
    fn what_is_broken_anywhere_is_no_key() {
        let good = ed25519();
        for end in 0..good.len() {
            assert_eq!(parse(&good[..end]), None, "{end}");
        }
        for at in 0..good.len() - 32 {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(parse(&bad), None, "{at}");
        }
        assert_eq!(parse(&[good, vec![0]].concat()), None);
    }
}
