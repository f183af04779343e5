//! Cash: stored promotional cash of a user.
pub mod command;
