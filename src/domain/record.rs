//! The cells of one record, as text.

/// The cells of one record: their text one after the other, and where each ends. Borrowed, so that a row costs no
/// allocation on its way from the reader to the wire.
///
/// Between two cells there may be a gap of so many bytes that are none of theirs: a delimiter, where the text is a record
/// as it stands in a file.
///
/// Invariant: from each end to the next there is room for the gap, the last end is `text.len()`, and ends and starts lie
/// on character boundaries.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
    gap: usize,
}

impl<'a> Cells<'a> {
    /// Wraps the parts. The caller upholds the type's invariant; it is checked in debug builds.
    pub fn new(text: &'a str, ends: &'a [usize]) -> Self {
        Self::apart(text, ends, 0)
    }

    /// The same of cells with a gap after each but the last.
    pub fn apart(text: &'a str, ends: &'a [usize], gap: usize) -> Self {
        debug_assert!(ends.last().copied().unwrap_or(0) == text.len());
        debug_assert!(ends.windows(2).all(|pair| pair[0] + gap <= pair[1] && text.is_char_boundary(pair[0] + gap)));
        debug_assert!(ends.iter().all(|end| text.is_char_boundary(*end)));
        Self { text, ends, gap }
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many bytes of [`Cells::text`] stand between the end of a cell and the beginning of the next.
    pub fn gap(&self) -> usize {
        self.gap
    }

    /// All cells' text, one after the other, with the gaps.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Where each cell ends in [`Cells::text`], in bytes.
    pub fn ends(&self) -> &'a [usize] {
        self.ends
    }

    /// The cell at `index`, from 0.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] + self.gap };
        self.text.get(start..end)
    }

    /// The cells in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let (text, gap) = (self.text, self.gap);
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &text[start..end];
            start = end + gap;
            cell
        })
    }
}

/// Cells that own their text; reused from record to record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellsBuf {
    text: String,
    ends: Vec<usize>,
}

impl CellsBuf {
    /// Forgets the cells, keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a cell at the end.
    pub fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// The cells, borrowed.
    pub fn as_cells(&self) -> Cells<'_> {
        Cells::new(&self.text, &self.ends)
    }
}

impl<S: AsRef<str>> FromIterator<S> for CellsBuf {
    fn from_iter<I: IntoIterator<Item = S>>(cells: I) -> Self {
        let mut buf = Self::default();
        for cell in cells {
            buf.push(cell.as_ref());
        }
        buf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_went_in() {
        let buf: CellsBuf = ["a", "", "ccc"].into_iter().collect();
        let cells = buf.as_cells();
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["a", "", "ccc"]);
        assert_eq!((cells.get(0), cells.get(1), cells.get(2), cells.get(3)), (Some("a"), Some(""), Some("ccc"), None));
        assert_eq!(cells.len(), 3);
    }

    #[test]
    fn gaps_belong_to_no_cell() {
        let cells = Cells::apart("a||||ccc", &[1, 3, 8], 2);
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["a", "", "ccc"]);
        assert_eq!((cells.get(0), cells.get(1), cells.get(2), cells.get(3)), (Some("a"), Some(""), Some("ccc"), None));
    }
}
