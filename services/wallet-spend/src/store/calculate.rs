//! What calculate reads: a wallet by an identity, its account in a scheme, and the tiers of the unit.

use zerosum_domain::{
    BrandId,
    spend::{Adjudication, Ask, PointCount, Tiers},
};

use super::{IDENTITY_BY_VALUE, Param, RULES, ReadFailed, Store, WALLET_BY_IDENTITY, columns, decode, from};
use crate::{
    command::Refused,
    model::{AccountSnapshot, Identity, SchemeId, Wallet, permission},
};

/// What is asked.
#[derive(Debug)]
pub(crate) struct Calculation<'a> {
    pub identity: &'a str,
    /// None: that of the wallet's only account.
    pub scheme: Option<&'a str>,
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

/// Tiers of the banner, which is $3, and of the company.
macro_rules! of_units {
    ($scheme:literal) => {
        concat!(
            " left join wallet.brand_settings c on c.brand_id = ",
            $scheme,
            ".brand_id",
            " where t.unit_identifier in (coalesce($3::text, ''), coalesce(c.unit_id, ",
            $scheme,
            ".brand_id))"
        )
    };
}

const SCHEME: &str =
    "select s.scheme_id from wallet.schemes s where s.brand_id = $1::text and s.reference = $2::text";
const ACCOUNT: &str = concat!(
    "select ",
    columns!(account),
    from!(identity_by_value),
    " cross join lateral (select * from wallet.schemes s",
    " where s.brand_id = i.brand_id and s.reference = $3::text offset 0) s",
    " cross join lateral (select * from wallet.accounts a",
    " where a.brand_id = i.brand_id and a.wallet_id = i.wallet_id and a.scheme_id = s.scheme_id offset 0) a",
    from!(balances)
);
/// Both units' tiers are read; the banner's apply where it has any.
const TIERS: &str = concat!(
    "select ",
    columns!(tier),
    " from (select * from wallet.schemes s where s.brand_id = $1::text and s.reference = $2::text offset 0) s",
    from!(tiers_of "s"),
    of_units!("s")
);

// The same by the wallet's accounts, where no scheme is named. Two of them are one too many.
const OWN_SCHEMES: &str = concat!("select a.scheme_id", from!(accounts_of_identity), " limit 2");
const OWN_ACCOUNT: &str =
    concat!("select ", columns!(account), from!(accounts_of_identity), from!(balances), " limit 1");
const OWN_TIERS: &str =
    concat!("select ", columns!(tier), from!(accounts_of_identity), from!(tiers_of "a"), of_units!("a"));

impl Store {
    /// Changes nothing.
    pub async fn calculate(
        &self,
        brand: &BrandId,
        wanted: &Calculation<'_>,
    ) -> Result<Calculated, ReadFailed> {
        let name = brand.as_str();
        let (identity, banner) = (wanted.identity, wanted.banner);
        let who: [Param<'_>; 2] = [&name, &identity];
        let [scheme, account, tiers]: [(&'static str, Vec<Param<'_>>); 3] = match &wanted.scheme {
            Some(scheme) => [
                (SCHEME, vec![&name, scheme]),
                (ACCOUNT, vec![&name, &identity, scheme]),
                (TIERS, vec![&name, scheme, &banner]),
            ],
            None => [
                (OWN_SCHEMES, who.to_vec()),
                (OWN_ACCOUNT, who.to_vec()),
                (OWN_TIERS, vec![&name, &identity, &banner]),
            ],
        };
        let answers = self
            .read(
                brand,
                &[
                    (IDENTITY_BY_VALUE, &who),
                    (WALLET_BY_IDENTITY, &who),
                    (scheme.0, &scheme.1),
                    (account.0, &account.1),
                    (tiers.0, &tiers.1),
                    (RULES, &[&name]),
                ],
            )
            .await?;
        let identity = answers.all(0, |row| decode::identity(row, Some(&answers.brand)))?.pop();
        let identity = identity.ok_or(Refused::IdentityNotFound)?;
        let wallet = answers.all(1, decode::wallet)?.pop().ok_or(Refused::WalletNotFound)?;
        let scheme = match answers.of(2) {
            [scheme] => scheme,
            [] if wanted.scheme.is_some() => return Err(Refused::SchemeNotFound.into()),
            [] => return Err(Refused::AccountNotFound.into()),
            _ => {
                let rule = "/scheme/reference: is required, the wallet has accounts of several schemes";
                return Err(Refused::NotPossible { rule: rule.to_owned() }.into());
            }
        };
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
