//! Date-times: UTC and no fraction in answers, microseconds and no offset in an event's date.

use jiff::{Timestamp, tz::Offset};
use serde::{Serialize, Serializer, ser::Error};

/// `2025-02-22T22:31:49+00:00`. Of years from 0 to 9999, which are all that a database of ours holds; an answer has eight
/// of them, so their digits are written without reading a format each time, and into no text of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub Timestamp);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = Offset::UTC.to_datetime(self.0);
        let [century, year] =
            [at.year() / 100, at.year() % 100].map(|part| i8::try_from(part).unwrap_or_default());
        let parts = [century, year, at.month(), at.day(), at.hour(), at.minute(), at.second()];
        let mut text = *b"0000-00-00T00:00:00+00:00";
        for (place, part) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(parts.map(i8::unsigned_abs)) {
            text[place] = b'0' + part / 10 % 10;
            text[place + 1] = b'0' + part % 10;
        }
        serializer.serialize_str(std::str::from_utf8(&text).map_err(Error::custom)?)
    }
}

/// `2025-02-22T22:38:07.004353`
pub fn micros(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(at: Timestamp) -> String {
        let text = serde_json::to_value(Seconds(at)).unwrap();
        text.as_str().unwrap().to_owned()
    }

    #[test]
    fn date_times_have_the_published_form() {
        let at: Timestamp = "2025-02-22T22:38:07.004353Z".parse().unwrap();
        assert_eq!(shown(at), "2025-02-22T22:38:07+00:00");
        assert_eq!(micros(at), "2025-02-22T22:38:07.004353");
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59.999999999Z", "9999-12-30T09:08:07Z"] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(shown(at), at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string());
        }
        assert_eq!(micros("2025-02-22T22:38:07Z".parse().unwrap()), "2025-02-22T22:38:07.000000");
    }
}
