//! The smallest machine there is: a transfer from one account to another, with a key, an answer and an event.

use std::future::{Future, ready};

use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Error};
use zerosum_domain::{AccountId, Cents};
use zerosum_ledger::{
    StateMachine,
    book::{Book, Context, Leg, Posting},
    engine::{Named, Wants},
};

pub struct Transfers;

#[derive(Debug)]
pub struct Transfer {
    pub from: AccountId,
    pub to: AccountId,
    pub amount: Cents,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Posted {
    transaction: zerosum_domain::TransactionId,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Refused {
    why: String,
}

impl StateMachine for Transfers {
    type Command = Transfer;
    type Done = Posted;
    type Refused = Refused;
    type Rows = ();
    type Prepared = ();
    type Memory = ();

    fn prepare(_client: &Client) -> impl Future<Output = Result<(), Error>> + Send {
        ready(Ok(()))
    }

    fn wants(&self, named: Named<'_, Transfer>, _rows: &(), wants: &mut Wants) {
        wants.account(named.command.from);
        wants.account(named.command.to);
    }

    fn decide(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        _rows: &mut (),
        command: &Transfer,
    ) -> Result<Posted, Refused> {
        let legs = vec![
            Leg::plain(command.from, command.amount.credit()),
            Leg::plain(command.to, command.amount.debit()),
        ];
        book.post(context, Posting::of("transfer", legs))
            .map(|posted| Posted { transaction: posted.transaction })
            .map_err(|refused| Refused { why: refused.to_string() })
    }
}
