//! A wallet in memory: every command goes through `decide`, as one endless batch.

use std::{cell::RefCell, mem::replace};

use ahash::HashMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use zerosum_domain::{
    BrandId, Currency, Points,
    spend::{Money, PointCount, PointsExpiry, Tier, TierTerms, Tiers},
};
use zerosum_ledger::{
    Clock,
    book::{Book, Brand, Context, Ids as LedgerIds, Lot},
    engine::{Named, Recalled},
};

use super::model::{LOCK_SECONDS, Step, Told};
use crate::{
    command::{
        Action, Adjust, AdjustKind, Call, Claim, ClaimedOperation, Command, CreateScheme, CreateWallet, Done,
        NewAccount, NewIdentity, Refund, Refused, Settle, SettleChild, Spend, Void,
        case::Case,
        ids::{Ids, Kind},
        machine::{Machine, decide},
        memory::{Memory, Of},
        rows::{BrandRows, Rows, Settings},
    },
    model::{
        Label, Location, Reference, SchemeId, Status, TransactionStatus, WalletAccountId, WalletId,
        WalletTransaction, WalletTransactionId, to_json,
    },
    schemes::Schemes,
};

pub const CARD: &str = "card";
const UNIT: &str = "demo";

pub struct Bench {
    book: Book,
    rows: RefCell<BrandRows>,
    ids: Ids,
    ledger_ids: LedgerIds,
    now: Timestamp,
    scheme: SchemeId,
    wallet: WalletId,
    account: WalletAccountId,
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn points(count: i64) -> PointCount {
    PointCount::new(count).unwrap()
}

impl Bench {
    pub fn new(points_expiry: Option<PointsExpiry>, points_back: i64) -> Self {
        let brand = Brand { id: BrandId::parse("demo").unwrap(), currency: Currency::parse("USD").unwrap() };
        let mut bench = Self {
            book: Book::new(brand),
            rows: RefCell::default(),
            ids: Ids::default(),
            ledger_ids: LedgerIds::seeded(1),
            now: Timestamp::from_second(1_763_632_800).unwrap(),
            scheme: SchemeId::new(1).unwrap(),
            wallet: WalletId::new(1).unwrap(),
            account: WalletAccountId::new(1).unwrap(),
        };
        for place in 0..Kind::COUNT {
            bench.ids.add(place, 1_000);
        }
        let terms = TierTerms {
            floor: points(10_000),
            ceiling: points(500_000),
            step: points(10_000),
            rate: "0.1".parse().unwrap(),
            bonus: Money::ZERO,
            points_back: points(points_back),
        };
        let tiers = Tiers::new(vec![Tier::new(terms).unwrap()]).unwrap();
        let create = CreateScheme {
            reference: None,
            kind: label("LOYALTY"),
            class: label("POINTS"),
            status: Status::Active,
            client_type: None,
            name: "points".to_owned(),
            starts_at: None,
            ends_at: None,
            lock_seconds: Some(i32::try_from(LOCK_SECONDS).unwrap()),
            points_expiry,
            tiers: vec![(UNIT.to_owned(), tiers)],
            shown: serde_json::Map::new(),
        };
        let Ok(Done::Scheme(scheme)) = bench.decide(&Action::CreateScheme(Box::new(create))) else {
            panic!()
        };
        bench.scheme = scheme.id;
        let identity = NewIdentity {
            kind: label("CUSTOMER_ID"),
            value: CARD.to_owned(),
            friendly_name: None,
            safe_value: None,
            status: Status::Active,
            state: label("DEFAULT"),
            meta: None,
        };
        let account =
            NewAccount { scheme: scheme.id, status: Status::Active, state: label("LOADED"), meta: None };
        let create = CreateWallet {
            kind: label("CONSUMER"),
            status: Status::Active,
            state: label("DEFAULT"),
            friendly_name: None,
            meta: None,
            identities: vec![identity],
            accounts: Some(vec![account]),
            consumer: None,
        };
        let Ok(Done::Wallet(made)) = bench.decide(&Action::CreateWallet(Box::new(create))) else { panic!() };
        bench.wallet = made.wallet.id;
        bench.account = made.accounts.unwrap().successful[0].account.id;
        bench
    }

    /// As the engine does it: a refused command is taken back.
    fn decide(&mut self, action: &Action) -> Result<Done, Refused> {
        let mark = self.book.mark();
        // No id runs out in a history of a test.
        for place in 0..Kind::COUNT {
            self.ids.add(
                place,
                1_000_000 + 1_000 * i64::try_from(self.rows.borrow().account_transactions.len()).unwrap(),
            );
        }
        let call = Call { method: "POST", ..Call::default() };
        let mut context = Context::new(self.now, &mut self.ledger_ids);
        let mut rows = self.rows.borrow_mut();
        let mut case = Case::new(&mut context, &mut self.book, &mut rows, &mut self.ids, &call);
        let outcome = decide(&mut case, action);
        match &outcome {
            Ok(_) => self.book.accept(),
            Err(_) => self.book.undo_to(mark),
        }
        outcome
    }

