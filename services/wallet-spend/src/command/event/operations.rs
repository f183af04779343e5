//! What an event tells of a call's steps, from what was done. Pure, and of nothing that changes: told again later, it
//! is the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Atomic, Told};
use crate::{
    command::done::{Done, Moved, Opened, Refunded, Settled, Spent, Unlocked, Voided},
    model::{
        AccountSnapshot, Event, PointsResults, TransactionStatus, WalletTransaction, WalletTransactionId,
    },
    view::{AccountShown, LocationShown},
};

/// What the steps show and the outcome does not say.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(in crate::command) struct Beside {
    /// Of a spend: the account of each of its account transactions; of a lock as it was before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountSnapshot>,
    /// Of an open: the purchase whose reference it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Arc<WalletTransaction>>,
}

/// The steps of a call that a reference keeps the answer of; `None` for any other.
pub(super) fn operations(done: &Done, beside: &Beside) -> Option<Told> {
    let mut told = Told::new();
    match done {
        Done::Opened(opened) => told.opened(opened, beside),
        Done::Spent(spent) => told.spent(spent, beside),
        Done::Voided(voided) => told.voided(voided),
        Done::Settled(settled) => told.settled(settled),
        Done::Unlocked(unlocked) => told.unlocked(unlocked),
        Done::Refunded(refunded) => told.refunded(refunded),
        Done::Scheme(_)
        | Done::Wallet(_)
        | Done::Identity(_)
        | Done::Account(_)
        | Done::Adjusted(_)
        | Done::ChangedWallet(_)
        | Done::ChangedIdentity(_)
        | Done::ChangedAccount(_)
        | Done::Annotated(_)
        | Done::Permitted(_)
        | Done::Expired => return None,
    }
    Some(told)
}

impl Told {
    fn opened(&mut self, opened: &Opened, beside: &Beside) {
        if let Some(replaced) = &beside.replaced {
            self.transaction(replaced, Atomic::Update);
        }
        if let Some(transaction) = &opened.transaction {
            let made = WalletTransaction { accounts: Vec::new(), ..(**transaction).clone() };
            self.transaction(&made, Atomic::Create);
            self.transaction(transaction, Atomic::Update);
        }
    }

    fn spent(&mut self, spent: &Spent, beside: &Beside) {
        self.begins(&spent.transaction);
        for (transaction, account) in spent.account_transactions.iter().zip(&beside.accounts) {
            let shown = match transaction.event {
                Event::Lock => AccountShown::EventBefore,
                _ => AccountShown::EventAfter,
            };
            self.account_transaction(transaction, account, shown);
        }
        self.transaction(&spent.transaction, Atomic::Update);
    }

    /// The account transaction, the spend with its LOCK, the spend VOIDED.
    fn voided(&mut self, voided: &Voided) {
        let after = &voided.transaction;
        self.moved(&voided.moved);
        let locked = after.account.map(|account| (account, after.lock_transaction));
        let before = WalletTransaction {
            status: TransactionStatus::Active,
            accounts: locked.into_iter().collect(),
            results: Some(PointsResults::default()),
            ..(**after).clone()
        };
        self.transaction_at(&before, Atomic::Update, LocationShown::Hidden);
        self.transaction_at(after, Atomic::Update, LocationShown::Hidden);
    }

    /// The purchase without its accounts, what it gave, the purchase; then spend by spend.
    fn settled(&mut self, settled: &Settled) {
        let mut moved = settled.moved.iter().peekable();
        let mut next_of =
            |id: WalletTransactionId| moved.next_if(|moved| moved.transaction.wallet_transaction == Some(id));
        if let Some(parent) = &settled.parent {
            let begun = WalletTransaction {
                accounts: Vec::new(),
                results: Some(PointsResults::default()),
                ..(**parent).clone()
            };
            self.parent(&begun, settled.identity.as_deref());
            while let Some(given) = next_of(parent.id) {
                self.moved(given);
            }
            self.parent(parent, settled.identity.as_deref());
        }
        for child in &settled.children {
            self.settled_child(child, next_of(child.id), next_of(child.id));
        }
    }

    /// SPEND, the spend ACTIVE with LOCK and SPEND, SETTLED; what came back, and the spend as it is then.
    fn settled_child(&mut self, child: &WalletTransaction, taken: Option<&Moved>, back: Option<&Moved>) {
        if let Some(taken) = taken {
            self.moved(taken);
        }
        let mut spend = child.clone();
        if let Some(back) = back {
            spend.accounts.retain(|(_, last)| *last != Some(back.transaction.id));
            spend.results = spend.results.map(|results| PointsResults { credit: 0, ..results });
        }
        spend.status = TransactionStatus::Active;
        self.transaction(&spend, Atomic::Update);
        spend.status = TransactionStatus::Settled;
        self.transaction(&spend, Atomic::Update);
        if let Some(back) = back {
            self.moved(back);
        }
        self.transaction(child, Atomic::Update);
    }

    fn unlocked(&mut self, unlocked: &Unlocked) {
        for child in &unlocked.children {
            self.voided(child);
        }
        self.transaction(&unlocked.parent, Atomic::Update);
    }

    fn refunded(&mut self, refunded: &Refunded) {
        self.begins(&refunded.transaction);
        for moved in &refunded.moved {
            self.moved(moved);
        }
        self.transaction(&refunded.transaction, Atomic::Update);
    }

    fn moved(&mut self, moved: &Moved) {
        self.account_transaction(&moved.transaction, &moved.account, AccountShown::EventAfter);
    }

    /// A transaction as it is made, before it is linked and has touched an account.
    fn begins(&mut self, transaction: &WalletTransaction) {
        let begun = WalletTransaction {
            parent: None,
            accounts: Vec::new(),
            basket: None,
            results: None,
            status: TransactionStatus::Active,
            ..transaction.clone()
        };
        self.transaction(&begun, Atomic::Create);
    }
}
