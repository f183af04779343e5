//! Schemes, wallets, identities and accounts coming to be.

mod scheme;
mod wallet;

pub(super) use scheme::scheme;
pub(super) use wallet::{account, identity, wallet};
