//! Date-times: UTC and no fraction in answers, microseconds and no offset in an event's date.

use jiff::{Timestamp, tz::Offset};

/// `2025-02-22T22:31:49+00:00`. Of years from 0 to 9999, which are all that a database of ours holds; an answer has eight
/// of them, so their digits are written without reading a format each time.
pub fn seconds(at: Timestamp) -> String {
    let at = Offset::UTC.to_datetime(at);
    let mut text = String::with_capacity("2025-02-22T22:31:49+00:00".len());
    let mut two = |number: i8, then: &str| {
        let number = number.unsigned_abs();
        text.push(char::from(b'0' + number / 10 % 10));
        text.push(char::from(b'0' + number % 10));
        text.push_str(then);
    };
    let [century, year] =
        [at.year() / 100, at.year() % 100].map(|part| i8::try_from(part).unwrap_or_default());
    two(century, "");
    two(year, "-");
    two(at.month(), "-");
    two(at.day(), "T");
    two(at.hour(), ":");
    two(at.minute(), ":");
    two(at.second(), "+00:00");
    text
}

/// `2025-02-22T22:38:07.004353`
pub fn micros(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_have_the_published_form() {
        let at: Timestamp = "2025-02-22T22:38:07.004353Z".parse().unwrap();
        assert_eq!(seconds(at), "2025-02-22T22:38:07+00:00");
        assert_eq!(micros(at), "2025-02-22T22:38:07.004353");
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59.999999999Z", "9999-12-30T09:08:07Z"] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(seconds(at), at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string());
        }
        assert_eq!(micros("2025-02-22T22:38:07Z".parse().unwrap()), "2025-02-22T22:38:07.000000");
    }
}
