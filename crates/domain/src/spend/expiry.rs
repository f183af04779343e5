//! When points expire that are given now: after days, after months, or on a fixed day of the year.
//!
//! Everything is reckoned in UTC, so that two processes and a replay agree whatever their time zones.
//! What expires is gone from the moment that is answered on. Points given on the last day of a long month that expire
//! after months expire on the last day of the shorter one; 29 February is 28 February in other years.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, ToSpan, Zoned, civil::Date, tz::TimeZone};

use crate::Invalid;

/// How a scheme's points expire. Stored and shown as text: `days 30`, `months 12`, `yearly 12-31 after 90`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointsExpiry(Rule);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// So many times 24 hours after they were given.
    Days(i32),
    /// So many months after they were given, at the same time of the day.
    Months(i32),
    /// With the end of this day of the year, the first one by whose end they are so many days old.
    Yearly { month: i8, day: i8, days_min: i32 },
}

impl PointsExpiry {
    /// A century: longer than any scheme, and short enough for every sum to be a date.
    pub const DAYS_MAX: i32 = 36_500;
    pub const MONTHS_MAX: i32 = 1_200;
    /// So that points always expire within the eleven years of the largest: ten, and the wait for the day.
    pub const MIN_DAYS_MAX: i32 = 3_650;

    pub fn days(days: i32) -> Result<Self, Invalid> {
        bounded(days, 1, Self::DAYS_MAX, "must be 1 to 36500 days").map(|days| Self(Rule::Days(days)))
    }

    pub fn months(months: i32) -> Result<Self, Invalid> {
        bounded(months, 1, Self::MONTHS_MAX, "must be 1 to 1200 months")
            .map(|months| Self(Rule::Months(months)))
    }

    /// `day` is `MM-DD`. `days_min` is how old points must be at least to expire with it.
    pub fn yearly(day: &str, days_min: i32) -> Result<Self, Invalid> {
        const RULE: Invalid = Invalid::because("must be a day of the year as MM-DD");
        let two = |text: &str| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse::<i8>().map_err(|_| RULE) } else { Err(RULE) }
        };
        let (month, day) = day.split_once('-').ok_or(RULE)?;
        let (month, day) = (two(month)?, two(day)?);
        // A leap year has every day that there is.
        Date::new(2024, month, day).map_err(|_| RULE)?;
        let days_min = bounded(days_min, 0, Self::MIN_DAYS_MAX, "must be 0 to 3650 days")?;
        Ok(Self(Rule::Yearly { month, day, days_min }))
    }

    /// From when on points given at this moment are gone; `None` when that is beyond all dates.
    pub fn of(self, given: Timestamp) -> Option<Timestamp> {
        match self.0 {
            Rule::Days(days) => given.checked_add(hours_of(days)).ok(),
            Rule::Months(months) => {
                let given: Zoned = given.to_zoned(TimeZone::UTC);
                // The day is that of the month where it has it, else the last one.
                Some(given.checked_add(months.months()).ok()?.timestamp())
            }
            Rule::Yearly { month, day, days_min } => {
                let oldest = given.checked_add(hours_of(days_min)).ok()?;
                let year = oldest.to_zoned(TimeZone::UTC).year();
                // A 31 December ends in the next year, and the day of this year may have ended already.
                (-1..=1).find_map(|later| {
                    let end = end_of(year.checked_add(later)?, month, day)?;
                    (end > given && end >= oldest).then_some(end)
                })
            }
        }
    }
}

fn bounded(value: i32, least: i32, most: i32, rule: &'static str) -> Result<i32, Invalid> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(Invalid::because(rule)) }
}

/// UTC has no days of other lengths.
fn hours_of(days: i32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

/// The midnight that ends a day of the year.
fn end_of(year: i16, month: i8, day: i8) -> Option<Timestamp> {
    let last = Date::new(year, month, 1).ok()?.days_in_month();
    let day = Date::new(year, month, day.min(last)).ok()?;
    Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

impl fmt::Display for PointsExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Rule::Days(days) => write!(f, "days {days}"),
            Rule::Months(months) => write!(f, "months {months}"),
            Rule::Yearly { month, day, days_min } => {
                write!(f, "yearly {month:02}-{day:02} after {days_min}")
            }
        }
    }
}

