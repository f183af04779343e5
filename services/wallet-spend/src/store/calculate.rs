//! What calculate reads: a wallet by an identity, its account in a scheme, and the tiers of the unit.

use zerosum_domain::{
    BrandId,
    spend::{Adjudication, Ask, PointCount, Tiers},
};

use super::{ReadFailed, Store, columns, decode};
use crate::{
    command::Refused,
    model::{AccountSnapshot, Identity, SchemeId, Wallet, permission},
};

/// What is asked.
#[derive(Debug)]
pub(crate) struct Calculation<'a> {
    pub identity: &'a str,
    pub scheme: &'a str,
    pub banner: Option<&'a str>,
    pub ask: Ask,
}

/// What can be spent of it, and on whose account.
#[derive(Debug)]
pub(crate) struct Calculated {
    pub wallet: Wallet,
    pub identity: Identity,
    pub account: AccountSnapshot,
    pub scheme: SchemeId,
    pub adjudication: Adjudication,
    pub at: jiff::Timestamp,
}

const IDENTITY: &str = concat!(
    "select ",
    columns!(identity),
    " from wallet.identities i where i.brand_id = $1::text and i.value = $2::text"
);
const WALLET: &str = concat!(
    "select ",
    columns!(wallet),
    " from wallet.identities i join wallet.wallets w on w.brand_id = i.brand_id and w.wallet_id = i.wallet_id",
    " where i.brand_id = $1::text and i.value = $2::text"
);
const SCHEME: &str = "
select s.scheme_id, s.status from wallet.schemes s where s.brand_id = $1::text and s.reference = $2::text";
const ACCOUNT: &str = concat!(
    "select ",
    columns!(account),
    " from wallet.identities i",
    " join wallet.schemes s on s.brand_id = i.brand_id and s.reference = $3::text",
    " join wallet.accounts a on a.brand_id = i.brand_id and a.wallet_id = i.wallet_id and a.scheme_id = s.scheme_id",
    " join wallet.account_balances b on b.brand_id = a.brand_id and b.account_id = a.account_id",
    " where i.brand_id = $1::text and i.value = $2::text"
);
/// Both units' tiers are read; the banner's apply where it has any.
const TIERS: &str = concat!(
    "select ",
    columns!(tier),
    " from wallet.schemes s",
    " join wallet.scheme_tiers t on t.brand_id = s.brand_id and t.scheme_id = s.scheme_id",
    " left join wallet.brand_settings c on c.brand_id = s.brand_id",
    " where s.brand_id = $1::text and s.reference = $2::text",
    " and t.unit_identifier in (coalesce($3::text, ''), coalesce(c.unit_id, s.brand_id))"
);
const RULES: &str =
    concat!("select ", columns!(rule), " from wallet.permission_rules r where r.brand_id = $1::text");

impl Store {
    /// Changes nothing.
    pub async fn calculate(
        &self,
        brand: &BrandId,
        wanted: &Calculation<'_>,
    ) -> Result<Calculated, ReadFailed> {
        let name = brand.as_str();
        let answers = self
            .read(
                brand,
                &[
                    (IDENTITY, &[&name, &wanted.identity]),
                    (WALLET, &[&name, &wanted.identity]),
                    (SCHEME, &[&name, &wanted.scheme]),
                    (ACCOUNT, &[&name, &wanted.identity, &wanted.scheme]),
                    (TIERS, &[&name, &wanted.scheme, &wanted.banner]),
                    (RULES, &[&name]),
                ],
            )
            .await?;
        let identity = answers.all(0, |row| decode::identity(row, Some(&answers.brand)))?.pop();
        let identity = identity.ok_or(Refused::IdentityNotFound)?;
        let wallet = answers.all(1, decode::wallet)?.pop().ok_or(Refused::WalletNotFound)?;
        let scheme = answers.first(2).ok_or(Refused::SchemeNotFound)?;
        let scheme = SchemeId::new(scheme.try_get(0)?).map_err(|_| Refused::SchemeNotFound)?;
        let account = answers.all(3, |row| decode::snapshot(row, &answers.brand))?.pop();
        let account = account.ok_or(Refused::AccountNotFound)?;
        let rules = answers.all(5, decode::rule)?;
        let granted = permission(
            &rules,
            [
                ("wallet", wallet.status, &wallet.state),
                ("identity", identity.status, &identity.state),
                ("account", account.account.status, &account.account.state),
            ],
        );
        let denied = |reason: &str| Refused::SpendNotPermitted { reason: reason.to_owned() };
        if !granted.spend {
            return Err(denied(
                "the wallet, the identity or the account may not spend in its status and state",
            )
            .into());
        }
        let mut tiers = decode::tiers(answers.of(4))?;
        let tiers: Option<Tiers> = wanted
            .banner
            .and_then(|banner| tiers.remove(banner))
            .or_else(|| tiers.remove(&answers.brand.unit_id));
        let tiers = tiers.ok_or_else(|| denied("the scheme has no redemption rate for this unit"))?;
        let usable = PointCount::new(account.balances.usable).unwrap_or(PointCount::ZERO);
        let adjudication = tiers
            .adjudicate(wanted.ask, usable)
            .map_err(|invalid| Refused::NotPossible { rule: format!("/monetaryValue: {invalid}") })?;
        Ok(Calculated { wallet, identity, account, scheme, adjudication, at: answers.now })
    }
}
