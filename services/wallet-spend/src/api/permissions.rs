//! GET and PUT /services/permissions: who may earn and spend in a brand, beside what is built in.

use std::{collections::BTreeSet, sync::Arc};

use serde::Deserialize;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{App, SERVICE, brand, read_problem, wire::valid};
use crate::{
    command::Action,
    model::{Label, PermissionRule, Status},
    view::PermissionsView,
};

/// What a person can oversee; a rule is looked at by every calculate of the brand. The document has it too.
const RULES_MAX: usize = 200;

#[derive(Deserialize)]
struct Request {
    rules: Vec<RuleIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleIn {
    subject: String,
    status: Option<String>,
    state: Option<String>,
    may_earn: bool,
    may_spend: bool,
}

pub(super) async fn read(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let rules = app.store.permissions(&brand(&call)?).await.map_err(read_problem)?;
    Reply::ok(&PermissionsView::of(&rules))
}

pub(super) async fn replace(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let key = idempotency::optional(&call, SERVICE)?;
    app.run(&call, key, "/services/permissions", Action::Permit(rules(request.rules)?)).await
}

fn rules(asked: Vec<RuleIn>) -> Result<Vec<PermissionRule>, Problem> {
    if asked.len() > RULES_MAX {
        return Err(Problem::invalid(format!("/rules: at most {RULES_MAX} rules are kept")));
    }
    let mut seen = BTreeSet::new();
    let mut rules = Vec::with_capacity(asked.len());
    for (at, rule) in asked.into_iter().enumerate() {
        let state = rule.state.as_deref().map(Label::parse).transpose();
        let state = valid(format_args!("/rules/{at}/state"), state)?;
        let status = rule.status.as_deref().map(Status::parse).transpose();
        let status = valid(format_args!("/rules/{at}/status"), status)?;
        if !seen.insert((rule.subject.clone(), rule.status, rule.state)) {
            return Err(Problem::invalid(format!("/rules/{at}: is about the same as a rule before it")));
        }
        let RuleIn { subject, may_earn, may_spend, .. } = rule;
        rules.push(PermissionRule { subject, status, state, may_earn, may_spend });
    }
    // As they are read.
    rules.sort_by(|one, other| {
        let key = |rule: &PermissionRule| {
            let status = rule.status.map(|status| status.as_str());
            (rule.subject.clone(), status, rule.state.as_ref().map(|state| state.as_str().to_owned()))
        };
        key(one).cmp(&key(other))
    });
    Ok(rules)
}
