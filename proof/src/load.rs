//! Tills at work: transfers between hot and cold accounts, balances read, old answers asked for again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::{Rng, rngs::SmallRng};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use zerosum_testkit::schedule::Seed;

use crate::{
    caller::{Caller, CashMove, Transfer},
    points::{self, Points},
};

/// Customers 1 to this many are in half of all transfers.
pub const HOT: usize = 8;

/// Longer than any fault of a proof lasts: whoever asks that long is told.
const PATIENCE: Duration = Duration::from_secs(90);
/// For the kinds of acts that chance, or a busy machine, has left out so far; what is not reached then is a finding.
const REACHED_MAX: Duration = Duration::from_secs(60);
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// Clients that work until they are told to stop, and then finish what they have begun.
pub struct Load {
    clients: JoinSet<()>,
    stop: Arc<AtomicBool>,
    points: Option<Arc<Points>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub clients: usize,
    pub customers: usize,
    /// Between two operations of a client.
    pub pause: Duration,
}

impl Load {
    pub fn start(caller: &Arc<Caller>, seed: Seed, shape: Shape) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for client in 0..shape.clients {
            clients.spawn(work(caller.clone(), stop.clone(), seed, client, shape));
        }
        Self { clients, stop, points: None }
    }

    /// More clients, who give cash to these users and take it.
    pub fn with_cash(mut self, caller: &Arc<Caller>, seed: Seed, clients: usize, users: &[String]) -> Self {
        for client in 0..clients {
            self.clients.spawn(work_cash(caller.clone(), self.stop.clone(), seed, client, users.to_vec()));
        }
        self
    }

    /// More clients, who spend points, settle, void and give them back.
    pub fn with_points(mut self, points: &Arc<Points>, seed: Seed, tills: usize, pause: Duration) -> Self {
        for till in 0..tills {
            self.clients.spawn(points::work(points.clone(), self.stop.clone(), seed, till, pause));
        }
        self.points = Some(points.clone());
        self
    }

    /// Lets every client finish what it has begun, once every kind of act on points was done: the faults of a short
    /// proof are over in seconds, and a claim about what never happened says nothing.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        let until = Instant::now() + REACHED_MAX;
        while self.points.as_ref().is_some_and(|points| !points.never_done().is_empty())
            && Instant::now() < until
        {
            sleep(LOOK_PAUSE).await;
        }
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended?;
        }
        Ok(())
    }
}

async fn work(caller: Arc<Caller>, stop: Arc<AtomicBool>, seed: Seed, client: usize, shape: Shape) {
    let mut random = seed.stream(&format!("client {client}"));
    let mut told: Vec<Transfer> = Vec::new();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        match random.random_range(0..10) {
            0 if !told.is_empty() => {
                let again = random.random_range(0..told.len());
                caller.ask_again(&told[again], &mut random).await;
            }
            1 | 2 => {
                let account = customer(&mut random, shape.customers);
                caller.read(account, &mut random).await;
            }
            _ => {
                let transfer = transfer(&mut random, shape.customers, format!("c{client}-{number}"));
                number += 1;
                caller.transfer(&transfer, &mut random, PATIENCE).await;
                told.push(transfer);
            }
        }
        if !shape.pause.is_zero() {
            sleep(shape.pause).await;
        }
    }
}

async fn work_cash(
    caller: Arc<Caller>,
    stop: Arc<AtomicBool>,
    seed: Seed,
    client: usize,
    users: Vec<String>,
) {
    let mut random = seed.stream(&format!("cash client {client}"));
    let mut told: Vec<CashMove> = Vec::new();
    for number in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        if random.random_range(0..10) == 0 && !told.is_empty() {
            let again = random.random_range(0..told.len());
            caller.ask_cash_again(&told[again], &mut random).await;
        }
        let user = users[random.random_range(0..users.len())].clone();
        let expires = if random.random_range(0..4) == 0 {
            Some(caller.moment(random.random_range(2..6)))
        } else {
            None
        };
        let grant = random.random::<bool>().then_some(expires);
        let (key, amount) = (format!("cash{client}-{number}"), random.random_range(1..60));
        let cash = CashMove { key, user, amount, grant };
        caller.cash(&cash, &mut random, PATIENCE).await;
        told.push(cash);
    }
}

/// A transfer between two customers; now and then more than anybody has.
pub fn transfer(random: &mut SmallRng, customers: usize, key: String) -> Transfer {
    let from = customer(random, customers);
    let mut to = from;
    while to == from {
        to = customer(random, customers);
    }
    let amount = if random.random_range(0..20) == 0 { 1_000_000_000 } else { random.random_range(1..100) };
    Transfer { key, from, to, amount }
}

fn customer(random: &mut SmallRng, customers: usize) -> usize {
    let hot = HOT.min(customers);
    if random.random() { random.random_range(1..=hot) } else { random.random_range(1..=customers) }
}
