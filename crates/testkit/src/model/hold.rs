//! Holds in the model.

use super::{AccountNo, Hold, HoldNo, LotNo, Model, Moment, Short};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    Open,
    Captured,
    Voided,
    Expired,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Captured(i128),
    Voided,
    Expired,
}

/// Why a hold cannot end so: the state that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpen(pub HoldState);

impl Model {
    pub fn holds(&self) -> impl Iterator<Item = (HoldNo, &Hold)> {
        self.holds.iter().enumerate().map(|(number, hold)| (HoldNo(number), hold))
    }

    /// What the open holds of an account sum to.
    pub fn held(&self, account: AccountNo) -> i128 {
        self.open_holds().filter(|hold| hold.account == account).map(|hold| hold.amount).sum()
    }

    pub fn held_of_lot(&self, lot: LotNo) -> i128 {
        self.open_holds()
            .flat_map(|hold| &hold.parts)
            .filter(|(of, _)| *of == lot)
            .map(|(_, amount)| amount)
            .sum()
    }

    /// Sets an amount aside.
    pub fn hold(
        &mut self,
        account: AccountNo,
        amount: i64,
        expires_at: Option<Moment>,
        now: Moment,
    ) -> Result<HoldNo, Short> {
        let usable = self.usable(account, now);
        let amount = i128::from(amount);
        let short = Err(Short { usable });
        if amount < 1 {
            return short;
        }
        let of = self.account(account).clone();
        let parts = if of.keeps_lots { self.draw(account, amount, now)? } else { Vec::new() };
        let held = self.held(account) + amount;
        let free = self.posted(account) - held;
        if held > i128::from(i64::MAX) || of.floor.is_some_and(|floor| free < i128::from(floor)) {
            return short;
        }
        self.holds.push(Hold { account, amount, parts, state: HoldState::Open, captured: 0, expires_at });
        Ok(HoldNo(self.holds.len() - 1))
    }

    /// Ends a hold; answers the parts that a capture takes, which the caller posts.
    pub fn close(&mut self, hold: HoldNo, end: End) -> Result<Vec<(LotNo, i128)>, NotOpen> {
        let of = &mut self.holds[hold.0];
        let (state, captured) = match end {
            End::Captured(amount) => (HoldState::Captured, amount),
            End::Voided => (HoldState::Voided, 0),
            End::Expired => (HoldState::Expired, 0),
        };
        let fits = state != HoldState::Captured || (1..=of.amount).contains(&captured);
        if of.state != HoldState::Open || !fits {
            return Err(NotOpen(of.state));
        }
        (of.state, of.captured) = (state, captured);
        let mut left = captured;
        let mut taken = Vec::new();
        for (lot, amount) in &of.parts {
            let part = left.min(*amount);
            if part > 0 {
                taken.push((*lot, part));
                left -= part;
            }
        }
        Ok(taken)
    }

    fn open_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.state == HoldState::Open)
    }
}
