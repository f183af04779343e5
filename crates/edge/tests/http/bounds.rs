//! Slow, silent and stalled connections end; busy and idle ones do not.

use std::time::Duration;

use zerosum_edge::{ServeLimits, StatusCode};

use crate::fixture::{Server, quick};

const SOON: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn a_connection_that_says_nothing_or_half_a_head_is_closed() {
    let server = Server::start().await;
    let mut silent = server.connect().await;
    assert!(silent.ends_within(SOON).await, "a silent connection stays");
    let mut half = server.connect().await;
    half.send(b"GET /v1/open HTTP/1.1\r\nHost").await;
    assert!(half.ends_within(SOON).await, "half a head stays");
    // One byte now and then is not a way around it.
    let mut slow = server.connect().await;
    let drip = async {
        for byte in b"GET /v1/open HTTP/1.1\r\nHost: h\r\nX-Slow: yes\r\n\r\n" {
            tokio::time::sleep(Duration::from_millis(40)).await;
            if tokio::io::AsyncWriteExt::write_all(&mut slow.0, &[*byte]).await.is_err() {
                return true;
            }
        }
        slow.answer().await.is_none()
    };
    assert!(drip.await, "a dripping head is answered");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_head_time_but_not_the_idle_time() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        assert_eq!(client.ask(&server.post(br#"{"amount":1}"#)).await.status, StatusCode::OK);
        tokio::time::sleep(Duration::from_millis(1200)).await;
    }
    assert!(client.ends_within(Duration::from_millis(2500)).await, "it idles for ever");
    // A further head is held to the head time like the first.
    let mut client = server.connect().await;
    client.ask(&server.post(br#"{"amount":1}"#)).await;
    client.send(b"GET /v1/o").await;
    assert!(client.ends_within(SOON).await);
}

#[tokio::test]
async fn a_request_that_is_being_answered_is_not_idle() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let answer = client.ask(&server.post_to("/v1/sleep", "", b"2500")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_stalls_is_408() {
    let server = Server::with(|settings| settings.body_time_max = Duration::from_millis(500), quick()).await;
    let whole = server.post(br#"{"amount":1}"#);
    let mut client = server.connect().await;
    let answer = client.ask(&whole[..whole.len() - 3]).await;
    assert_eq!((answer.status, &*answer.error()), (StatusCode::REQUEST_TIMEOUT, "request_timeout"));
    assert!(client.answer().await.is_none());
    // A body that arrives in pieces, in time, is fine.
    let mut client = server.connect().await;
    client.send(&whole[..whole.len() - 3]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(client.ask(&whole[whole.len() - 3..]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_a_place() {
    let server = Server::with(|_| {}, ServeLimits { connections_max: 1, ..quick() }).await;
    let mut first = server.connect().await;
    let open = b"GET /v1/open HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_eq!(first.ask(open).await.status, StatusCode::OK);
    let mut second = server.connect().await;
    second.send(open).await;
    assert!(tokio::time::timeout(Duration::from_millis(200), second.answer()).await.is_err());
    drop(first);
    assert_eq!(second.answer().await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn requests_in_one_piece_are_answered_in_order() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let mut bytes = Vec::new();
    for i in 1..=20 {
        bytes.extend(server.post(format!("{{\"amount\":{i}}}").as_bytes()));
    }
    client.send(&bytes).await;
    for i in 1..=20 {
        assert_eq!(client.answer().await.unwrap().json()["body"]["amount"], i);
    }
}
