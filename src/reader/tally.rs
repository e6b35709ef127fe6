//! The different texts of a column, each with how often it stands there.

use super::fields::Fields;

/// The texts of the column at `at`, in their order. Sorted rather than hashed: who asks needs them so, and a look at each
/// text once is what makes a column cheap.
pub(super) fn tally<'t>(records: &[&'t Fields<'_>], at: usize) -> Vec<(&'t str, u32)> {
    let cells = records.iter().filter_map(|record| record.cells.get(at)).map(|cell| &**cell);
    let mut cells: Vec<(u64, &str)> = cells.map(|cell| (prefix(cell), cell)).collect();
    cells.sort_unstable();
    let mut tally: Vec<(&str, u32)> = Vec::with_capacity(cells.len());
    for (_, cell) in cells {
        match tally.last_mut() {
            Some((last, times)) if *last == cell => *times += 1,
            _ => tally.push((cell, 1)),
        }
    }
    tally
}

/// The first bytes as a number, of the same order: most texts differ there.
fn prefix(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let len = text.len().min(8);
    bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::super::fields::Split;
    use super::*;

    #[test]
    fn texts_are_counted_in_their_order() {
        let dialect = Dialect::default();
        let cells = ["b", "", "abcdefghz", "abcdefgh", "a", "abcdefgha", "b", "a\0"];
        let records: Vec<Fields<'_>> = cells.iter().map(|cell| Split::by(&dialect).fields(cell.as_bytes())).collect();
        let tally = tally(&records.iter().collect::<Vec<_>>(), 0);
        let expected = [("", 1), ("a", 1), ("a\0", 1), ("abcdefgh", 1), ("abcdefgha", 1), ("abcdefghz", 1), ("b", 2)];
        assert_eq!(tally, expected);
    }
}
