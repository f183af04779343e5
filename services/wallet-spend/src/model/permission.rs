//! Who may earn and spend: a brand's rules over the statuses and states of wallet, identity and account.
//!
//! For each of the three the most particular rule decides (status and state, status, state, any); without a rule
//! both are allowed. What one of them denies is denied. Built in, above all rules: what is not ACTIVE neither
//! earns nor spends, and the state EARNONLY does not spend.

use serde::{Deserialize, Serialize};

use super::{Label, Status};

/// Who may earn and spend, where it is not built in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionRule {
    /// wallet, identity or account.
    pub subject: String,
    pub status: Option<Status>,
    pub state: Option<Label>,
    pub may_earn: bool,
    pub may_spend: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permission {
    pub earn: bool,
    pub spend: bool,
}

const EARN_ONLY: &str = "EARNONLY";

/// A subject of the rules: its kind, status and state.
pub type Subject<'a> = (&'a str, Status, &'a Label);

/// See the module's documentation.
pub fn permission(rules: &[PermissionRule], subjects: [Subject<'_>; 3]) -> Permission {
    let mut granted = Permission { earn: true, spend: true };
    for (kind, status, state) in subjects {
        let fits = |rule: &&PermissionRule| {
            rule.subject == kind
                && rule.status.is_none_or(|wanted| wanted == status)
                && rule.state.as_ref().is_none_or(|wanted| wanted == state)
        };
        let particular = |rule: &&PermissionRule| (rule.status.is_some(), rule.state.is_some());
        if let Some(rule) = rules.iter().filter(fits).max_by_key(particular) {
            granted.earn &= rule.may_earn;
            granted.spend &= rule.may_spend;
        }
        let active = status == Status::Active;
        granted.earn &= active;
        granted.spend &= active && state.as_str() != EARN_ONLY;
    }
    granted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> Label {
        Label::parse(text).unwrap()
    }

    fn rule(
        subject: &str,
        status: Option<Status>,
        of: Option<&str>,
        earn: bool,
        spend: bool,
    ) -> PermissionRule {
        PermissionRule {
            subject: subject.to_owned(),
            status,
            state: of.map(state),
            may_earn: earn,
            may_spend: spend,
        }
    }

    fn of_account(rules: &[PermissionRule], status: Status, of: &str) -> Permission {
        let default = state("DEFAULT");
        let subjects = [
            ("wallet", Status::Active, &default),
            ("identity", Status::Active, &default),
            ("account", status, &state(of)),
        ];
        permission(rules, subjects)
    }

    #[test]
    fn what_is_built_in_stands_above_the_rules() {
        let all = [rule("account", None, None, true, true)];
        assert_eq!(of_account(&all, Status::Active, "LOADED"), Permission { earn: true, spend: true });
        assert_eq!(of_account(&all, Status::Active, "EARNONLY"), Permission { earn: true, spend: false });
        assert_eq!(of_account(&all, Status::Suspended, "LOADED"), Permission { earn: false, spend: false });
    }

    #[test]
    fn the_most_particular_rule_decides() {
        let rules = [
            rule("account", None, None, false, false),
            rule("account", None, Some("VIP"), true, false),
            rule("account", Some(Status::Active), Some("VIP"), true, true),
            rule("wallet", None, Some("OTHER"), false, false),
        ];
        assert_eq!(of_account(&rules, Status::Active, "VIP"), Permission { earn: true, spend: true });
        assert_eq!(of_account(&rules, Status::Active, "ANY"), Permission { earn: false, spend: false });
    }

    #[test]
    fn one_denial_is_enough() {
        let rules = [rule("wallet", None, Some("DEFAULT"), true, false)];
        assert_eq!(of_account(&rules, Status::Active, "LOADED"), Permission { earn: true, spend: false });
    }
}
