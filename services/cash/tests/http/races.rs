//! No overdraft in any race.

use futures_util::future::join_all;
use serde_json::json;

use super::stage::Stage;

#[tokio::test]
async fn of_many_spends_at_once_exactly_the_covered_ones_succeed() {
    let stage = Stage::new().await;
    // In lots, so that spends cross from one to the next.
    for _ in 0..10 {
        stage.grant("u-1", 100, json!({})).await.expect(201);
    }
    let (clients, tries) = (64, 20);
    let outcomes = join_all((0..clients).map(|_| async {
        let mut done = 0;
        for _ in 0..tries {
            match stage.spend("u-1", 1).await.status {
                201 => done += 1,
                409 => {}
                other => panic!("{other}"),
            }
        }
        done
    }))
    .await;
    assert_eq!(outcomes.iter().sum::<i64>(), 1_000, "of {} tries", clients * tries);
    assert_eq!(stage.balance("u-1").await, 0);
    stage.books_hold().await;
}

#[tokio::test]
async fn two_processes_that_spend_at_once_never_overdraw() {
    let stage = Stage::new().await;
    stage.grant("u-1", 50, json!({})).await.expect(201);
    let second = stage.other_till();
    let outcomes = join_all((0..100).map(|n| {
        let till = if n % 2 == 0 { stage.till() } else { &second };
        async move { till.ask(super::stage::spend("u-1", 1).key(format!("race-{n}"))).await.status }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|status| **status == 201).count(), 50);
    assert_eq!(outcomes.iter().filter(|status| **status == 409).count(), 50);
    assert_eq!(stage.balance("u-1").await, 0);
    stage.books_hold().await;
}

#[tokio::test]
async fn first_grants_of_one_user_at_once_open_one_account() {
    let stage = Stage::new().await;
    let granted = join_all((0..30).map(|_| stage.grant("u-1", 1, json!({})))).await;
    let accounts: std::collections::HashSet<String> =
        granted.into_iter().map(|answer| answer.expect(201)["account_id"].to_string()).collect();
    assert_eq!(accounts.len(), 1);
    assert_eq!(stage.balance("u-1").await, 30);
}
