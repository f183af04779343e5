//! One run of the program: its server, its issuer, and every scenario on a database of its own.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde::Serialize;
use zerosum_embedded_postgres::Durability;

use crate::{
    baseline::{
        arrays::{self, Writer},
        pgbench,
    },
    books,
    config::{AllArgs, Measure},
    engine,
    load::Pace,
    report::{Figures, Goal, Line, Machine},
    scenario::{self, Cast, Ground, Scenario, Shape},
    stage::{Database, Stage},
    tokens::Issuer,
};

/// 8,000 transactions on their way: more only wait, and are refused before the queue is as old as a caller's patience.
const BATCH_CALLERS_MAX: usize = 16;

pub struct Bench {
    pub stage: Stage,
    pub issuer: Issuer,
    pub measure: Measure,
    /// Of the runs, those of one shape that follow one another: one where scenarios take turns.
    pub in_a_row: u64,
    pub machine: Machine,
    pub lines: Vec<Line>,
}

/// Everything, for machines.
#[derive(Serialize)]
struct Results<'a> {
    machine: &'a Machine,
    settings: &'a Measure,
    results: &'a [Line],
    goals: &'a [Goal],
}

/// The default command: every scenario, or those that are named.
pub async fn run(args: AllArgs) -> anyhow::Result<()> {
    let measure = if args.short { args.measure.clone().shortened() } else { args.measure.clone() };
    let mut bench = Bench { in_a_row: 1, ..Bench::start(measure).await? };
    let mut chosen = if args.scenario.is_empty() { Scenario::all() } else { &args.scenario }.to_vec();
    let mut failures = Vec::new();
    let rounds = bench.measure.runs;
    // The machine that is slow now was quick a minute ago: what is compared runs side by side, and each comes first in turn.
    for round in 1..=rounds {
        if rounds > 1 {
            println!("round {round} of {rounds}");
        }
        println!("{}", Line::HEADING);
        for scenario in &chosen {
            // One that fails is told at the end, and does not cost the figures of the others.
            if let Err(error) = bench.scenario(*scenario, &args).await {
                println!("{}: {error:#}", scenario.name());
                failures.push(scenario.name());
            }
        }
        chosen.reverse();
    }
    bench.end(&args).await?;
    anyhow::ensure!(failures.is_empty(), "these scenarios failed: {}", failures.join(", "));
    Ok(())
}

impl Bench {
    pub async fn start(measure: Measure) -> anyhow::Result<Self> {
        let stage = Stage::start(Durability::On).await?;
        let machine = Machine::look(stage.version());
        println!("{machine}");
        println!("{}", serde_json::to_string(&measure)?);
        if !measure.short {
            stage.make_log().await?;
        }
        let (issuer, in_a_row) = (Issuer::new()?, measure.runs);
        Ok(Self { stage, issuer, measure, in_a_row, machine, lines: Vec::new() })
    }

    /// One scenario at each of its numbers of connections, and the books proven after it.
    async fn scenario(&mut self, scenario: Scenario, args: &AllArgs) -> anyhow::Result<()> {
        let database = self.stage.database(&scenario.name()).await?;
        let first = self.lines.len();
        let connections = match &args.connections[..] {
            [] if args.short => vec![8],
            [] => scenario.connections().to_vec(),
            named => named.to_vec(),
        };
        match scenario {
            Scenario::Engine | Scenario::EngineHot => self.engine(scenario, &database, &connections).await?,
            Scenario::Arrays => self.arrays(&database).await?,
            Scenario::Pgbench | Scenario::PgbenchHot => {
                self.pgbench(scenario, &database, &connections).await?
            }
            _ => self.http(scenario, &database, &connections, args.till_rate).await?,
        }
        if !matches!(scenario, Scenario::Arrays | Scenario::Pgbench | Scenario::PgbenchHot) {
            let verified = database.verify().await?;
            println!("{:<18} verify {verified}", scenario.name());
            for line in &mut self.lines[first..] {
                line.verified = Some(verified.clone());
            }
        }
        self.stage.drop(database).await?;
        let mut failed = self.lines[first..].iter().flat_map(|line| &line.errors);
        // A machine that is busy with other things answers 503, which is right of it.
        let failed = failed.find(|(name, _)| !args.short || !name.starts_with("503 "));
        anyhow::ensure!(failed.is_none(), "answers that were not wanted: {failed:?}");
        Ok(())
    }

