//! docs/errors.md, held to the code.

/// Status and code of one row.
pub type Row = (u16, &'static str);

/// The rows of a service's table in docs/errors.md, in their order.
pub fn documented(service: &str) -> Vec<Row> {
    let document = include_str!("../../../docs/errors.md");
    let section = document
        .split("\n## ")
        .find(|section| section.lines().next() == Some(service))
        .unwrap_or_else(|| panic!("docs/errors.md has no section {service}"));
    section
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let status = cells.next()?.parse().ok()?;
            Some((status, cells.next()?.trim_matches('`')))
        })
        .collect()
}

/// Asserts that these answers of decisions are listed in their order, behind everything that there is no decision
/// for (the last of which is the halted ledger). Several in a row may share one row.
#[track_caller]
pub fn assert_listed_in_order(listed: &[Row], answers: impl IntoIterator<Item = Row>) {
    let halted = listed.iter().position(|(_, code)| code.eq_ignore_ascii_case("ledger_halted"));
    let mut rest = listed[halted.expect("the halted ledger is listed")..].iter();
    let mut last = None;
    for answer in answers {
        if last != Some(answer) {
            assert!(rest.any(|row| *row == answer), "{answer:?} is not listed in its place");
        }
        last = Some(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: [Row; 4] = [(400, "a"), (503, "ledger_halted"), (400, "a"), (409, "b")];

    #[test]
    fn every_service_has_its_table() {
        for service in ["accounting", "cash", "wallet-spend"] {
            assert!(documented(service).len() > 20, "{service}");
        }
    }

    #[test]
    fn answers_in_their_order_are_fine() {
        assert_listed_in_order(&LISTED, [(400, "a"), (400, "a"), (409, "b")]);
    }

    #[test]
    #[should_panic(expected = "not listed in its place")]
    fn an_answer_out_of_its_order_is_found() {
        assert_listed_in_order(&LISTED, [(409, "b"), (400, "a")]);
    }

    #[test]
    #[should_panic(expected = "not listed in its place")]
    fn an_answer_that_is_not_listed_is_found() {
        assert_listed_in_order(&LISTED, [(404, "c")]);
    }
}
