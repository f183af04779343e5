//! Commands that want the same points at the same moment: each gets a clear answer, one effect.

use futures_util::{future::join, future::join_all};

use super::stage::{Stage, refused};

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
}
