//! Stopping: readiness turns, answers in flight go out, nothing that was taken is lost.

use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use zerosum_edge::{Drained, ServeLimits, StatusCode};

use crate::fixture::{Client, Server, quick};

const OPEN: &[u8] = b"GET /v1/open HTTP/1.1\r\nHost: h\r\n\r\n";

#[tokio::test]
async fn answers_in_flight_go_out_and_then_it_ends() {
    let limits = ServeLimits { drain_grace: Duration::from_millis(500), ..quick() };
    let mut server = Server::with(|_| {}, limits).await;
    let mut busy = server.connect().await;
    let mut idle = server.connect().await;
    assert_eq!(idle.ask(OPEN).await.status, StatusCode::OK);
    busy.send(&server.post_to("/v1/sleep", "", b"900")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.begin_stop();
    while !server.edge.settings().readiness.is_draining() {
        tokio::task::yield_now().await;
    }
    // Still taken while the grace lasts, and told to leave.
    let mut late = server.connect().await;
    let told = late.ask(b"GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told.header("connection"), Some("close"));
    let answer = busy.answer().await.expect("the answer in flight");
    assert_eq!(answer.json()["slept"], 900);
    assert!(idle.ends_within(Duration::from_millis(2000)).await);
    let address = server.address;
    assert_eq!(server.stopped().await, Drained::Whole);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn draining_is_bounded() {
    let limits = ServeLimits { drain_time_max: Duration::from_millis(300), ..quick() };
    let mut server = Server::with(|_| {}, limits).await;
    let mut busy = server.connect().await;
    busy.send(&server.post_to("/v1/sleep", "", b"2900")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    server.begin_stop();
    assert_eq!(server.stopped().await, Drained::Cut(1));
    assert!(begun.elapsed() < Duration::from_millis(2500));
    assert!(busy.answer().await.is_none());
}

/// Callers under way keep asking, on a new connection when they are told to leave, until nobody
/// listens: each request that was sent is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_when_it_stops_under_load() {
    let mut server =
        Server::with(|_| {}, ServeLimits { drain_grace: Duration::from_millis(200), ..quick() }).await;
    let request = server.post(br#"{"amount":1}"#);
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (address, request) = (server.address, request.clone());
            tokio::spawn(async move {
                let mut answered = 0;
                while let Ok(stream) = TcpStream::connect(address).await {
                    let mut client = Client(stream);
                    loop {
                        if tokio::io::AsyncWriteExt::write_all(&mut client.0, &request).await.is_err() {
                            return Err(answered);
                        }
                        let Some(answer) = client.answer().await else { return Err(answered) };
                        assert_eq!(answer.status, StatusCode::OK);
                        answered += 1;
                        if answer.header("connection") == Some("close") {
                            break;
                        }
                    }
                }
                Ok(answered)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.begin_stop();
    assert_eq!(server.stopped().await, Drained::Whole);
    let mut total = 0;
    for caller in callers {
        total += caller.await.unwrap().expect("a request was lost");
    }
    assert!(total > 100, "only {total} requests were sent");
}
