//! The words of the pairing pages. To add a language: a value of [`Texts`] and an arm in [`texts`].

use crate::delivery::device_info::Language;

/// All words of one language. `{}` stands for one inserted value; U+200B in a title is where a line may break.
pub(super) struct Texts {
    pub(super) pair_title: &'static str,
    pub(super) landing: &'static [&'static str],
    pub(super) start: &'static str,
    pub(super) start_button: &'static str,
    pub(super) begin: &'static str,
    pub(super) begin_button: &'static str,
    pub(super) hand_over: &'static str,
    pub(super) open_app: &'static str,
    pub(super) session_title: &'static str,
    pub(super) copy: &'static str,
    pub(super) link: &'static str,
    pub(super) copy_button: &'static str,
    pub(super) copied: &'static str,
    pub(super) minutes_left: &'static str,
    pub(super) by_hand: &'static str,
    pub(super) scan: &'static str,
    pub(super) host: &'static str,
    pub(super) code: &'static str,
    pub(super) root: &'static str,
    pub(super) redeemed: &'static str,
    pub(super) device_waits: &'static str,
    pub(super) digits: &'static str,
    pub(super) digits_hint: &'static str,
    pub(super) confirm_button: &'static str,
    pub(super) done_title: &'static str,
    pub(super) done: &'static str,
    pub(super) kiosk: &'static str,
    pub(super) unknown: &'static str,
    pub(super) used: &'static str,
    pub(super) expired: &'static str,
    pub(super) failed: &'static str,
    pub(super) foreign: &'static str,
    pub(super) no_session: &'static str,
    pub(super) not_begun: &'static str,
    pub(super) confirmed: &'static str,
    pub(super) try_again: &'static str,
    pub(super) not_six_digits: &'static str,
    pub(super) no_device_yet: &'static str,
    pub(super) no_digits_yet: &'static str,
    pub(super) wrong_digits: &'static str,
}

const ENGLISH: Texts = Texts {
    pair_title: "Pair a device",
    landing: &[
        "This address is an invitation to pair an approval app with {}. Opening it has paired nothing.",
        "Open the Tegata app on the device that you want to pair, choose “Add an account”, and paste the whole \
         address of this page there.",
        "The app will then show six digits. Type them where the invitation came from. Never read them to anybody.",
    ],
    start: "You are about to make an invitation for {}. It is good for a few minutes and for one device. This address \
            works once.",
    start_button: "Show the invitation",
    begin: "The Tegata app on this computer asks to be paired. If you did not begin that in the app, close this page. If you go on, \
            an invitation that was shown before is good for nothing.",
    begin_button: "Pair with the account of {}",
    hand_over: "Open the Tegata app to go on. If it does not open, begin again there.",
    open_app: "Open Tegata",
    session_title: "Pair a device of {}",
    copy: "Copy this link into the Tegata app (“Add an account”), or type server and code.",
    link: "Link",
    copy_button: "Copy",
    copied: "Copied",
    minutes_left: "The invitation is good for one device. Minutes left: {}",
    by_hand: "To type by hand:",
    scan: "For devices that can scan:",
    host: "Server",
    code: "Code",
    root: "Fingerprint",
    redeemed: "The invitation has been used by a device. If that was not yours, close this page and tell your \
               administrator.",
    device_waits: "The device “{}” (its own words) is waiting.",
    digits: "The six digits that the device shows",
    digits_hint: "Type what your own device shows, never what somebody tells you. You have three tries.",
    confirm_button: "Confirm",
    done_title: "Paired",
    done: "“{}” can approve from now on. You can close this page.",
    kiosk: "Sign in at the kiosk",
    unknown: "There is no such pairing page, or this browser did not open it.",
    used: "This address has been used. If it was not you, tell your administrator.",
    expired: "The time for this pairing is over. Nothing was paired. Ask for a new invitation.",
    failed: "Wrong digits three times: this pairing is over and nothing was paired. Ask for a new invitation.",
    foreign: "Something other than your Tegata app used the invitation. This pairing is over and nothing was paired. Ask for a \
              new invitation, and tell your administrator if this happens again.",
    no_session: "There is no open invitation in this browser. Open the pairing page that you were given here first, by its \
                 one-time address, and then begin again in the Tegata app.",
    not_begun: "This page is opened by the Tegata app. Choose “Add an account” there.",
    confirmed: "The device is paired. You can close this page.",
    try_again: "The server cannot do this at the moment. Nothing was changed. Try again shortly.",
    not_six_digits: "Six digits, please. This did not cost a try.",
    no_device_yet: "No device has used the invitation yet. This did not cost a try.",
    no_digits_yet: "A device took the invitation but shows no digits yet. If you cancelled there, make a new invitation.",
    wrong_digits: "These are not the digits that the device shows. Tries left: {}",
};

