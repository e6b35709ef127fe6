//! The file that is sent: about 90 bytes a row, 8 columns, quotes in a tenth of the rows.

use rowcast::mock::{Generator, Spec};

/// A header, and a block of rows that can be sent again and again.
pub struct File {
    pub header: Vec<u8>,
    pub block: Vec<u8>,
    pub block_rows: u64,
    pub row_bytes: f64,
}

pub fn block(rows: u64) -> File {
    let spec = Spec { rows, seed: 7, ..Spec::default() };
    let mut block: Vec<u8> = Generator::new(&spec).flatten().collect();
    let header_end = block.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
    let header = block.drain(..header_end).collect();
    let row_bytes = block.len() as f64 / rows as f64;
    File { header, block, block_rows: rows, row_bytes }
}

impl File {
    /// The same rows, written in another way.
    pub fn written(&self, header: Vec<u8>, block: Vec<u8>) -> Self {
        Self { header, block, ..*self }
    }
}
