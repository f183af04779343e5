//! Date-times of requests: RFC 3339, between the years 1970 and 9999 as they are written.
//!
//! The document checks the form; what it accepts is read here, the corners of the form included: a fraction
//! longer than nine digits is cut (we keep microseconds), and the last hours of the year 9999, which no clock of
//! ours can hold, are the last moment that it can.

use jiff::Timestamp;

use crate::problem::Problem;

/// As written. RFC 3339 writes four digits.
const YEARS: std::ops::RangeInclusive<u16> = 1970..=9999;
const YEAR_DIGITS: usize = 4;
const FRACTION_DIGITS_MAX: usize = 9;

/// The moment that a text names; 400 naming `place` if it is none, or lies outside.
pub fn parse(text: &str, place: &str) -> Result<Timestamp, Problem> {
    read(text).ok_or_else(|| {
        Problem::invalid(format!("{place}: must be a date-time of RFC 3339 between the years 1970 and 9999"))
    })
}

fn read(text: &str) -> Option<Timestamp> {
    let year: u16 = text.get(..YEAR_DIGITS)?.parse().ok().filter(|year| YEARS.contains(year))?;
    if let Ok(moment) = with_short_fraction(text).parse() {
        return Some(moment);
    }
    // In range by its year, and yet beyond the last moment: the form is right if the year before has the same
    // moment. (9999 and 9998 are both common years.)
    let earlier = with_short_fraction(&format!("{}{}", year - 1, &text[YEAR_DIGITS..]));
    (year == *YEARS.end() && earlier.parse::<Timestamp>().is_ok()).then_some(Timestamp::MAX)
}

fn with_short_fraction(text: &str) -> String {
    let Some((whole, rest)) = text.split_once('.') else { return text.to_owned() };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = rest.split_at(digits);
    let kept = &fraction[..digits.min(FRACTION_DIGITS_MAX)];
    format!("{whole}.{kept}{zone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_time_of_these_years_is_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("1970-01-01T00:00:00+05:00", "1969-12-31T19:00:00Z"),
            ("2025-02-22t22:31:49.5z", "2025-02-22T22:31:49.5Z"),
            ("2025-02-22T22:31:49.1234567891234Z", "2025-02-22T22:31:49.123456789Z"),
            ("2025-02-22T22:31:49-07:30", "2025-02-23T06:01:49Z"),
            ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(read(text), Some(expected.parse().unwrap()), "{text}");
        }
        for last in ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-23:59"] {
            assert_eq!(read(last), Some(Timestamp::MAX), "{last}");
        }
    }

    #[test]
    fn what_does_not_exist_or_lies_outside_is_refused() {
        for text in [
            "",
            "1969-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2025-02-30T00:00:00Z",
            "9999-02-29T00:00:00Z",
            "9999-12-32T00:00:00Z",
            "2025-01-01T25:00:00Z",
            "2025-01-01",
            "yesterday",
            "99é9-01-01T00:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