const JAPANESE: Texts = Texts {
    pair_title: "デバイスの\u{200b}ペアリング",
    landing: &[
        "このアドレスは、承認アプリを {} とペアリングするための招待です。開いただけでは何もペアリングされません。",
        "ペアリングしたいデバイスで Tegata アプリを開き、「アカウントを追加」を選んで、このページのアドレス全体を貼り付けて\
         ください。",
        "アプリに 6 桁の数字が表示されます。招待を表示した画面に入力してください。他の人には決して教えないでください。",
    ],
    start: "{} への招待を作成します。有効なのは数分間、1 台のデバイスのみです。このアドレスは 1 回だけ使えます。",
    start_button: "招待を表示",
    begin: "このコンピューターの Tegata アプリがペアリングを求めています。アプリで始めた覚えがない場合は、このページを閉じてください。\
            続けると、先に表示された招待は使えなくなります。",
    begin_button: "{} さんのアカウントとペアリング",
    hand_over: "Tegata アプリを開いて続けてください。開かない場合は、アプリでもう一度始めてください。",
    open_app: "Tegata を開く",
    session_title: "{} さんの\u{200b}デバイスを\u{200b}ペアリング",
    copy: "このリンクをコピーして Tegata アプリの「アカウントを追加」に貼り付けるか、サーバーとコードを入力してください。",
    link: "リンク",
    copy_button: "コピー",
    copied: "コピーしました",
    minutes_left: "招待は 1 台のデバイスで使えます。残り時間（分）：{}",
    by_hand: "手で入力する場合：",
    scan: "読み取り機能のあるデバイスでは、こちらも使えます。",
    host: "サーバー",
    code: "コード",
    root: "フィンガープリント",
    redeemed: "招待はデバイスに使用されました。ご自身のデバイスでない場合は、このページを閉じて管理者に連絡してください。",
    device_waits: "デバイス「{}」（デバイス自身による名前）が待っています。",
    digits: "デバイスに表示されている 6 桁の数字",
    digits_hint: "ご自身のデバイスに表示された数字だけを入力してください。人から聞いた数字は入力しないでください。3 回まで\
                  入力できます。",
    confirm_button: "確認",
    done_title: "ペアリングしました",
    done: "今後「{}」で承認できます。このページは閉じてかまいません。",
    kiosk: "デモ端末でサインイン",
    unknown: "このペアリングのページは存在しないか、このブラウザーで開いたものではありません。",
    used: "このアドレスはすでに使われています。心当たりがない場合は管理者に連絡してください。",
    expired: "ペアリングの有効時間が過ぎました。何もペアリングされていません。新しい招待を依頼してください。",
    failed: "数字を 3 回間違えたため、このペアリングは終了しました。何もペアリングされていません。新しい招待を依頼してください。",
    foreign: "お使いの Tegata アプリ以外のものが招待を使用しました。このペアリングは終了し、何もペアリングされていません。\
              新しい招待を依頼してください。繰り返し起こる場合は管理者に連絡してください。",
    no_session: "このブラウザーには有効な招待がありません。渡された 1 回限りのアドレスで、先にペアリングのページをここで開いてから、\
                 Tegata アプリでもう一度始めてください。",
    not_begun: "このページは Tegata アプリが開くものです。アプリで「アカウントを追加」を選んでください。",
    confirmed: "デバイスをペアリングしました。このページは閉じてかまいません。",
    try_again: "現在サーバーで処理できません。何も変更されていません。しばらくしてからもう一度お試しください。",
    not_six_digits: "6 桁の数字を入力してください。回数には数えていません。",
    no_device_yet: "招待を使ったデバイスはまだありません。回数には数えていません。",
    no_digits_yet: "デバイスが招待を受け取りましたが、まだ数字を表示していません。デバイスで取り消した場合は、新しい招待を作成して\
                    ください。",
    wrong_digits: "デバイスに表示されている数字と違います。残り回数：{}",
};

pub(super) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    }
}
