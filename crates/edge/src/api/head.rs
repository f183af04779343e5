//! What is wrong with a request before its body is looked at.

use http::{HeaderMap, HeaderValue, Version, header, request::Parts};

use crate::{
    auth::single,
    contract::{Operation, media_type},
    problem::{Kind, Problem},
};

/// HTTP/1.1 wants exactly one Host (RFC 9112, section 3.2), and a body of one length. Where the
/// length is in doubt, what follows on the connection is too: it is closed.
pub(super) fn check_framing(parts: &Parts, has_two_lengths: bool) -> Result<(), Problem> {
    if has_two_lengths {
        return Err(
            Problem::invalid("Content-Length and Transfer-Encoding must not be sent together").close()
        );
    }
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && parts.version == Version::HTTP_11) {
        return Err(Problem::invalid("exactly one header Host is required"));
    }
    Ok(())
}

/// 413 by what the request says of itself, before a byte of it is read.
pub(super) fn check_declared_length(headers: &HeaderMap, operation: &Operation) -> Result<(), Problem> {
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match declared {
        Some(bytes) if usize::try_from(bytes).map_or(true, |bytes| bytes > operation.body_bytes_max) => {
            Err(too_large(operation))
        }
        _ => Ok(()),
    }
}

pub(super) fn too_large(operation: &Operation) -> Problem {
    Problem::of(
        Kind::PayloadTooLarge,
        format!("the body is larger than the {} bytes that this operation takes", operation.body_bytes_max),
    )
}

/// JSON in UTF-8, uncompressed. A body without a Content-Type is taken for JSON: tills send none.
pub(super) fn check_content(headers: &HeaderMap) -> Result<(), Problem> {
    let unsupported = |message: &'static str| Err(Problem::of(Kind::UnsupportedMediaType, message));
    if let Some(encoding) = single(headers, "content-encoding")?
        && !encoding.trim().eq_ignore_ascii_case("identity")
    {
        return unsupported("a compressed body is not taken");
    }
    let Some(content_type) = single(headers, "content-type")? else { return Ok(()) };
    // What nearly every caller sends.
    if content_type == "application/json" {
        return Ok(());
    }
    if media_type(content_type) != "application/json" {
        return unsupported("the Content-Type must be application/json");
    }
    let charset = content_type.split(';').skip(1).filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    for charset in charset {
        if !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("utf8") {
            return unsupported("the charset must be utf-8");
        }
    }
    Ok(())
}

/// The challenge that goes with a 401, and with a 403 for want of a scope (RFC 6750, section 3).
pub(super) fn challenge(scheme: &'static str, problem: Problem, scope: Option<&str>) -> Problem {
    let text = if scheme != "Bearer" {
        scheme.to_owned()
    } else if problem.is(Kind::InvalidToken) {
        r#"Bearer error="invalid_token""#.to_owned()
    } else if problem.is(Kind::InsufficientScope) {
        format!(r#"Bearer error="insufficient_scope", scope="{}""#, scope.unwrap_or_default())
    } else if problem.is(Kind::Unauthenticated) {
        "Bearer".to_owned()
    } else {
        return problem;
    };
    match HeaderValue::from_str(&text) {
        Ok(value) => problem.header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}
