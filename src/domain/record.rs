//! The cells of one record, as text.

/// The cells of one record: their text one after the other, and where each ends. Borrowed, so that a row costs no
/// allocation on its way from the reader to the wire.
///
/// Invariant: `ends` never falls, its last element is `text.len()`, and each lies on a character boundary.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    /// Wraps the parts. The caller upholds the type's invariant; it is checked in debug builds.
    pub fn new(text: &'a str, ends: &'a [usize]) -> Self {
        debug_assert!(ends.is_sorted() && ends.last().copied().unwrap_or(0) == text.len());
        debug_assert!(ends.iter().all(|end| text.is_char_boundary(*end)));
        Self { text, ends }
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All cells' text, joined.
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
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start..end)
    }

    /// The cells in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let text = self.text;
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &text[start..end];
            start = end;
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
}
