//! The cost of single operations of the protocol: `cargo bench -p tegata-bench --bench protocol`.
//!
//! Time is the thread's CPU time, which neighbours on the machine change least. Allocations are counted once for each
//! operation before anything is timed, and the counting is switched off while it is. Both are left in criterion's folder,
//! where `tegata-bench protocol` finds them; see the `protocol` module of the library.
//!
//! To add an operation, add a case to a file of `cases/`.
#![cfg(target_os = "linux")]

mod case;
mod cases;
mod cpu_time;
mod documents;
mod world;

use anyhow::Context as _;
use case::Case;
use cpu_time::CpuTime;
use criterion::{BenchmarkGroup, Criterion};
use std::{path::Path, time::Duration};
use tegata_bench::protocol::recorded::{self, Recorded};
use world::World;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let programs = Path::new(env!("CARGO_BIN_EXE_tegata-bench")).parent();
    let folder = recorded::folder(programs.context("a program is in a folder")?);
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .output_directory(&folder)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(50)
        .nresamples(2_000)
        .configure_from_args();
    let world = World::read()?;
    let cases = cases::all(&world)?;
    // Without `--bench`, as in `cargo test --benches`, criterion runs each once and times nothing.
    if has("--bench") && !has("--test") && !has("--list") {
        let operations = cases.iter().map(Case::record).collect();
        let quick = has("--quick");
        Recorded { quick, operations }.write(&folder)?;
    }
    allocation_counter::opt_out(|| {
        let mut rest = cases.as_slice();
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|case| case.group == first.group);
            let (group, others) = rest.split_at(same.count());
            measure(criterion.benchmark_group(first.group), group);
            rest = others;
        }
    });
    Ok(())
}

fn measure(mut group: BenchmarkGroup<'_, CpuTime>, cases: &[Case<'_>]) {
    for case in cases {
        group.bench_function(case.name, |bencher| bencher.iter(|| (case.run)()));
    }
    group.finish();
}
