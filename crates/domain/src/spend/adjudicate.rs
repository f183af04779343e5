//! How many points go, and what they give.

use super::{Money, PointCount, Tier, Tiers};
use crate::{Cents, Invalid, Points};

/// What the consumer asked to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Points(Points),
    /// As many points as this money takes.
    Money(Cents),
}

/// What can be spent of what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjudication {
    /// What was asked for, in points: by money, the fewest points worth it in the applied tier.
    pub requested: PointCount,
    pub points: PointCount,
    pub money: Money,
    pub tier: Tier,
}

impl Adjudication {
    /// What was asked for and cannot be spent.
    pub fn remainder(&self) -> PointCount {
        // points ≤ requested by construction.
        self.requested.minus(self.points).unwrap_or(PointCount::ZERO)
    }
}

/// How a claimed spend differs from what the scheme gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// No tier admits this number of points.
    Points,
    /// The points are worth this, not what was claimed.
    Money { expected: Money },
}

impl Tiers {
    /// The tier with the highest floor that the capped request reaches decides; when none is reached, nothing
    /// can be spent and the lowest tier is shown.
    ///
    /// Fails when money is asked for that would take more than 2^53 − 1 points.
    pub fn adjudicate(&self, ask: Ask, usable: PointCount) -> Result<Adjudication, Invalid> {
        let reached = self.as_slice().iter().rev().find(|tier| {
            let capped = requested(tier, ask).min(cap(tier, usable));
            capped >= i128::from(tier.terms().floor.get())
        });
        let tier = reached.unwrap_or_else(|| self.lowest());
        let requested = requested(tier, ask);
        let mut most = requested.min(cap(tier, usable));
        if let Ask::Money(money) = ask {
            most = most.min(tier.points_within(money_of(money)));
        }
        let stepped = most - most % i128::from(tier.terms().step.get());
        let points = PointCount::from_wide(stepped).filter(|points| tier.admits(*points));
        let points = points.unwrap_or(PointCount::ZERO);
        let requested = PointCount::from_wide(requested)
            .ok_or(Invalid::because("is worth more points than can be counted (2^53 - 1)"))?;
        Ok(Adjudication { requested, points, money: tier.money(points), tier: *tier })
    }

    /// Checks a claim made earlier against the tiers of now, and says which tier it was made in.
    ///
    /// The money is what asking for exactly these points gives. Less is accepted too where another tier
    /// gives just that: asking by money can end in a lower tier than asking for the same points.
    pub fn confirm(&self, points: PointCount, money: Money) -> Result<Tier, Mismatch> {
        let admitting = || self.as_slice().iter().rev().filter(|tier| tier.admits(points));
        let best = admitting().next().ok_or(Mismatch::Points)?;
        let expected = best.money(points);
        if money > expected {
            return Err(Mismatch::Money { expected });
        }
        admitting().find(|tier| tier.money(points) == money).copied().ok_or(Mismatch::Money { expected })
    }
}

fn requested(tier: &Tier, ask: Ask) -> i128 {
    match ask {
        Ask::Points(points) => i128::from(points.get()),
        Ask::Money(money) => tier.points_worth(money_of(money)),
    }
}

fn cap(tier: &Tier, usable: PointCount) -> i128 {
    i128::from(usable.min(tier.terms().ceiling).get())
}

