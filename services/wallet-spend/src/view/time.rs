//! Date-times: UTC and no fraction in answers, microseconds and no offset in an event's date.

use jiff::Timestamp;

/// `2025-02-22T22:31:49+00:00`
pub fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
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
        assert_eq!(micros("2025-02-22T22:38:07Z".parse().unwrap()), "2025-02-22T22:38:07.000000");
    }
}