    pub fn run(&mut self, at: usize, step: &Step) -> Told {
        let action = match *step {
            Step::Credit(points) => self.adjust(AdjustKind::Credit, points),
            Step::Debit(points) => self.adjust(AdjustKind::Debit, points),
            Step::Spend { reference, points, lock } => self.spend(reference, points, lock),
            Step::Void(reference) => {
                Action::Void(Void { identity: CARD.to_owned(), reference: name("spend", reference) })
            }
            Step::Settle { reference, part } => self.settle(at, reference, part),
            Step::Refund { reference, points } => refund(at, reference, points),
            Step::Wait(seconds) => {
                self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
                return Told::Done;
            }
            Step::ExpiryJob => return self.expire(),
        };
        match self.decide(&action) {
            Ok(_) => Told::Done,
            Err(refused) => Told::of(&refused),
        }
    }

    fn adjust(&self, kind: AdjustKind, points: i64) -> Action {
        Action::Adjust(Box::new(Adjust {
            wallet: self.wallet,
            account: self.account,
            kind,
            points: Points::new(points).unwrap(),
            money: Money::ZERO,
            location: Location::default(),
            details: None,
        }))
    }

    fn spend(&self, reference: usize, count: i64, lock: bool) -> Action {
        Action::Spend(Box::new(Spend {
            identity: CARD.to_owned(),
            location: Location::default(),
            reference: name("spend", reference),
            lock,
            parent: None,
            claim: Claim {
                points: points(count),
                money: Money::new(count / 10).unwrap(),
                operations: vec![ClaimedOperation {
                    scheme: Some(self.scheme),
                    account: self.account,
                    wallet: Some(self.wallet),
                    points: count,
                }],
                shown: to_json(&json!({})).unwrap(),
            },
            details: None,
            meta: None,
        }))
    }

    fn settle(&self, at: usize, reference: usize, part: Option<i64>) -> Action {
        Action::Settle(Box::new(Settle {
            reference: name("buy", at),
            wallet: Some(self.wallet),
            identity: None,
            location: Location::default(),
            basket: None,
            gifts: Vec::new(),
            children: vec![SettleChild {
                reference: name("spend", reference),
                wallet: None,
                points: part.map(|part| Points::new(part).unwrap()),
            }],
            issues: Vec::new(),
            meta: None,
        }))
    }

    fn expire(&mut self) -> Told {
        let (wallet, account) = (self.wallet, self.account);
        let lapsed: Vec<_> = {
            let rows = self.rows.borrow();
            let of_wallet = rows.transactions_of(wallet);
            of_wallet.iter().filter(|spend| spend.lapsed(self.now)).map(|spend| spend.id).collect()
        };
        for transaction in lapsed {
            self.decide(&Action::ExpireLock { wallet, transaction }).unwrap();
        }
        self.decide(&Action::ExpirePoints { wallet, account }).unwrap();
        Told::Done
    }

    fn snapshot(&mut self) -> crate::model::AccountSnapshot {
        let call = Call::default();
        let mut context = Context::new(self.now, &mut self.ledger_ids);
        let mut rows = self.rows.borrow_mut();
        let case = Case::new(&mut context, &mut self.book, &mut rows, &mut self.ids, &call);
        let row = case.account(self.wallet, self.account).unwrap();
        case.snapshot(&row)
    }

    /// current, usable, locked
    pub fn figures(&mut self) -> [i64; 3] {
        let of = self.snapshot().balances;
        [of.current, of.usable, of.locked]
    }

    /// lifetime, lifetimeSpend, lifetimeSpendValue
    pub fn lifetimes(&mut self) -> [i64; 3] {
        let of = self.snapshot().balances;
        [of.lifetime, of.lifetime_spend, of.lifetime_spend_value]
    }

    /// All the scheme's accounts sum to zero, lots sum to what is posted, holds to what is held.
    pub fn conserves_points(&self) -> bool {
        let total: i64 = self.book.accounts().map(|account| account.posted).sum();
        let lots = self.book.accounts().filter(|account| account.keeps_lots).all(|account| {
            let lots = self.book.lots_of(account.id);
            lots.iter().map(|lot| lot.remaining).sum::<i64>() == account.posted
                && lots.iter().map(|lot| lot.held).sum::<i64>() == account.held
        });
        total == 0 && lots
    }

