//! Measuring one shape: runs of a load, and what they cost.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Cast, Ground, Scenario};
use crate::{
    bench::Bench,
    load::{Length, Load, Measured, Pace},
    progress::Progress,
    report::{Figures, Line},
    traffic::Traffic,
};

/// Backends tell what they have done with up to a second's delay.
const STATISTICS_DELAY: Duration = Duration::from_millis(1_100);

/// A load on a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub scenario: Scenario,
    pub connections: usize,
    pub pace: Pace,
}

/// At 70 % of what the same connections have reached just before it: a machine that others share may be slower a minute
/// later, and would be asked for more than it can do.
pub async fn measure_below_peak(
    bench: &Bench,
    ground: &mut Ground,
    cast: &Cast,
    closed: Shape,
) -> anyhow::Result<Line> {
    let peak = measure(bench, ground, cast, closed).await?;
    let below = Shape { pace: Pace::Open(peak.median.per_second * 7 / 10), ..closed };
    let mut line = measure(bench, ground, cast, below).await?;
    line.add_errors(&peak);
    Ok(line)
}

/// Runs the load as often as it shall run in a row. The callers go on from one run to the next.
pub async fn measure(bench: &Bench, ground: &mut Ground, cast: &Cast, shape: Shape) -> anyhow::Result<Line> {
    let mut callers: Vec<Box<dyn Traffic>> = Vec::with_capacity(shape.connections);
    for number in 0..shape.connections {
        callers.push(cast.caller(bench, number)?);
    }
    let (before, told) = (ground.snapshot().await?, told(ground).await?);
    let clocks = ground.clocks().await?;
    let (mut runs, mut errors) = (Vec::new(), BTreeMap::<String, u64>::new());
    for run in 1..=bench.in_a_row {
        let progress = Progress::begin(
            &format!("{} × {}, run {run}", shape.scenario.name(), shape.connections),
            bench.measure.warm_up + bench.measure.seconds,
        );
        let load = Load {
            targets: ground.targets(),
            callers,
            pace: shape.pace,
            length: Length::For {
                warm_up: Duration::from_secs(bench.measure.warm_up),
                measured: bench.measure.time(),
            },
            progress: Arc::clone(&progress.answers),
        };
        let (measured, back) = load.run().await?;
        progress.end();
        callers = back;
        for (error, count) in &measured.errors {
            *errors.entry(error.clone()).or_default() += count;
        }
        runs.push(figures(&measured));
    }
    let cores = clocks.zip(ground.clocks().await?).map(|(before, after)| before.until(&after));
    if !bench.measure.short {
        tokio::time::sleep(STATISTICS_DELAY).await;
    }
    let (after, now) = (ground.snapshot().await?, self::told(ground).await?);
    let batches = now.0 - told.0;
    Ok(Line {
        scenario: shape.scenario,
        connections: shape.connections,
        open_loop_rate: match shape.pace {
            Pace::Closed => None,
            Pace::Open(rate) => Some(rate),
        },
        median: Figures::median(&runs),
        runs,
        errors,
        commands_per_commit: (batches > 0).then(|| (now.1 - told.1) / batches),
        cost: before.until(&after),
        cores,
        memory: ground.hosts.iter().filter_map(|host| Some((host.service, host.memory()?))).collect(),
        verified: None,
    })
}

/// Commits, and commands in them.
async fn told(ground: &mut Ground) -> anyhow::Result<(u64, u64)> {
    let mut sum = (0, 0);
    for host in &mut ground.hosts {
        let told = host.told().await?;
        sum = (sum.0 + told.batches, sum.1 + told.commands);
    }
    Ok(sum)
}

pub fn figures(measured: &Measured) -> Figures {
    let millis = u64::try_from(measured.elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let at = |part| measured.latencies.value_at_quantile(part);
    Figures {
        per_second: measured.units * 1000 / millis,
        requests_per_second: measured.requests * 1000 / millis,
        p50_us: at(0.5),
        p99_us: at(0.99),
        p999_us: at(0.999),
        max_us: measured.latencies.max(),
    }
}
