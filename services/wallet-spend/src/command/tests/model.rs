//! What the contract says of one account, in a page: the oracle of the histories.

use std::collections::BTreeMap;

use crate::command::Refused;

/// A lock lasts so long here.
pub const LOCK_SECONDS: i64 = 100_000;

#[derive(Debug, Clone)]
pub enum Step {
    Credit(i64),
    Debit(i64),
    Spend {
        reference: usize,
        points: i64,
        lock: bool,
    },
    Void(usize),
    Settle {
        reference: usize,
        part: Option<i64>,
    },
    Refund {
        reference: usize,
        points: Option<i64>,
    },
    /// Seconds go by.
    Wait(i64),
    ExpiryJob,
}

/// What was decided, as far as the model tells refusals apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Done,
    Insufficient,
    NotFound,
    NotUnique,
    Settled,
    Voided,
    Expired,
    Mismatch,
    NotPossible,
}

impl Told {
    pub fn of(refused: &Refused) -> Self {
        match refused {
            Refused::InsufficientPoints { .. } => Self::Insufficient,
            Refused::ReferenceNotUnique { .. } => Self::NotUnique,
            Refused::TransactionSettled { .. } => Self::Settled,
            Refused::TransactionVoided { .. } => Self::Voided,
            Refused::TransactionExpired { .. } => Self::Expired,
            Refused::AdjudicationMismatch { .. } => Self::Mismatch,
            Refused::NotPossible { .. } | Refused::SpendNotPermitted { .. } | Refused::LocksEnding { .. } => {
                Self::NotPossible
            }
            Refused::IdentityNotFound
            | Refused::WalletNotFound
            | Refused::AccountNotFound
            | Refused::SchemeNotFound
            | Refused::TransactionNotFound { .. } => Self::NotFound,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Active,
    Settled,
    Voided,
    Expired,
}

#[derive(Debug)]
struct Spend {
    points: i64,
    status: Status,
    until: i64,
    settled: i64,
    settled_money: i64,
    refunded: i64,
    refunded_money: i64,
}

#[derive(Debug, Default)]
pub struct Model {
    /// Comes back whenever a spend settles, and is taken back with its refunds.
    points_back: i64,
    now: i64,
    current: i64,
    lifetime: i64,
    spent: i64,
    spent_money: i64,
    spends: BTreeMap<usize, Spend>,
}

impl Model {
    pub fn new(points_back: i64) -> Self {
        Self { points_back, ..Self::default() }
    }

    /// current, usable, locked
    pub fn figures(&self) -> [i64; 3] {
        let live = |spend: &&Spend| spend.status == Status::Active && spend.until > self.now;
        let locked: i64 = self.spends.values().filter(live).map(|spend| spend.points).sum();
        [self.current, self.current - locked, locked]
    }

    /// lifetime, lifetimeSpend, lifetimeSpendValue
    pub fn lifetimes(&self) -> [i64; 3] {
        [self.lifetime, self.spent, self.spent_money]
    }

    pub fn run(&mut self, _at: usize, step: &Step) -> Told {
        match *step {
            Step::Credit(points) => {
                self.current += points;
                self.lifetime += points;
                Told::Done
            }
            Step::Debit(points) => self.take(points),
            Step::Spend { reference, points, lock } => self.spend(reference, points, lock),
            Step::Void(reference) => self.void(reference),
            Step::Settle { reference, part } => self.settle(reference, part),
            Step::Refund { reference, points } => self.refund(reference, points),
            Step::Wait(seconds) => {
                self.now += seconds;
                Told::Done
            }
            Step::ExpiryJob => Told::Done,
        }
    }

    fn usable(&self) -> i64 {
        self.figures()[1]
    }

    fn take(&mut self, points: i64) -> Told {
        if points > self.usable() {
            return Told::Insufficient;
        }
        self.current -= points;
        Told::Done
    }

    fn spend(&mut self, reference: usize, points: i64, lock: bool) -> Told {
        if self.spends.contains_key(&reference) {
            return Told::NotUnique;
        }
        if points > self.usable() {
            return Told::Insufficient;
        }
        let settled = if lock { 0 } else { points };
        let back = if lock { 0 } else { self.points_back };
        self.current += back - settled;
        self.lifetime += back;
        self.spent += settled;
        self.spent_money += settled / 10;
        let spend = Spend {
            points,
            status: if lock { Status::Active } else { Status::Settled },
            until: self.now + LOCK_SECONDS,
            settled,
            settled_money: settled / 10,
            refunded: 0,
            refunded_money: 0,
        };
        self.spends.insert(reference, spend);
        Told::Done
    }

    /// As it is to be seen now.
    fn status(&self, reference: usize) -> Option<Status> {
        let spend = self.spends.get(&reference)?;
        let lapsed = spend.status == Status::Active && spend.until <= self.now;
        Some(if lapsed { Status::Expired } else { spend.status })
    }

    fn void(&mut self, reference: usize) -> Told {
        match self.status(reference) {
            None => Told::NotFound,
            Some(Status::Settled) => Told::Settled,
            Some(Status::Expired) => Told::Expired,
            // Again the same answer.
            Some(Status::Voided) => Told::Done,
            Some(Status::Active) => {
                if let Some(spend) = self.spends.get_mut(&reference) {
                    spend.status = Status::Voided;
                }
                Told::Done
            }
        }
    }

    fn settle(&mut self, reference: usize, part: Option<i64>) -> Told {
        let status = match self.status(reference) {
            None => return Told::NotFound,
            Some(Status::Settled) => return Told::Settled,
            Some(Status::Voided) => return Told::Voided,
            Some(status) => status,
        };
        let usable = self.usable();
        let Some(spend) = self.spends.get_mut(&reference) else { return Told::NotFound };
        let points = part.unwrap_or(spend.points);
        if points > spend.points {
            return Told::Mismatch;
        }
        if status == Status::Expired && points > usable {
            return Told::Insufficient;
        }
        spend.status = Status::Settled;
        spend.settled = points;
        spend.settled_money = points / 10;
        self.current += self.points_back - points;
        self.lifetime += self.points_back;
        self.spent += points;
        self.spent_money += points / 10;
        Told::Done
    }

    fn refund(&mut self, reference: usize, points: Option<i64>) -> Told {
        match self.status(reference) {
            None => return Told::NotFound,
            Some(Status::Active) => return Told::NotPossible,
            Some(Status::Voided) => return Told::Voided,
            Some(Status::Expired) => return Told::Expired,
            Some(Status::Settled) => {}
        }
        let (usable, points_back) = (self.usable(), self.points_back);
        let Some(spend) = self.spends.get_mut(&reference) else { return Told::NotFound };
        let left = spend.settled - spend.refunded;
        let points = points.unwrap_or(left);
        if left == 0 || points > left {
            return Told::NotPossible;
        }
        let share = |refunded: i64| points_back * refunded / spend.settled;
        let back = share(spend.refunded + points) - share(spend.refunded);
        if back > usable + points {
            return Told::Insufficient;
        }
        self.current -= back;
        self.lifetime -= back;
        spend.refunded += points;
        let money = spend.settled_money * spend.refunded / spend.settled;
        self.spent_money -= money - spend.refunded_money;
        spend.refunded_money = money;
        self.current += points;
        self.spent -= points;
        Told::Done
    }
}
