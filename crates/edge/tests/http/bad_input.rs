//! Bad input: a clear error that names the field, nothing done, the connection kept.

use zerosum_edge::StatusCode;

use crate::fixture::{Server, quick};

const GOOD: &[u8] = br#"{"amount":1}"#;

#[tokio::test]
async fn every_bad_body_is_told_why_and_the_connection_is_kept() {
    let server = Server::start().await;
    let deep = format!("{{\"amount\":1,\"metadata\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    let many = format!("{{\"amount\":1,\"entries\":[{}1]}}", "1,".repeat(1000));
    let table: [(&[u8], &str); 32] = [
        (b"{\"amount\":0}", "/amount: "),
        (b"{\"amount\":-5}", "/amount: "),
        (b"{\"amount\":1.5}", "/amount: "),
        (b"{\"amount\":\"1\"}", "/amount: "),
        (b"{\"amount\":null}", "/amount: "),
        (b"{\"amount\":[1]}", "/amount: "),
        (b"{\"amount\":true}", "/amount: "),
        (b"{\"amount\":9007199254740992}", "/amount: "),
        (b"{\"amount\":18446744073709551616}", "/amount: "),
        (b"{\"amount\":9007199254740992.0}", "/amount: "),
        (b"{\"amount\":1e400}", "out of range"),
        (b"{\"amount\":NaN}", "the body: "),
        (b"{\"amount\":Infinity}", "the body: "),
        (b"{\"amount\":01}", "the body: "),
        (b"{\"amount\":1,\"user\":\"\"}", "/user: "),
        (b"{}", "/amount: is required"),
        (b"[]", "the body: "),
        (b"[{\"amount\":1}]", "the body: "),
        (b"1", "the body: "),
        (b"null", "the body: "),
        (b"\"\"", "the body: "),
        (b"", "the body: is required"),
        (b"  ", "the body: "),
        (b"{\"amount\":1}{\"amount\":1}", "the body: trailing"),
        (b"{\"amount\":1}]", "the body: trailing"),
        (b"{\"amount\":1,\"amount\":1}", "duplicate key \"amount\""),
        (b"{\"amount\":1,\"metadata\":{\"a\":{\"b\":1,\"b\":1}}}", "duplicate key \"b\""),
        (b"{\"amount\":1,\"metadata\":{\"a\":\"\\u0000\"}}", "U+0000"),
        (b"{\"amount\":1,\"metadata\":{\"a\":\"\\ud800\"}}", "the body: "),
        (b"{\"amount\":1,\"metadata\":{\"a\":\"\xff\"}}", "invalid UTF-8"),
        (deep.as_bytes(), "nested deeper"),
        (many.as_bytes(), "/entries: "),
    ];
    let mut client = server.connect().await;
    for (body, why) in table {
        let answer = client.ask(&server.post(body)).await;
        let body = String::from_utf8_lossy(body);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.error(), "validation_error", "{body}");
        assert!(answer.message().contains(why), "{body} is refused with {:?}, not {why:?}", answer.message());
    }
    let bom = client.ask(&server.post(b"\xEF\xBB\xBF{\"amount\":1}")).await;
    assert!(bom.message().contains("byte-order mark"));
    let fine = client.ask(&server.post(br#"{"amount":1.0,"unknown":{"a":0.1}}"#)).await;
    assert_eq!(fine.json()["body"].to_string(), r#"{"amount":1,"unknown":{"a":0.1}}"#);
}

#[tokio::test]
async fn what_is_not_plain_json_is_415() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let table = [
        ("", StatusCode::OK),
        ("Content-Type: application/json\r\n", StatusCode::OK),
        ("Content-Type: Application/JSON; Charset=\"UTF-8\"\r\n", StatusCode::OK),
        ("Content-Type: application/json;charset=utf-8\r\nContent-Encoding: identity\r\n", StatusCode::OK),
        ("Content-Type: text/plain\r\n", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("Content-Type: application/x-www-form-urlencoded\r\n", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("Content-Type: application/problem+json\r\n", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("Content-Type: application/json; charset=latin1\r\n", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("Content-Type: \r\n", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("Content-Encoding: gzip\r\n", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("Content-Type: application/json\r\nContent-Type: application/json\r\n", StatusCode::BAD_REQUEST),
    ];
    for (lines, status) in table {
        let answer = client.ask(&server.post_to("/v1/echo/x", lines, GOOD)).await;
        assert_eq!(answer.status, status, "{lines}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_before_it_is_read() {
    let server = Server::start().await;
    let spaces = |n: usize| [&b"{\"amount\":1}"[..], &vec![b' '; n - 12]].concat();
    let mut client = server.connect().await;
    assert_eq!(client.ask(&server.post(&spaces(65_536))).await.status, StatusCode::OK);
    let large = server.post_to("/v1/large", "", &spaces(1_048_576));
    assert_eq!(client.ask(&large).await.json()["bytes"], 1_048_576);
    // Only the head is sent: the answer does not wait for the body.
    for (target, bytes) in
        [("/v1/echo/x", 65_537_u64), ("/v1/large", 1_048_577), ("/v1/echo/x", u64::MAX / 2)]
    {
        let mut client = server.connect().await;
        let head = format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {bytes}\r\n\r\n");
        let answer = client.ask(head.as_bytes()).await;
        assert_eq!((answer.status, &*answer.error()), (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"));
        assert_eq!(answer.header("connection"), Some("close"));
    }
    // A caller that sends all of it before it listens still hears why.
    let mut client = server.connect().await;
    let answer = client.ask(&server.post(&spaces(600_000))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    // A chunked body says nothing of its length: it is counted.
    let head = format!(
        "POST /v1/echo/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.token()
    );
    let mut client = server.connect().await;
    let chunk = [b"10000\r\n", &spaces(65_536)[..], b"\r\n"].concat();
    let answer = client.ask(&[head.as_bytes(), &chunk, b"0\r\n\r\n"].concat()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = client.ask(&[head.as_bytes(), &chunk, b"1\r\n \r\n0\r\n\r\n"].concat()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_length_in_doubt_is_400_and_the_connection_is_closed() {
    let server = Server::start().await;
    let auth = format!("Host: h\r\nAuthorization: Bearer {}\r\n", server.token());
    let body = "c\r\n{\"amount\":1}\r\n0\r\n\r\n";
    let post = "POST /v1/echo/x HTTP/1.1\r\n";
    let smuggled = format!("{post}{auth}Content-Length: 12\r\n\r\n{{\"amount\":2}}");
    let table = [
        format!("{post}{auth}Content-Length: 22\r\nTransfer-Encoding: chunked\r\n\r\n{body}"),
        format!("{post}{auth}Transfer-Encoding: chunked\r\nContent-Length: 22\r\n\r\n{body}"),
        format!("{post}{auth}TRANSFER-ENCODING: chunked\r\ncontent-length:0\r\n\r\n{body}"),
        format!("{post}{auth}Content-Length: 12\r\nContent-Length: 13\r\n\r\n{{\"amount\":1}}"),
        format!("{post}{auth}Content-Length: +12\r\n\r\n{{\"amount\":1}}"),
        format!("{post}{auth}Content-Length: 12, 12\r\n\r\n{{\"amount\":1}}"),
        format!("{post}{auth}Transfer-Encoding: identity\r\n\r\n{body}"),
        format!("{post}{auth}Transfer-Encoding : chunked\r\n\r\n{body}"),
    ];
    for request in table {
        let mut client = server.connect().await;
        let answer = client.ask(format!("{request}{smuggled}").as_bytes()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{request}");
        assert!(client.answer().await.is_none(), "something was smuggled behind {request}");
    }
    // After a request with a length, one without is not in doubt.
    let mut client = server.connect().await;
    for _ in 0..3 {
        assert_eq!(client.ask(&server.post(GOOD)).await.status, StatusCode::OK);
        let chunked = format!("{post}{auth}Transfer-Encoding: chunked\r\n\r\n{body}");
        assert_eq!(client.ask(chunked.as_bytes()).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn exactly_one_host_is_required() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    for lines in ["", "Host: a\r\nHost: a\r\n"] {
        let answer = client.ask(format!("GET /v1/open HTTP/1.1\r\n{lines}\r\n").as_bytes()).await;
        assert_eq!((answer.status, &*answer.error()), (StatusCode::BAD_REQUEST, "validation_error"));
    }
    let answer = client.ask(b"GET /v1/open HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn heads_that_are_too_large_are_431_and_nonsense_is_400() {
    let server = Server::with(|_| {}, quick()).await;
    let many = (0..80).map(|i| format!("x-{i}: 1\r\n")).collect::<String>();
    let large = format!("x: {}\r\n", "y".repeat(20_000));
    for lines in [many, large] {
        let mut client = server.connect().await;
        let answer = client.ask(format!("GET /v1/open HTTP/1.1\r\nHost: h\r\n{lines}\r\n").as_bytes()).await;
        assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    for nonsense in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\n\r\n",
    ] {
        let mut client = server.connect().await;
        assert_eq!(client.ask(nonsense.as_bytes()).await.status, StatusCode::BAD_REQUEST, "{nonsense:?}");
    }
}
