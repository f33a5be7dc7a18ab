//! The words of the operator's pages. To add one: a line in `texts!` with every language. To add a language: a column there,
//! and an arm in [`texts`].

use crate::delivery::device_info::Language;

macro_rules! texts {
    ($($name:ident: $english:literal, $japanese:literal;)*) => {
        /// All words of one language. `{}` stands for one inserted value.
        pub(super) struct Texts {
            $(pub(super) $name: &'static str,)*
        }

        const ENGLISH: Texts = Texts { $($name: $english,)* };
        const JAPANESE: Texts = Texts { $($name: $japanese,)* };
    };
}

/// The words of a language.
pub(super) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    }
}

/// Puts a value into a text.
pub(super) fn fill(text: &str, value: &str) -> String {
    text.replacen("{}", value, 1)
}

texts! {
    actions: "Actions", "操作";
    add: "Add", "追加";
    add_client_words: "Clients are registered with tegata-server client add, or register themselves where the configuration allows it.", "クライアントは tegata-server client add で登録します。設定で許可されていれば、クライアント自身による登録もできます。";
    add_person: "Add a person", "利用者を追加";
    added: "{} was added.", "{} を追加しました。";
    all_devices: "These devices in the list", "デバイスの一覧で表示";
    also_closed: "Show closed requests too", "終了した要求も表示";
    answered_no: "Denied", "拒否";
    answered_yes: "Approved", "承認";
    asked: "Asked", "要求";
    at_least: "Level, at least", "レベル（以上）";
    authentication: "Authentication", "認証方式";
    back_to_overview: "To the overview", "概要へ";
    called_back: "Client called back", "クライアントへの通知";
    called_back_done: "No call is left to make", "未処理の通知はありません";
    called_back_waiting: "Waiting, failed attempts: {}", "待機中（失敗した回数：{}）";
    certificate: "Certificate", "証明書";
    certificate_bad: "The certificate is not valid now, or does not name the issuer’s host. Clients and devices will refuse this server.", "証明書が有効期間外か、発行者のホスト名を含んでいません。クライアントとデバイスはこのサーバーを拒否します。";
    client: "Client", "クライアント";
    client_self: "Itself", "クライアント自身";
    clients: "Clients", "クライアント";
    closed_expired: "Expired", "期限切れ";
    collected: "Collected", "トークン発行";
    connected: "Connected now:", "接続中：";
    content_not_shown: "What was asked, the binding message and codes are between the client and the person and are not shown here.", "要求の内容、バインディングメッセージ、コードはクライアントと本人の間のものであり、ここには表示されません。";
    decided_by: "{} by the device", "デバイスで{}";
    decided: "Decided", "決定";
    delivered: "Delivered", "配信";
    delivered_not_noted: "Not since this server started", "サーバーの起動後はありません";
    delivery: "Delivery", "結果の受け渡し";
    device: "Device", "デバイス";
    devices: "Devices", "デバイス";
    display_name: "Name", "名前";
    display_name_hint: "Shown on the person’s device. Left empty, it is the login name.", "本人のデバイスに表示されます。空欄の場合はログイン名になります。";
    enrol_button: "Make a passkey", "パスキーを作成";
    enrol_title: "Become an operator", "管理者の登録";
    enrol_gone: "This link has been used, or its fifteen minutes are over. Ask for another: tegata-server operator invite", "このリンクは使用済みか、15 分の有効時間を過ぎています。新しいリンクを依頼してください：tegata-server operator invite";
    enrol_words: "You are about to enrol as “{}”. Your device will make a passkey for this server. The link works once.", "「{}」として登録します。お使いのデバイスがこのサーバー用のパスキーを作成します。このリンクは 1 回だけ使えます。";
    expires: "Time is over at", "期限";
    failed_code: "Ended by a wrong transfer code", "転送コードの間違いで終了";
    fingerprint: "Fingerprint", "フィンガープリント";
    host: "Proved host", "確認済みのホスト";
    is_suspended: "This client is suspended: it is refused as if it were unknown.", "このクライアントは停止中です。未登録のクライアントと同様に拒否されます。";
    issue_link: "Issue a pairing link", "ペアリングのリンクを発行";
    issuer: "Issuer", "発行者";
    language: "Language", "言語";
    last_seen: "Last seen", "最終接続";
    link: "Link", "リンク";
    log: "Log", "ログ";
    log_words: "The newest lines since the server started, at most a thousand, newest first. Logs hold no secrets.", "サーバー起動後の新しい行（最大 1000 行）を新しい順に表示します。ログに秘密情報は含まれません。";
    login_name: "Login name", "ログイン名";
    login_name_hint: "1 to 64 of A–Z a–z 0–9 . _ @ + -", "A–Z a–z 0–9 . _ @ + - の 1～64 文字";
    name: "Name", "名前";
    never: "Never", "なし";
    next: "Next", "次へ";
    no_device: "No device is paired.", "ペアリングされたデバイスはありません。";
    no_operator: "Nobody is enrolled. On the server’s machine, run tegata-server operator invite and open the link that it prints.", "管理者が登録されていません。サーバーの端末で tegata-server operator invite を実行し、表示されたリンクを開いてください。";
    no_requests: "There are none.", "ありません。";
    no_tls: "The server speaks plain HTTP on this machine. TLS is a reverse proxy’s, or nobody’s.", "サーバーはこの端末上で平文の HTTP を使っています。TLS はリバースプロキシに任せるか、使われていません。";
    nobody_found: "Nobody was found.", "該当する利用者はいません。";
    not_decided: "Not yet", "まだです";
    not_found: "There is no such thing, or not any more.", "存在しないか、すでに削除されています。";
    not_seen: "No device has reported it", "デバイスからの報告はありません";
    nothing_found: "Nothing was found.", "見つかりませんでした。";
    nobody_disturbed: "Nobody was disturbed: over budget, or no device", "通知なし（回数の上限、またはデバイスなし）";
    number: "Number", "番号";
    only_open: "Only open requests", "未決の要求のみ表示";
    open_requests: "Open requests", "未決の要求";
    operator_view: "operator’s view", "管理画面";
    operators: "Operators", "管理者";
    overview: "Overview", "概要";
    owner: "Owner", "所有者";
    page_number: "Page", "ページ";
    pages: "Pages", "ページ";
    paired: "Paired", "ペアリング";
    pairing_link: "Pairing link", "ペアリングのリンク";
    pairing_link_words: "Give it to the person over a way that you trust. It works once and for a few minutes, and cannot be shown again.", "信頼できる方法で本人に渡してください。数分間、1 回だけ使えます。再び表示することはできません。";
    passkey_failed: "That did not work. Nothing was changed.", "完了できませんでした。何も変更されていません。";
    passkey_needs_script: "Signing in with a passkey is the one thing here that needs JavaScript.", "パスキーでのサインインにのみ JavaScript が必要です。";
    passkey_unsupported: "This browser has no passkeys, or this page was not opened securely.", "このブラウザーはパスキーに対応していないか、ページが安全な接続で開かれていません。";
    passkey_working: "Follow your device.", "デバイスの指示に従ってください。";
    people: "People", "利用者";
    person: "Person", "利用者";
    person_gone: "(removed)", "（削除済み）";
    previous: "Previous", "前へ";
    refresh: "Refresh", "更新";
    refused_form: "The form was not sent from this session’s page. Nothing was changed; open the page again.", "このセッションのページから送信されたフォームではありません。何も変更されていません。ページを開き直してください。";
    registered_by: "Registered by", "登録者";
    registered_by_operator: "The operator", "管理者";
    registration: "Registration", "登録内容";
    remove_client: "Remove this client…", "このクライアントを削除…";
    remove_client_words: "Its open requests end, its tokens stop working, and it cannot be brought back.", "未決の要求は終了し、トークンは無効になります。元に戻すことはできません。";
    remove_for_good: "Remove for good", "完全に削除";
    remove_person: "Remove this person…", "この利用者を削除…";
    remove_person_words: "All devices are unpaired and open requests end. Evidence of decisions stays. It cannot be undone.", "すべてのデバイスのペアリングが解除され、未決の要求は終了します。決定の証拠は残ります。元に戻すことはできません。";
    request: "Request", "要求";
    requests: "Requests", "要求";
    resume: "Lift the suspension", "停止を解除";
    revoke: "Revoke…", "失効…";
    revoke_for_good: "Revoke for good", "完全に失効";
    revoke_words: "It will never be accepted again.", "このデバイスは二度と受け付けられません。";
    search: "Search", "検索";
    search_clients: "Part of a client_id or name", "client_id または名前の一部";
    search_devices: "Part of a device’s name or its owner’s login name", "デバイス名または所有者のログイン名の一部";
    search_people: "Part of a login name or name", "ログイン名または名前の一部";
    sections: "Sections", "メニュー";
    seen: "Seen", "表示";
    server: "Server", "サーバー";
    show: "Show", "表示";
    sign_in: "Sign in", "サインイン";
    sign_in_button: "Sign in with a passkey", "パスキーでサインイン";
    sign_in_words: "For operators of this server.", "このサーバーの管理者用のページです。";
    sign_out: "Sign out", "サインアウト";
    signed_out: "You are signed out.", "サインアウトしました。";
    since: "Since", "登録日時";
    since_start: "Since the server started", "サーバーの起動後";
    skip: "To the content", "本文へ";
    state: "State", "状態";
    state_active: "active", "有効";
    state_approved: "approved", "承認";
    state_denied: "denied", "拒否";
    state_expired: "expired", "期限切れ";
    state_failed: "wrong code", "コード間違い";
    state_pending: "open", "未決";
    state_redeemed: "collected", "発行済み";
    state_revoked: "revoked", "失効";
    state_suspect: "suspect", "要確認";
    state_withdrawn: "withdrawn", "取り下げ";
    stat_asked: "Asked", "要求";
    stat_silent: "Nobody disturbed", "通知なし";
    stat_approved: "Approved", "承認";
    stat_denied: "Denied", "拒否";
    stat_failed: "Wrong code", "コード間違い";
    stat_withdrawn: "Withdrawn", "取り下げ";
    stat_redeemed: "Collected", "発行済み";
    sub: "Subject (sub)", "識別子（sub）";
    subject: "Subject", "主体者";
    suspend: "Suspend", "停止";
    suspend_words: "Until the suspension is lifted, the client is refused and its tokens do not work at this server. What it was granted stays.", "停止が解除されるまで、クライアントは拒否され、そのトークンもこのサーバーでは使えません。発行済みの許可は残ります。";
    suspended: "suspended", "停止中";
    taken: "{} exists already.", "{} はすでに存在します。";
    test: "test", "テスト";
    test_account: "For tests: exempt from the limits on how often people are asked", "テスト用（要求回数の制限を受けません）";
    test_accounts: "Made for tests:", "テスト用：";
    timeline: "Timeline", "経過";
    to_devices: "Devices: {}", "デバイス数：{}";
    token_keys: "Keys of tokens", "トークンの鍵";
    try_again: "The server cannot do this at the moment. Nothing was changed.", "現在サーバーで処理できません。何も変更されていません。";
    valid_until: "Valid until", "有効期限";
    version: "Version", "バージョン";
    withdrawn: "Withdrawn", "取り下げ";
    wrong_value: "The login name must be 1 to 64 of A–Z a–z 0–9 . _ @ + -, and the name at most 64 characters.", "ログイン名は A–Z a–z 0–9 . _ @ + - の 1～64 文字、名前は 64 文字以内で入力してください。";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_put_in_once_and_as_it_is() {
        assert_eq!(fill("{} was added", "{}"), "{} was added");
        assert_eq!(fill("none", "x"), "none");
    }
}
