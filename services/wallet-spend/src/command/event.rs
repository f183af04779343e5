//! What a command tells: one event in the published envelope, put into the outbox with its effect.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Call, answer::body, case::Case, done::Done};
use crate::{
    model::{
        AccountSnapshot, AccountTransaction, Brand, Identity, PermissionRule, Scheme, Wallet,
        WalletTransaction, to_json,
    },
    view::{
        AccountShown, AccountView, AtxShown, AtxView, IdentityView, LocationShown, PermissionsView,
        SchemeView, WalletView, WtxView, micros,
    },
};

/// The version of the envelope that consumers know.
const API_VERSION: &str = "7.6";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Atomic {
    Create,
    Update,
}

impl Atomic {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AtomicOperation {
    object_type: &'static str,
    operation_type: &'static str,
    object_value: Option<std::sync::Arc<RawValue>>,
}

/// The operations of one event, in their order.
#[derive(Debug)]
pub(super) struct Told(Vec<AtomicOperation>);

impl Told {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    fn push(&mut self, object_type: &'static str, operation: Atomic, value: &impl Serialize) {
        self.0.push(AtomicOperation {
            object_type,
            operation_type: operation.as_str(),
            object_value: to_json(value),
        });
    }

    pub fn transaction(&mut self, transaction: &WalletTransaction, operation: Atomic) {
        self.transaction_at(transaction, operation, LocationShown::Stored);
    }

    pub fn transaction_at(
        &mut self,
        transaction: &WalletTransaction,
        operation: Atomic,
        location: LocationShown,
    ) {
        self.push("walletTransactionEntity", operation, &WtxView::of(transaction, location));
    }

    /// The purchase of a settle, which shows its identity in full.
    pub fn parent(&mut self, transaction: &WalletTransaction, identity: Option<&Identity>) {
        let view = WtxView::of(transaction, LocationShown::Stored).with_identity(identity);
        self.push("walletTransactionEntity", Atomic::Update, &view);
    }

    /// A transaction as it is made, before it is linked and has touched an account.
    pub fn spend_begins(&mut self, transaction: &WalletTransaction) {
        let begun = WalletTransaction {
            parent: None,
            accounts: Vec::new(),
            basket: None,
            results: None,
            status: crate::model::TransactionStatus::Active,
            ..transaction.clone()
        };
        self.transaction(&begun, Atomic::Create);
    }

    pub fn account_transaction(
        &mut self,
        transaction: &AccountTransaction,
        account: &AccountSnapshot,
        shown: AccountShown,
    ) {
        let view = AtxView::of(transaction, AtxShown::Event(account, shown));
        self.push("walletAccountTransactionEntity", Atomic::Update, &view);
    }

    pub fn permissions(&mut self, rules: &[PermissionRule], operation: Atomic) {
        self.push("permissionEntity", operation, &PermissionsView::of(rules));
    }

    pub fn wallet(&mut self, wallet: &Wallet, operation: Atomic) {
        self.push("walletEntity", operation, &WalletView::of(wallet));
    }

    pub fn identity(&mut self, identity: &Identity, operation: Atomic) {
        self.push("walletIdentityEntity", operation, &IdentityView::of(identity));
    }

    pub fn account(&mut self, account: &AccountSnapshot, operation: Atomic) {
        self.push("walletAccountEntity", operation, &AccountView::of(account, AccountShown::Read));
    }

    pub fn scheme(&mut self, scheme: &Scheme, operation: Atomic) {
        self.push("schemeEntity", operation, &SchemeView::of(scheme));
    }

    /// Puts the event into the outbox.
    pub fn emit(self, case: &mut Case<'_, '_>, name: &'static str, done: &Done) {
        let id = case.context.id().hyphenated().to_string();
        let body = body(done);
        let payload = Envelope {
            headers: headers(case.call, &case.brand, name, micros(case.now()), id),
            request: Request {
                resource: &case.call.resource,
                method: case.call.method,
                body: &case.call.body,
                content_type: "application/json",
                custom_headers: CustomHeaders(&case.call.custom_headers),
            },
            response: Response {
                code: body.status,
                body: &body.json,
                content_type: "application/json;charset=utf-8",
            },
            atomic_operations: self.0,
        };
        match serde_json::to_string(&payload) {
            Ok(payload) => {
                case.book.emit(case.context, name, payload);
            }
            Err(error) => unreachable!("an event is JSON: {error}"),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    headers: Headers<'a>,
    request: Request<'a>,
    response: Response<'a>,
    atomic_operations: Vec<AtomicOperation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Headers<'a> {
    event_name: &'static str,
    event_date: String,
    ees_environment_type: &'a str,
    ees_subsystem_id: &'a str,
    caller_ip: &'a str,
    unit_id: &'a str,
    unit_friendly_name: &'a str,
    client_id: &'a str,
    client_id_friendly_name: &'a str,
    ees_event_id: String,
    ees_master_event_id: &'a str,
    external_message_id: Option<&'a str>,
    ees_api_version: &'static str,
}

fn headers<'a>(
    call: &'a Call,
    brand: &'a Brand,
    event_name: &'static str,
    event_date: String,
    ees_event_id: String,
) -> Headers<'a> {
    Headers {
        event_name,
        event_date,
        ees_environment_type: &brand.environment_type,
        ees_subsystem_id: &brand.subsystem_id,
        caller_ip: &call.caller_ip,
        unit_id: &brand.unit_id,
        unit_friendly_name: &brand.unit_name,
        client_id: &call.client_id,
        client_id_friendly_name: &call.client_name,
        ees_event_id,
        ees_master_event_id: &call.id,
        external_message_id: call.external_id.as_deref(),
        ees_api_version: API_VERSION,
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource: &'a str,
    method: &'static str,
    body: &'a str,
    content_type: &'static str,
    custom_headers: CustomHeaders<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    code: u16,
    body: &'a str,
    content_type: &'static str,
}

/// A map; `[]` when there are none.
#[derive(Debug)]
struct CustomHeaders<'a>(&'a [(std::sync::Arc<str>, std::sync::Arc<str>)]);

impl Serialize for CustomHeaders<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return crate::view::EmptyMap.serialize(serializer);
        }
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
    }
}
