//! A tier, and the tiers that one unit has in one scheme.

use serde::{Deserialize, Serialize};

use super::{Money, PointCount, Rate};
use crate::Invalid;

/// What a scheme says about one tier, not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierTerms {
    /// Fewer points than this cannot be spent.
    pub floor: PointCount,
    /// More points than this cannot be spent at once.
    pub ceiling: PointCount,
    /// Points go in multiples of it.
    pub step: PointCount,
    pub rate: Rate,
    /// Money on top, when any points are spent.
    pub bonus: Money,
    /// Points credited back when the spend settles.
    pub points_back: PointCount,
}

/// One tier: terms that hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TierTerms", into = "TierTerms")]
pub struct Tier(TierTerms);

impl Tier {
    pub fn new(terms: TierTerms) -> Result<Self, Invalid> {
        if terms.step.is_zero() {
            return Err(Invalid::because("step must be at least 1"));
        }
        if terms.ceiling.is_zero() || terms.ceiling < terms.floor {
            return Err(Invalid::because("ceiling must be at least 1 and not below floor"));
        }
        // Checked once, for the most that the tier can give: no later product leaves the range.
        if Money::from_wide(Self(terms).wide_money(terms.ceiling)).is_none() {
            return Err(Invalid::because("ceiling × rate + bonus must not exceed 2^53 - 1"));
        }
        Ok(Self(terms))
    }

    pub const fn terms(&self) -> &TierTerms {
        &self.0
    }

    /// Whether exactly so many points can be spent in this tier.
    pub const fn admits(&self, points: PointCount) -> bool {
        let points = points.get();
        points > 0
            && points >= self.0.floor.get()
            && points <= self.0.ceiling.get()
            && points % self.0.step.get() == 0
    }

    /// The money that so many points give; capped at the ceiling's, above which nothing is spent.
    pub fn money(&self, points: PointCount) -> Money {
        if points.is_zero() {
            return Money::ZERO;
        }
        let points = points.min(self.0.ceiling);
        Money::from_wide(self.wide_money(points)).unwrap_or(Money::MAX)
    }

    /// The fewest points that give at least so much money, before floor, ceiling and step.
    pub(super) fn points_worth(&self, money: Money) -> i128 {
        let without_bonus = i128::from(money.get()) - i128::from(self.0.bonus.get());
        if without_bonus <= 0 {
            // The bonus alone covers it, and takes one point to get.
            return 1;
        }
        let rate = i128::from(self.0.rate.billionths());
        (without_bonus * Rate::ONE + rate - 1) / rate
    }

    /// The most points that give no more than so much money, before floor, ceiling and step.
    pub(super) fn points_within(&self, money: Money) -> i128 {
        let without_bonus = i128::from(money.get()) - i128::from(self.0.bonus.get());
        if without_bonus < 0 {
            return 0;
        }
        let rate = i128::from(self.0.rate.billionths());
        // ⌊p × rate⌋ ≤ m exactly when p × rate < m + 1.
        ((without_bonus + 1) * Rate::ONE - 1) / rate
    }

    fn wide_money(&self, points: PointCount) -> i128 {
        let rate = i128::from(self.0.rate.billionths());
        i128::from(points.get()) * rate / Rate::ONE + i128::from(self.0.bonus.get())
    }
}

impl TryFrom<TierTerms> for Tier {
    type Error = Invalid;
    fn try_from(terms: TierTerms) -> Result<Self, Invalid> {
        Self::new(terms)
    }
}

impl From<Tier> for TierTerms {
    fn from(tier: Tier) -> Self {
        tier.0
    }
}

/// The tiers of one unit, at least one, in order of their floors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Tier>", into = "Vec<Tier>")]
pub struct Tiers(Vec<Tier>);

impl Tiers {
    /// Enough for any price list that a person can still explain; bounds the work of one adjudication.
    pub const LENGTH_MAX: usize = 100;

    pub fn new(mut tiers: Vec<Tier>) -> Result<Self, Invalid> {
        if tiers.is_empty() || tiers.len() > Self::LENGTH_MAX {
            return Err(Invalid::because("must have 1 to 100 tiers"));
        }
        tiers.sort_by_key(|tier| tier.terms().floor);
        // With one floor twice, which tier applies would depend on the order they were written in.
        if tiers.windows(2).any(|pair| pair[0].terms().floor == pair[1].terms().floor) {
            return Err(Invalid::because("must not have two tiers with one floor"));
        }
        Ok(Self(tiers))
    }

    /// In ascending order of floors.
    pub fn as_slice(&self) -> &[Tier] {
        &self.0
    }

    pub(super) fn lowest(&self) -> &Tier {
        &self.0[0]
    }
}

impl TryFrom<Vec<Tier>> for Tiers {
    type Error = Invalid;
    fn try_from(tiers: Vec<Tier>) -> Result<Self, Invalid> {
        Self::new(tiers)
    }
}

impl From<Tiers> for Vec<Tier> {
    fn from(tiers: Tiers) -> Self {
        tiers.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> TierTerms {
        let points = |count| PointCount::new(count).unwrap();
        TierTerms {
            floor: points(10_000),
            ceiling: points(500_000),
            step: points(10_000),
            rate: "0.1".parse().unwrap(),
            bonus: Money::ZERO,
            points_back: PointCount::ZERO,
        }
    }

    #[test]
    fn terms_that_do_not_hold_together_are_refused() {
        assert!(Tier::new(terms()).is_ok());
        assert!(Tier::new(TierTerms { step: PointCount::ZERO, ..terms() }).is_err());
        assert!(Tier::new(TierTerms { ceiling: PointCount::new(9_999).unwrap(), ..terms() }).is_err());
        let worth_too_much = TierTerms { ceiling: PointCount::MAX, rate: "1.1".parse().unwrap(), ..terms() };
        assert!(Tier::new(worth_too_much).is_err());
        let tier = Tier::new(terms()).unwrap();
        assert!(Tiers::new(vec![tier, tier]).is_err());
        assert!(Tiers::new(vec![]).is_err());
    }
}