fn money_of(cents: Cents) -> Money {
    // Cents lie inside the range of Money.
    Money::new(cents.get()).unwrap_or(Money::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spend::{Rate, TierTerms};

    fn points(count: i64) -> PointCount {
        PointCount::new(count).unwrap()
    }

    fn tier(floor: i64, ceiling: i64, step: i64, rate: &str, bonus: i64) -> Tier {
        Tier::new(TierTerms {
            floor: points(floor),
            ceiling: points(ceiling),
            step: points(step),
            rate: rate.parse().unwrap(),
            bonus: Money::new(bonus).unwrap(),
            points_back: PointCount::ZERO,
        })
        .unwrap()
    }

    fn page() -> Tiers {
        Tiers::new(vec![tier(10_000, 500_000, 10_000, "0.1", 0)]).unwrap()
    }

    fn ask_points(tiers: &Tiers, asked: i64, usable: i64) -> (i64, i64, i64) {
        let found = tiers.adjudicate(Ask::Points(Points::new(asked).unwrap()), points(usable)).unwrap();
        (found.points.get(), found.remainder().get(), found.money.get())
    }

    fn ask_money(tiers: &Tiers, asked: i64, usable: i64) -> (i64, i64, i64) {
        let found = tiers.adjudicate(Ask::Money(Cents::new(asked).unwrap()), points(usable)).unwrap();
        (found.points.get(), found.remainder().get(), found.money.get())
    }

    #[test]
    fn the_worked_numbers_of_the_contract() {
        assert_eq!(ask_points(&page(), 25_000, 25_000), (20_000, 5_000, 2_000));
        assert_eq!(ask_points(&page(), 19_999, 25_000), (10_000, 9_999, 1_000));
        assert_eq!(ask_points(&page(), 9_999, 25_000), (0, 9_999, 0));
        assert_eq!(ask_points(&page(), 900_000, 900_000), (500_000, 400_000, 50_000));
        assert_eq!(ask_points(&page(), 20_000, 19_999), (10_000, 10_000, 1_000));
    }

    #[test]
    fn by_money_no_point_is_taken_for_nothing() {
        assert_eq!(ask_money(&page(), 2_000, 25_000), (20_000, 0, 2_000));
        assert_eq!(ask_money(&page(), 2_999, 25_000), (20_000, 9_990, 2_000));
        let fine = Tiers::new(vec![tier(0, 500_000, 1, "0.1", 0)]).unwrap();
        // 20,009 points give 2,000 as well; 20,000 are asked for.
        assert_eq!(ask_money(&fine, 2_000, 25_000), (20_000, 0, 2_000));
        let coarse = Tiers::new(vec![tier(0, 500_000, 1, "3", 0)]).unwrap();
        assert_eq!(ask_money(&coarse, 10, 25_000), (3, 1, 9));
    }

    #[test]
    fn a_bonus_counts_once_and_only_with_points() {
        let tiers = Tiers::new(vec![tier(100, 1_000, 100, "1", 50)]).unwrap();
        assert_eq!(ask_points(&tiers, 250, 1_000), (200, 50, 250));
        assert_eq!(ask_points(&tiers, 99, 1_000), (0, 99, 0));
        assert_eq!(ask_money(&tiers, 250, 1_000), (200, 0, 250));
        // Less than the bonus cannot be given.
        assert_eq!(ask_money(&tiers, 49, 1_000), (0, 1, 0));
    }

    #[test]
    fn the_highest_floor_reached_decides() {
        let tiers =
            Tiers::new(vec![tier(1_000, 9_000, 1_000, "0.1", 0), tier(10_000, 50_000, 5_000, "0.2", 0)])
                .unwrap();
        assert_eq!(ask_points(&tiers, 9_999, 100_000), (9_000, 999, 900));
        assert_eq!(ask_points(&tiers, 10_000, 100_000), (10_000, 0, 2_000));
        assert_eq!(ask_points(&tiers, 10_000, 9_999), (9_000, 1_000, 900));
        let none = tiers.adjudicate(Ask::Points(Points::new(5).unwrap()), points(5)).unwrap();
        assert_eq!((none.points.get(), none.tier.terms().floor.get()), (0, 1_000));
    }

    #[test]
    fn a_claim_is_confirmed_only_at_its_price() {
        let page = page();
        assert!(page.confirm(points(20_000), Money::new(2_000).unwrap()).is_ok());
        for wrong in [1_999, 2_001] {
            let expected = Money::new(2_000).unwrap();
            let found = page.confirm(points(20_000), Money::new(wrong).unwrap());
            assert_eq!(found, Err(Mismatch::Money { expected }));
        }
        for wrong in [0, 5_000, 15_000, 510_000] {
            assert_eq!(page.confirm(points(wrong), Money::ZERO), Err(Mismatch::Points), "{wrong}");
        }
        // A lower tier that would give more for the same points is not to be had.
        let bonus = Tiers::new(vec![tier(0, 9_000, 1, "1", 500), tier(1_000, 9_000, 1, "1", 0)]).unwrap();
        assert!(bonus.confirm(points(2_000), Money::new(2_500).unwrap()).is_err());
    }

    #[test]
    fn more_points_than_can_be_counted_are_an_error() {
        let tiers = Tiers::new(vec![tier(0, 500_000, 1, "0.000000001", 0)]).unwrap();
        let most = Ask::Money(Cents::new(crate::amount::AMOUNT_MAX).unwrap());
        assert!(tiers.adjudicate(most, points(5)).is_err());
    }

    fn any_tier() -> impl Strategy<Value = Tier> {
        (0..40_i64, 0..60_i64, 1..9_i64, 1..3_000_i64, 0..20_i64).prop_map(
            |(floor, more, step, rate, bonus)| {
                Tier::new(TierTerms {
                    floor: points(floor),
                    ceiling: points((floor + more).max(1)),
                    step: points(step),
                    // Thousandths: rates below, at and above 1.
                    rate: Rate::from_billionths(rate * 1_000_000).unwrap(),
                    bonus: Money::new(bonus).unwrap(),
                    points_back: PointCount::ZERO,
                })
                .unwrap()
            },
        )
    }

    fn any_tiers() -> impl Strategy<Value = Tiers> {
        prop::collection::vec(any_tier(), 1..4)
            .prop_filter_map("two tiers with one floor", |tiers| Tiers::new(tiers).ok())
    }

    /// What the contract says, tried out point by point.
    fn oracle_money(terms: &TierTerms, count: i64) -> i64 {
        if count == 0 { 0 } else { count * (terms.rate.billionths() / 1_000_000) / 1_000 + terms.bonus.get() }
    }

    fn oracle(tiers: &Tiers, ask: Ask, usable: i64) -> (i64, i64, i64, i64) {
        let request = |terms: &TierTerms| match ask {
            Ask::Points(asked) => asked.get(),
            Ask::Money(asked) => (1..).find(|count| oracle_money(terms, *count) >= asked.get()).unwrap(),
        };
        let mut applied = tiers.as_slice()[0].terms();
        for tier in tiers.as_slice() {
            let terms = tier.terms();
            if request(terms).min(usable).min(terms.ceiling.get()) >= terms.floor.get() {
                applied = terms;
            }
        }
        let requested = request(applied);
        let affordable = |count: i64| match ask {
            Ask::Points(_) => true,
            Ask::Money(asked) => oracle_money(applied, count) <= asked.get(),
        };
        let most = requested.min(usable).min(applied.ceiling.get());
        let stepped =
            (0..=most).rev().find(|count| count % applied.step.get() == 0 && affordable(*count)).unwrap();
        let spent = if stepped < applied.floor.get() { 0 } else { stepped };
        (spent, requested - spent, oracle_money(applied, spent), applied.floor.get())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn adjudication_is_what_trying_every_point_finds(
            tiers in any_tiers(), by_money in any::<bool>(), asked in 1..150_i64, usable in 0..150_i64,
        ) {
            let ask = if by_money {
                Ask::Money(Cents::new(asked).unwrap())
            } else {
                Ask::Points(Points::new(asked).unwrap())
            };
            let found = tiers.adjudicate(ask, points(usable)).unwrap();
            let got =
                (found.points.get(), found.remainder().get(), found.money.get(), found.tier.terms().floor.get());
            prop_assert_eq!(got, oracle(&tiers, ask, usable));
        }

        #[test]
        fn what_was_adjudicated_is_confirmed(
            tiers in any_tiers(), by_money in any::<bool>(), asked in 1..150_i64, usable in 0..150_i64,
        ) {
            let ask = if by_money {
                Ask::Money(Cents::new(asked).unwrap())
            } else {
                Ask::Points(Points::new(asked).unwrap())
            };
            let found = tiers.adjudicate(ask, points(usable)).unwrap();
            if !found.points.is_zero() {
                let confirmed = tiers.confirm(found.points, found.money).unwrap();
                prop_assert_eq!(confirmed.money(found.points), found.money);
            }
        }
    }
}