impl FromStr for PointsExpiry {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const RULE: Invalid = Invalid::because("must be days, months or a day of the year");
        let number = |text: &str| text.parse::<i32>().map_err(|_| RULE);
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or(RULE);
        let expiry = match next()? {
            "days" => Self::days(number(next()?)?)?,
            "months" => Self::months(number(next()?)?)?,
            "yearly" => {
                let day = next()?;
                if next()? != "after" {
                    return Err(RULE);
                }
                Self::yearly(day, number(next()?)?)?
            }
            _ => return Err(RULE),
        };
        if next().is_ok() { Err(RULE) } else { Ok(expiry) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn after(rule: &str, given: &str) -> String {
        let rule: PointsExpiry = rule.parse().unwrap();
        rule.of(given.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn days_are_counted_by_the_hour() {
        assert_eq!(after("days 30", "2026-02-10T08:30:00Z"), "2026-03-12T08:30:00Z");
        assert_eq!(after("days 1", "2024-02-28T23:59:59Z"), "2024-02-29T23:59:59Z");
    }

    #[test]
    fn months_end_where_the_month_ends() {
        assert_eq!(after("months 1", "2026-01-31T10:00:00Z"), "2026-02-28T10:00:00Z");
        assert_eq!(after("months 1", "2028-01-31T10:00:00Z"), "2028-02-29T10:00:00Z");
        assert_eq!(after("months 12", "2028-02-29T10:00:00Z"), "2029-02-28T10:00:00Z");
        assert_eq!(after("months 48", "2028-02-29T10:00:00Z"), "2032-02-29T10:00:00Z");
        assert_eq!(after("months 3", "2026-11-30T00:00:00Z"), "2027-02-28T00:00:00Z");
        assert_eq!(after("months 12", "2026-05-15T12:00:00Z"), "2027-05-15T12:00:00Z");
    }

    #[test]
    fn a_fixed_day_is_spent_through_and_over_at_its_midnight() {
        const YEARS_END: &str = "yearly 12-31 after 0";
        assert_eq!(after(YEARS_END, "2026-05-15T12:00:00Z"), "2027-01-01T00:00:00Z");
        assert_eq!(after(YEARS_END, "2026-12-31T23:59:59.999Z"), "2027-01-01T00:00:00Z");
        assert_eq!(after(YEARS_END, "2027-01-01T00:00:00Z"), "2028-01-01T00:00:00Z");
        assert_eq!(after("yearly 03-31 after 0", "2026-05-15T12:00:00Z"), "2027-04-01T00:00:00Z");
    }

    #[test]
    fn young_points_wait_for_the_next_year() {
        assert_eq!(after("yearly 12-31 after 90", "2026-10-03T00:00:00Z"), "2027-01-01T00:00:00Z");
        assert_eq!(after("yearly 12-31 after 90", "2026-10-03T00:00:01Z"), "2028-01-01T00:00:00Z");
        assert_eq!(after("yearly 12-31 after 3650", "2026-01-01T00:00:00Z"), "2036-01-01T00:00:00Z");
        assert_eq!(after("yearly 12-31 after 3650", "2026-06-01T00:00:00Z"), "2037-01-01T00:00:00Z");
    }

    #[test]
    fn the_leap_day_is_the_last_of_february_in_other_years() {
        const LEAP_DAY: &str = "yearly 02-29 after 0";
        assert_eq!(after(LEAP_DAY, "2027-01-10T00:00:00Z"), "2027-03-01T00:00:00Z");
        assert_eq!(after(LEAP_DAY, "2028-01-10T00:00:00Z"), "2028-03-01T00:00:00Z");
        assert_eq!(after("yearly 02-28 after 0", "2028-01-10T00:00:00Z"), "2028-02-29T00:00:00Z");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            "",
            "days",
            "days 0",
            "days 36501",
            "days 1 2",
            "months 0",
            "months 1201",
            "months x",
            "never",
            "yearly 13-01 after 0",
            "yearly 02-30 after 0",
            "yearly 2-28 after 0",
            "yearly 12-31",
            "yearly 12-31 after -1",
            "yearly 12-31 after 3651",
            "yearly 12-31 before 1",
            "yearly +1-01 after 0",
        ] {
            assert!(text.parse::<PointsExpiry>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn beyond_all_dates_is_never() {
        let last: Timestamp = "9999-12-01T00:00:00Z".parse().unwrap();
        for rule in ["days 36500", "months 1200", "yearly 12-31 after 0"] {
            assert_eq!(rule.parse::<PointsExpiry>().unwrap().of(last), None, "{rule}");
        }
    }

    fn rules() -> impl Strategy<Value = PointsExpiry> {
        prop_oneof![
            (1..=PointsExpiry::DAYS_MAX).prop_map(|days| PointsExpiry::days(days).unwrap()),
            (1..=PointsExpiry::MONTHS_MAX).prop_map(|months| PointsExpiry::months(months).unwrap()),
            (0..366_i64, 0..=PointsExpiry::MIN_DAYS_MAX).prop_map(|(day, days_min)| {
                let day = date(2024, 1, 1).checked_add(day.days()).unwrap();
                PointsExpiry::yearly(&day.strftime("%m-%d").to_string(), days_min).unwrap()
            }),
        ]
    }

    proptest! {
        #[test]
        fn points_live_a_while_and_later_points_no_shorter(
            rule in rules(), given in 0..4_000_000_000_i64, later in 0..100_000_000_i64,
        ) {
            let given = Timestamp::from_second(given).unwrap();
            let later = given.checked_add(SignedDuration::from_secs(later)).unwrap();
            let (first, second) = (rule.of(given).unwrap(), rule.of(later).unwrap());
            prop_assert!(first > given && first <= second);
            prop_assert_eq!(rule.to_string().parse::<PointsExpiry>().unwrap(), rule);
        }
    }
}
