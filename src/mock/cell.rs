//! How each kind of column writes a cell: a pick from a pool or digits, never a format string.

use std::sync::Arc;

use super::column::Column;
use super::pool::{Kind, Pool, Pools};
use super::random::{below, mix};

/// Where the cells of one column come from.
pub(super) struct Source {
    /// Makes this column's random numbers its own.
    salt: u64,
    content: Content,
}

enum Content {
    RowNumber,
    Uuid,
    Pick(Arc<Pool>),
    Name(Arc<Pool>, Arc<Pool>),
    First(Arc<Pool>),
    Last(Arc<Pool>),
    Email(Arc<Pool>, Arc<Pool>),
    Phone,
    Street(Arc<Pool>),
    Zip,
    Datetime(Arc<Pool>),
    Amount,
    Integer,
    Boolean,
    Url(Arc<Pool>),
}

/// Domains that RFC 2606 keeps for examples: no mail sent to a mock file reaches anybody.
const DOMAINS: [&[u8]; 3] = [b"example.com", b"example.org", b"example.net"];
const HEX: &[u8; 16] = b"0123456789abcdef";
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut i = 0;
    while i < 100 {
        pairs[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    pairs
};

impl Source {
    /// The source of `column` where it stands in the list for the `occurrence`th time.
    pub(super) fn new(column: Column, occurrence: usize, pools: &mut Pools) -> Self {
        // The columns that tell of a person share a salt: one draw, one person.
        let (kin, content) = match column {
            Column::Id => (column, Content::RowNumber),
            Column::Uuid => (column, Content::Uuid),
            Column::Name => (Column::Name, Content::Name(pools.get(Kind::First), pools.get(Kind::Last))),
            Column::FirstName => (Column::Name, Content::First(pools.get(Kind::First))),
            Column::LastName => (Column::Name, Content::Last(pools.get(Kind::Last))),
            Column::Email => {
                (Column::Name, Content::Email(pools.get_for_email(Kind::First), pools.get_for_email(Kind::Last)))
            }
            Column::Phone => (column, Content::Phone),
            Column::Company => (column, Content::Pick(pools.get(Kind::Company))),
            Column::Job => (column, Content::Pick(pools.get(Kind::Job))),
            Column::Street => (column, Content::Street(pools.get(Kind::Street))),
            Column::City => (column, Content::Pick(pools.get(Kind::City))),
            Column::Zip => (column, Content::Zip),
            Column::Country => (column, Content::Pick(pools.get(Kind::Country))),
            Column::Date => (column, Content::Pick(pools.get(Kind::Day))),
            Column::Datetime => (column, Content::Datetime(pools.get(Kind::Day))),
            Column::Amount => (column, Content::Amount),
            Column::Currency => (column, Content::Pick(pools.get(Kind::Currency))),
            Column::Integer => (column, Content::Integer),
            Column::Boolean => (column, Content::Boolean),
            Column::Url => (column, Content::Url(pools.get(Kind::Word))),
            Column::Sentence => (column, Content::Pick(pools.get(Kind::Sentence))),
        };
        // By name and not by place in the table, so that a column that is added later changes no other.
        let salt = kin.as_str().bytes().fold(occurrence as u64, |salt, byte| mix(salt ^ u64::from(byte)));
        Self { salt, content }
    }

    /// Appends the cell of the row with that number and key, as it stands in the file.
    #[inline(always)]
    pub(super) fn write(&self, row: u64, row_key: u64, out: &mut Vec<u8>) {
        let random = mix(row_key ^ self.salt);
        match &self.content {
            Content::RowNumber => number(row, out),
            Content::Uuid => uuid(random, out),
            Content::Pick(pool) => out.extend_from_slice(pool.pick(random)),
            Content::Name(first, last) => {
                out.extend_from_slice(first.pick(random));
                out.push(b' ');
                out.extend_from_slice(last.pick(second(random)));
            }
            Content::First(first) => out.extend_from_slice(first.pick(random)),
            Content::Last(last) => out.extend_from_slice(last.pick(second(random))),
            Content::Email(first, last) => {
                out.extend_from_slice(&first.pick(random)[..1]);
                out.extend_from_slice(last.pick(second(random)));
                number(row, out);
                out.push(b'@');
                out.extend_from_slice(domain(random));
            }
            Content::Phone => phone(random, out),
            Content::Street(streets) => {
                number(1 + u64::from(below(second(random), 999)), out);
                out.push(b' ');
                out.extend_from_slice(streets.pick(random));
            }
            Content::Zip => {
                let zip = below(random, 100_000) as usize;
                out.push(b'0' + (zip / 10_000) as u8);
                out.extend_from_slice(&PAIRS[zip / 100 % 100]);
                out.extend_from_slice(&PAIRS[zip % 100]);
            }
            Content::Datetime(days) => datetime(days.pick(random), second(random), out),
            Content::Amount => amount(random, out),
            Content::Integer => number(u64::from(below(random, 10_000)), out),
            Content::Boolean => out.extend_from_slice(if random >> 63 == 0 { b"true" } else { b"false" }),
            Content::Url(words) => {
                out.extend_from_slice(b"https://");
                out.extend_from_slice(domain(random));
                out.push(b'/');
                out.extend_from_slice(words.pick(random));
                out.push(b'/');
                number(row, out);
            }
        }
    }
}

/// A second draw from the half of the bits that [`below`] leaves alone.
#[inline(always)]
const fn second(random: u64) -> u64 {
    random.rotate_left(32)
}

#[inline(always)]
fn domain(random: u64) -> &'static [u8] {
    DOMAINS[(random & 0xff) as usize % DOMAINS.len()]
}

