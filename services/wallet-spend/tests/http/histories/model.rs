//! What the contract says of one wallet with one account whose points expire: lots, locks, spends, refunds.

#[derive(Debug, Clone)]
pub enum Step {
    Earn(i64),
    Spend {
        spend: usize,
        points: i64,
        lock: bool,
    },
    Void(usize),
    Settle(usize),
    Refund {
        spend: usize,
        points: Option<i64>,
    },
    /// The lock of a spend runs out, if it has one.
    Lapse(usize),
    /// The lot that would be spent first expires.
    ExpireOldestLot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Done,
    WithIssues,
    Refused(&'static str),
}

const CODES: [&str; 7] = [
    "INSUFFICIENT_POINTS",
    "TRANSACTION_NOT_FOUND",
    "REFERENCE_NOT_UNIQUE",
    "TRANSACTION_SETTLED",
    "TRANSACTION_VOIDED",
    "TRANSACTION_EXPIRED",
    "INVALID_REQUEST",
];

impl Told {
    pub fn of(status: u16, code: Option<&str>) -> Self {
        match (status, code) {
            (200, _) => Self::Done,
            (207, _) => Self::WithIssues,
            (_, code) => match CODES.into_iter().find(|known| Some(*known) == code) {
                Some(code) => Self::Refused(code),
                None => panic!("{status} {code:?}"),
            },
        }
    }
}

const INSUFFICIENT: Told = Told::Refused("INSUFFICIENT_POINTS");
const NOT_FOUND: Told = Told::Refused("TRANSACTION_NOT_FOUND");
const SETTLED: Told = Told::Refused("TRANSACTION_SETTLED");
const VOIDED: Told = Told::Refused("TRANSACTION_VOIDED");
const EXPIRED: Told = Told::Refused("TRANSACTION_EXPIRED");
const NOT_POSSIBLE: Told = Told::Refused("INVALID_REQUEST");

/// Parts of lots: place in `Model::lots`, points.
type Parts = Vec<(usize, i64)>;

/// How soon a lot expires against others: one that a refund brought back has the grace time, a month; the others
/// have a year. Of two alike the older one goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    Gone,
    WithGrace(usize),
    InAYear,
}

#[derive(Debug)]
struct Lot {
    /// Neither spent nor locked.
    free: i64,
    ends: Ends,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Active,
    Lapsed,
    Settled,
    Voided,
}

#[derive(Debug)]
struct Spend {
    points: i64,
    lock: bool,
    status: Status,
    /// Held while it is ACTIVE, taken once it is SETTLED.
    parts: Parts,
    refunded: i64,
    refunded_money: i64,
}

/// How often a history came to what is hard to get right.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reached {
    pub voids: usize,
    pub settles: usize,
    pub late_settles: usize,
    pub lots_expired_under_a_lock: usize,
    pub refunds: usize,
    pub lots_back_to_life: usize,
    pub lots_beside_a_lock: usize,
    pub refusals: usize,
}

#[derive(Debug, Default)]
pub struct Model {
    lots: Vec<Lot>,
    spends: std::collections::BTreeMap<usize, Spend>,
    spent: i64,
    value: i64,
    graces: usize,
    /// What really came up.
    pub reached: Reached,
}

impl Model {
    /// current, usable, locked, lifetimeSpend, lifetimeSpendValue
    pub fn figures(&self) -> [i64; 5] {
        let locks = self.spends.values().filter(|spend| spend.status == Status::Active);
        let locked: i64 = locks.map(|spend| spend.points).sum();
        [self.usable() + locked, self.usable(), locked, self.spent, self.value]
    }

    fn usable(&self) -> i64 {
        self.lots.iter().filter(|lot| lot.ends != Ends::Gone).map(|lot| lot.free).sum()
    }

    fn draw(&mut self, points: i64) -> Option<Parts> {
        if points > self.usable() {
            return None;
        }
        let mut order: Vec<usize> =
            (0..self.lots.len()).filter(|lot| self.lots[*lot].ends != Ends::Gone).collect();
        order.sort_by_key(|lot| (self.lots[*lot].ends, *lot));
        let (mut left, mut parts) = (points, Vec::new());
        for lot in order {
            let part = left.min(self.lots[lot].free);
            if part > 0 {
                self.lots[lot].free -= part;
                left -= part;
                parts.push((lot, part));
            }
        }
        Some(parts)
    }

    fn release(&mut self, parts: &[(usize, i64)]) {
        for (lot, part) in parts {
            self.lots[*lot].free += part;
        }
    }

    /// What locks hold of a lot.
    fn held(&self, lot: usize) -> i64 {
        let locks = self.spends.values().filter(|spend| spend.status == Status::Active);
        locks.flat_map(|spend| &spend.parts).filter(|part| part.0 == lot).map(|part| part.1).sum()
    }

    pub fn run(&mut self, step: &Step) -> Told {
        let told = self.decide(step);
        self.reached.refusals += usize::from(matches!(told, Told::Refused(_)));
        told
    }

