//! Cash: grants, which make the lots, and spends, which draw on them.

use rand::{Rng, SeedableRng as _, rngs::SmallRng};

use super::Traffic;
use crate::http::{Head, Layout, Slot, Template};

/// Three grants of a user hold 540 spends of the mean amount: more than any run asks of one user.
const GRANT_CENTS: u64 = 100_000;
/// The months in which a user's grants expire; spends draw on the earliest first.
const EXPIRIES: [&str; 3] = ["2090-03-01", "2090-01-01", "2090-02-01"];
const AMOUNTS: std::ops::Range<u64> = 100..1000;
const USER_DIGITS: usize = 8;

/// POST /v1/cash/spend, for a random user.
pub struct Spends {
    template: Template,
    user: Slot,
    amount: Slot,
    users: u64,
    random: SmallRng,
    target: usize,
}

impl Spends {
    pub fn new(head: &Head, brand: &str, users: u64, target: usize) -> Self {
        let mut layout = Layout::default();
        layout.text(r#"{"user_id":"user-"#);
        let user = layout.slot(USER_DIGITS);
        layout.text(&format!(r#"","brand_id":"{brand}","amount_cents":"#));
        let amount = layout.slot(3);
        layout.text(r#","reason":"order"}"#);
        let template = layout.keyed(head, "/v1/cash/spend");
        Self { template, user, amount, users, random: SmallRng::from_os_rng(), target }
    }
}

impl Traffic for Spends {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        self.template.new_key(&mut self.random);
        self.template.number(&self.user, self.random.random_range(0..self.users));
        self.template.number(&self.amount, self.random.random_range(AMOUNTS));
        self.template.copy_to(request);
        Some(self.target)
    }
}

/// POST /v1/cash/grants: three for each user of a share of them.
pub struct Grants {
    templates: Vec<(Template, Slot)>,
    users: std::ops::Range<u64>,
    place: usize,
    random: SmallRng,
}

impl Grants {
    pub fn new(head: &Head, brand: &str, users: std::ops::Range<u64>) -> Self {
        let templates = EXPIRIES.iter().map(|day| {
            let mut layout = Layout::default();
            layout.text(r#"{"user_id":"user-"#);
            let user = layout.slot(USER_DIGITS);
            layout.text(&format!(
                r#"","brand_id":"{brand}","amount_cents":{GRANT_CENTS},"source":"bench","expires_at":"{day}T00:00:00Z"}}"#
            ));
            (layout.keyed(head, "/v1/cash/grants"), user)
        });
        Self { templates: templates.collect(), users, place: 0, random: SmallRng::from_os_rng() }
    }
}

impl Traffic for Grants {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        if self.users.is_empty() {
            return None;
        }
        let (template, user) = &mut self.templates[self.place];
        template.new_key(&mut self.random);
        template.number(user, self.users.start);
        template.copy_to(request);
        self.place += 1;
        if self.place == EXPIRIES.len() {
            self.place = 0;
            self.users.start += 1;
        }
        Some(0)
    }
}

/// A user's name as the traffic writes it.
pub fn user(number: u64) -> String {
    format!("user-{number:0width$}", width = USER_DIGITS)
}
