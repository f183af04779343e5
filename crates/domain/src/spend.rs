//! Points as tender: what a number of points is worth, and how many of them may be spent.
//!
//! A scheme has tiers per unit: `{floor, ceiling, step, rate, bonus, pointsBack}`. Adjudication takes what was
//! asked for and what is usable, and says how many points go and what money they give.
//! Everything is exact: a rate is a decimal of at most nine places kept as an integer, products are `i128`,
//! and money is rounded down to the minor unit once, at the end.
//!
//! Invariants: `0 ≤ points ≤ min(requested, usable, ceiling)`; points are a multiple of the step and reach
//! the floor, or they are 0; `money = ⌊points × rate⌋ + bonus`, and 0 for 0 points; by money, `money ≤ asked`.

mod adjudicate;
mod count;
mod expiry;
mod rate;
mod tier;

pub use adjudicate::{Adjudication, Ask, Mismatch};
pub use count::{Money, PointCount};
pub use expiry::PointsExpiry;
pub use rate::Rate;
pub use tier::{Tier, TierTerms, Tiers};
