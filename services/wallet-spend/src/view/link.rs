//! Links to the wallet on a phone. The last segment is a stable mark of the ids before it; it opens nothing here.

use sha2::{Digest, Sha256};

use crate::model::{Brand, IdentityId, WalletAccountId, WalletId};

/// `<base>/identity/<unit>/<wallet>/<identity>/<64 hex digits>`
pub fn identity_link(brand: &Brand, wallet: WalletId, identity: IdentityId) -> String {
    let path = format!("identity/{}/{wallet}/{identity}", brand.unit_id);
    let mark = mark(&path, 64);
    format!("{}/{path}/{mark}", brand.mobile_wallet_url)
}

/// `<base>/a/<account>/<15 hex digits>`
pub fn account_link(brand: &Brand, account: WalletAccountId) -> String {
    let path = format!("a/{account}");
    let mark = mark(&format!("{}/{path}", brand.unit_id), 15);
    format!("{}/{path}/{mark}", brand.mobile_wallet_url)
}

/// So many hexadecimal digits of the path's digest.
fn mark(path: &str, digits: usize) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digest = Sha256::digest(path.as_bytes());
    let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(digits);
    let mut mark = String::with_capacity(digits);
    mark.extend(halves.map(|half| DIGITS[usize::from(half)]));
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_stable_and_of_one_unit() {
        let (one, two) = (Brand::default_for("one"), Brand::default_for("two"));
        let account = WalletAccountId::new(4_131_304_699).unwrap();
        assert_eq!(account_link(&one, account), account_link(&one, account));
        assert_ne!(account_link(&one, account), account_link(&two, account));
        assert!(account_link(&one, account).starts_with("https://wallet.example/a/4131304699/"));
    }
}