    fn decide(&mut self, step: &Step) -> Told {
        match *step {
            Step::Earn(points) => {
                self.lots.push(Lot { free: points, ends: Ends::InAYear });
                Told::Done
            }
            Step::Spend { spend, points, lock } => self.spend(spend, points, lock),
            Step::Void(spend) => self.void(spend),
            Step::Settle(spend) => self.settle(spend),
            Step::Refund { spend, points } => self.refund(spend, points),
            Step::Lapse(spend) => self.lapse(spend),
            Step::ExpireOldestLot => self.expire_oldest(),
        }
    }

    fn spend(&mut self, spend: usize, points: i64, lock: bool) -> Told {
        if let Some(known) = self.spends.get(&spend) {
            // The same again has the first answer.
            let same = (known.points, known.lock) == (points, lock);
            return if same { Told::Done } else { Told::Refused("REFERENCE_NOT_UNIQUE") };
        }
        let Some(parts) = self.draw(points) else { return INSUFFICIENT };
        let status = if lock { Status::Active } else { Status::Settled };
        if !lock {
            self.spent += points;
            self.value += points / 10;
        }
        let made = Spend { points, lock, status, parts, refunded: 0, refunded_money: 0 };
        self.spends.insert(spend, made);
        Told::Done
    }

    fn void(&mut self, spend: usize) -> Told {
        let Some(known) = self.spends.get_mut(&spend) else { return NOT_FOUND };
        match known.status {
            Status::Settled => SETTLED,
            Status::Lapsed => EXPIRED,
            Status::Voided => Told::Done,
            Status::Active => {
                known.status = Status::Voided;
                self.reached.voids += 1;
                let parts = std::mem::take(&mut known.parts);
                self.release(&parts);
                Told::Done
            }
        }
    }

    fn lapse(&mut self, spend: usize) -> Told {
        if let Some(known) = self.spends.get_mut(&spend).filter(|known| known.status == Status::Active) {
            known.status = Status::Lapsed;
            let parts = std::mem::take(&mut known.parts);
            self.release(&parts);
        }
        Told::Done
    }

    fn settle(&mut self, spend: usize) -> Told {
        let Some(known) = self.spends.get(&spend) else { return NOT_FOUND };
        let points = known.points;
        let (told, late) = match known.status {
            Status::Settled => return SETTLED,
            Status::Voided => return VOIDED,
            Status::Active => (Told::Done, None),
            Status::Lapsed => match self.draw(points) {
                None => return INSUFFICIENT,
                Some(parts) => (Told::WithIssues, Some(parts)),
            },
        };
        self.reached.settles += 1;
        self.reached.late_settles += usize::from(late.is_some());
        if let Some(known) = self.spends.get_mut(&spend) {
            known.status = Status::Settled;
            known.parts = late.unwrap_or_else(|| std::mem::take(&mut known.parts));
        }
        self.spent += points;
        self.value += points / 10;
        told
    }

    fn refund(&mut self, spend: usize, points: Option<i64>) -> Told {
        let Some(known) = self.spends.get_mut(&spend) else { return NOT_FOUND };
        match known.status {
            Status::Active => return NOT_POSSIBLE,
            Status::Lapsed => return EXPIRED,
            Status::Voided => return VOIDED,
            Status::Settled => {}
        }
        let left = known.points - known.refunded;
        let points = points.unwrap_or(left);
        if left == 0 || points > left {
            return NOT_POSSIBLE;
        }
        let (mut skip, mut back) = (known.refunded, points);
        known.refunded += points;
        let money = (known.points / 10) * known.refunded / known.points;
        self.value -= money - known.refunded_money;
        self.spent -= points;
        known.refunded_money = money;
        for (lot, taken) in known.parts.clone() {
            let skipped = skip.min(taken);
            skip -= skipped;
            let part = (taken - skipped).min(back);
            back -= part;
            if part > 0 {
                self.give_back(lot, part);
            }
        }
        // The lots of one refund live equally long.
        self.graces += 1;
        self.reached.refunds += 1;
        Told::Done
    }

    fn give_back(&mut self, lot: usize, points: i64) {
        let grace = Ends::WithGrace(self.graces);
        if self.lots[lot].ends != Ends::Gone {
            self.lots[lot].free += points;
        } else if self.held(lot) > 0 {
            self.reached.lots_beside_a_lock += 1;
            self.lots.push(Lot { free: points, ends: grace });
        } else {
            self.reached.lots_back_to_life += 1;
            // What expired unspent stays gone.
            self.lots[lot] = Lot { free: points, ends: grace };
        }
    }

    fn expire_oldest(&mut self) -> Told {
        let live = (0..self.lots.len())
            .filter(|lot| self.lots[*lot].ends != Ends::Gone && self.lots[*lot].free + self.held(*lot) > 0);
        if let Some(lot) = live.min_by_key(|lot| (self.lots[*lot].ends, *lot)) {
            self.reached.lots_expired_under_a_lock += usize::from(self.held(lot) > 0);
            self.lots[lot].ends = Ends::Gone;
        }
        Told::Done
    }
}
