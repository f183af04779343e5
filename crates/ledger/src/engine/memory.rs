//! What a lane remembers of the accounts that it has moved or read, so that it need not lock and read them again.
//!
//! A remembered state is a guess: another process may have moved the account since. So it is confirmed by the write,
//! which moves a balance only from the very state that was decided on (posted, held and version), and otherwise fails
//! the whole batch. The batch then runs again under locks, and the lane distrusts its memory for a while.
//! The same goes for keys: a batch without locks takes them to be new, and storing its answers finds out. Those that the
//! lane has decided on lately it knows, and has looked up (see [`super::recent`]).
//! What a machine remembers of its own rows is kept beside it, learnt and forgotten with it.
//!
//! Of an account without lots, posted, held and version are all the state there is. One that keeps lots is remembered
//! with them only while nothing of it is held: then the state of its lots follows from its entries, and their number is
//! its version. (Something held of one lot and then of another would leave the account as it was, and the lots not.)
//! A hold is remembered while it is open; which holds an account has is for the machine to know.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ahash::HashMap;
use jiff::{SignedDuration, Timestamp};
use zerosum_domain::{AccountId, BrandId, HoldId};

use super::{Wants, recent::RecentKeys};
use crate::book::{Account, Book, Brand, Hold, HoldStatus, Lot};

/// Accounts, lots and holds. Past it the lane forgets all of them and starts over: 100,000 accounts are some 20 MB.
const THINGS_MAX: usize = 100_000;
/// An account with more lots is read again each time: copying them would cost as much.
const LOTS_MAX: usize = 32;
/// After a second without a word from the database the clock is asked again.
const MOMENT_AGE_MAX: Duration = Duration::from_secs(1);
/// Two clocks drift apart by less than a part in 512: a kernel slews a clock by at most one in 2,000.
const DRIFT: u32 = 512;
/// The most batches under locks after one whose memory was wrong.
const PENALTY_MAX: u32 = 64;

#[derive(Debug)]
pub(super) struct Memory<O> {
    /// What the machine remembers.
    pub own: O,
    /// Those keep when the rest is forgotten: a key that has an answer has it for good.
    pub keys: RecentKeys,
    brands: HashMap<BrandId, Known>,
    things: usize,
    moment: Option<Moment>,
    /// How many of the next batches go under locks.
    distrust: u32,
    /// How many will, the next time that memory does not serve: a rare miss costs one rerun, and where other processes
    /// are at the same accounts, or a crowd of callers repeats its keys, locks cost less than reruns.
    penalty: u32,
    /// Batches since then that memory has served.
    streak: u32,
}

/// What is known of a brand that takes writes.
#[derive(Debug)]
struct Known {
    brand: Brand,
    accounts: HashMap<AccountId, (Account, Vec<Lot>)>,
    codes: HashMap<Arc<str>, AccountId>,
    holds: HashMap<HoldId, Hold>,
}

/// The database's clock, and ours when its answer arrived.
#[derive(Debug, Clone, Copy)]
struct Moment {
    database: Timestamp,
    arrived: Instant,
    last: Timestamp,
}

impl<O: Default> Default for Memory<O> {
    fn default() -> Self {
        let (own, keys, brands) = (O::default(), RecentKeys::default(), HashMap::default());
        Self { own, keys, brands, things: 0, moment: None, distrust: 0, penalty: 1, streak: 0 }
    }
}

impl<O: Default> Memory<O> {
    /// Whether the next batch may go without locks.
    pub fn is_trusted(&self) -> bool {
        self.distrust == 0
    }

    /// A batch runs under locks: one less to come.
    pub fn locked(&mut self) {
        self.distrust = self.distrust.saturating_sub(1);
    }

    /// Whether it holds all that is named, in ways that can be remembered.
    pub fn knows(&self, brand: &BrandId, wants: &Wants) -> bool {
        let Some(known) = self.brands.get(brand) else { return false };
        let holds = |id: &AccountId| known.accounts.contains_key(id);
        wants.accounts.iter().all(|(_, id)| holds(&AccountId::new(*id)))
            && wants.codes.iter().all(|(_, code)| known.codes.get(code).is_some_and(holds))
            && wants.holds_of_named.iter().all(|(_, id)| known.holds.contains_key(&HoldId::new(*id)))
    }

    /// The account that a rule gave this name.
    pub fn by_code(&self, brand: &BrandId, code: &str) -> Option<AccountId> {
        self.brands.get(brand)?.codes.get(code).copied()
    }

    /// Puts an account into the book, with its lots and the name that it was asked for by.
    pub fn load(
        &self,
        brand: &BrandId,
        id: AccountId,
        code: Option<&Arc<str>>,
        book: &mut Book,
    ) -> Option<()> {
        let (account, lots) = self.brands.get(brand)?.accounts.get(&id)?;
        book.load_account(account.clone(), code.cloned(), None);
        lots.iter().for_each(|lot| book.load_lot(lot.clone()));
        Some(())
    }

