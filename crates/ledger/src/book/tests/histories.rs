//! Random histories, step by step the same as the model's.

use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*};
use zerosum_domain::amount::AMOUNT_MAX;
use zerosum_testkit::model::{AccountNo, End, HoldNo, Leg, LegLot, LotNo, Moment, Posting, TransactionNo};

use super::world::{ACCOUNTS, Refused, World, leg, posting};

/// What to do next. A place in a list is any number; it is taken modulo the length of the list.
#[derive(Debug, Clone)]
enum Step {
    /// Entries as they come, completed so that each currency sums to zero unless `unbalanced`.
    Post {
        legs: Vec<RawLeg>,
        unbalanced: bool,
        external_ref: Option<u8>,
    },
    Grant {
        to: usize,
        amount: i64,
        expires_in: Option<Moment>,
    },
    Spend {
        from: usize,
        amount: i64,
    },
    Hold {
        of: usize,
        amount: i64,
        expires_in: Option<Moment>,
    },
    Capture {
        hold: usize,
        amount: i64,
    },
    Void {
        hold: usize,
    },
    Expire {
        of: usize,
    },
    Reverse {
        transaction: usize,
        once: bool,
    },
    SetExpiry {
        lot: usize,
        expires_in: Option<Moment>,
    },
    /// Clocks jump, also back.
    Clock {
        by: Moment,
    },
    NextBatch,
}

#[derive(Debug, Clone)]
struct RawLeg {
    /// Past the end: an account that does not exist.
    account: usize,
    amount: i64,
    lot: RawLot,
}

#[derive(Debug, Clone)]
enum RawLot {
    /// What the account wants: none, or a new one for a debit, any of its own for a credit.
    Fitting(usize),
    None,
    Any(usize),
    New,
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![20 => 1..=60_i64, 5 => 61..=900_i64, 1 => AMOUNT_MAX - 2..=AMOUNT_MAX]
}

fn signed() -> impl Strategy<Value = i64> {
    (amount(), any::<bool>()).prop_map(|(amount, debit)| if debit { amount } else { -amount })
}

fn expiry() -> impl Strategy<Value = Option<Moment>> {
    option::of(-10..200_i64)
}

fn place() -> impl Strategy<Value = usize> {
    0..1_000_usize
}

fn raw_leg() -> impl Strategy<Value = RawLeg> {
    let lot = prop_oneof![
        20 => place().prop_map(RawLot::Fitting),
        1 => Just(RawLot::None),
        1 => place().prop_map(RawLot::Any),
        1 => Just(RawLot::New),
    ];
    let account = prop_oneof![30 => 0..ACCOUNTS.len(), 1 => Just(ACCOUNTS.len())];
    (account, signed(), lot).prop_map(|(account, amount, lot)| RawLeg { account, amount, lot })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (vec(raw_leg(), 0..5), prop::bool::weighted(0.05), option::weighted(0.2, 0..4_u8))
            .prop_map(|(legs, unbalanced, external_ref)| Step::Post { legs, unbalanced, external_ref }),
        6 => (place(), amount(), expiry()).prop_map(|(to, amount, expires_in)| Step::Grant { to, amount, expires_in }),
        5 => (place(), amount()).prop_map(|(from, amount)| Step::Spend { from, amount }),
        4 => (place(), -1..80_i64, expiry())
            .prop_map(|(of, amount, expires_in)| Step::Hold { of, amount, expires_in }),
        3 => (place(), 0..80_i64).prop_map(|(hold, amount)| Step::Capture { hold, amount }),
        2 => place().prop_map(|hold| Step::Void { hold }),
        3 => place().prop_map(|of| Step::Expire { of }),
        3 => (place(), any::<bool>()).prop_map(|(transaction, once)| Step::Reverse { transaction, once }),
        1 => (place(), expiry()).prop_map(|(lot, expires_in)| Step::SetExpiry { lot, expires_in }),
        3 => (-40..120_i64).prop_map(|by| Step::Clock { by }),
        5 => Just(Step::NextBatch),
    ]
}

