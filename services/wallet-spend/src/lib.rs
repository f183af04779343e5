//! Loyalty points as tender: calculate, spend (lock), settle or void.

pub mod command;
pub mod model;
mod store;
pub mod view;