    async fn http(
        &mut self,
        scenario: Scenario,
        database: &Database,
        connections: &[usize],
        till_rate: u64,
    ) -> anyhow::Result<()> {
        let (cast, mut ground) = self.open(scenario, database, None).await?;
        // A caller of the batch route has 500 transactions on their way.
        let most = if scenario == Scenario::Batch { BATCH_CALLERS_MAX } else { usize::MAX };
        let connections: BTreeSet<usize> = connections.iter().map(|count| (*count).min(most)).collect();
        for connections in connections {
            let closed = Shape { scenario, connections, pace: Pace::Closed };
            let line = match scenario {
                Scenario::SeventyPercent => {
                    scenario::measure_below_peak(self, &mut ground, &cast, closed).await?
                }
                Scenario::Till => {
                    let fixed = Shape { pace: Pace::Open(till_rate), ..closed };
                    scenario::measure(self, &mut ground, &cast, fixed).await?
                }
                _ => scenario::measure(self, &mut ground, &cast, closed).await?,
            };
            self.tell(line);
        }
        ground.stop().await?;
        Ok(())
    }

    /// The books, the services and what the callers know.
    pub async fn open(
        &self,
        scenario: Scenario,
        database: &Database,
        entries: Option<u64>,
    ) -> anyhow::Result<(Cast, Ground)> {
        let brands = books::open(database, scenario.brands(), self.measure.accounts).await?;
        if let Some(entries) = entries {
            books::fill(database, entries).await.context("filling the books")?;
        }
        let mut cast = Cast::new(scenario, brands)?;
        let ground = Ground::start(self, scenario, database.clone()).await?;
        cast.set_up(self, &ground).await.context("setting up")?;
        Ok((cast, ground))
    }

    async fn engine(
        &mut self,
        scenario: Scenario,
        database: &Database,
        callers: &[usize],
    ) -> anyhow::Result<()> {
        let hot = scenario == Scenario::EngineHot;
        for callers in callers.iter().copied() {
            let line = engine::measure(self, database, scenario, hot, callers).await?;
            self.tell(line);
        }
        Ok(())
    }

    async fn arrays(&mut self, database: &Database) -> anyhow::Result<()> {
        let mut writer = Writer::set_up(database, self.measure.accounts).await?;
        let mut runs = Vec::new();
        for _ in 0..self.in_a_row {
            runs.push(writer.run(self.measure.time()).await?);
        }
        arrays::check(database).await?;
        let line = Line::of_runs(Scenario::Arrays, 1, runs);
        self.tell(Line { commands_per_commit: Some(arrays::BATCH as u64), ..line });
        Ok(())
    }

    async fn pgbench(
        &mut self,
        scenario: Scenario,
        database: &Database,
        clients: &[usize],
    ) -> anyhow::Result<()> {
        pgbench::set_up(database, self.measure.accounts).await?;
        // Each of its clients is a connection to the server, which takes a hundred.
        let clients: BTreeSet<usize> =
            clients.iter().map(|clients| (*clients).min(pgbench::CLIENTS_MAX)).collect();
        for clients in clients {
            let shape = pgbench::Shape {
                clients,
                accounts: self.measure.accounts,
                hot: scenario == Scenario::PgbenchHot,
                time: self.measure.time(),
            };
            let mut runs = Vec::new();
            for _ in 0..self.in_a_row {
                match pgbench::run(database, shape).await? {
                    Some(figures) => runs.push(figures),
                    None => {
                        println!("{:<18} this PostgreSQL came without pgbench", scenario.name());
                        return Ok(());
                    }
                }
            }
            self.tell(Line::of_runs(scenario, clients, runs));
        }
        Ok(())
    }

    pub fn tell(&mut self, line: Line) {
        println!("{line}");
        self.lines.push(line);
    }

    async fn end(mut self, args: &AllArgs) -> anyhow::Result<()> {
        if self.measure.runs > 1 {
            self.lines = Line::of_rounds(self.lines);
            println!("median of {} rounds\n{}", self.measure.runs, Line::HEADING);
            self.lines.iter().for_each(|line| println!("{line}"));
        }
        println!("* at a fixed rate");
        let goals = Goal::all(&self.lines, self.measure.runs);
        if !args.short {
            for line in &self.lines {
                if let Some(cost) = &line.cost {
                    println!("{:<18} {:>6} {}", line.scenario.name(), line.connections, cost.breakdown());
                }
            }
            println!();
            for goal in goals.iter().filter(|goal| goal.met.is_some()) {
                println!("{goal}");
            }
        }
        self.write(&goals)?;
        self.stage.stop().await
    }

    /// The JSON that was asked for.
    pub fn write(&self, goals: &[Goal]) -> anyhow::Result<()> {
        let Some(path) = &self.measure.json else { return Ok(()) };
        let results =
            Results { machine: &self.machine, settings: &self.measure, results: &self.lines, goals };
        let text = serde_json::to_string_pretty(&results)?;
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }
}

impl Line {
    /// Of something that is not ours and counts nothing about itself.
    pub fn of_runs(scenario: Scenario, connections: usize, runs: Vec<Figures>) -> Self {
        Self {
            scenario,
            connections,
            open_loop_rate: None,
            median: Figures::median(&runs),
            runs,
            errors: Default::default(),
            commands_per_commit: None,
            cost: None,
            cores: None,
            memory: Vec::new(),
            verified: None,
        }
    }
}
