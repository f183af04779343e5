//! From an outcome to the bytes of an answer.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use tower::{ServiceExt, service_fn};
use tower_http::compression::Compression;

use super::{Outcome, Settings};
use crate::request_id::RequestId;

/// The answer, and the stable code of a problem (for the log).
pub(super) fn render(
    outcome: Outcome,
    settings: &Settings,
    request_id: &RequestId,
    closes: bool,
) -> (Response<Full<Bytes>>, Option<&'static str>) {
    let dialect = &*settings.dialect;
    let (mut response, code, closes) = match outcome {
        Ok(reply) => {
            let empty = reply.body.is_empty();
            let mut response = Response::new(Full::new(reply.body));
            *response.status_mut() = reply.status;
            let headers = response.headers_mut();
            if let Some(content_type) = reply.content_type {
                headers.insert(header::CONTENT_TYPE, content_type);
            } else if !empty {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(dialect.content_type()));
            }
            for (name, value) in reply.headers {
                headers.append(name, value);
            }
            (response, None, closes)
        }
        Err(problem) => {
            let (status, code) = dialect.status_and_code(&problem);
            let body = dialect.body(code, problem.message(), problem.details());
            let mut response = Response::new(Full::new(Bytes::from(body)));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(dialect.content_type()));
            for (name, value) in problem.headers() {
                headers.append(name, value.clone());
            }
            (response, Some(code), closes || problem.closes())
        }
    };
    let headers = response.headers_mut();
    headers.insert(settings.request_ids.header.clone(), request_id.header_value());
    if closes {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    (response, code)
}

/// The answer in an encoding that the caller asks for with `accept`, or as it is.
pub(super) async fn compressed(
    accept: HeaderValue,
    response: Response<Full<Bytes>>,
) -> Response<Full<Bytes>> {
    let mut question = Request::new(());
    question.headers_mut().insert(header::ACCEPT_ENCODING, accept);
    let mut answer = Some(response.clone());
    let inner = service_fn(move |_: Request<()>| {
        let response = answer.take().unwrap_or_default();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let Ok(encoded) = Compression::new(inner).oneshot(question).await;
    let (mut parts, body) = encoded.into_parts();
    match body.collect().await {
        Ok(whole) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Full::new(whole.to_bytes()))
        }
        // An encoder that fails over bytes in memory: what is not encoded is right too.
        Err(_) => response,
    }
}