    /// The open locks with which a lane finds the wallet again that has read these of its transactions; `None` if it has
    /// to read it. And the open locks that there are.
    pub fn recalled(
        &mut self,
        reads: impl Fn(&WalletTransaction) -> bool,
    ) -> (Option<Vec<WalletTransactionId>>, Vec<WalletTransactionId>) {
        let mut memory = Memory::default();
        self.take_in(&mut memory, Of::Look, reads);
        let brand = self.book.brand().clone();
        let rows = self.rows.borrow();
        let machine = Machine::new(Clock::Database, Schemes::default());
        machine.schemes.learn(brand.id.key(), &rows.new_schemes[0].refs);
        let command = Command::new(Call::default(), self.spend(99, 10_000, true));
        let mut found = Rows::default();
        let named = Named { brand: &brand.id, command: &command };
        let recalled = memory.recall(&machine, named, &mut found);
        let open = |rows: &BrandRows| -> Vec<WalletTransactionId> {
            let of_wallet = rows.transactions_of(self.wallet).into_iter();
            let open = of_wallet.filter(|made| made.status == TransactionStatus::Active);
            open.filter(|open| open.hold.is_some()).map(|open| open.id).collect()
        };
        ((recalled == Recalled::All).then(|| open(&found.brands[&brand.id.key()])), open(&rows))
    }

    /// Takes in the wallet as a batch or a look finds it that has read these of its transactions.
    pub fn take_in(&mut self, memory: &mut Memory, from: Of, reads: impl Fn(&WalletTransaction) -> bool) {
        match from {
            Of::Batch => self.keep_figures(),
            // What is looked at was left by others.
            Of::Look => self.commit(),
        }
        let brand = self.book.brand().clone();
        let rows = self.rows.borrow();
        let mut read = BrandRows::default();
        read.settings = Some(Settings::default_for("demo"));
        read.wallets.load(self.wallet, rows.wallets.get(self.wallet).unwrap().clone());
        read.known_identities.insert(CARD.into(), rows.identity_named(CARD).unwrap());
        read.accounts.load(self.account, rows.accounts.get(self.account).unwrap().clone());
        let of_wallet = rows.transactions_of(self.wallet).into_iter();
        of_wallet.filter(|made| reads(made)).for_each(|made| read.load_transaction(made.clone()));
        let read = Rows { brands: [(brand.id.key(), read)].into_iter().collect(), ..Rows::default() };
        let book = replace(&mut self.book, Book::new(brand.clone()));
        let mut books = HashMap::from_iter([(brand.id.clone(), book)]);
        memory.take_in(&read, &books, from);
        self.book = books.remove(&brand.id).unwrap();
        drop(rows);
        self.commit();
    }

    /// Moves the account on, as another process does.
    pub fn move_on(&mut self) {
        self.keep_figures();
        self.commit();
    }

    /// As the end of a batch does it.
    fn keep_figures(&mut self) {
        let rows = self.rows.borrow();
        let row = rows.accounts.get(self.account).unwrap();
        self.book.keep_figures(row.ledger, row.account.figures());
    }

    /// What is read next is as it was left.
    fn commit(&mut self) {
        let ledger = self.rows.borrow().accounts.get(self.account).unwrap().ledger;
        let left = self.book.account(ledger).unwrap().committed();
        let lots: Vec<Lot> = self.book.lots_of(ledger).into_iter().map(Lot::committed).collect();
        self.book.load_account(left, None, None);
        lots.into_iter().for_each(|lot| self.book.load_lot(lot));
    }

    /// The references of what is open, in their order.
    pub fn open(&self) -> Vec<String> {
        let rows = self.rows.borrow();
        let of_wallet = rows.transactions_of(self.wallet).into_iter();
        let open = of_wallet.filter(|made| made.status == TransactionStatus::Active);
        let mut open: Vec<String> = open.map(|open| open.reference.to_string()).collect();
        open.sort();
        open
    }

    /// Everything that a refused command must leave as it was.
    pub fn trace(&mut self) -> String {
        let figures = (self.figures(), self.lifetimes());
        let rows = self.rows.borrow();
        let made = (rows.account_transactions.len(), rows.transactions.values().count());
        format!("{figures:?} {made:?} {} {}", self.book.tape().entries.len(), self.book.tape().emitted.len())
    }
}

fn name(of: &str, number: usize) -> Reference {
    Reference::parse(&format!("{of}-{number}")).unwrap()
}

fn refund(at: usize, reference: usize, points: Option<i64>) -> Action {
    Action::Refund(Box::new(Refund {
        reference: name("refund", at),
        original: name("spend", reference),
        points: points.map(|points| Points::new(points).unwrap()),
        location: Location::default(),
        basket: None,
    }))
}
