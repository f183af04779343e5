//! POST /v1/transactions/batch: up to 1,000 transactions, with an answer for each.

use serde::{Deserialize, Serialize};
use zerosum_edge::{Call, Dialect, ErrorMessage, Problem, Reply, StatusCode};

use super::{
    State, error,
    run::run,
    transaction::{TransactionRequest, TransactionView},
};
use crate::command::{Batch, BatchDone, Command, Posted, Refused};

#[derive(Debug, Deserialize)]
struct BatchRequest {
    atomic: bool,
    transactions: Vec<TransactionRequest>,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let request: BatchRequest = call.parse()?;
    let items = request
        .transactions
        .into_iter()
        .enumerate()
        .map(|(place, transaction)| transaction.parse(&format!("/transactions/{place}")))
        .collect::<Result<_, _>>()?;
    run(&app, &call, Command::Batch(Batch { atomic: request.atomic, items })).await
}

#[derive(Debug, Serialize)]
struct BatchView<'a> {
    atomic: bool,
    posted: usize,
    results: Vec<ItemView<'a>>,
}

/// What the transaction would have been answered alone.
#[derive(Debug, Serialize)]
struct ItemView<'a> {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
}

#[derive(Debug, Serialize)]
struct ErrorView {
    error: &'static str,
    message: String,
}

pub(super) fn render(done: &BatchDone) -> Result<Reply, Problem> {
    let posted = done.items.iter().filter(|item| item.is_ok()).count();
    let status = if posted == done.items.len() { StatusCode::CREATED } else { StatusCode::MULTI_STATUS };
    let results = done.items.iter().enumerate().map(|(place, item)| ItemView::of(place, item)).collect();
    Reply::json(status, &BatchView { atomic: done.atomic, posted, results })
}

impl<'a> ItemView<'a> {
    fn of(place: usize, item: &'a Result<Posted, Refused>) -> Self {
        match item {
            Ok(posted) => Self {
                status: StatusCode::CREATED.as_u16(),
                transaction: Some(TransactionView::from(posted)),
                error: None,
            },
            Err(refused) => {
                let problem = error::refused(refused, &format!("/transactions/{place}"));
                let (status, error) = ErrorMessage.status_and_code(&problem);
                let error = ErrorView { error, message: problem.message().to_owned() };
                Self { status: status.as_u16(), transaction: None, error: Some(error) }
            }
        }
    }
}
