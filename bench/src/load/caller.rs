//! One caller: sends, waits, counts; opens its connections when it first needs them, and again after an error.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{Pace, meter::Meter};
use crate::{http::Connection, traffic::Traffic};

/// After a broken connection, so that a service that is gone is not asked without pause.
const BROKEN_PAUSE: Duration = Duration::from_millis(20);
/// A caller without any answer so often in a row gives up: the service is gone.
const BROKEN_MAX: u32 = 250;

/// Before a request that the service had no room for is sent again, where the load must all be done.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// Ten seconds of it: then it is not busy but broken.
const BUSY_MAX: u32 = 100;

/// When requests are due.
pub(super) enum Timetable {
    /// At once.
    Now,
    Every {
        next: Instant,
        interval: Duration,
    },
}

impl Timetable {
    pub fn of(pace: Pace, begin: Instant, place: usize, count: usize) -> Self {
        match pace {
            Pace::Closed => Self::Now,
            Pace::Open(per_second) => {
                let (place, count) = (widen(place), widen(count));
                let nanos = |parts: u64| Duration::from_nanos(parts * 1_000_000_000 / per_second.max(1));
                Self::Every { next: begin + nanos(place), interval: nanos(count) }
            }
        }
    }

    /// Waits until the next request is due and says when that was.
    async fn next(&mut self) -> Instant {
        match self {
            Self::Now => Instant::now(),
            Self::Every { next, interval } => {
                let due = *next;
                *next += *interval;
                if Instant::now() < due {
                    tokio::time::sleep_until(due.into()).await;
                }
                due
            }
        }
    }
}

pub(super) struct Caller {
    traffic: Box<dyn Traffic>,
    targets: Vec<SocketAddr>,
    connections: Vec<Option<Connection>>,
    meter: Meter,
    /// Whether a request that there was no room for is sent again, as a till does, or counted.
    patient: bool,
}

impl Caller {
    pub fn new(traffic: Box<dyn Traffic>, targets: Vec<SocketAddr>, meter: Meter, patient: bool) -> Self {
        let connections = targets.iter().map(|_| None).collect();
        Self { traffic, targets, connections, meter, patient }
    }

    /// Runs until `until` or until there is nothing more to send, and gives the traffic back.
    pub async fn run(mut self, mut timetable: Timetable, until: Option<Instant>) -> Box<dyn Traffic> {
        let mut request = Vec::new();
        let mut broken = 0;
        loop {
            let due = timetable.next().await;
            if until.is_some_and(|until| due >= until) {
                break;
            }
            let Some(target) = self.traffic.next(&mut request) else { break };
            match self.exchange(target, &request, due).await {
                Ok(()) => broken = 0,
                Err(error) => {
                    self.connections[target] = None;
                    self.meter.error(format!("connection: {error}"));
                    broken += 1;
                    if broken > BROKEN_MAX {
                        break;
                    }
                    tokio::time::sleep(BROKEN_PAUSE).await;
                }
            }
        }
        self.traffic
    }

    async fn exchange(&mut self, target: usize, request: &[u8], due: Instant) -> io::Result<()> {
        let connection = match &mut self.connections[target] {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.targets[target]).await?),
        };
        let mut tries = 0;
        loop {
            let answer = connection.exchange(request).await?;
            if self.patient && answer.is_busy() && tries < BUSY_MAX {
                tries += 1;
                tokio::time::sleep(BUSY_PAUSE).await;
                continue;
            }
            match self.traffic.answered(answer) {
                Some(units) => self.meter.wanted(due, units),
                None => self.meter.unwanted(answer),
            }
            return Ok(());
        }
    }
}

fn widen(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
