//! Entity tags (RFC 9110, section 8.8.3) and the requests that carry them.

use poem::http::HeaderMap;
use poem::http::header::IF_NONE_MATCH;
use sha2::{Digest, Sha256};

/// A strong tag from the content itself: the same bytes, the same tag, on every start and every machine.
pub fn of_content(content: &[u8]) -> String {
    of_digest(&Sha256::digest(content))
}

/// A strong tag from a digest that is known already. Half of a SHA-256 tells contents apart well enough.
pub fn of_digest(digest: &[u8]) -> String {
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &digest[..digest.len().min(16)] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    tag
}

/// Whether the sender has the content with `tag` already: weak comparison (RFC 9110, section 13.1.2).
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // No tag of ours holds a comma, so splitting at commas inside a foreign tag can do no harm.
    given.flat_map(|value| value.split(',')).any(|candidate| {
        let candidate = candidate.trim();
        candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(IF_NONE_MATCH, value.parse().unwrap())])
    }

    #[test]
    fn a_tag_follows_the_content() {
        assert_eq!(of_content(b"a"), of_content(b"a"));
        assert_ne!(of_content(b"a"), of_content(b"b"));
        assert_eq!(of_content(b"").len(), 34);
    }

    #[test]
    fn a_known_tag_is_found_among_others() {
        let tag = of_content(b"a");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
            assert!(is_known(&asking(&known), &tag), "{known}");
        }
        for unknown in ["\"x\"", "", &tag[1..33]] {
            assert!(!is_known(&asking(unknown), &tag), "{unknown}");
        }
        assert!(!is_known(&HeaderMap::new(), &tag));
    }
}
