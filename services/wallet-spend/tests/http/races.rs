//! Commands that want the same points at the same moment: each gets a clear answer, one effect.

use futures_util::{future::join, future::join_all};
use http::Method;

use super::stage::{BRAND, Stage, patient, refused, settle_body, signed, spend_body};

#[tokio::test]
async fn a_void_and_a_settle_of_one_spend_have_one_winner() {
    let stage = Stage::new().await;
    let holder = stage.holder(400_000).await;
    for round in 0..20 {
        let (spend, buy) = (format!("spend-{round}"), format!("buy-{round}"));
        stage.spend(&holder, &spend, 10_000, true).await.expect(200);
        let children = [spend.as_str()];
        let race = if round % 2 == 0 {
            join(stage.void(&holder, &spend), stage.settle(&holder, &buy, &children)).await
        } else {
            let (settled, voided) =
                join(stage.settle(&holder, &buy, &children), stage.void(&holder, &spend)).await;
            (voided, settled)
        };
        match (race.0.status, race.1.status) {
            (200, _) => drop(refused(&race.1, 400, "TRANSACTION_VOIDED")),
            (_, 200) => drop(refused(&race.0, 400, "TRANSACTION_SETTLED")),
            other => panic!("no winner: {other:?}"),
        }
    }
    let [current, usable, locked, spent, value] = stage.figures(&holder).await;
    assert_eq!((current, usable, locked), (400_000 - spent, current, 0));
    assert_eq!(value, spent / 10);
    stage.books_hold().await;
}

/// Another process holds the wallet for longer than a batch waits for a lock: the batch runs again.
#[tokio::test]
async fn a_wallet_that_another_process_holds_for_a_while_is_waited_for() {
    let stage = Stage::new().await;
    let holder = stage.holder(10_000).await;
    let other = stage.database.admin().await;
    other.batch_execute("begin; select from wallet.wallets for update").await.unwrap();
    let held = async {
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
        other.batch_execute("rollback").await.unwrap();
    };
    let body = spend_body(&holder, "one", 10_000, true).to_string();
    let spend = signed(BRAND, Method::POST, "/connect/wallet/spend", body.as_bytes(), &[]);
    let (answer, ()) = join(stage.send("spend", spend), held).await;
    answer.expect(200);
    stage.books_hold().await;
}

#[tokio::test]
async fn no_points_are_spent_twice() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let references: Vec<String> = (0..60).map(|n| format!("s-{n}")).collect();
    let spends = references
        .iter()
        .enumerate()
        .map(|(n, reference)| stage.spend(&holder, reference, 10_000, n % 2 == 0));
    let answers = join_all(spends).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 10);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        refused(answer, 400, "INSUFFICIENT_POINTS");
    }
    let [current, usable, locked, spent, _] = stage.figures(&holder).await;
    assert_eq!((usable, current, locked + spent), (0, locked, 100_000));
    stage.books_hold().await;
}

#[tokio::test]
async fn fifty_refunds_of_one_spend_give_it_back_once() {
    let stage = Stage::new().await;
    let holder = stage.holder(50_000).await;
    stage.spend(&holder, "spend", 50_000, false).await.expect(200);
    let refund = |n: i64| {
        let body = serde_json::json!({
            "reference": format!("refund-{n}"), "originalTransaction": {"reference": "spend"},
        });
        let stage = &stage;
        async move { stage.post("refund", "/connect/wallet/refund", &body).await }
    };
    let answers = join_all((0..50).map(refund)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(stage.figures(&holder).await, [50_000, 50_000, 0, 0, 0]);
    stage.books_hold().await;
}

#[tokio::test]
async fn one_identity_is_made_once() {
    let stage = Stage::new().await;
    let scheme = stage.scheme("S").await;
    let schemes = [(scheme.as_str(), "S")];
    let holders = join_all((0..10).map(|_| stage.holder_of_any("card", &schemes))).await;
    let wallets: std::collections::BTreeSet<&str> =
        holders.iter().map(|made| made["walletId"].as_str().unwrap()).collect();
    assert_eq!(wallets.len(), 1);
    let made: i64 = holders
        .iter()
        .map(|made| made.pointer("/accounts/scheme/successful/total").unwrap().as_i64().unwrap())
        .sum();
    assert_eq!(made, 1);
    stage.books_hold().await;
}

#[tokio::test]
async fn two_instances_agree_on_every_reference_and_every_point() {
    let stage = Stage::new().await;
    let other = stage.second_instance();
    let holder = stage.holder(100_000).await;
    let ask = |n: usize, operation: &'static str, target: &'static str, body: serde_json::Value| {
        let (stage, other) = (&stage, &other);
        async move {
            let request = signed(BRAND, http::Method::POST, target, body.to_string().as_bytes(), &[]);
            let till = if n.is_multiple_of(2) { stage.till() } else { other };
            patient(till, operation, request).await
        }
    };
    // Each of ten spends is sent twice to each instance.
    let spends = (0..40).map(|n| {
        let body = spend_body(&holder, &format!("s-{}", n / 4), 10_000, true);
        ask(n, "spend", "/connect/wallet/spend", body)
    });
    let answers = join_all(spends).await;
    for twins in answers.chunks(4) {
        for twin in twins {
            assert_eq!((twin.status, &twin.raw), (200, &twins[0].raw), "{}", twin.body);
        }
        assert!(twins.iter().filter(|twin| !twin.replayed).count() <= 1);
    }
    assert_eq!(stage.figures(&holder).await, [100_000, 0, 100_000, 0, 0]);
    // Each spend is settled by one instance and voided by the other.
    let ends = (0..20_usize).map(|n| {
        let spend = format!("s-{}", n / 2);
        if n.is_multiple_of(2) {
            let body = settle_body(&holder, &format!("b-{n}"), &[&spend]);
            ask(n, "settle", "/connect/wallet/settle", body)
        } else {
            let body =
                serde_json::json!({"identity": {"identityValue": holder.identity}, "reference": spend});
            ask(n, "spendVoid", "/connect/wallet/spend/void", body)
        }
    });
    let done = join_all(ends).await.iter().filter(|answer| answer.status == 200).count();
    let [current, usable, locked, spent, _] = stage.figures(&holder).await;
    assert_eq!(done, 10, "each spend has one end");
    assert_eq!((current, usable, locked), (100_000 - spent, current, 0));
    stage.books_hold().await;
}
