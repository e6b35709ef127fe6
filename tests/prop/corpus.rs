//! Every body with inputs made of its words and of chance, and with each input of `tests/corpus` that once showed something.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::path::Path;

/// A body, by its name, with words that its inputs are made of.
pub type Body<'b> = (&'b str, fn(&[u8]), &'b [&'b str]);

/// Inputs made of `words` and of chance bytes.
fn inputs(words: &[&str]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let piece = prop_oneof![
        6 => prop::sample::select(words),
        1 => "[a-z0-9]{1,4}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    let dice = prop::collection::vec(any::<u8>(), 0..6);
    (prop::collection::vec(piece, 0..40), dice).prop_map(|(pieces, dice)| [pieces.concat(), dice].concat())
}

/// Tries all of `bodies`: what was found before, then chance.
pub fn hold(bodies: &[Body<'_>], cases: u32) {
    for (name, body, words) in bodies {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
        let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut found = 0;
        for file in files {
            let path = file.expect("an entry").path();
            println!("{}", path.display());
            body(&std::fs::read(&path).expect("its bytes"));
            found += 1;
        }
        assert!(found > 0, "{} is empty", folder.display());
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        TestRunner::new(config)
            .run(&inputs(words), |data| {
                body(&data);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
