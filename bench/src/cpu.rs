//! How much of a core each side takes: the services, PostgreSQL and this process. From /proc; elsewhere nothing.

use std::{fmt, fs, time::Instant};

use serde::Serialize;
use tokio_postgres::Client;

/// Linux tells processor time in hundredths of a second, whatever the kernel counts in.
const TICK_MILLIS: u64 = 10;

/// Processor time so far, in ticks.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    at: Instant,
    load: u64,
    services: u64,
    postgres: u64,
}

/// Cores in use between two readings, in hundredths.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cores {
    pub services: u64,
    pub postgres: u64,
    /// This process: the load generator, or the engine where it runs alone.
    pub load: u64,
}

impl Clocks {
    /// `owner` is a connection to the server whose processes are meant.
    pub async fn read(owner: &Client, services: &[u32]) -> anyhow::Result<Option<Self>> {
        let backend: i32 = owner.query_one("select pg_backend_pid()", &[]).await?.get(0);
        let all = || {
            let postmaster = Process::read(u32::try_from(backend).ok()?)?.parent;
            // Those that have ended count with the process that has waited for them.
            let ended = Process::read(postmaster)?.waited_for;
            let alive = processes().filter(|process| process.parent == postmaster).map(|process| process.own);
            Some(Self {
                at: Instant::now(),
                load: Process::read(std::process::id())?.own,
                services: services.iter().filter_map(|pid| Some(Process::read(*pid)?.own)).sum(),
                postgres: ended + alive.sum::<u64>(),
            })
        };
        Ok(all())
    }

    pub fn until(&self, later: &Self) -> Cores {
        let millis = u64::try_from((later.at - self.at).as_millis()).unwrap_or(u64::MAX).max(1);
        let cores = |from: u64, to: u64| to.saturating_sub(from) * TICK_MILLIS * 100 / millis;
        Cores {
            services: cores(self.services, later.services),
            postgres: cores(self.postgres, later.postgres),
            load: cores(self.load, later.load),
        }
    }
}

impl Cores {
    /// On the average of several rounds, which are of one length.
    pub fn of_rounds(rounds: &[Self]) -> Option<Self> {
        let count = u64::try_from(rounds.len()).ok()?;
        let average = |of: fn(&Self) -> u64| rounds.iter().map(of).sum::<u64>().checked_div(count);
        Some(Self {
            services: average(|round| round.services)?,
            postgres: average(|round| round.postgres)?,
            load: average(|round| round.load)?,
        })
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { services, postgres, load } = self;
        let part = |hundredths: &u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        write!(f, "{} {} {}", part(services), part(postgres), part(load))
    }
}

struct Process {
    parent: u32,
    own: u64,
    waited_for: u64,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name, in parentheses, may hold anything; what follows it are numbers.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(number(1)?).ok()?,
            own: number(11)? + number(12)?,
            waited_for: number(13)? + number(14)?,
        })
    }
}

fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| Process::read(entry.ok()?.file_name().to_str()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_use_the_cores_of_their_average() {
        let round = |services, postgres, load| Cores { services, postgres, load };
        let cores = Cores::of_rounds(&[round(50, 70, 10), round(60, 80, 12), round(70, 60, 14)]).unwrap();
        assert_eq!((cores.services, cores.postgres, cores.load), (60, 70, 12));
        assert!(Cores::of_rounds(&[]).is_none());
    }

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let stat = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 0 0 11 12 13 14 20 0 1 0 5 6 7";
        let process = Process::parse(stat).unwrap();
        assert_eq!((process.parent, process.own, process.waited_for), (3, 23, 27));
    }
}
