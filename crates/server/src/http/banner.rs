//! The banner on every page of a server that is not for real accounts alone: one that has the automation hook, or test
//! accounts.
//!
//! It is put in where answers leave, under the `body` tag of whatever is HTML, so that no page can be without it. Pages
//! need a style for `.test-banner`, which the kiosk's style sheet has.
//!
//! To add a language: an arm in [`words`].

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

use super::operator::language;
use crate::{app::App, delivery::device_info::Language, storage::StoreReader};

/// The longest page, in bytes.
const LONGEST_PAGE: usize = 4 << 20;

/// The middleware.
pub(super) async fn show(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let language = language(request.headers());
    let response = next.run(request).await;
    if !is_html(response.headers()) || !is_for_tests(&app).await {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(page) = to_bytes(body, LONGEST_PAGE).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // The length is written anew for what is sent.
    parts.headers.remove(header::CONTENT_LENGTH);
    let page = match std::str::from_utf8(&page) {
        Ok(page) => Body::from(with_banner(page, language)),
        Err(_) => Body::from(page),
    };
    Response::from_parts(parts, page)
}

/// Whether the server is not for real accounts alone. If the store does not answer it counts as if there were test accounts.
async fn is_for_tests(app: &App) -> bool {
    app.config.automation.is_on()
        || app
            .store
            .read(StoreReader::has_test_accounts)
            .await
            .unwrap_or(true)
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|media_type| media_type.starts_with("text/html"))
}

/// The page with the banner as the first thing in it. A page without a body has none: the answer to HEAD.
fn with_banner(page: &str, language: Language) -> String {
    let after_tag = page
        .split_once("<body")
        .and_then(|(before, rest)| Some((before, rest.split_once('>')?)));
    match after_tag {
        Some((before, (attributes, rest))) => {
            let banner = banner(language);
            format!("{before}<body{attributes}>{banner}{rest}")
        }
        None => page.to_owned(),
    }
}

/// The banner as HTML.
fn banner(language: Language) -> String {
    let (tag, words) = (language.tag(), words(language));
    format!(r#"<p class="test-banner" role="note" lang="{tag}">{words}</p>"#)
}

fn words(language: Language) -> &'static str {
    match language {
        Language::English => {
            "Test server: it has test accounts, whose approvals may be simulated. Not for real accounts."
        }
        Language::Japanese => {
            "テスト用サーバーです。テストアカウントがあり、その承認は模擬の場合があります。実際のアカウントには使わないでください。"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_is_the_first_thing_in_the_body() {
        let page = with_banner(
            "<html><body class=\"a\"><h1>A &lt;body&gt;</h1></body></html>",
            Language::English,
        );
        assert!(
            page.starts_with("<html><body class=\"a\"><p class=\"test-banner\""),
            "{page}"
        );
        assert_eq!(page.matches("test-banner").count(), 1);
        assert!(page.ends_with("<h1>A &lt;body&gt;</h1></body></html>"));
        assert_eq!(with_banner("", Language::Japanese), "");
    }
}
