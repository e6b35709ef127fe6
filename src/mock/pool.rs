//! Values drawn once from `fake`, so that the hot loop only picks and copies.
//!
//! `fake` builds a `String` from templates for every value, which is a hundred times too slow for a million rows a second.
//! Its word lists may change with its version, and the values with them: same seed, same bytes holds within one release of
//! rowcast; a test pins them, so that a release that changes them does so knowingly.

use std::collections::BTreeMap;
use std::sync::Arc;

use fake::Fake;
use fake::faker::{address, company, currency, job, lorem, name};
use fake::locales;

use super::random::{Stream, below, mix};

/// What a pool holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// First names.
    First,
    /// Last names.
    Last,
    /// Companies.
    Company,
    /// Job titles.
    Job,
    /// Streets without a number.
    Street,
    /// Towns.
    City,
    /// Countries.
    Country,
    /// Currency codes.
    Currency,
    /// Every day of ten years; not drawn, but picked in the same way.
    Day,
    /// Single Latin words.
    Word,
    /// Sentences.
    Sentence,
}

/// Values one after the other in one piece of memory, each as it is written to the file.
pub(super) struct Pool {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Pool {
    fn new(values: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut pool = Self { bytes: Vec::new(), ends: vec![0] };
        for value in values {
            pool.bytes.extend_from_slice(&value);
            pool.ends.push(pool.bytes.len() as u32);
        }
        pool
    }

    /// The place of a value, drawn by `random`.
    #[inline(always)]
    pub(super) fn index(&self, random: u64) -> usize {
        below(random, self.ends.len() as u32 - 1) as usize
    }

    /// The value at that place.
    #[inline(always)]
    pub(super) fn at(&self, index: usize) -> &[u8] {
        &self.bytes[self.ends[index] as usize..self.ends[index + 1] as usize]
    }

    /// A value, drawn by `random`.
    #[inline(always)]
    pub(super) fn pick(&self, random: u64) -> &[u8] {
        self.at(self.index(random))
    }

    /// The same values, in the same places, as e-mail addresses spell them.
    fn spelled_for_email(&self) -> Self {
        Self::new((0..self.ends.len() - 1).map(|i| ascii_letters(&String::from_utf8_lossy(self.at(i)))))
    }
}

/// The pools of one seed; each is filled when it is first asked for, and depends on nothing but the seed and its kind.
pub(super) struct Pools {
    seed: u64,
    filled: BTreeMap<(Kind, bool), Arc<Pool>>,
}

impl Pools {
    /// The pools of that seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, filled: BTreeMap::new() }
    }

    /// The pool of that kind.
    pub(super) fn get(&mut self, kind: Kind) -> Arc<Pool> {
        let seed = self.seed;
        self.filled.entry((kind, false)).or_insert_with(|| Arc::new(fill(kind, seed))).clone()
    }

    /// The pool of that kind with its values in the same places, as e-mail addresses spell them.
    pub(super) fn get_for_email(&mut self, kind: Kind) -> Arc<Pool> {
        let plain = self.get(kind);
        self.filled.entry((kind, true)).or_insert_with(|| Arc::new(plain.spelled_for_email())).clone()
    }
}

fn fill(kind: Kind, seed: u64) -> Pool {
    let mut stream = Stream::new(mix(seed ^ mix(kind as u64)));
    let rng = &mut stream;
    match kind {
        Kind::First => draw(1024, || plain(&first_name(rng))),
        Kind::Last => draw(1024, || plain(&last_name(rng))),
        Kind::Company => draw(1024, || quoted_if_needed(company(rng).as_bytes())),
        Kind::Job => draw(512, || quoted_if_needed(job::en::Title().fake_with_rng::<String, _>(rng).as_bytes())),
        Kind::Street => draw(1024, || plain(&address::en::StreetName().fake_with_rng::<String, _>(rng))),
        Kind::City => draw(1024, || quoted_if_needed(city(rng).as_bytes())),
        Kind::Country => draw(256, || quoted_if_needed(text(address::en::CountryName().fake_with_rng(rng)).as_bytes())),
        Kind::Currency => draw(128, || plain(text(currency::en::CurrencyCode().fake_with_rng(rng)))),
        Kind::Day => Pool::new((2016..2026).flat_map(days_of)),
        Kind::Word => draw(256, || plain(text(lorem::en::Word().fake_with_rng(rng)))),
        Kind::Sentence => draw(1024, || quoted_if_needed(sentence(rng).as_bytes())),
    }
}

