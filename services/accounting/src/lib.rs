//! Accounting: accounts, and atomic transactions whose entries sum to zero.
pub mod command;
