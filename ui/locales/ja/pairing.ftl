# アカウントの追加
pairing-title = アカウントを追加
pairing-lead = アカウントに端末を追加するページを開き、表示されたリンクをコピーするか、サーバーとコードを入力してください。
pairing-cancel = キャンセル
pairing-step = { $steps } 段階中 { $step }
pairing-form = 招待の入力方法
pairing-by-link = リンクを貼り付け
pairing-by-code = コードを入力
pairing-link-label = リンク
pairing-link-help = ページに表示されたリンク全体を貼り付けます。https:// または tegata:// で始まり、数分間に一度だけ使えます。
pairing-server-label = サーバー
pairing-server-help = コードと一緒に表示されるアドレス（例：id.example.com）
pairing-code-label = コード
pairing-code-help = 英数字 12 文字（例：7K3M-9QTX-V2HC）
pairing-submit = 続ける
pairing-submit-hint = まだ何も追加されません。先に相手を確認します。
pairing-scan = 画像やカメラで読み取る
pairing-checking = 招待を確認しています…
pairing-code-lead = 開いたリンクは、このサーバーのものです。同じページのコードを入力してください。まだ何も送られていません。
pairing-code-warning = 自分で開いたリンクでない場合は、キャンセルしてください。

pairing-confirm-title = あなたのアカウントですか？
pairing-confirm-lead = 追加すると、このサーバーはこのアカウントについて承認を求められるようになります。
pairing-confirm-account = アカウント
pairing-confirm-host = サーバー
pairing-confirm-name = サーバーが名乗る名称
pairing-confirm-fingerprint = サーバーのフィンガープリントを表示
pairing-confirm-compare = この招待だけでは、どのサーバーのものか確かめられません。招待を表示しているページの値と、このフィンガープリントを比べてください。
pairing-confirm-different = 違う場合や、表示されていない場合は、追加しないでください。
pairing-confirm-warning = だれかから送られた、心当たりのない招待の場合は、追加しないでください。
pairing-confirm-no = いいえ
pairing-confirm-yes = はい、追加

pin-title = PIN を決める
pin-lead = このアカウントで何かを承認するたびに入力します。
pin-first-label = 新しい PIN
pin-help = 6 桁以上の数字。誕生日や規則的な並びは避けてください。
pin-second-label = もう一度同じ PIN
pin-forgotten = PIN はこの端末だけに残り、復元できません。忘れた場合は、アカウントを追加し直します。
pin-submit = PIN を設定
pin-different = 二つの PIN が違います。もう一度入力してください。
pin-weak-common = だれもが最初に試す PIN です。別の PIN を選んでください。
pin-weak-not-digits = PIN に使えるのは数字だけです。
pin-weak-too-long = PIN が長すぎます。
pin-weak-too-short = PIN は 6 桁以上にしてください。

pairing-working-title = この端末を準備しています
pairing-working-keys = 鍵を作り、PIN で保護しています
pairing-working-registering = 鍵を登録しています

digits-title = もう一方のページにこの番号を入力
digits-lead = 操作を始めたページで、{ $device } に表示された番号を求めています。
digits-warning = この番号をだれにも読み上げたり、送ったりしないでください。自分で開いたページにだけ入力します。
digits-waiting = 番号の確認を待っています…

pairing-done-title = アカウントを追加しました
pairing-done-body = { $issuer } の { $account } への要求が、ここに届くようになりました。
pairing-done-continue = 確認画面へ

pairing-failed-title = アカウントは追加されていません
pairing-again = やり直す
pairing-failed-already-paired = このアカウントは、すでにこの端末にあります。
pairing-failed-confirmation = もう一方のページで番号が確認されませんでした。
pairing-failed-expired = 招待の有効期限が切れました。
pairing-failed-internal = Tegata で問題が起きました。
pairing-failed-keyring-locked = 鍵を保存するパスワード保管庫がロックされています。
pairing-failed-keyring-missing = 鍵を保存するパスワード保管庫が動いていません。
pairing-failed-keyring-timeout = このコンピューターのパスワード保管庫が応答しませんでした。
pairing-failed-malformed = 招待のリンクでも、サーバーとコードでもありません。
pairing-failed-offline = サーバーに接続できませんでした。
pairing-failed-server = サーバーが招待を受け付けませんでした。
pairing-failed-unknown = サーバーはこの招待を知りません。
pairing-failed-untrusted = 招待元のサーバーではありません。だれかが間に入っている可能性があります。
pairing-failed-used = この招待はすでに使われています。身に覚えがない場合は、アカウントの運営者に知らせてください。
pairing-failed-version = このサーバーとこの版の Tegata は互いに対応していません。

pairing-remedy-ask-operator = アカウントの運営者に問い合わせてください。
pairing-remedy-check-connection = 接続を確認して、やり直してください。
pairing-remedy-install-keyring = GNOME Keyring などのパスワード保管庫を導入または起動して、やり直してください。
pairing-remedy-new-invitation = 新しい招待を受け取って、やり直してください。
pairing-remedy-nothing = 操作は不要です。
pairing-remedy-try-again = やり直してください。
pairing-remedy-unlock-keyring = ロックを解除して、やり直してください。
pairing-remedy-update-app = Tegata を更新して、やり直してください。
