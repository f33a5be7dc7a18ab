//! The kiosk's pages as HTML. Everything that did not come from [`Texts`] is escaped.

use serde_json::{Map, Value};
use tegata_protocol::UnixTime;

use super::{
    sign_in::{Progress, SignIn, SignedIn},
    texts::Texts,
};

/// The page with the button.
pub(super) fn start(texts: &Texts) -> String {
    let body = format!(
        r#"<h1>{title}</h1>
<p class="lead">{lead}</p>
<form method="post" action="/demo/sign-in"><button type="submit" data-testid="demo.sign-in">{button}</button></form>
<p class="aside"><a href="/demo/pairing" data-testid="demo.pair">{pair}</a></p>"#,
        title = texts.start_title,
        lead = texts.start_lead,
        button = texts.start_button,
        pair = texts.pair_link,
    );
    frame(texts, texts.start_title, "start", "", &body)
}

/// The page with the button that starts a pairing.
pub(super) fn pairing(texts: &Texts) -> String {
    let body = format!(
        r#"<h1>{title}</h1>
<p class="lead">{lead}</p>
<form method="post" action="/demo/pairing"><button type="submit" data-testid="demo.start-pairing">{button}</button></form>
<p class="aside"><a href="/demo">{start_over}</a></p>"#,
        title = texts.pairing_title,
        lead = texts.pairing_lead,
        button = texts.pairing_button,
        start_over = texts.start_over,
    );
    frame(texts, texts.pairing_title, "pairing", "", &body)
}

/// The page of one sign-in; `paired` says whether there is a device that could answer.
pub(super) fn sign_in(texts: &Texts, sign_in: &SignIn, now: UnixTime, paired: bool) -> String {
    match &sign_in.progress {
        Progress::Waiting if !paired => unpaired(texts),
        Progress::Waiting => waiting(texts, sign_in, now),
        Progress::Approved(signed_in) => approved(texts, sign_in, signed_in),
        Progress::Denied => ended(texts, "denied", texts.denied_title, texts.denied_lead, None),
        Progress::Expired => ended(
            texts,
            "expired",
            texts.expired_title,
            texts.expired_lead,
            None,
        ),
        Progress::Failed(why) => failed(texts, why),
    }
}

/// The page for something that did not work; `why` is for the operator.
pub(super) fn failed(texts: &Texts, why: &str) -> String {
    ended(
        texts,
        "failed",
        texts.failed_title,
        texts.failed_lead,
        Some(why),
    )
}

fn unpaired(texts: &Texts) -> String {
    let body = format!(
        r#"<h1>{title}</h1>
<p class="lead">{lead}</p>
<p><a class="button" href="/demo/pairing" data-testid="demo.pair">{pair}</a></p>
<p class="aside"><a href="/demo" data-testid="demo.start-over">{start_over}</a></p>"#,
        title = texts.unpaired_title,
        lead = texts.unpaired_lead,
        pair = texts.unpaired_link,
        start_over = texts.start_over,
    );
    frame(texts, texts.unpaired_title, "unpaired", "", &body)
}