#[inline(always)]
fn number(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn uuid(random: u64, out: &mut Vec<u8>) {
    // RFC 9562 section 5.4: version 4 in bits 48 to 51, variant 0b10 in bits 64 and 65.
    let high = random & !0xf000 | 0x4000;
    let low = mix(random) & !(0b11 << 62) | (0b10 << 62);
    let value = (u128::from(high) << 64) | u128::from(low);
    let mut text = *b"00000000-0000-0000-0000-000000000000";
    let mut shift = 128;
    for byte in text.iter_mut().filter(|byte| **byte != b'-') {
        shift -= 4;
        *byte = HEX[(value >> shift) as usize & 0xf];
    }
    out.extend_from_slice(&text);
}

fn phone(random: u64, out: &mut Vec<u8>) {
    // Area codes begin with 2 to 9.
    let area = 200 + below(random, 800) as usize;
    let mut text = *b"(000) 555-0100";
    text[1] = b'0' + (area / 100) as u8;
    text[2..4].copy_from_slice(&PAIRS[area % 100]);
    text[12..].copy_from_slice(&PAIRS[below(second(random), 100) as usize]);
    out.extend_from_slice(&text);
}

fn datetime(day: &[u8], random: u64, out: &mut Vec<u8>) {
    let second = below(random, 86_400) as usize;
    let mut time = *b"T00:00:00Z";
    time[1..3].copy_from_slice(&PAIRS[second / 3600]);
    time[4..6].copy_from_slice(&PAIRS[second / 60 % 60]);
    time[7..9].copy_from_slice(&PAIRS[second % 60]);
    out.extend_from_slice(day);
    out.extend_from_slice(&time);
}

#[inline(always)]
fn amount(random: u64, out: &mut Vec<u8>) {
    const CENTS_MAX: [u32; 4] = [2_000, 10_000, 100_000, 1_000_000];
    let cents = 1 + below(random, CENTS_MAX[(random & 3) as usize] - 1);
    if (random >> 2) & 0xff < 5 {
        out.push(b'-');
    }
    number(u64::from(cents / 100), out);
    out.push(b'.');
    out.extend_from_slice(&PAIRS[(cents % 100) as usize]);
}