fn draw(count: usize, value: impl FnMut() -> Vec<u8>) -> Pool {
    Pool::new(std::iter::repeat_with(value).take(count))
}

/// Fixes the type that `fake` is asked for.
const fn text(value: &'static str) -> &'static str {
    value
}

/// A value that is written beside others in one cell, so it must not need quotes.
fn plain(value: &str) -> Vec<u8> {
    value.chars().filter(|c| !matches!(c, ',' | '"' | '\r' | '\n')).collect::<String>().into_bytes()
}

/// A cell as RFC 4180 (section 2, rules 5 to 7) writes it: in quotes only where it has to be.
pub(super) fn quoted_if_needed(value: &[u8]) -> Vec<u8> {
    if !value.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        return value.to_vec();
    }
    let mut cell = vec![b'"'];
    for &byte in value {
        if byte == b'"' {
            cell.push(b'"');
        }
        cell.push(byte);
    }
    cell.push(b'"');
    cell
}

/// The value of a cell as the generator wrote it.
pub(super) fn unquoted(cell: &[u8]) -> Vec<u8> {
    let Some(inner) = cell.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else { return cell.to_vec() };
    let mut value = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        value.push(byte);
        if byte == b'"' {
            bytes.next();
        }
    }
    value
}

/// Mostly English, as most test data is; the others see to it that no file is plain ASCII.
fn first_name(rng: &mut Stream) -> String {
    match rng.below(16) {
        0 => name::raw::FirstName(locales::PT_BR).fake_with_rng(rng),
        1 => name::raw::FirstName(locales::FR_FR).fake_with_rng(rng),
        2 => name::raw::FirstName(locales::TR_TR).fake_with_rng(rng),
        _ => name::raw::FirstName(locales::EN).fake_with_rng(rng),
    }
}

fn last_name(rng: &mut Stream) -> String {
    match rng.below(16) {
        0 => name::raw::LastName(locales::PT_BR).fake_with_rng(rng),
        1 => name::raw::LastName(locales::DE_DE).fake_with_rng(rng),
        2 => name::raw::LastName(locales::TR_TR).fake_with_rng(rng),
        _ => name::raw::LastName(locales::EN).fake_with_rng(rng),
    }
}

fn surname(rng: &mut Stream) -> &'static str {
    name::en::LastName().fake_with_rng(rng)
}

/// About one in ten needs quotes: that is the share of real exports, and what the benches are told in.
fn company(rng: &mut Stream) -> String {
    match rng.below(100) {
        0..5 => format!("{}, {} and {}", surname(rng), surname(rng), surname(rng)),
        5..8 => format!("{}, {}", surname(rng), rng.pick(&["Inc.", "LLC", "Ltd."])),
        8..10 => format!(
            "{} \"{}\" {}",
            surname(rng),
            rng.pick(&["Blue", "Old", "Family", "Royal"]),
            rng.pick(&["Foods", "Works"])
        ),
        10..30 => company::en::CompanyName().fake_with_rng(rng),
        // Shorter than what `fake` makes of two names: a default row is meant to have about 90 bytes.
        _ => format!("{} {}", surname(rng), text(company::en::CompanySuffix().fake_with_rng(rng))),
    }
}

fn city(rng: &mut Stream) -> String {
    let suffix: &str = address::en::CitySuffix().fake_with_rng(rng);
    match rng.below(4) {
        0 => format!("{} {}{suffix}", text(address::en::CityPrefix().fake_with_rng(rng)), surname(rng)),
        _ => format!("{}{suffix}", surname(rng)),
    }
}

