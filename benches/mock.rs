//! How fast mock files are made: `cargo bench --bench mock`. Single thread, default columns and all columns.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rowcast::mock::{Column, Generator, Spec};

const ROWS: u64 = 100_000;

fn write(spec: &Spec) -> usize {
    let mut generator = Generator::new(spec);
    let mut chunk = Vec::with_capacity(66 * 1024);
    let mut bytes = 0;
    loop {
        chunk.clear();
        let more = generator.fill(&mut chunk, 64 * 1024);
        bytes += std::hint::black_box(&chunk).len();
        if !more {
            return bytes;
        }
    }
}

fn mock(c: &mut Criterion) {
    let clean = Spec { rows: ROWS, ..Spec::default() };
    let cases = [
        ("default columns", clean.clone()),
        ("default columns, 10 % messy", Spec { messy: 0.1, ..clean.clone() }),
        ("default columns, all messy", Spec { messy: 1.0, ..clean.clone() }),
        ("every column", Spec { columns: Column::ALL.to_vec(), ..clean.clone() }),
    ];
    let mut group = c.benchmark_group("mock");
    group.sample_size(20);
    for (name, spec) in &cases {
        group.throughput(Throughput::ElementsAndBytes { elements: ROWS, bytes: write(spec) as u64 });
        group.bench_function(*name, |b| b.iter(|| write(spec)));
    }
    group.finish();
    c.bench_function("mock/start", |b| {
        b.iter_batched(Spec::default, |spec| Generator::new(&spec), BatchSize::SmallInput)
    });
}

criterion_group!(benches, mock);
criterion_main!(benches);
