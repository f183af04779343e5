//! What the jobs look for: locks and points whose time has come.

use zerosum_domain::BrandId;

use super::{ReadFailed, Store};
use crate::model::{WalletAccountId, WalletId, WalletTransactionId};

#[derive(Debug, Clone, Copy)]
pub(crate) struct LapsedLock {
    pub wallet: WalletId,
    pub transaction: WalletTransactionId,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct LapsedPoints {
    pub wallet: WalletId,
    pub account: WalletAccountId,
}

const LOCKS: &str = "
select t.wallet_id, t.wallet_transaction_id
  from wallet.wallet_transactions t
 where t.brand_id = $1::text and t.status = 'ACTIVE' and t.lock_expires_at <= now()
 order by t.lock_expires_at
 limit $2::bigint";

const POINTS: &str = "
select distinct a.wallet_id, a.account_id
  from wallet.expired_points e
  join wallet.accounts a on a.brand_id = e.brand_id and a.ledger_account = e.ledger_account
 where e.brand_id = $1::text
 limit $2::bigint";

impl Store {
    pub async fn lapsed_locks(&self, brand: &BrandId, limit: i64) -> Result<Vec<LapsedLock>, ReadFailed> {
        let answers = self.read(brand, &[(LOCKS, &[&brand.as_str(), &limit])]).await?;
        answers.all(0, |row| {
            let ids = (WalletId::new(row.try_get(0)?), WalletTransactionId::new(row.try_get(1)?));
            Ok(match ids {
                (Ok(wallet), Ok(transaction)) => Some(LapsedLock { wallet, transaction }),
                _ => None,
            })
        })
    }

    pub async fn lapsed_points(&self, brand: &BrandId, limit: i64) -> Result<Vec<LapsedPoints>, ReadFailed> {
        let answers = self.read(brand, &[(POINTS, &[&brand.as_str(), &limit])]).await?;
        answers.all(0, |row| {
            let ids = (WalletId::new(row.try_get(0)?), WalletAccountId::new(row.try_get(1)?));
            Ok(match ids {
                (Ok(wallet), Ok(account)) => Some(LapsedPoints { wallet, account }),
                _ => None,
            })
        })
    }
}