fn sentence(rng: &mut Stream) -> String {
    let mut words: Vec<String> = lorem::en::Words(3..8).fake_with_rng(rng);
    let place = 1 + rng.below(words.len() - 2);
    match rng.below(100) {
        0..7 => words[place].push(','),
        7..10 => words[place] = format!("\"{}\"", words[place]),
        _ => {}
    }
    let joined = words.join(" ");
    format!("{}{}.", joined[..1].to_ascii_uppercase(), &joined[1..])
}

fn days_of(year: u32) -> impl Iterator<Item = Vec<u8>> {
    let february = if year.is_multiple_of(4) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    (1..).zip(lengths).flat_map(move |(month, length)| {
        (1..=length).map(move |day| format!("{year}-{month:02}-{day:02}").into_bytes())
    })
}

/// Lower-case ASCII letters; the marks of Latin letters fall off, what is not Latin is left out.
fn ascii_letters(name: &str) -> Vec<u8> {
    let fold = |c: char| match c {
        'a'..='z' => Some(c as u8),
        'A'..='Z' => Some(c.to_ascii_lowercase() as u8),
        'à'..='å' | 'À'..='Å' | 'ă' | 'Ă' | 'æ' | 'Æ' => Some(b'a'),
        'ç' | 'Ç' | 'ć' | 'Ć' | 'č' | 'Č' => Some(b'c'),
        'è'..='ë' | 'È'..='Ë' => Some(b'e'),
        'ğ' | 'Ğ' => Some(b'g'),
        'ì'..='ï' | 'Ì'..='Ï' | 'ı' | 'İ' => Some(b'i'),
        'ñ' | 'Ñ' => Some(b'n'),
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' => Some(b'o'),
        'ş' | 'Ş' | 'ß' | 'š' | 'Š' => Some(b's'),
        'ù'..='ü' | 'Ù'..='Ü' => Some(b'u'),
        _ => None,
    };
    name.chars().filter_map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 11] = [
        Kind::First,
        Kind::Last,
        Kind::Company,
        Kind::Job,
        Kind::Street,
        Kind::City,
        Kind::Country,
        Kind::Currency,
        Kind::Day,
        Kind::Word,
        Kind::Sentence,
    ];

    fn values(pool: &Pool) -> Vec<Vec<u8>> {
        (0..pool.ends.len() - 1).map(|i| pool.at(i).to_vec()).collect()
    }

    #[test]
    fn no_value_is_empty_and_none_breaks_a_line_or_hides_an_edge_of_spaces() {
        for kind in KINDS {
            for value in values(&fill(kind, 42)) {
                let shown = String::from_utf8(value.clone()).unwrap();
                assert!(!shown.is_empty() && !shown.contains(['\r', '\n']), "{kind:?} {shown:?}");
                assert_eq!(shown, shown.trim(), "{kind:?}");
                assert_eq!(quoted_if_needed(&unquoted(&value)), value, "{kind:?} {shown:?}");
            }
        }
    }

    #[test]
    fn about_one_in_ten_companies_and_sentences_is_quoted() {
        for kind in [Kind::Company, Kind::Sentence] {
            let quoted = values(&fill(kind, 1)).iter().filter(|value| value[0] == b'"').count();
            assert!((60..150).contains(&quoted), "{kind:?}: {quoted} of 1024");
        }
    }

    #[test]
    fn an_email_spelling_has_letters_only_and_at_least_one() {
        for kind in [Kind::First, Kind::Last] {
            for value in values(&fill(kind, 3).spelled_for_email()) {
                assert!(!value.is_empty() && value.iter().all(u8::is_ascii_lowercase), "{value:?}");
            }
        }
        assert_eq!(ascii_letters("Müller-Şahin O'Íñigo"), b"mullersahinoinigo");
    }

    #[test]
    fn ten_years_have_their_days() {
        let days = values(&fill(Kind::Day, 0));
        assert_eq!(days.len(), 3653);
        assert!(days.contains(&b"2024-02-29".to_vec()) && !days.contains(&b"2023-02-29".to_vec()));
        assert!(days.is_sorted());
    }

    #[test]
    fn a_pool_depends_on_the_seed() {
        assert_eq!(values(&fill(Kind::City, 5)), values(&fill(Kind::City, 5)));
        assert_ne!(values(&fill(Kind::City, 5)), values(&fill(Kind::City, 6)));
    }
}