/// What the steps led to, so that a history that reaches nothing is not mistaken for a proof.
type Reached = BTreeMap<(&'static str, bool), usize>;

impl World {
    fn step(&mut self, step: &Step, refuse: bool, reached: &mut Reached) {
        let now = self.real.now;
        let (lots, holds) = (self.model.lots().count(), self.model.holds().count());
        let told = self.told;
        let account = |place: &usize| AccountNo(place % ACCOUNTS.len());
        let mut command = |name, done: &mut dyn FnMut(&mut Self) -> Result<(), Refused>| {
            let done = self.command(refuse, done);
            *reached.entry((name, done)).or_default() += 1;
        };
        match step {
            Step::Post { legs, unbalanced, external_ref } => command("post", &mut |world| {
                let posting = world.completed(legs, *unbalanced, *external_ref);
                world.post(&posting).map(drop)
            }),
            Step::Grant { to, amount, expires_in } => command("grant", &mut |world| {
                world.grant(account(to), *amount, expires_in.map(|seconds| now + seconds))
            }),
            Step::Spend { from, amount } => {
                command("spend", &mut |world| world.spend(account(from), *amount))
            }
            Step::Hold { of, amount, expires_in } => command("hold", &mut |world| {
                world.hold(account(of), *amount, expires_in.map(|seconds| now + seconds))
            }),
            Step::Capture { hold, amount } if holds > 0 => command("capture", &mut |world| {
                world.close(HoldNo(hold % holds), End::Captured(i128::from(*amount)))
            }),
            Step::Void { hold } if holds > 0 => {
                command("void", &mut |world| world.close(HoldNo(hold % holds), End::Voided));
            }
            Step::Expire { of } => command("expire", &mut |world| world.expire(account(of))),
            Step::Reverse { transaction, once } if told > 0 => {
                command("reverse", &mut |world| world.reverse(TransactionNo(transaction % told), *once))
            }
            Step::SetExpiry { lot, expires_in } if lots > 0 => command("set expiry", &mut |world| {
                world.set_expiry(LotNo(lot % lots), expires_in.map(|seconds| now + seconds));
                Ok(())
            }),
            Step::Clock { by } => self.real.now += by,
            Step::NextBatch => self.next_batch(),
            // There is nothing yet to do it to.
            Step::Capture { .. } | Step::Void { .. } | Step::Reverse { .. } | Step::SetExpiry { .. } => {}
        }
    }

    fn completed(&self, raw: &[RawLeg], unbalanced: bool, external_ref: Option<u8>) -> Posting {
        let mut legs: Vec<Leg> = raw.iter().map(|raw| self.leg(raw)).collect();
        if !unbalanced {
            for currency in ["USD", "EUR", "PTS:7"] {
                let of =
                    |leg: &&Leg| leg.account.is_some_and(|of| self.model.account(of).currency == currency);
                let sum: i64 = legs.iter().filter(of).map(|leg| leg.amount).sum();
                if sum != 0 && sum.abs() <= AMOUNT_MAX {
                    let other = ACCOUNTS.iter().position(|account| account.currency == currency);
                    legs.push(leg(AccountNo(other.expect("a currency")), -sum, LegLot::None));
                }
            }
        }
        let external_ref = external_ref.map(|number| format!("order-{number}"));
        Posting { external_ref, ..posting("test", legs) }
    }

    fn leg(&self, raw: &RawLeg) -> Leg {
        let account = (raw.account < ACCOUNTS.len()).then_some(AccountNo(raw.account));
        let lots: Vec<LotNo> = self.model.lots().map(|(number, _)| number).collect();
        let keeps_lots = account.is_some_and(|account| self.model.account(account).keeps_lots);
        let any = |lots: &[LotNo], place: usize| {
            if lots.is_empty() { LegLot::None } else { LegLot::Of(lots[place % lots.len()]) }
        };
        let lot = match raw.lot {
            RawLot::None => LegLot::None,
            RawLot::New => LegLot::New { expires_at: None },
            RawLot::Any(place) => any(&lots, place),
            RawLot::Fitting(_) if !keeps_lots => LegLot::None,
            RawLot::Fitting(place) if raw.amount > 0 && place % 2 == 0 => LegLot::New { expires_at: None },
            RawLot::Fitting(place) => {
                let own = |lot: &LotNo| {
                    self.model.lots().any(|(number, of)| number == *lot && Some(of.account) == account)
                };
                any(&lots.into_iter().filter(own).collect::<Vec<_>>(), place)
            }
        };
        Leg { account, amount: raw.amount, lot }
    }
}

#[test]
fn random_histories_are_those_of_the_model() {
    /// Each history has up to 60 steps; together they take about two seconds.
    const HISTORIES: u32 = 400;
    let config = ProptestConfig { cases: HISTORIES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let reached = std::cell::RefCell::new(Reached::new());
    runner
        .run(&vec((step(), prop::bool::weighted(0.1)), 1..60), |steps| {
            let mut world = World::new();
            for (step, refuse) in &steps {
                world.step(step, *refuse, &mut reached.borrow_mut());
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let reached = reached.into_inner();
    println!("{HISTORIES} histories; (command, done): {reached:?}");
    // Every command both succeeded and was refused, and not by a hair.
    for name in ["post", "grant", "spend", "hold", "capture", "void", "expire", "reverse"] {
        for done in [true, false] {
            let times = reached.get(&(name, done)).copied().unwrap_or_default();
            assert!(times >= 20, "{name} done={done}: {times} times\n{reached:?}");
        }
    }
}
