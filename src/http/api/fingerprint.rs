//! What a repeated request is known by: its client, the file's name and bytes, the form's fields. Never the boundary or
//! the framing, which differ at each try.
//!
//! Everything goes into one SHA-256, each text followed by its length: read from the end, only one request gives the same
//! bytes.

use crate::domain::ClientName;
use crate::journal::Fingerprint;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The text fields of a form as they come by: counted, and hashed where that is asked for.
pub struct Fields {
    hash: Option<Sha256>,
    /// Bytes of all fields.
    pub bytes: u64,
    field_bytes: u64,
}

impl Fields {
    /// No field yet.
    pub fn new(hashed: bool) -> Self {
        Self { hash: hashed.then(Sha256::new), bytes: 0, field_bytes: 0 }
    }

    /// A field begins.
    pub fn begin(&mut self, name: &str) {
        self.field_bytes = 0;
        if let Some(hash) = &mut self.hash {
            put(hash, name);
        }
    }

    /// Bytes of it.
    pub fn data(&mut self, chunk: &Bytes) {
        self.bytes += chunk.len() as u64;
        self.field_bytes += chunk.len() as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(chunk);
        }
    }

    /// It ends.
    pub fn end(&mut self) {
        if let Some(hash) = &mut self.hash {
            hash.update(self.field_bytes.to_be_bytes());
        }
    }

    /// The fingerprint of a file that begins behind these fields; none where nothing is hashed.
    pub fn print(&self, client: &ClientName, filename: &str) -> Option<Print> {
        let before = self.hash.clone()?;
        Some(Print { client: client.clone(), filename: filename.into(), before, file: Sha256::new(), file_bytes: 0 })
    }
}

/// A request's fingerprint in the making.
pub struct Print {
    client: ClientName,
    filename: String,
    /// The fields before the file.
    before: Sha256,
    file: Sha256,
    /// Bytes of the file so far.
    pub file_bytes: u64,
}

impl Print {
    /// Bytes of the file.
    pub fn update(&mut self, chunk: &[u8]) {
        self.file.update(chunk);
        self.file_bytes += chunk.len() as u64;
    }

    /// Of what came so far.
    pub fn so_far(&self) -> Fingerprint {
        self.of(self.before.clone(), false)
    }

    /// Of the whole request; `fields` are those before and behind the file.
    pub fn whole(&self, fields: &Fields) -> Fingerprint {
        self.of(fields.hash.clone().unwrap_or_default(), true)
    }

    fn of(&self, mut hash: Sha256, whole: bool) -> Fingerprint {
        put(&mut hash, self.client.as_str());
        put(&mut hash, &self.filename);
        hash.update(self.file.clone().finalize());
        hash.update(self.file_bytes.to_be_bytes());
        Fingerprint { digest: hash.finalize().into(), file_bytes: self.file_bytes, whole }
    }
}

fn put(hash: &mut Sha256, text: &str) {
    hash.update(text);
    hash.update((text.len() as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(client: &str, filename: &str, fields: &[(&str, &str)], file: &[&str]) -> Fingerprint {
        let mut sent = Fields::new(true);
        for (name, value) in fields {
            sent.begin(name);
            sent.data(&Bytes::copy_from_slice(value.as_bytes()));
            sent.end();
        }
        let mut print = sent.print(&ClientName::parse(client).unwrap(), filename).unwrap();
        file.iter().for_each(|chunk| print.update(chunk.as_bytes()));
        print.whole(&sent)
    }

    #[test]
    fn the_cut_of_the_chunks_is_not_seen_and_everything_else_is() {
        let known = print("me", "a.csv", &[("x", "1"), ("y", "")], &["a\n1\n"]);
        assert_eq!(known, print("me", "a.csv", &[("x", "1"), ("y", "")], &["a", "", "\n1\n"]));
        for other in [
            print("you", "a.csv", &[("x", "1"), ("y", "")], &["a\n1\n"]),
            print("me", "b.csv", &[("x", "1"), ("y", "")], &["a\n1\n"]),
            print("me", "a.csv", &[("x", "1")], &["a\n1\n"]),
            print("me", "a.csv", &[("x", ""), ("y", "1")], &["a\n1\n"]),
            print("me", "a.csv", &[("x1", ""), ("y", "")], &["a\n1\n"]),
            print("me", "a.csv", &[("y", ""), ("x", "1")], &["a\n1\n"]),
            print("me", "a.csv", &[("x", "1"), ("y", "")], &["a\n1\n\n"]),
            print("me", "a.csva", &[("x", "1"), ("y", "")], &["\n1\n"]),
        ] {
            assert_ne!(known, other);
        }
    }

    #[test]
    fn what_is_only_a_beginning_is_never_taken_for_the_whole() {
        let fields = Fields::new(true);
        let print = fields.print(&ClientName::parse("me").unwrap(), "a.csv").unwrap();
        assert_ne!(print.so_far(), print.whole(&fields));
        assert!(Fields::new(false).print(&ClientName::parse("me").unwrap(), "a.csv").is_none(), "nobody pays for it");
    }
}
