//! Loyalty points as tender: calculate, spend (lock), settle or void.

pub mod model;
pub mod view;
