//! Ledger pages, balances of the past, the trial balance.

use serde_json::json;

use super::stage::{Ask, BRAND, Stage, transaction};

#[tokio::test]
async fn a_ledger_is_paged_newest_first_and_its_cursor_is_its_own() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    for amount in 1..=5 {
        stage.post(&transaction(&[(&till, amount), (&bank, -amount)])).await.expect(201);
    }
    let ledger = |account: &str, query: &str| {
        Ask::get("getAccountLedger", format!("/v1/accounts/{account}/ledger{query}"))
    };
    let first = stage.ask(ledger(&till, "?limit=2")).await.expect(200);
    let amounts = |page: &serde_json::Value| -> Vec<String> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["amount_cents"].as_str().unwrap().into())
            .collect()
    };
    assert_eq!(amounts(&first), ["5", "4"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = stage.ask(ledger(&till, &format!("?limit=3&cursor={cursor}"))).await.expect(200);
    assert_eq!(amounts(&second), ["3", "2", "1"]);
    assert_eq!(second["next_cursor"], json!(null));
    // What is posted in between does not move a page.
    stage.post(&transaction(&[(&till, 6), (&bank, -6)])).await.expect(201);
    assert_eq!(
        amounts(&stage.ask(ledger(&till, &format!("?limit=3&cursor={cursor}"))).await.expect(200)),
        ["3", "2", "1"]
    );

    stage.ask(ledger(&bank, &format!("?cursor={cursor}"))).await.refused(400, "validation_error", "cursor");
    let flipped = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    stage.ask(ledger(&till, &format!("?cursor={flipped}"))).await.refused(400, "validation_error", "cursor");
}

#[tokio::test]
async fn a_balance_of_the_past_is_what_it_was() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let mut moments = vec![("1970-01-01T00:00:00Z".to_owned(), 0)];
    let mut sum = 0;
    for amount in [5, -2, 40, 7, -50, 3] {
        let posted = stage.post(&transaction(&[(&till, amount), (&bank, -amount)])).await.expect(201);
        sum += amount;
        moments.push((posted["posted_at"].as_str().unwrap().to_owned(), sum));
    }
    moments.push(("9999-12-31T23:59:59Z".to_owned(), sum));
    for (moment, expected) in moments {
        let ask = Ask::get("getAccountBalance", format!("/v1/accounts/{till}/balance?at={moment}"));
        assert_eq!(stage.ask(ask).await.expect(200)["balance_cents"], expected.to_string(), "{moment}");
        let ask = Ask::get("getTrialBalance", format!("/v1/trial-balance?at={moment}"));
        assert_eq!(stage.ask(ask).await.expect(200)["balanced"], true);
    }
}

