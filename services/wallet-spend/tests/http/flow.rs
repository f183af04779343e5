//! The published flow page, played against the service: its requests go in, its answers come out.

use serde_json::{Value, json};

use super::{
    shape::differences,
    stage::{Holder, Stage},
};

pub const CARD: &str = "66c3b7bda01c8756b883390dca9fbb30";
const OTHER_CARD: &str = "9a846dc8d0810688330b8832ae93be39";

/// A payload of the page, by its name.
pub fn page(name: &str) -> Value {
    macro_rules! pages {
        ($($known:literal),+ $(,)?) => {
            match name {
                $($known => include_str!(concat!("page/", $known, ".json")),)+
                _ => panic!("the page has no {name}"),
            }
        };
    }
    let text = pages!(
        "account_locked",
        "account_voided",
        "calculate_request",
        "calculate_response",
        "open_transaction",
        "spend_event",
        "spend_request",
        "spend_response",
        "spend_transaction",
        "void_event",
        "void_request",
        "void_response",
        "void_transaction",
    );
    serde_json::from_str(text).unwrap()
}

/// The page's wallet: 25,000 points, and a second account that an open lists too.
pub async fn gemma(stage: &Stage, card: &str) -> Holder {
    let points = stage.scheme("RETAILPOINTS").await;
    let other = stage.scheme("OTHERPOINTS").await;
    let holder = stage.holder_of(card, &[(&points, "RETAILPOINTS"), (&other, "OTHERPOINTS")]).await;
    stage.credit(&holder, 25_000).await;
    holder
}

/// The page's request with our ids in its operations.
pub fn with_ids(mut request: Value, holder: &Holder) -> Value {
    let operation = request.pointer_mut("/spendAdjudicationResults/operations/0").unwrap();
    operation["resourceId"] = json!(holder.scheme);
    operation["accountId"] = json!(holder.account);
    operation["walletId"] = json!(holder.wallet);
    request
}

#[track_caller]
pub fn same(published: &Value, ours: &Value) {
    let found = differences(published, ours);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn calculate_and_spend_answer_as_published() {
    let stage = Stage::new().await;
    let holder = gemma(&stage, CARD).await;
    let calculated = stage
        .post("spendCalculate", "/connect/wallet/spend/calculate", &page("calculate_request"))
        .await
        .expect(200);
    same(&page("calculate_response"), &calculated);

    stage.open(&holder, "20241103080000-111-01-1121").await.expect(200);
    let request = with_ids(page("spend_request"), &holder);
    let spent = stage.post("spend", "/connect/wallet/spend", &request).await;
    same(&page("spend_response"), &spent.clone().expect(200));

    let find = |reference: &str| {
        let target = format!("/wallet/transaction?reference={reference}");
        let stage = &stage;
        async move { stage.get("findTransaction", &target).await.expect(200) }
    };
    same(&page("open_transaction"), &find("20241103080000-111-01-1121").await);
    let transaction = find("20241103080000-111-01-1122").await;
    same(&page("spend_transaction"), &transaction);
    assert_eq!(
        transaction["parentWalletTransactionId"],
        find("20241103080000-111-01-1121").await["walletTransactionId"]
    );
    same(&page("account_locked"), &stage.account(&holder).await);

    let event = stage.event("POSCONNECT.WALLET.SPEND").await;
    same(&page("spend_event"), &event);
    assert_eq!(event["request"]["body"], request.to_string());
    assert_eq!(event["response"]["body"].as_str().unwrap().as_bytes(), spent.raw);
    stage.books_hold().await;
}

#[tokio::test]
async fn void_answers_as_published() {
    let stage = Stage::new().await;
    let holder = gemma(&stage, OTHER_CARD).await;
    let mut request = with_ids(page("spend_request"), &holder);
    request["identity"]["identityValue"] = json!(OTHER_CARD);
    request["reference"] = json!("20241103080000-111-01-1124");
    request.as_object_mut().unwrap().remove("parentWalletTransactionReference");
    request["spendAdjudicationResults"]["analysedDateTime"] = json!("2025-02-22T23:04:25+00:00");
    stage.post("spend", "/connect/wallet/spend", &request).await.expect(200);

    let voided = stage.post("spendVoid", "/connect/wallet/spend/void", &page("void_request")).await;
    same(&page("void_response"), &voided.clone().expect(200));
    let target = "/wallet/transaction?reference=20241103080000-111-01-1124";
    same(&page("void_transaction"), &stage.get("findTransaction", target).await.expect(200));
    same(&page("account_voided"), &stage.account(&holder).await);
    let event = stage.event("POSCONNECT.WALLET.SPEND.VOID").await;
    same(&page("void_event"), &event);
    assert_eq!(event["response"]["body"].as_str().unwrap().as_bytes(), voided.raw);

    let again = stage.post("spendVoid", "/connect/wallet/spend/void", &page("void_request")).await;
    assert!(again.replayed && again.raw == voided.raw);
    assert_eq!(stage.figures(&holder).await, [25_000, 25_000, 0, 0, 0]);
    stage.books_hold().await;
}

#[tokio::test]
async fn every_path_answers_under_its_prefix_too() {
    let stage = Stage::new().await;
    gemma(&stage, CARD).await;
    let target = "/2.0/connect/wallet/spend/calculate";
    let calculated = stage.post("spendCalculate", target, &page("calculate_request")).await.expect(200);
    same(&page("calculate_response"), &calculated);
    stage.books_hold().await;
}

#[tokio::test]
async fn the_worked_numbers_of_the_contract_come_out() {
    let stage = Stage::new().await;
    let holder = gemma(&stage, CARD).await;
    for (asked, points, remainder, money) in
        [(25_000, 20_000, 5_000, 2_000), (19_999, 10_000, 9_999, 1_000), (9_999, 0, 9_999, 0)]
    {
        let results = stage.calculate(&holder, asked).await.expect(200);
        let results = &results["spendAdjudicationResults"];
        let got =
            ["pointsValue", "pointsRemainder", "monetaryValue"].map(|name| results[name].as_i64().unwrap());
        assert_eq!(got, [points, remainder, money], "{asked}");
    }
    let body = json!({
        "identity": {"identityValue": CARD}, "location": super::stage::location(), "monetaryValue": 1_999,
        "scheme": {"reference": "RETAILPOINTS"},
    });
    let results = stage.post("spendCalculate", "/connect/wallet/spend/calculate", &body).await.expect(200);
    assert_eq!(results["spendAdjudicationResults"]["pointsValue"], 10_000);
    assert_eq!(results["spendAdjudicationResults"]["pointsRemainder"], 9_990);
    stage.books_hold().await;
}
