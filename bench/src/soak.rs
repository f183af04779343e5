//! One load for many minutes: what memory it takes in the first and in the last, and what all of it costs the database.

use crate::{
    bench::Bench,
    config::{Measure, SoakArgs},
    load::Pace,
    report::Line,
    scenario::{self, Shape},
};

/// `soak`: a line for each minute.
pub async fn run(args: SoakArgs) -> anyhow::Result<()> {
    anyhow::ensure!(!args.scenario.services().is_empty(), "{} has no service", args.scenario.name());
    anyhow::ensure!(
        args.entries.is_none() || args.scenario.brands() == 1,
        "only books of one brand are filled"
    );
    let minute = Measure { seconds: 60, warm_up: 0, runs: 1, ..args.measure };
    let mut bench = Bench::start(minute).await?;
    let database = bench.stage.database("soak").await?;
    let (cast, mut ground) = bench.open(args.scenario, &database, args.entries).await?;
    let shape = Shape { scenario: args.scenario, connections: args.connections, pace: Pace::Closed };
    let before = ground.snapshot().await?;
    println!("{}", Line::HEADING);
    for minute in 1..=args.minutes {
        let line = scenario::measure(&bench, &mut ground, &cast, shape).await?;
        bench.tell(line);
        for host in &ground.hosts {
            if let Some(memory) = host.memory() {
                println!(
                    "minute {minute}: {:?} has {} KiB resident, {} KiB at its peak",
                    host.service, memory.now_kib, memory.peak_kib
                );
            }
        }
    }
    if let Some(cost) = before.until(&ground.snapshot().await?) {
        // A checkpoint makes the first change of each page be logged whole: some of these minutes had one, others none.
        println!(
            "all of it: {} transactions, {} B of WAL and {} B of disk each; {}",
            cost.transactions,
            cost.wal_bytes_each,
            cost.disk_bytes_each,
            cost.breakdown()
        );
    }
    ground.stop().await?;
    println!("verify {}", database.verify().await?);
    bench.write(&[])?;
    let failed: Vec<_> = bench.lines.iter().flat_map(|line| &line.errors).collect();
    anyhow::ensure!(failed.is_empty(), "answers that were not wanted: {failed:?}");
    bench.stage.stop().await
}
