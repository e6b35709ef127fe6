//! How fast rows become events.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rowcast::domain::{CellsBuf, Epoch, UploadId};
use rowcast::encode::{BatchEncoder, CsvExport, RowTemplate, ndjson_row};
use std::hint::black_box;

const ROWS: u64 = 10_000;

/// Eight cells, about 90 bytes a row; `escaped` has quotes and a backslash in some.
fn rows(escaped: bool) -> Vec<CellsBuf> {
    let name = if escaped { "Ana \"Lind\" Q" } else { "Ana Lindqvist" };
    let street = if escaped { "Quay \\ 9" } else { "Harbour St 9" };
    let row = |i| {
        let (id, email, amount) = (format!("{i:07}"), format!("ana{i:05}@example.org"), format!("{i}.50"));
        [&id, name, &email, "+46 70 123 45 67", street, "01234", "Malmoe", &amount].into_iter().collect()
    };
    (0..ROWS).map(row).collect()
}

fn encoder(c: &mut Criterion) {
    let columns = ["id", "name", "email", "phone", "street", "zip", "city", "amount"].map(str::to_owned);
    let template = RowTemplate::new(UploadId::now(), &columns);
    let epoch = Epoch::random();
    let mut group = c.benchmark_group("encoder");
    for name in ["plain", "escaped"] {
        let rows = rows(name == "escaped");
        let bytes = rows.iter().map(|row| row.as_cells().text().len() as u64).sum();
        group.throughput(Throughput::ElementsAndBytes { elements: ROWS, bytes });
        group.bench_function(BenchmarkId::new("sse", name), |b| {
            b.iter(|| {
                let mut batch = BatchEncoder::new(epoch, 1_000_000, 65 << 10);
                for (row, number) in rows.iter().zip(1..) {
                    batch.row(&template, number, row.as_cells());
                    if batch.bytes_len() >= 64 << 10 {
                        let next = batch.next_n();
                        let full = std::mem::replace(&mut batch, BatchEncoder::new(epoch, next, 65 << 10));
                        black_box(full.finish());
                    }
                }
                black_box(batch.finish())
            });
        });
        let mut out = Vec::new();
        group.bench_function(BenchmarkId::new("ndjson", name), |b| {
            b.iter(|| {
                out.clear();
                rows.iter().zip(1..).for_each(|(row, number)| ndjson_row(&mut out, &template, number, row.as_cells()));
                black_box(out.len())
            });
        });
        group.bench_function(BenchmarkId::new("csv", name), |b| {
            b.iter(|| {
                out.clear();
                let mut export = CsvExport::default();
                rows.iter().for_each(|row| export.row(&mut out, 8, row.as_cells()));
                black_box(out.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, encoder);
criterion_main!(benches);