fn waiting(texts: &Texts, sign_in: &SignIn, now: UnixTime) -> String {
    let id = escape(sign_in.id.as_str());
    let seconds = sign_in.expires.since(now).max(0);
    let (title, top) = match &sign_in.transfer_code {
        Some(code) => {
            // EXPOSE: showing the code to whoever stands here is what the page is for.
            let code = code.expose();
            let mut digits = String::new();
            for digit in code.chars() {
                digits.push_str(&element("span", &digit.to_string()));
            }
            let top = format!(
                r#"<h1>{title}</h1>
<p class="lead">{lead}</p>
<div class="transfer">
<p class="code" data-testid="demo.code"><span class="visually-hidden">{label} {code}</span><span aria-hidden="true" class="digits">{digits}</span></p>
<img class="picture" src="/demo/sign-in/{id}/code.svg" alt="{picture}" width="176" height="176">
</div>
<p class="caution">{warning}</p>"#,
                title = texts.code_title,
                lead = texts.code_lead,
                label = texts.code_label,
                code = escape(code),
                picture = texts.code_picture,
                warning = texts.code_warning,
            );
            (texts.code_title, top)
        }
        None => (
            texts.look_title,
            format!(
                "<h1>{}</h1>\n<p class=\"lead\">{}</p>",
                texts.look_title, texts.look_lead
            ),
        ),
    };
    let body = format!(
        r#"{top}
<div class="status"><p role="status"><span class="pulse" aria-hidden="true"></span>{waiting}</p>
<p class="left">{time_left} <span data-seconds-left="{seconds}">{minutes}:{rest:02}</span></p></div>
<p class="aside"><a href="/demo" data-testid="demo.start-over">{start_over}</a></p>"#,
        waiting = texts.waiting,
        time_left = texts.time_left,
        minutes = seconds / 60,
        rest = seconds % 60,
        start_over = texts.start_over,
    );
    let head = format!(
        r#"<noscript><meta http-equiv="refresh" content="2"></noscript>
<script src="/demo/kiosk.js" defer data-state="/demo/sign-in/{id}"></script>"#
    );
    frame(texts, title, "waiting", &head, &body)
}

fn approved(texts: &Texts, sign_in: &SignIn, signed_in: &SignedIn) -> String {
    let id = escape(sign_in.id.as_str());
    let sub = signed_in
        .claims
        .get("sub")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let body = format!(
        r#"<p class="seal" aria-hidden="true">✓</p>
<h1>{title}</h1>
<p class="lead">{lead} <strong data-testid="demo.person">{person}</strong> <span class="sub" data-testid="demo.sub">{sub}</span></p>
<p class="small">{checked}</p>
<h2>{claims_title}</h2>
<dl class="claims">{claims}</dl>
<p><a class="button" href="/demo/sign-in/{id}/evidence.json" download="tegata-evidence.json" data-testid="demo.evidence">{evidence}</a></p>
<p class="small">{evidence_lead} <code>tegata verify tegata-evidence.json --root {root}</code></p>
<p class="aside"><a href="/demo">{again}</a></p>"#,
        title = texts.approved_title,
        lead = texts.approved_lead,
        person = escape(&signed_in.login_name),
        sub = escape(sub),
        checked = texts.checked,
        claims_title = texts.claims,
        claims = claims(&signed_in.claims),
        evidence = texts.evidence_button,
        evidence_lead = texts.evidence_lead,
        root = signed_in.evidence.root.thumbprint(),
        again = texts.again,
    );
    frame(texts, texts.approved_title, "approved", "", &body)
}

fn claims(claims: &Map<String, Value>) -> String {
    let mut list = String::new();
    for (name, value) in claims {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        for (tag, text) in [("dt", name), ("dd", &value)] {
            list.push_str(&element(tag, text));
        }
    }
    list
}

fn element(tag: &str, text: &str) -> String {
    format!("<{tag}>{}</{tag}>", escape(text))
}

fn ended(texts: &Texts, state: &str, title: &str, lead: &str, why: Option<&str>) -> String {
    let why = why.map_or_else(String::new, |why| {
        format!("<p class=\"small\"><code>{}</code></p>\n", escape(why))
    });
    let body = format!(
        r#"<h1>{title}</h1>
<p class="lead">{lead}</p>
{why}<form method="post" action="/demo/sign-in"><button type="submit" data-testid="demo.sign-in">{again}</button></form>
<p class="aside"><a href="/demo">{start_over}</a></p>"#,
        again = texts.again,
        start_over = texts.start_over,
    );
    frame(texts, title, state, "", &body)
}

fn frame(texts: &Texts, title: &str, state: &str, head: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – {place}</title>
<link rel="stylesheet" href="/demo/kiosk.css">
{head}
</head>
<body>
<header><p>{place}</p></header>
<main data-state="{state}">
{body}
</main>
<footer><p>{note}</p></footer>
</body>
</html>
"#,
        title = title.replace('\u{200b}', ""),
        lang = texts.lang,
        place = texts.place,
        note = texts.demo_note,
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            plain => out.push(plain),
        }
    }
    out
}
