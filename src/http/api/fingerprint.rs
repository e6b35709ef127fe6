//! What a repeated request is known by: its client, the file's name and bytes, how it is to be read, the form's fields. Never the boundary or
//! the framing, which differ at each try.
//!
//! Everything goes into one SHA-256, each text followed by its length: read from the end, only one request gives the same
//! bytes.

use crate::domain::{ClientName, ReadOptions};
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
    pub fn print(&self, client: &ClientName, filename: &str, options: &ReadOptions, hold: bool) -> Option<Print> {
        let before = self.hash.clone()?;
        let said = !options.is_empty() || hold;
        let said = said.then(|| serde_json::to_string(&(options, hold)).expect("the domain's types always serialise"));
        let (client, filename) = (client.clone(), filename.into());
        Some(Print { client, filename, said, before, file: Sha256::new(), file_bytes: 0 })
    }
}

/// A request's fingerprint in the making.
pub struct Print {
    client: ClientName,
    filename: String,
    /// How the file is to be read, where anything was said of it.
    said: Option<String>,
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
        // Every other text comes with its fellow, so that there is one more is never mistaken.
        if let Some(said) = &self.said {
            put(&mut hash, said);
        }
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
        let options = ReadOptions::default();
        let mut print = sent.print(&ClientName::parse(client).unwrap(), filename, &options, false).unwrap();
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
        let (me, options) = (ClientName::parse("me").unwrap(), ReadOptions::default());
        let print = fields.print(&me, "a.csv", &options, false).unwrap();
        assert_ne!(print.so_far(), print.whole(&fields));
        assert!(Fields::new(false).print(&me, "a.csv", &options, false).is_none(), "nobody pays for it");
    }

    #[test]
    fn a_file_that_is_to_be_read_otherwise_is_another_request() {
        let (me, fields) = (ClientName::parse("me").unwrap(), Fields::new(true));
        let plain = ReadOptions::default();
        let tab = ReadOptions { delimiter: Some("\t".into()), ..ReadOptions::default() };
        let of = |options, hold| fields.print(&me, "a.csv", options, hold).unwrap().whole(&fields);
        assert_ne!(of(&tab, false), of(&plain, false));
        assert_ne!(of(&plain, true), of(&plain, false));
    }
}
