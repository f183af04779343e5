//! An open that only looks.

use std::{collections::BTreeMap, sync::Arc};

use zerosum_domain::BrandId;

use super::{IDENTITY_BY_VALUE, RULES, ReadFailed, Store, WALLET_BY_IDENTITY, columns, decode, from};
use crate::{
    command::{Done, Refused, opened},
    model::{Json, Status, permission},
};

const ACCOUNTS: &str = concat!(
    "select ",
    columns!(account),
    from!(accounts_of_identity),
    from!(balances),
    " order by a.account_id"
);
const SCHEMES: &str = concat!(
    "select ",
    columns!(scheme_ref),
    from!(accounts_of_identity),
    " cross join lateral (select * from wallet.schemes s",
    " where s.brand_key = a.brand_key and s.scheme_id = a.scheme_id offset 0) s"
);
const TIERS: &str = concat!("select ", columns!(tier), from!(accounts_of_identity), from!(tiers_of "a"));

impl Store {
    /// What a wallet has, as an open shows it, without a transaction.
    pub async fn open(
        &self,
        brand: &BrandId,
        identity: &str,
        basket: Option<Json>,
    ) -> Result<Done, ReadFailed> {
        let key = brand.key().get();
        let answers = self
            .read(
                brand,
                &[
                    (IDENTITY_BY_VALUE, &[&key, &identity]),
                    (WALLET_BY_IDENTITY, &[&key, &identity]),
                    (ACCOUNTS, &[&key, &identity]),
                    (SCHEMES, &[&key, &identity]),
                    (TIERS, &[&key, &identity]),
                    (RULES, &[&key]),
                ],
            )
            .await?;
        let identity = answers.all(0, |row| decode::identity(row, &answers.brand))?.pop();
        let identity = identity.ok_or(Refused::IdentityNotFound)?;
        let wallet = answers.all(1, decode::wallet)?.pop().ok_or(Refused::WalletNotFound)?;
        let schemes: BTreeMap<_, _> = decode::schemes(answers.of(3), answers.of(4))?
            .into_iter()
            .map(|(_, scheme)| (scheme.id, scheme))
            .collect();
        let rules = answers.all(5, decode::rule)?;
        let mut accounts = Vec::new();
        let (mut may_spend, mut may_earn) = (false, false);
        for account in answers.all(2, |row| decode::snapshot(row, &answers.brand))? {
            let Some(scheme) = schemes.get(&account.account.scheme) else { continue };
            if account.account.status != Status::Active {
                continue;
            }
            let granted = permission(
                &rules,
                [
                    ("wallet", wallet.status, &wallet.state),
                    ("identity", identity.status, &identity.state),
                    ("account", account.account.status, &account.account.state),
                ],
            );
            may_spend |= granted.spend;
            may_earn |= granted.earn;
            accounts.push(opened::OpenedAccount {
                account,
                scheme_reference: scheme.reference.to_string(),
                tiers: scheme.tiers.iter().map(|(unit, tiers)| (unit.clone(), tiers.clone())).collect(),
            });
        }
        Ok(Done::Opened(Box::new(opened::Opened {
            wallet: Arc::new(wallet),
            identity: Arc::new(identity),
            accounts,
            basket,
            transaction: None,
            may_spend,
            may_earn,
        })))
    }
}
