//! The wallet's HTTP edge: one file per endpoint, each parse, run, render.
//!
//! Writes are commands for the engine; reads take one round trip and change nothing.
//! What was done is rendered by `command::body`, the same for the first answer and for every replay.

mod adjust;
mod calculate;
mod change;
mod clients;
mod create_scheme;
mod create_wallet;
mod open;
mod permissions;
mod read_accounts;
mod read_schemes;
mod read_transactions;
mod read_wallets;
mod refund;
mod settle;
mod signatures;
mod spend;
mod unlock;
mod void;
mod wire;

use std::sync::Arc;

use zerosum_domain::BrandId;
use zerosum_edge::{Api, Call, Contract, Edge, ErrorCode, Problem, Reply, RequestIds, Settings, StatusCode};
use zerosum_host::StartError;
use zerosum_idempotency as idempotency;
use zerosum_ledger::{Answer, Engine, Fault, Key, KeyLifetime, Submission};

use crate::{
    command::{self, Action, Command, Machine, Refused, body},
    store::{Nonces, ReadFailed, Store},
};
use clients::Directory;
use signatures::Signatures;
pub(crate) use signatures::TIMESTAMP_SECONDS_OFF_MAX;
pub use signatures::{NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, signature};

/// The document that requests are checked against.
pub const DOCUMENT: &str = include_str!("../../../openapi/wallet-spend.yaml");

/// The name in keys, metrics and logs.
pub const SERVICE: &str = "wallet-spend";

/// Steps that one request makes room with: five thousand locks, which take about as long as a request may. What they
/// ended stays ended, so a till that has to try again gets on.
const LOCK_STEPS_MAX: usize = 25;

/// Every path answers with and without it.
const PREFIX: &str = "/2.0";

/// What handlers work with.
#[derive(Debug)]
pub struct App {
    engine: Engine<Machine>,
    pub(crate) store: Store,
    directory: Directory,
}

/// The edge over an engine and what is read.
pub(crate) fn edge(engine: Engine<Machine>, store: Store, nonces: Nonces) -> Result<Edge, StartError> {
    let reads = store.reads();
    let directory = Directory::new(reads.clone());
    let readiness = zerosum_host::readiness(reads, &engine);
    let mut settings =
        Settings::new(SERVICE, ErrorCode, Signatures::new(directory.clone(), nonces), readiness);
    settings.request_ids = RequestIds::X_EES_CALLED_UNIQUE_ID;
    settings.prefix = Some(PREFIX);
    settings.compress = true;
    let app = Arc::new(App { engine, store, directory });
    let api = Api::new(Contract::parse(DOCUMENT)?, app, settings);
    Ok(looking(changing(spending(api))).build()?)
}

type Routes = Api<Arc<App>>;

fn spending(api: Routes) -> Routes {
    api.on("spendCalculate", calculate::handle)
        .on("spend", spend::handle)
        .on("spendSpend", spend::handle)
        .on("spendVoid", void::handle)
        .on("settle", settle::handle)
        .on("open", open::handle)
        .on("unlock", unlock::handle)
        .on("refund", refund::handle)
}

fn changing(api: Routes) -> Routes {
    api.on("createScheme", create_scheme::handle)
        .on("createWallet", create_wallet::wallet)
        .on("createWalletAccounts", create_wallet::wallet_accounts)
        .on("createIdentity", create_wallet::identity)
        .on("createAccount", create_wallet::account)
        .on("creditAccount", adjust::credit)
        .on("debitAccount", adjust::debit)
        .on("earnAccount", adjust::earn)
        .on("spendAccount", adjust::spend)
        .on("activateWallet", change::handle)
        .on("suspendWallet", change::handle)
        .on("terminateWallet", change::handle)
        .on("stateWallet", change::handle)
        .on("activateIdentity", change::handle)
        .on("suspendIdentity", change::handle)
        .on("terminateIdentity", change::handle)
        .on("stateIdentity", change::handle)
        .on("activateAccount", change::handle)
        .on("suspendAccount", change::handle)
        .on("terminateAccount", change::handle)
        .on("stateAccount", change::handle)
        .on("annotateTransaction", change::annotate)
        .on("setPermissions", permissions::replace)
}

fn looking(api: Routes) -> Routes {
    api.on("getPermissions", permissions::read)
        .on("listSchemes", read_schemes::list)
        .on("getScheme", read_schemes::one)
        .on("findWallet", read_wallets::find)
        .on("getWallet", read_wallets::one)
        .on("listIdentities", read_wallets::identities)
        .on("listAccounts", read_accounts::list)
        .on("getAccount", read_accounts::one)
        .on("listAccountTransactions", read_accounts::transactions)
        .on("listTransactions", read_transactions::list)
        .on("getTransaction", read_transactions::one)
        .on("findTransaction", read_transactions::by_reference)
        .on("getConnectTransaction", read_transactions::by_header)
}

/// Where a retry is told to come back to: the engine's own figures are in `zerosum_idempotency`.
const READ_RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

