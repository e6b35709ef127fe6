//! `rowcast read`: the server's reader, offline.

use crate::config::{ReadFileArgs, ReadFormat};
use crate::domain::{Cells, Limits, Problem, ProblemCode, Reading, Severity, UploadId};
use crate::encode::{CsvExport, RowTemplate, ndjson_row};
use crate::reader::{Item, Reader};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Bytes read from the file at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes of output that are put together before they are written.
const OUT_BYTES: usize = 64 << 10;
/// The status when the file could be read, but some of its rows are wrong.
const HAS_ERRORS: u8 = 1;
/// The status when the file could not be read, or not to its end; clap's own for wrong usage.
const NOT_READ: u8 = 2;

pub(super) fn run(args: &ReadFileArgs) -> Result<ExitCode, Box<dyn Error>> {
    let source: Box<dyn Read> = if args.file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        match File::open(&args.file) {
            Ok(file) => Box::new(file),
            Err(error) => {
                eprintln!("rowcast: {}: {error}", args.file.display());
                return Ok(ExitCode::from(NOT_READ));
            }
        }
    };
    match read(source, args, &mut io::stdout().lock()) {
        Ok(0) => Ok(ExitCode::SUCCESS),
        Ok(_) => Ok(ExitCode::from(HAS_ERRORS)),
        Err(error) if error.downcast_ref().is_some_and(super::reader_left) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("rowcast: {error}");
            Ok(ExitCode::from(NOT_READ))
        }
    }
}

/// Answers how many problems were errors.
fn read(mut source: impl Read, args: &ReadFileArgs, out: &mut impl Write) -> Result<u64, Box<dyn Error>> {
    let options = args.read.options().map_err(|bad| bad.to_string())?;
    let mut reader = Reader::new(&Limits::default(), &options);
    let mut output = Output::new(args.format);
    loop {
        match reader.next()? {
            Item::Header(reading) => {
                let reading = std::sync::Arc::clone(reading);
                let labels = reader.learned().map(|learned| learned.labels.clone()).unwrap_or_default();
                output.header(&reading, &labels);
            }
            Item::Row(row) => output.row(row.number, row.cells),
            Item::Problem(problem) => output.problem(&problem)?,
            Item::NeedMore => {
                let space = reader.space(CHUNK_BYTES);
                match source.read(space) {
                    Ok(0) => reader.finish(),
                    Ok(bytes) => reader.commit(bytes),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Item::End => break,
        }
        if output.bytes.len() >= OUT_BYTES {
            out.write_all(&output.bytes)?;
            output.bytes.clear();
        }
    }
    if args.format == ReadFormat::Profile {
        let document = serde_json::json!({
            "reading": reader.reading().map(std::sync::Arc::as_ref),
            "columns": reader.profiles(),
            "rows": output.rows,
            "problems_by_code": output.by_code,
        });
        serde_json::to_writer_pretty(&mut output.bytes, &document)?;
        output.bytes.push(b'\n');
    }
    out.write_all(&output.bytes)?;
    out.flush()?;
    Ok(output.errors)
}

struct Output {
    format: ReadFormat,
    bytes: Vec<u8>,
    csv: CsvExport,
    columns: usize,
    template: RowTemplate,
    rows: u64,
    errors: u64,
    by_code: BTreeMap<ProblemCode, u64>,
}

impl Output {
    fn new(format: ReadFormat) -> Self {
        let template = RowTemplate::new(UploadId::now(), &[]);
        Self {
            format,
            bytes: Vec::new(),
            csv: CsvExport::default(),
            columns: 0,
            template,
            rows: 0,
            errors: 0,
            by_code: BTreeMap::new(),
        }
    }

    fn header(&mut self, reading: &Reading, labels: &[String]) {
        let columns = &reading.columns;
        self.columns = columns.len();
        self.template = RowTemplate::of(UploadId::now(), reading);
        if self.format == ReadFormat::Csv && !columns.is_empty() {
            self.csv.header(&mut self.bytes, labels);
        }
    }

    fn row(&mut self, number: u64, cells: Cells<'_>) {
        self.rows += 1;
        match self.format {
            ReadFormat::Csv => self.csv.row(&mut self.bytes, self.columns, cells),
            ReadFormat::Ndjson => ndjson_row(&mut self.bytes, &self.template, number, cells),
            ReadFormat::Problems | ReadFormat::Profile => {}
        }
    }

    fn problem(&mut self, problem: &Problem) -> serde_json::Result<()> {
        *self.by_code.entry(problem.code).or_default() += 1;
        self.errors += u64::from(problem.severity == Severity::Error);
        if self.format == ReadFormat::Problems {
            serde_json::to_writer(&mut self.bytes, problem)?;
            self.bytes.push(b'\n');
        }
        Ok(())
    }
}
