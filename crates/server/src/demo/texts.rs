//! What the kiosk says, in English and Japanese.

use axum::http::{HeaderMap, header};

/// All texts of the kiosk in one language. U+200B in a title is where a line may break.
#[derive(Debug)]
pub(super) struct Texts {
    /// BCP 47 tag.
    pub(super) lang: &'static str,
    pub(super) place: &'static str,
    pub(super) demo_note: &'static str,
    pub(super) start_title: &'static str,
    pub(super) start_lead: &'static str,
    pub(super) start_button: &'static str,
    pub(super) pair_link: &'static str,
    pub(super) pairing_title: &'static str,
    pub(super) pairing_lead: &'static str,
    pub(super) pairing_button: &'static str,
    pub(super) unpaired_title: &'static str,
    pub(super) unpaired_lead: &'static str,
    pub(super) unpaired_link: &'static str,
    pub(super) code_title: &'static str,
    pub(super) code_lead: &'static str,
    pub(super) code_label: &'static str,
    pub(super) code_picture: &'static str,
    pub(super) code_warning: &'static str,
    pub(super) look_title: &'static str,
    pub(super) look_lead: &'static str,
    pub(super) waiting: &'static str,
    pub(super) time_left: &'static str,
    pub(super) start_over: &'static str,
    pub(super) approved_title: &'static str,
    pub(super) approved_lead: &'static str,
    pub(super) checked: &'static str,
    pub(super) claims: &'static str,
    pub(super) evidence_button: &'static str,
    pub(super) evidence_lead: &'static str,
    pub(super) denied_title: &'static str,
    pub(super) denied_lead: &'static str,
    pub(super) expired_title: &'static str,
    pub(super) expired_lead: &'static str,
    pub(super) failed_title: &'static str,
    pub(super) failed_lead: &'static str,
    pub(super) again: &'static str,
}

/// The language that `Accept-Language` prefers, English if it names neither.
pub(super) fn choose(headers: &HeaderMap) -> &'static Texts {
    let wanted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best: (&'static Texts, u16) = (&ENGLISH, 0);
    for range in wanted.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let language = parts
            .next()
            .unwrap_or_default()
            .split('-')
            .next()
            .unwrap_or_default();
        let quality = parts
            .find_map(|parameter| parameter.strip_prefix("q="))
            .map_or(1000, thousandths);
        let texts = match language.to_ascii_lowercase().as_str() {
            "en" => &ENGLISH,
            "ja" => &JAPANESE,
            _ => continue,
        };
        if quality > best.1 {
            best = (texts, quality);
        }
    }
    best.0
}

/// A quality value (RFC 9110 section 12.4.2) in thousandths; 0 if it is none.
fn thousandths(quality: &str) -> u16 {
    match quality.split_once('.') {
        None if quality == "1" => 1000,
        None => 0,
        Some((whole, fraction)) => {
            let padded = format!("{fraction:0<3}");
            let fraction = padded
                .get(..3)
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(0);
            if whole == "1" { 1000 } else { fraction }
        }
    }
}

