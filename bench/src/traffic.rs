//! What callers send: a traffic is one caller's requests, made one after another, each known wanted or not.

mod cash;
mod ledger;
mod mix;
mod read;
mod steps;
mod wallet;
mod zipf;

use crate::http::Answer;

pub use cash::{Grants, Spends, user};
pub use ledger::{Accounts, Batches, Pick, Posts};
pub use mix::Mix;
pub use read::Reads;
pub use steps::Steps;
pub use wallet::{Calculates, Taken, Till, Wallet, WalletSpends};
pub use zipf::Zipf;

/// One caller: a till with its token. It lives on one connection per service and waits for each answer.
pub trait Traffic: Send {
    /// Writes the next request over `request` and says which of the load's targets it is for; `None`: no more.
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize>;

    /// How many units of work an answer stands for; `None` where it is not what was wanted.
    fn answered(&mut self, answer: Answer<'_>) -> Option<u64> {
        answer.is_success().then_some(1)
    }
}
