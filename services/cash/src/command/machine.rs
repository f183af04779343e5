//! Cash as the engine runs it. It has no tables of its own: a batch is two round trips, or one.

use tokio_postgres::{Client, Error};
use zerosum_ledger::{
    book::{Book, Context},
    engine::{Named, StateMachine, Wants},
};

use super::{
    Command, Done, Refused,
    accounts::{BrandAccount, user_code},
    decide,
};

/// See the module's documentation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cash;

impl StateMachine for Cash {
    type Command = Command;
    type Done = Done;
    type Refused = Refused;
    type Rows = ();
    type Prepared = ();
    type Memory = ();

    const LOTS: bool = true;
    const LOTS_FOLLOW_ENTRIES: bool = true;

    async fn prepare(_client: &Client) -> Result<(), Error> {
        Ok(())
    }

    fn wants(&self, named: Named<'_, Command>, _rows: &(), wants: &mut Wants) {
        match named.command {
            Command::Grant(grant) => {
                wants.code(user_code(&grant.user));
                wants.code(BrandAccount::Funding.code());
            }
            Command::Spend(spend) => {
                wants.code(user_code(&spend.user));
                wants.code(BrandAccount::Redemption.code());
            }
            Command::Expire(expire) => {
                expire.accounts.iter().for_each(|account| wants.account(*account));
                wants.code(BrandAccount::Breakage.code());
            }
        }
    }

    fn decide(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        _rows: &mut (),
        command: &Command,
    ) -> Result<Done, Refused> {
        decide(book, context, command)
    }

    fn remembers(refused: &Refused) -> bool {
        refused.is_remembered()
    }

    fn weight(command: &Command) -> usize {
        match command {
            Command::Expire(expire) => expire.accounts.len(),
            Command::Grant(_) | Command::Spend(_) => 1,
        }
    }
}
