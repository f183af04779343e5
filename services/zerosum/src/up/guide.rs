//! What a person sees when everything answers: addresses, credentials, and lines to paste.

use super::ready::Facts;
use crate::demo::{Demo, IDENTITY, SCHEME};

pub fn print(facts: &Facts, demo: Option<&Demo>) {
    println!("{}", text(facts, demo));
}

fn text(facts: &Facts, demo: Option<&Demo>) -> String {
    let Facts { cash_url, accounting_url, wallet_spend_url, .. } = facts;
    let mut text = format!(
        "
Zerosum is up. Ctrl-C stops it.

  cash          {cash_url}
  accounting    {accounting_url}
  wallet-spend  {wallet_spend_url}
"
    );
    let credentials = (&facts.brand_id, &facts.token, &facts.client_id, &facts.client_secret);
    match (credentials, demo) {
        ((Some(brand), Some(token), Some(id), Some(secret)), Some(demo)) => {
            text.push_str(&format!(
                "
  brand         {brand}
  client        {id}
  secret        {secret}
  token         lives a day; `zerosum token` prints another

Paste this first:

{setup}
Stored cash, a grant and a spend:

{cash}
The general ledger, a balanced transaction and a balance:

{accounting}
Points, from calculate to settle, and a spend that is voided:

{wallet}",
                setup = setup(facts, token, id, secret),
                cash = cash(brand),
                accounting = accounting(demo),
                wallet = wallet(brand, demo),
            ));
        }
        _ => text.push_str("\nThere is no demo brand here. `zerosum brand create <id>` makes a brand, `zerosum token --brand <id>` a token.\n"),
    }
    text
}

fn setup(facts: &Facts, token: &str, id: &str, secret: &str) -> String {
    format!(
        r#"CASH={cash} LEDGER={ledger} WALLET={wallet}
TOKEN={token}
CLIENT={id} SECRET={secret}
N=$(date +%s)
"#,
        cash = facts.cash_url,
        ledger = facts.accounting_url,
        wallet = facts.wallet_spend_url,
    )
}

fn cash(brand: &str) -> String {
    format!(
        r#"curl -sS "$CASH/v1/cash/grants" -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: grant-$N" -H 'Content-Type: application/json' -d '{{"user_id":"u-1","brand_id":"{brand}","amount_cents":5000,"source":"welcome"}}'; echo
curl -sS "$CASH/v1/cash/spend" -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: spend-$N" -H 'Content-Type: application/json' -d '{{"user_id":"u-1","brand_id":"{brand}","amount_cents":1250,"reason":"coffee"}}'; echo
"#
    )
}

fn accounting(Demo { bank_account, sales_account, .. }: &Demo) -> String {
    format!(
        r#"curl -sS "$LEDGER/v1/transactions" -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: sale-$N" -H 'Content-Type: application/json' -d '{{"type":"sale","entries":[{{"account_id":"{bank_account}","amount_cents":1500}},{{"account_id":"{sales_account}","amount_cents":-1500}}]}}'; echo
curl -sS "$LEDGER/v1/accounts/{bank_account}/balance" -H "Authorization: Bearer $TOKEN"; echo
"#
    )
}

fn wallet(brand: &str, Demo { wallet_id, .. }: &Demo) -> String {
    let who = format!(r#""identity":{{"identityValue":"{IDENTITY}"}}"#);
    let place =
        format!(r#""location":{{"incomingIdentifier":"till-1","parentIncomingIdentifier":"{brand}"}}"#);
    format!(
        r#"sha() {{ if command -v sha256sum >/dev/null; then sha256sum; else openssl dgst -sha256 -r; fi | cut -c1-64; }}
wallet() {{ curl -sS "$WALLET$1" -H "X-EES-AUTH-CLIENT-ID: $CLIENT" -H "X-EES-AUTH-HASH: $(printf '%s%s%s' "$1" "$2" "$SECRET" | sha)" -H 'Content-Type: application/json' -d "$2"; echo; }}
CALCULATED=$(wallet /connect/wallet/spend/calculate '{{{who},{place},"scheme":{{"reference":"{SCHEME}"}},"pointsValue":2500}}'); echo "$CALCULATED"
RESULTS=$(printf '%s' "$CALCULATED" | sed 's/.*"spendAdjudicationResults"://; s/}}$//')
wallet /connect/wallet/spend '{{{who},{place},"reference":"spend-'$N'","lock":true,"spendAdjudicationResults":'"$RESULTS"'}}'
wallet /connect/wallet/settle '{{{who},"reference":"settle-'$N'","mode":"ACTIVE","walletTransactions":[{{"link":true,"reference":"spend-'$N'","walletId":"{wallet_id}","operationType":"SETTLE"}}]}}'
wallet /connect/wallet/spend '{{{who},{place},"reference":"void-'$N'","lock":true,"spendAdjudicationResults":'"$RESULTS"'}}'
wallet /connect/wallet/spend/void '{{{who},"reference":"void-'$N'"}}'
"#
    )
}
