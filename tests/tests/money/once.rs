//! Promise 6: a reversal happens once, however many ask for it.

use zerosum_tests::{
    Stage,
    accounting::{id, reverse, transfer},
    cash::grant,
    crowd::{by_status, crowd},
};

const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_reversals_at_once_have_one_effect() {
    const ROUNDS: usize = 10;
    let stage = Stage::new().await;
    let instances = [stage.accounting().await, stage.accounting().await];
    let [from, to] = [instances[0].account("from").await, instances[0].account("to").await];
    for _ in 0..ROUNDS {
        let posted = id(&instances[0].ask(transfer(&from, &to, 5)).await.expect(201));
        let answers = crowd(AT_ONCE, 0..AT_ONCE, |n| {
            let (client, ask) = (instances[n % 2].clone(), reverse(&posted));
            async move { client.until_decided(ask).await.0 }
        })
        .await;
        assert_eq!(by_status(&answers), [(201, 1), (409, AT_ONCE - 1)].into());
        let first = answers.iter().find(|answer| answer.status == 201).expect("one");
        for other in answers.iter().filter(|answer| answer.status == 409) {
            assert_eq!(other.code(), "already_reversed");
            assert!(other.body["message"].as_str().expect("a message").contains(&id(&first.body)));
        }
        assert_eq!(instances[0].balance(&to).await, 0);
    }
    stage.books_hold().await;
    println!("{ROUNDS} transactions reversed by {AT_ONCE} at once over 2 instances: 1 effect each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_first_grants_at_once_open_one_account() {
    let stage = Stage::new().await;
    let instances = [stage.cash().await, stage.cash().await];
    let answers = crowd(AT_ONCE, 0..AT_ONCE, |n| {
        let (client, ask) = (instances[n % 2].clone(), grant("ada", 3, None));
        async move { client.until_decided(ask).await.0 }
    })
    .await;
    assert_eq!(by_status(&answers), [(201, AT_ONCE)].into());
    assert!(answers.iter().all(|answer| answer.body["account_id"] == answers[0].body["account_id"]));
    assert_eq!(instances[0].cash_balance("ada").await, 150);
    stage.books_hold().await;
}