    /// Puts an open hold into the book.
    pub fn load_hold(&self, brand: &BrandId, id: HoldId, book: &mut Book) -> Option<()> {
        book.load_hold(self.brands.get(brand)?.holds.get(&id)?.clone());
        Some(())
    }

    pub fn brand(&self, id: &BrandId) -> Option<&Brand> {
        self.brands.get(id).map(|known| &known.brand)
    }

    /// The database has told its clock just now.
    pub fn heard(&mut self, database: Timestamp) {
        let last = self.moment.map_or(database, |moment| moment.last.max(database));
        self.moment = Some(Moment { database, arrived: Instant::now(), last });
    }

    /// What the database's clock says, without asking it; it never runs backwards.
    ///
    /// Never later than the database itself says: what it said was on its way to us for a while, and our clock counts
    /// slower than any clock drifts. So whoever reads what this batch does, and then asks the clock, hears of a later
    /// moment, in whatever process.
    pub fn now(&mut self) -> Option<Timestamp> {
        let moment = self.moment.as_mut()?;
        let age = moment.arrived.elapsed();
        if age > MOMENT_AGE_MAX {
            return None;
        }
        let micros = i64::try_from((age - age / DRIFT).as_micros()).ok()?;
        let now = moment.database.checked_add(SignedDuration::from_micros(micros)).ok()?;
        moment.last = moment.last.max(now);
        Some(moment.last)
    }