impl App {
    /// Hands a command to the engine and renders what was decided. `resource` is the endpoint's name in events.
    async fn run(
        &self,
        call: &Call,
        key: Option<Key>,
        resource: &str,
        action: Action,
    ) -> Result<Reply, Problem> {
        let kept = key.as_ref().filter(|key| key.lifetime == KeyLifetime::Forever);
        let answer = kept.map(|key| (key.scope().clone(), key.key().clone()));
        let command = Command::new(command::Call { answer, ..self.told(call, resource) }, action);
        let submission = Submission { brand: brand(call)?, key, command, deadline: call.deadline };
        let answer = self.decide(submission).await.map_err(idempotency::problem)?;
        let outcome = match answer.outcome {
            Ok(done) => {
                let body = body(&done);
                StatusCode::from_u16(body.status)
                    .map(|status| Reply::bytes(status, body.json))
                    .map_err(|_| Problem::internal())
            }
            Err(refused) => Err(problem(&refused)),
        };
        idempotency::mark(outcome, answer.replayed)
    }

    /// Hands a command in, again after each step where so many locks of its wallet have run out that they are ended
    /// in steps.
    async fn decide(&self, submission: Submission<Command>) -> Result<Answer<Machine>, Fault> {
        for _ in 0..LOCK_STEPS_MAX {
            let Submission { brand, key, command, deadline } = &submission;
            let (deadline, command) = (*deadline, command.clone());
            let again = Submission { brand: brand.clone(), key: key.clone(), command, deadline };
            let answer = self.engine.submit(again).await?;
            let Err(Refused::LocksEnding { wallet }) = answer.outcome else { return Ok(answer) };
            let command = Command::new(command::Call::of_job(), Action::EndLocks { wallet });
            self.engine.submit(Submission { brand: brand.clone(), key: None, command, deadline }).await?;
        }
        self.engine.submit(submission).await
    }

    /// The call as its event tells it.
    fn told(&self, call: &Call, resource: &str) -> command::Call {
        let text = |name: &str| call.headers().get(name).and_then(|value| value.to_str().ok());
        let external_id =
            ["x-ees-transaction-id", "x-transaction-id", "caller-unique-id"].into_iter().find_map(text);
        let custom_headers =
            call.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-custom-")).filter_map(
                |(name, value)| {
                    Some((name.as_str().to_ascii_uppercase().into(), value.to_str().ok()?.into()))
                },
            );
        command::Call {
            id: call.request_id.as_str().into(),
            client_id: call.principal.subject.clone(),
            client_name: self.directory.name_of(&call.principal.subject),
            caller_ip: caller_ip(text("x-forwarded-for"), call.peer()),
            resource: resource.into(),
            method: match call.operation().method.as_str() {
                "PATCH" => "PATCH",
                "PUT" => "PUT",
                _ => "POST",
            },
            body: String::from_utf8_lossy(call.raw_body()).into(),
            external_id: external_id.map(Into::into),
            answer: None,
            custom_headers: custom_headers.collect(),
        }
    }
}

/// Who a proxy says that it speaks for, else who is at the other end of the connection. It is told and never trusted.
fn caller_ip(forwarded_for: Option<&str>, peer: Option<std::net::IpAddr>) -> Arc<str> {
    let forwarded = forwarded_for.and_then(|all| all.split(',').next()).map(str::trim);
    match (forwarded.filter(|first| !first.is_empty()), peer) {
        (Some(first), _) => first.into(),
        (None, Some(peer)) => peer.to_string().into(),
        (None, None) => "".into(),
    }
}

/// What events call the endpoint: its path, without the prefix and the query.
fn resource(call: &Call) -> &str {
    let path = call.target().split('?').next().unwrap_or_default();
    path.strip_prefix(PREFIX).unwrap_or(path)
}

pub(crate) fn brand(call: &Call) -> Result<BrandId, Problem> {
    BrandId::parse(call.brand()).map_err(|_| Problem::internal())
}

/// A refusal in HTTP.
fn problem(refused: &Refused) -> Problem {
    if matches!(refused, Refused::LocksEnding { .. }) {
        return Problem::unavailable(READ_RETRY_AFTER);
    }
    let refusal = command::refusal(refused);
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let problem = Problem::own(status, refusal.code, refused.to_string());
    refusal.details.into_iter().fold(problem, Problem::detail)
}

/// A read that could not be done.
pub(crate) fn read_problem(failed: ReadFailed) -> Problem {
    match failed {
        ReadFailed::NotThere(refused) => problem(&refused),
        ReadFailed::Unavailable(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a read could not be done");
            Problem::unavailable(READ_RETRY_AFTER)
        }
        ReadFailed::Broken(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a read failed");
            Problem::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::caller_ip;

    #[test]
    fn a_caller_is_who_the_proxy_says_or_the_peer() {
        let peer = Some("203.0.113.9".parse().unwrap());
        assert_eq!(&*caller_ip(Some("192.0.2.7, 10.0.0.1"), peer), "192.0.2.7");
        assert_eq!(&*caller_ip(Some(" "), peer), "203.0.113.9");
        assert_eq!(&*caller_ip(None, peer), "203.0.113.9");
        assert_eq!(&*caller_ip(None, None), "");
    }
}
