//! Bodies: JSON by their content type, whole, and within their limit.

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, header},
};
use tegata_protocol::device::problem::ProblemCode;

use super::problem::Refusal;

/// Reads the body of at most `limit` bytes.
pub(super) async fn read(request: Request, limit: usize) -> Result<(HeaderMap, Bytes), Refusal> {
    let (parts, body) = request.into_parts();
    let types = parts.headers.get_all(header::CONTENT_TYPE);
    let mut values = types.iter().map(|value| value.to_str().unwrap_or_default());
    let is_json = matches!((values.next(), values.next()), (Some(value), None) if is_json(value));
    if !is_json {
        let mut problem = Refusal::new(ProblemCode::MalformedRequest)
            .with_detail("Send the body as `Content-Type: application/json`.");
        problem.status = 415;
        return Err(problem);
    }
    let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| {
        Refusal::new(ProblemCode::PayloadTooLarge)
            .with_detail(format!("At most {limit} bytes are read here."))
    })?;
    Ok((parts.headers, bytes))
}

/// `application/json`, with no parameter but `charset=utf-8`.
pub(crate) fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| parameter.eq_ignore_ascii_case("charset=utf-8"))
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn only_json_is_json() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=utf-8",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "application/json; charset=latin1",
            "application/problem+json",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