static ENGLISH: Texts = Texts {
    lang: "en",
    place: "Tegata demo kiosk",
    demo_note: "A demonstration. Nothing here is a real account.",
    start_title: "Sign in without a password",
    start_lead: "This screen stands for a kiosk, a till or a call centre. It asks your own device, and your device asks you.",
    start_button: "Sign in",
    pair_link: "Pair a device first",
    pairing_title: "Pair a device",
    pairing_lead: "The next page holds an invitation for the demo person. It opens once and is good for a few minutes.",
    pairing_button: "Start pairing",
    unpaired_title: "No device is paired yet",
    unpaired_lead: "Pair one first, then sign in again.",
    unpaired_link: "Pair a device",
    code_title: "Type this code on your device",
    code_lead: "Open the request in the Tegata app, check what is being asked, and enter the code.",
    code_label: "Code",
    code_picture: "The same code as a picture to scan",
    code_warning: "Use it only while you stand at this screen. Never read it out to anyone.",
    look_title: "Look at your device",
    look_lead: "Open the request in the Tegata app, check what is being asked, and answer it there.",
    waiting: "Waiting for your device",
    time_left: "Expires in",
    start_over: "Start over",
    approved_title: "Signed in",
    approved_lead: "Signed in as",
    checked: "Checked here: the ID token's signature, issuer, audience and expiry, and the receipt's signature up to the server's root key.",
    claims: "What the ID token says",
    evidence_button: "Download the evidence",
    evidence_lead: "Anyone can check it without this server:",
    denied_title: "Not approved",
    denied_lead: "All that a client learns is that the request was not approved. Nothing was granted.",
    expired_title: "Nobody answered in time",
    expired_lead: "The request has expired. Nothing was granted.",
    failed_title: "This did not work",
    failed_lead: "The sign-in could not be completed. Nothing was granted.",
    again: "Sign in again",
};

static JAPANESE: Texts = Texts {
    lang: "ja",
    place: "Tegata デモ端末",
    demo_note: "これはデモです。実在のアカウントではありません。",
    start_title: "パスワードなしで\u{200b}サインイン",
    start_lead: "この画面は、店頭の端末やレジ、コールセンターの代わりです。あなたのデバイスに問い合わせ、あなたがデバイスで答えます。",
    start_button: "サインイン",
    pair_link: "先にデバイスをペアリングする",
    pairing_title: "デバイスを\u{200b}ペアリング",
    pairing_lead: "次のページに、デモの人物への招待が表示されます。ページは 1 回だけ開き、招待は数分間有効です。",
    pairing_button: "ペアリングを始める",
    unpaired_title: "ペアリングした\u{200b}デバイスが\u{200b}まだありません",
    unpaired_lead: "先にデバイスをペアリングしてから、もう一度サインインしてください。",
    unpaired_link: "デバイスをペアリング",
    code_title: "このコードを\u{200b}デバイスに\u{200b}入力してください",
    code_lead: "Tegata アプリで要求を開き、内容を確かめてから、コードを入力してください。",
    code_label: "コード",
    code_picture: "同じコードの読み取り用画像",
    code_warning: "この画面の前にいるときだけ使ってください。コードを誰にも読み上げないでください。",
    look_title: "デバイスを\u{200b}見てください",
    look_lead: "Tegata アプリで要求を開き、内容を確かめてから、アプリで答えてください。",
    waiting: "デバイスの応答を待っています",
    time_left: "残り",
    start_over: "最初からやり直す",
    approved_title: "サインイン\u{200b}しました",
    approved_lead: "サインインした人",
    checked: "確認済み：ID トークンの署名・発行者・対象・有効期限、および受領証の署名（サーバーのルート鍵まで）。",
    claims: "ID トークンの内容",
    evidence_button: "証拠をダウンロード",
    evidence_lead: "このサーバーがなくても、誰でも検証できます：",
    denied_title: "承認\u{200b}されませんでした",
    denied_lead: "クライアントに伝わるのは、要求が承認されなかったことだけです。何も許可されていません。",
    expired_title: "時間内に\u{200b}応答が\u{200b}ありませんでした",
    expired_lead: "要求の有効期限が切れました。何も許可されていません。",
    failed_title: "うまくいきませんでした",
    failed_lead: "サインインを完了できませんでした。何も許可されていません。",
    again: "もう一度サインイン",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_the_language_that_is_preferred() {
        let language = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
            choose(&headers).lang
        };
        assert_eq!(language("ja"), "ja");
        assert_eq!(language("ja-JP,en;q=0.8"), "ja");
        assert_eq!(language("fr, ja;q=0.4, en;q=0.75"), "en");
        assert_eq!(language("en-GB"), "en");
        assert_eq!(language("de"), "en");
        assert_eq!(language("ja;q=0, en;q=0.1"), "en");
        assert_eq!(choose(&HeaderMap::new()).lang, "en");
    }
}