    /// What a batch leaves behind when it is committed.
    pub fn learn<'a>(&mut self, books: impl Iterator<Item = (&'a BrandId, &'a Book)>) {
        self.take_in(books, |_known| true);
    }

    /// What was read of the database without locks: it may be older than what is known already.
    pub fn see<'a>(&mut self, books: impl Iterator<Item = (&'a BrandId, &'a Book)>) {
        self.take_in(books, |known| !known);
    }

    fn take_in<'a>(
        &mut self,
        books: impl Iterator<Item = (&'a BrandId, &'a Book)>,
        takes: impl Fn(bool) -> bool,
    ) {
        if self.things >= THINGS_MAX {
            self.forget();
        }
        for (id, book) in books {
            let known = self.brands.entry(id.clone());
            let known = known.or_insert_with(|| Known {
                brand: book.brand().clone(),
                accounts: HashMap::default(),
                codes: HashMap::default(),
                holds: HashMap::default(),
            });
            for hold in book.holds() {
                // What ends, ends for ever, whoever has seen it.
                let before = if hold.status == HoldStatus::Open {
                    self.things += 1;
                    known.holds.insert(hold.id, hold.committed())
                } else {
                    known.holds.remove(&hold.id)
                };
                self.things -= usize::from(before.is_some());
            }
            known.codes.extend(book.codes().map(|(code, id)| (code.clone(), id)));
            for account in book.accounts() {
                if !takes(known.accounts.contains_key(&account.id)) {
                    continue;
                }
                let lots: Vec<Lot> = book.lots_of(account.id).into_iter().map(Lot::committed).collect();
                // Lots that were read a moment after their account may be of a moment at which something of them was held.
                let nothing_held = account.held == 0 && lots.iter().all(|lot| lot.held == 0);
                let follows = !account.keeps_lots || (nothing_held && lots.len() <= LOTS_MAX);
                let before = if follows {
                    self.things += 1 + lots.len();
                    known.accounts.insert(account.id, (account.committed(), lots))
                } else {
                    known.accounts.remove(&account.id)
                };
                self.things -= before.map_or(0, |(_, lots)| 1 + lots.len());
            }
        }
    }

    /// A batch without locks was committed.
    pub fn served(&mut self) {
        self.streak += 1;
        if self.streak > self.penalty {
            (self.penalty, self.streak) = ((self.penalty / 2).max(1), 0);
        }
    }

    /// After a batch that did not commit, nothing is known.
    pub fn forget(&mut self) {
        self.own = O::default();
        self.brands.clear();
        self.things = 0;
        self.moment = None;
    }

    /// After a batch that memory did not serve, though nothing in it was wrong.
    pub fn doubt(&mut self) {
        self.distrust = self.penalty;
        self.penalty = (self.penalty * 2).min(PENALTY_MAX);
        self.streak = 0;
    }

    /// After a batch that was decided on something that was no longer so.
    pub fn distrust(&mut self) {
        self.forget();
        self.doubt();
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use uuid::Uuid;
    use zerosum_domain::{Currency, Limits, LotId, Steward};

    use super::*;
    use crate::book::Balance;

    /// The database told its clock before we started to count, so what we say is behind what it would say now.
    #[test]
    fn the_remembered_moment_is_never_ahead_and_never_runs_backwards() {
        let mut memory = Memory::<()>::default();
        assert_eq!(memory.now(), None, "nothing was heard");
        let told = Timestamp::UNIX_EPOCH;
        let before = Instant::now();
        memory.heard(told);
        let mut last = told;
        for _ in 0..20 {
            sleep(Duration::from_millis(2));
            let now = memory.now().expect("it was heard");
            let database = told + SignedDuration::try_from(before.elapsed()).expect("a short while");
            assert!(last < now && now < database, "{last} {now} {database}");
            last = now;
        }
        // A word of the database that was long on its way.
        memory.heard(told);
        assert_eq!(memory.now(), Some(last));
        memory.forget();
        assert_eq!(memory.now(), None);
    }

    #[test]
    fn a_moment_that_is_a_second_old_is_asked_for_again() {
        let mut memory = Memory::<()>::default();
        memory.heard(Timestamp::UNIX_EPOCH);
        sleep(MOMENT_AGE_MAX + Duration::from_millis(10));
        assert_eq!(memory.now(), None);
    }

    #[test]
    fn each_miss_doubles_the_batches_under_locks_and_service_brings_them_down() {
        let mut memory = Memory::<()>::default();
        let locked = |memory: &mut Memory<()>| {
            let mut batches = 0;
            while !memory.is_trusted() {
                memory.locked();
                batches += 1;
            }
            batches
        };
        let mut misses = Vec::new();
        for _ in 0..8 {
            memory.doubt();
            misses.push(locked(&mut memory));
        }
        assert_eq!(misses, [1, 2, 4, 8, 16, 32, 64, 64]);
        for _ in 0..200 {
            memory.served();
        }
        memory.doubt();
        assert_eq!(locked(&mut memory), 1);
    }

    /// A book of one account that keeps lots, with as much in each.
    fn book_with(held: i64, lots: &[i64]) -> (BrandId, AccountId, Book) {
        book_of(held, held, lots)
    }

    /// Of which the account says that something else is held than the first lot does.
    fn book_of(held: i64, held_of_lots: i64, lots: &[i64]) -> (BrandId, AccountId, Book) {
        let brand = BrandId::parse("demo").expect("a brand");
        let currency = Currency::parse("USD").expect("a currency");
        let id = AccountId::new(Uuid::from_u128(1));
        let mut book = Book::new(Brand { id: brand.clone(), currency: currency.clone() });
        let account = Account::loaded(id, currency, Steward::Cash, Limits::NOT_BELOW_ZERO, true);
        book.load_account(account.with_balance(lots.iter().sum(), held, 3), Some("code".into()), None);
        for (n, remaining) in lots.iter().enumerate() {
            let lot = LotId::new(Uuid::from_u128(100 + n as u128));
            book.load_lot(Lot::loaded(lot, id, None, *remaining, if n == 0 { held_of_lots } else { 0 }));
        }
        (brand, id, book)
    }

    #[test]
    fn lots_are_remembered_with_their_account_while_nothing_of_it_is_held() {
        let learnt = |memory: &mut Memory<()>, held, lots: &[i64]| {
            let (brand, id, book) = book_with(held, lots);
            memory.learn(std::iter::once((&brand, &book)));
            assert_eq!(memory.by_code(&brand, "code"), Some(id));
            let mut found = Book::new(book.brand().clone());
            memory.load(&brand, id, None, &mut found)?;
            let account = found.account(id).expect("it was loaded");
            let Balance { posted, held: as_held, version, .. } = account.as_read();
            assert_eq!((posted, as_held, version), (lots.iter().sum(), held, 3));
            Some(found.lots_of(id).iter().map(|lot| lot.remaining).collect::<Vec<i64>>())
        };
        let mut memory = Memory::<()>::default();
        assert_eq!(learnt(&mut memory, 0, &[10, 0, 20]), Some(vec![10, 20]), "what is spent is left out");
        assert_eq!(learnt(&mut memory, 5, &[10, 20]), None, "and what was known of it before is forgotten");
        assert_eq!(memory.things, 0);
        assert_eq!(learnt(&mut memory, 0, &[1; LOTS_MAX]), Some(vec![1; LOTS_MAX]));
        assert_eq!(learnt(&mut memory, 0, &[1; LOTS_MAX + 1]), None);
        assert_eq!(learnt(&mut memory, 0, &[7]), Some(vec![7]));
        assert_eq!(memory.things, 2);
    }

    #[test]
    fn what_is_seen_without_locks_never_replaces_what_is_known_and_lots_must_agree_that_nothing_is_held() {
        let posted = |memory: &Memory<()>, brand: &BrandId, id| {
            let mut found = Book::new(memory.brand(brand)?.clone());
            memory.load(brand, id, None, &mut found)?;
            found.account(id).map(|account| account.as_read().posted)
        };
        let mut memory = Memory::<()>::default();
        let (brand, id, book) = book_of(0, 5, &[10, 20]);
        memory.see(std::iter::once((&brand, &book)));
        assert_eq!(posted(&memory, &brand, id), None, "its lots are of another moment");
        let (_, _, book) = book_with(0, &[10, 20]);
        memory.see(std::iter::once((&brand, &book)));
        assert_eq!(posted(&memory, &brand, id), Some(30));
        let (_, _, older) = book_with(0, &[40]);
        memory.see(std::iter::once((&brand, &older)));
        assert_eq!(posted(&memory, &brand, id), Some(30));
        memory.learn(std::iter::once((&brand, &older)));
        assert_eq!(posted(&memory, &brand, id), Some(40));
    }
}