/// Its entries are a chain with a milestone at every 64th: pages and balances begin at any place of it.
#[tokio::test]
async fn a_long_history_is_read_from_any_place_of_it() {
    const POSTINGS: i64 = 140;
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let (mut sum, mut newest_first, mut balances) = (0, Vec::new(), Vec::new());
    for amount in 1..=POSTINGS {
        // Some move the account by two entries, of which one names the other.
        let legs = match amount % 3 {
            0 => vec![(&*till, amount), (&*bank, -amount - 7), (&*till, 7)],
            _ => vec![(&*till, amount), (&*bank, -amount)],
        };
        let posted = stage.post(&transaction(&legs)).await.expect(201);
        let amounts = legs.iter().filter(|(account, _)| *account == till).map(|(_, amount)| *amount);
        newest_first.extend(amounts.clone());
        let before = sum;
        sum += amounts.sum::<i64>();
        let at: jiff::Timestamp = posted["posted_at"].as_str().unwrap().parse().unwrap();
        balances.extend([(at - jiff::SignedDuration::from_micros(1), before), (at, sum)]);
    }
    newest_first.reverse();
    for limit in [1, 7, 64, 200] {
        let mut read: Vec<i64> = Vec::new();
        let mut target = format!("/v1/accounts/{till}/ledger?limit={limit}");
        loop {
            let page = stage.ask(Ask::get("getAccountLedger", &target)).await.expect(200);
            let rows = page["data"].as_array().unwrap();
            assert!(!rows.is_empty() && rows.len() <= limit);
            read.extend(rows.iter().map(|row| row["amount_cents"].as_str().unwrap().parse::<i64>().unwrap()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            target = format!("/v1/accounts/{till}/ledger?limit={limit}&cursor={cursor}");
        }
        assert_eq!(read, newest_first, "{limit}");
    }
    let (oldest, _) = balances[1];
    for (at, expected) in balances {
        let ask = Ask::get("getAccountBalance", format!("/v1/accounts/{till}/balance?at={at}"));
        assert_eq!(stage.ask(ask).await.expect(200)["balance_cents"], expected.to_string(), "{at}");
    }
    // The far end is reached from a milestone, not from the newest entry.
    let brand = zerosum_domain::BrandId::parse(BRAND).unwrap().key().get();
    let account: uuid::Uuid = till.parse().unwrap();
    let page = include_str!("../../src/store/entries.sql");
    let looked_up = entries_looked_up(&stage, page, &[&brand, &account, &6_i64, &5_i64]).await;
    assert!((5..=70).contains(&looked_up), "{looked_up}");
    let balance = include_str!("../../src/store/balance_at.sql");
    let looked_up = entries_looked_up(&stage, balance, &[&brand, &account, &oldest]).await;
    assert!((1..=75).contains(&looked_up), "{looked_up}");
    stage.books_hold().await;
}

/// How many entries a query looks up, by a session that has done nothing else.
async fn entries_looked_up(
    stage: &Stage,
    sql: &str,
    params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
) -> i64 {
    let admin = stage.database.admin().await;
    // As the service reads: row-level security has a say in which index may be used.
    let role = "set role zerosum_read; set enable_seqscan = off; begin";
    admin.batch_execute(role).await.unwrap();
    let brand = "select set_config('zerosum.brand', ledger.brand_key($1)::text, true)";
    admin.query_one(brand, &[&BRAND]).await.unwrap();
    admin.query(sql, params).await.unwrap();
    let counted = "select coalesce(idx_tup_fetch, 0) + seq_tup_read from pg_stat_xact_user_tables where schemaname = 'ledger' and relname = 'entries'";
    admin.query_one(counted, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_trial_balance_has_each_type_and_currency() {
    let stage = Stage::new().await;
    let till = stage.account("Till").await;
    let sales = stage.account_with("Sales", json!({"type": "revenue"})).await;
    let posted = stage.post(&transaction(&[(&till, 9), (&sales, -9)])).await.expect(201);
    let now = stage.ask(Ask::get("getTrialBalance", "/v1/trial-balance")).await.expect(200);
    assert_eq!(
        now,
        json!({
            "at": null, "balanced": true,
            "totals": [
                {"type": "asset", "currency": "USD", "balance_cents": "9"},
                {"type": "revenue", "currency": "USD", "balance_cents": "-9"},
            ],
            "currencies": [{"currency": "USD", "balance_cents": "0"}],
        })
    );
    let at = posted["posted_at"].as_str().unwrap();
    let then = stage.ask(Ask::get("getTrialBalance", format!("/v1/trial-balance?at={at}"))).await.expect(200);
    assert_eq!(then["totals"], now["totals"]);
}

#[tokio::test]
async fn transactions_are_listed_page_by_page() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let mut ids = Vec::new();
    for amount in 1..=3 {
        let posted = stage.post(&transaction(&[(&till, amount), (&bank, -amount)])).await.expect(201);
        ids.insert(0, posted["id"].clone());
    }
    let first = stage.ask(Ask::get("listTransactions", "/v1/transactions?limit=2")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = stage
        .ask(Ask::get("listTransactions", format!("/v1/transactions?cursor={cursor}")))
        .await
        .expect(200);
    let listed: Vec<_> = first["data"]
        .as_array()
        .unwrap()
        .iter()
        .chain(second["data"].as_array().unwrap())
        .map(|row| row["id"].clone())
        .collect();
    assert_eq!(listed, ids);
    assert_eq!(first["data"][0]["entries"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_a_page_may_not_be() {
    let stage = Stage::new().await;
    let till = stage.account("Till").await;
    for bad in [
        "limit=0",
        "limit=-1",
        "limit=201",
        "limit=99999999999999999999",
        "limit=ten",
        "limit=1.5",
        "limit=1&limit=2",
        "cursor=",
        "cursor=x",
    ] {
        let ask = Ask::get("getAccountLedger", format!("/v1/accounts/{till}/ledger?{bad}"));
        stage.ask(ask).await.refused(400, "validation_error", bad.split('=').next().unwrap());
    }
    for bad in [
        "2025-02-30T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "yesterday",
        "2025-01-01",
        "10000-01-01T00:00:00Z",
        "",
    ] {
        let ask = Ask::get("getTrialBalance", format!("/v1/trial-balance?at={bad}"));
        stage.ask(ask).await.refused(400, "validation_error", "at");
    }
}

#[tokio::test]
async fn a_page_of_large_transactions_is_shorter_than_its_limit_and_none_is_lost() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    // Twelve of 1,000 entries, and a page holds 10,000 entries.
    let large: Vec<(&str, i64)> =
        (0..1_000).map(|n| if n % 2 == 0 { (&*till, 1) } else { (&*bank, -1) }).collect();
    let large = transaction(&large);
    let mut posted = 0;
    while posted < 12 {
        let body = serde_json::json!({"atomic": true, "transactions": vec![large.clone(); 6]});
        let ask = Ask::post("postTransactionBatch", "/v1/transactions/batch", &body);
        posted += stage.ask(ask).await.expect(201)["posted"].as_u64().unwrap();
    }
    let (mut seen, mut pages) = (std::collections::HashSet::new(), 0);
    let mut target = "/v1/transactions?limit=200".to_owned();
    loop {
        let page = stage.ask(Ask::get("listTransactions", &target)).await.expect(200);
        pages += 1;
        for row in page["data"].as_array().unwrap() {
            assert_eq!(row["entries"].as_array().unwrap().len(), 1_000);
            assert!(seen.insert(row["id"].as_str().unwrap().to_owned()));
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        target = format!("/v1/transactions?limit=200&cursor={cursor}");
    }
    assert_eq!((seen.len(), pages), (12, 2));
}
