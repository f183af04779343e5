//! What a process keeps in memory never shows: calculate answers what is so at its moment, whoever has changed it. And
//! what a settle changes of a spend stays where the spend is.

use http::Method;
use serde_json::{Value, json};

use super::{
    lookups::CUT,
    stage::{BRAND, Holder, Stage, UNIT, location, patient, signed},
};

fn tiers(rate: f64) -> Value {
    json!([{"floor": 10_000, "ceiling": 500_000, "step": 10_000, "rate": rate, "bonus": 0, "pointsBack": 0}])
}

/// Processes remember schemes: nobody may change one behind their backs, its owner included.
#[tokio::test]
async fn the_database_refuses_to_change_a_scheme() {
    let stage = Stage::new().await;
    stage.holder(15_000).await;
    let admin = stage.database.admin().await;
    for change in [
        "update wallet.schemes set lock_seconds = 60",
        "update wallet.scheme_tiers set floor = floor + 1",
        "delete from wallet.scheme_tiers",
        "truncate wallet.schemes cascade",
    ] {
        let refused = admin.batch_execute(change).await.unwrap_err();
        let told = refused.as_db_error().unwrap();
        assert_eq!(told.code(), &tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE, "{change}: {told}");
    }
    stage.books_hold().await;
}

#[tokio::test]
async fn calculate_answers_what_is_so_now() {
    let stage = Stage::new().await;
    let admin = stage.database.admin().await;
    // The service that calculates; the other one changes things.
    let other = stage.second_instance();
    let ask = async |holder: &Holder| {
        let body = json!({
            "identity": {"identityValue": holder.identity}, "location": location(), "pointsValue": 20_000,
            "scheme": {"reference": holder.scheme_reference},
        });
        let target = "/connect/wallet/spend/calculate";
        let request = || signed(BRAND, Method::POST, target, body.to_string().as_bytes(), &[]);
        patient(&other, "spendCalculate", request()).await
    };
    let money = async |holder: &Holder| {
        let answer = ask(holder).await.expect(200);
        answer["spendAdjudicationResults"]["monetaryValue"].as_i64().unwrap()
    };
    // A name that is nothing yet is not remembered as nothing.
    let mut holder = stage.holder(15_000).await;
    holder.scheme_reference = "LATER".to_owned();
    assert_eq!(ask(&holder).await.expect(404)["errorCode"], "SCHEME_NOT_FOUND");
    let both = json!({"rates": {"redemption": {UNIT: tiers(0.1), "OTHER": tiers(0.5)}}});
    let scheme = stage.scheme_with("LATER", both).await;
    assert_eq!(ask(&holder).await.expect(404)["errorCode"], "ACCOUNT_NOT_FOUND");
    holder.scheme.clone_from(&scheme);
    let target = format!("/wallet/{}/scheme/{scheme}/account", holder.wallet);
    let account = json!({"status": "ACTIVE", "state": "LOADED"});
    let made = stage.post("createAccount", &target, &account).await.expect(201);
    holder.account = made["accountId"].as_str().unwrap().to_owned();
    // Points.
    assert_eq!(money(&holder).await, 0);
    stage.credit(&holder, 10_000).await;
    assert_eq!(money(&holder).await, 1_000);
    stage.credit(&holder, 10_000).await;
    assert_eq!(money(&holder).await, 2_000);
    stage.spend(&holder, "locks", 10_000, true).await.expect(200);
    assert_eq!(money(&holder).await, 1_000);
    stage.void(&holder, "locks").await.expect(200);
    assert_eq!(money(&holder).await, 2_000);
    // Who may.
    let suspend = format!("/wallet/{}/account/{}/suspend", holder.wallet, holder.account);
    stage.patch("suspendAccount", &suspend, &Value::Null).await.expect(200);
    assert_eq!(ask(&holder).await.expect(400)["errorCode"], "SPEND_NOT_PERMITTED");
    let activate = format!("/wallet/{}/account/{}/activate", holder.wallet, holder.account);
    stage.patch("activateAccount", &activate, &Value::Null).await.expect(200);
    assert_eq!(money(&holder).await, 2_000);
    let rule = "insert into wallet.permission_rules values (ledger.brand_key('demo'), 'account', null, 'LOADED', true, false)";
    admin.execute(rule, &[]).await.unwrap();
    assert_eq!(ask(&holder).await.expect(400)["errorCode"], "SPEND_NOT_PERMITTED");
    admin.execute("delete from wallet.permission_rules", &[]).await.unwrap();
    assert_eq!(money(&holder).await, 2_000);
    // Whose tiers apply where the till names a banner that has none.
    let settings =
        "insert into wallet.brand_settings (brand_key, unit_id, unit_name) values (ledger.brand_key('demo'), 'OTHER', '')
                    on conflict (brand_key) do update set unit_id = excluded.unit_id";
    let unlisted = async |holder: &Holder| {
        let body = json!({
            "identity": {"identityValue": holder.identity}, "pointsValue": 20_000,
            "scheme": {"reference": holder.scheme_reference},
        });
        let target = "/connect/wallet/spend/calculate";
        let request = || signed(BRAND, Method::POST, target, body.to_string().as_bytes(), &[]);
        patient(&other, "spendCalculate", request()).await
    };
    assert_eq!(unlisted(&holder).await.expect(400)["errorCode"], "SPEND_NOT_PERMITTED");
    admin.execute(settings, &[]).await.unwrap();
    let answer = unlisted(&holder).await.expect(200);
    assert_eq!(answer["spendAdjudicationResults"]["monetaryValue"], 10_000);
    assert_eq!(money(&holder).await, 2_000);
    stage.books_hold().await;
}

/// Otherwise each of its indexes would get another entry.
#[tokio::test]
async fn a_settled_spend_stays_on_its_page() {
    const SPENDS: i64 = 60;
    let stage = Stage::new().await;
    let holder = stage.holder(10_000 * SPENDS).await;
    for n in 0..SPENDS {
        let spend = format!("spend-{n}");
        stage.spend(&holder, &spend, 10_000, true).await.expect(200);
        match n % 3 {
            0 => stage.void(&holder, &spend).await.expect(200),
            _ => stage.settle(&holder, &format!("buy-{n}"), &[&spend]).await.expect(200),
        };
    }
    let admin = stage.database.admin().await;
    admin.query(CUT, &[]).await.unwrap();
    let sql =
        "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'wallet_transactions'";
    let row = admin.query_one(sql, &[]).await.unwrap();
    let (updated, stayed): (i64, i64) = (row.get(0), row.get(1));
    println!("{stayed} of {updated} updates stayed on their page");
    assert_eq!((updated, stayed), (SPENDS, SPENDS));
    stage.books_hold().await;
}
