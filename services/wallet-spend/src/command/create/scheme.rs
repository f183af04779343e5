//! POST /schemes/points.

use std::{collections::BTreeMap, sync::Arc};

use zerosum_domain::{AccountType, Currency, Limits, Steward};
use zerosum_ledger::book::OpenAccount;

use crate::{
    command::{
        CreateScheme, Refused,
        case::Case,
        done::Done,
        event::{Atomic, Told},
        ids::Kind,
        rows::NewScheme,
    },
    model::{Reference, Scheme, SchemeId, SchemeRef},
};

/// Opens the ledger accounts that a scheme's points come from and go to.
pub(in crate::command) fn scheme(case: &mut Case<'_, '_>, create: &CreateScheme) -> Result<Done, Refused> {
    if let Some(reference) = &create.reference
        && case.rows.scheme_references.contains_key(reference.as_str())
    {
        return Err(Refused::ReferenceNotUnique { reference: reference.clone() });
    }
    let id = case.ids.next(Kind::Scheme, SchemeId::new);
    let reference = create.reference.as_ref().map_or_else(|| id.to_string(), Reference::to_string);
    let mut open = |end: End| {
        let code = format!("points:{id}:{}", end.code());
        case.book.account_or_open(case.context, &code, |code| OpenAccount {
            name: format!("{} {}", create.name, end.code()).into(),
            kind: end.kind(),
            steward: Steward::Points,
            currency: currency(id),
            limits: Limits::default(),
            keeps_lots: false,
            code: Some(code),
            external_id: None,
            party: None,
            metadata: None,
        })
    };
    let [issue, redemption, expired] = [End::Issue, End::Redemption, End::Expired].map(&mut open);
    let now = case.now();
    let scheme = Scheme {
        id,
        reference: reference.clone(),
        version: 1,
        kind: create.kind.clone(),
        class: create.class.clone(),
        status: create.status,
        client_type: create.client_type.as_ref().map(ToString::to_string),
        lock_seconds: create.lock_seconds,
        shown: create.shown.clone(),
        created_at: now,
        updated_at: now,
    };
    let mut told = Told::new();
    told.scheme(&scheme, Atomic::Create);
    let done = Done::Scheme(Box::new(scheme.clone()));
    told.emit(case, "SCHEME.CREATE", &done);
    let refs = Arc::new(SchemeRef {
        id,
        reference: reference.as_str().into(),
        status: create.status,
        client_type: create.client_type.clone(),
        starts_at: create.starts_at,
        ends_at: create.ends_at,
        lock_seconds: create.lock_seconds,
        points_expiry: create.points_expiry,
        issue,
        redemption,
        expired,
        tiers: create.tiers.iter().cloned().collect::<BTreeMap<_, _>>(),
    });
    case.rows.schemes.insert(id, refs.clone());
    case.rows.scheme_references.insert(reference, id);
    case.rows.new_schemes.push(NewScheme { scheme, name: create.name.clone(), refs });
    Ok(done)
}

/// Where a scheme's points come from and go to.
#[derive(Debug, Clone, Copy)]
enum End {
    Issue,
    Redemption,
    Expired,
}

impl End {
    const fn code(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Redemption => "redemption",
            Self::Expired => "expired",
        }
    }

    /// Points given are owed; points spent and expired are no longer.
    const fn kind(self) -> AccountType {
        match self {
            Self::Issue => AccountType::Liability,
            Self::Redemption => AccountType::Expense,
            Self::Expired => AccountType::Revenue,
        }
    }
}

pub(super) fn currency(scheme: SchemeId) -> Currency {
    // An id is positive.
    Currency::points(scheme.get().unsigned_abs())
}
