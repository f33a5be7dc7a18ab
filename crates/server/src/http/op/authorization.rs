//! `GET /authorize`: where clients of other flows send a browser. This provider has no browser flow, so whoever arrives is
//! told so on a page; nothing that came along is read, and nobody is sent back anywhere.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

use crate::{app::App, delivery::device_info::Language, http::device::pages};

/// Title, what this is, what to do.
struct Words {
    title: &'static str,
    what: &'static str,
    remedy: &'static str,
}

const fn words(language: Language) -> Words {
    match language {
        Language::English => Words {
            title: "No sign-in in the browser here",
            what: "This provider speaks CIBA only: it asks people on a device of their own, not in the browser.",
            remedy: "You need do nothing. If an application sent you here, tell whoever runs it: it has to use the \
                     backchannel authentication endpoint.",
        },
        Language::Japanese => Words {
            title: "ここではブラウザでサインインできません",
            what: "このプロバイダーは CIBA だけに対応しています。確認はブラウザではなく、ご本人の端末で行います。",
            remedy: "何もする必要はありません。アプリからここに移動した場合は、そのアプリの運営者にお知らせください。\
                     バックチャネル認証エンドポイントを使う必要があります。",
        },
    }
}

/// 400 with the page, in the browser's language.
pub(super) async fn show(State(_): State<Arc<App>>, headers: HeaderMap) -> Response {
    let language = pages::language(&headers);
    let Words {
        title,
        what,
        remedy,
    } = words(language);
    let page = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"{}\"></head>\
         <body><header><p>Tegata</p></header><main><h1>{title}</h1><p>{what}</p><p>{remedy}</p></main></body></html>",
        language.tag(),
        pages::STYLE_PATH
    );
    let mut response = (StatusCode::BAD_REQUEST, page).into_response();
    let answer = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
    response
}
