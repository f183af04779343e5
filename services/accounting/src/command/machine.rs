//! Accounting as the engine runs it. It has no tables of its own: a batch is two round trips.

use tokio_postgres::{Client, Error};
use zerosum_ledger::{
    book::{Book, Context},
    engine::{Named, StateMachine, Wants},
};

use super::{Command, Done, Post, Refused, decide, reverse};

/// See the module's documentation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accounting;

impl StateMachine for Accounting {
    type Command = Command;
    type Done = Done;
    type Refused = Refused;
    type Rows = ();
    type Prepared = ();
    type Memory = ();

    async fn prepare(_client: &Client) -> Result<(), Error> {
        Ok(())
    }

    fn wants(&self, named: Named<'_, Command>, _rows: &(), wants: &mut Wants) {
        match named.command {
            Command::Post(post) => wants_of_post(post, wants),
            Command::Batch(batch) => batch.items.iter().for_each(|post| wants_of_post(post, wants)),
            Command::Reverse(reverse) => {
                wants.transaction(reverse.original);
                if let Some(external_ref) = &reverse.external_ref {
                    wants.external_ref(reverse::KIND, external_ref.shared());
                }
            }
            Command::Open(open) => {
                if let Some(external_id) = &open.external_id {
                    wants.external_id(external_id.shared());
                }
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
            Command::Batch(batch) => batch.items.len(),
            Command::Post(_) | Command::Reverse(_) | Command::Open(_) => 1,
        }
    }
}

fn wants_of_post(post: &Post, wants: &mut Wants) {
    for entry in &post.entries {
        wants.account(entry.account);
    }
    if let Some(external_ref) = &post.external_ref {
        wants.external_ref(post.kind.shared(), external_ref.shared());
    }
}
