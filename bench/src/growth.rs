//! Growth: the same loads over few and over many entries, each on a database of its own.

use crate::{
    bench::Bench,
    books,
    config::GrowthArgs,
    load::Pace,
    report::Line,
    scenario::{self, Cast, Ground, Scenario, Shape},
};

/// Reads first: the writes add entries.
const SCENARIOS: [Scenario; 3] = [Scenario::Balance, Scenario::Ledger, Scenario::Random];

/// `growth`: fill, measure, prove; twice; then compare.
pub async fn run(args: GrowthArgs) -> anyhow::Result<()> {
    let mut bench = Bench::start(args.measure).await?;
    let few = size(&mut bench, args.few, args.connections).await?;
    let many = size(&mut bench, args.entries, args.connections).await?;
    println!();
    for (few, many) in few.iter().zip(&many) {
        println!("{}", comparison(few, many, args.few, args.entries));
    }
    bench.write(&[])?;
    let failed: Vec<_> = bench.lines.iter().flat_map(|line| &line.errors).collect();
    anyhow::ensure!(failed.is_empty(), "answers that were not wanted: {failed:?}");
    bench.stage.stop().await
}

/// All loads over so many entries.
async fn size(bench: &mut Bench, entries: u64, connections: usize) -> anyhow::Result<Vec<Line>> {
    let database = bench.stage.database(&format!("growth-{entries}")).await?;
    let brands = books::open(&database, 1, bench.measure.accounts).await?;
    let begin = std::time::Instant::now();
    books::fill(&database, entries).await?;
    println!("{entries} entries filled in {} s", begin.elapsed().as_secs());
    println!("{}", Line::HEADING);
    let mut lines = Vec::new();
    for scenario in SCENARIOS {
        let cast = Cast::new(scenario, brands.clone())?;
        let mut ground = Ground::start(bench, scenario, database.clone()).await?;
        for connections in [1, connections] {
            let shape = Shape { scenario, connections, pace: Pace::Closed };
            let line = scenario::measure(bench, &mut ground, &cast, shape).await?;
            bench.tell(line.clone());
            lines.push(line);
        }
        ground.stop().await?;
    }
    println!("verify {}", database.verify().await?);
    bench.stage.drop(database).await?;
    Ok(lines)
}

/// Rates and times over many entries in hundredths of those over few.
fn comparison(few: &Line, many: &Line, few_entries: u64, many_entries: u64) -> String {
    let hundredths = |over: u64, under: u64| {
        let ratio = over * 100 / under.max(1);
        format!("{}.{:02}", ratio / 100, ratio % 100)
    };
    format!(
        "{:<8} × {:>3}: at {many_entries} entries {} of the rate and {} of the median time at {few_entries}",
        few.scenario.name(),
        few.connections,
        hundredths(many.median.per_second, few.median.per_second),
        hundredths(many.median.p50_us, few.median.p50_us),
    )
}
