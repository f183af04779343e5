//! Bad input: a clear 400 that names the field, and nothing done.

use serde_json::json;

use super::stage::{Ask, Stage};

#[tokio::test]
async fn bad_bodies_are_named_and_do_nothing() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let amount = |amount: &str| {
        format!(
            r#"{{"type":"payout","entries":[{{"account_id":"{till}","amount_cents":{amount}}},{{"account_id":"{bank}","amount_cents":-5}}]}}"#
        )
    };
    let entries = |entries: String| format!(r#"{{"type":"payout","entries":[{entries}]}}"#);
    let entry = format!(r#"{{"account_id":"{till}","amount_cents":5}}"#);
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let table: Vec<(String, &str)> = vec![
        (amount("0"), "/entries/0/amount_cents"),
        (amount("-0.0"), "/entries/0/amount_cents"),
        (amount("0.5"), "/entries/0/amount_cents"),
        (amount("\"5\""), "/entries/0/amount_cents"),
        (amount("null"), "/entries/0/amount_cents"),
        (amount("NaN"), "the body"),
        (amount("1e400"), "the body"),
        (amount("9007199254740992"), "/entries/0/amount_cents"),
        (amount("-9007199254740992"), "/entries/0/amount_cents"),
        (entries(String::new()), "/entries"),
        (entries(entry.clone()), "/entries"),
        (entries(vec![entry.clone(); 1_001].join(",")), "/entries"),
        (r#"{"type":"","entries":[]}"#.into(), "/type"),
        (r#"{"entries":[]}"#.into(), "/type"),
        (format!(r#"{{"type":"a","type":"a","entries":[{entry},{entry}]}}"#), "duplicate key"),
        (
            format!(r#"{{"type":"a","metadata":{{"x":1,"x":2}},"entries":[{entry},{entry}]}}"#),
            "duplicate key",
        ),
        (format!(r#"{{"type":"a","metadata":{{"x":{deep}}},"entries":[{entry},{entry}]}}"#), "nested"),
        (format!(r#"{{"type":"a\u0000","entries":[{entry},{entry}]}}"#), "U+0000"),
        (format!(r#"{{"type":"\ud800","entries":[{entry},{entry}]}}"#), "the body"),
        ("[]".into(), "the body"),
        ("7".into(), "the body"),
        (String::new(), "the body"),
        ("{} {}".into(), "the body"),
        ("\u{feff}{}".into(), "byte-order mark"),
    ];
    for (body, names) in table {
        let answer = stage.ask(Ask::post_raw("postTransaction", "/v1/transactions", body.clone())).await;
        if body.len() > 64 * 1024 {
            answer.refused(413, "payload_too_large", "bytes");
        } else {
            answer.refused(400, "validation_error", names);
        }
    }
    assert_eq!(stage.balance(&till).await, "0");
}

#[tokio::test]
async fn unknown_fields_are_accepted_as_the_published_schema_does() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let body = json!({
        "type": "payout", "colour": "red",
        "entries": [
            {"account_id": till, "amount_cents": 1.0, "shade": 3},
            {"account_id": bank, "amount_cents": -1},
        ],
    });
    stage.post(&body).await.expect(201);
}
