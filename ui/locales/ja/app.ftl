# 枠組み：名称、ナビゲーション、起動、残り時間、アカウントの状態
language-name = 日本語
# 文字の向き：ltr または rtl
language-direction = ltr

app-name = Tegata
app-loading = 開いています…
nav-label = メイン
nav-inbox = 確認
nav-consents = 許可
nav-history = 履歴
nav-accounts = 登録先
nav-settings = 設定
nav-waiting = { $count } 件待ち
back-to-inbox = 確認
back-to-history = 履歴

welcome-title = 承認は、あなたの手で
welcome-lead = 何かがあなたの代わりに操作しようとしたとき、Tegata はその内容をそのまま示し、あなたに尋ねます。
welcome-point-ask = だれが、何のために求めているか。確認されていないことは何か。すべて見えます。
welcome-point-pin = 毎回 PIN を入力しない限り、何も承認されません。
welcome-point-deny = 拒否はいつでもワンタップです。
welcome-pair = アカウントを追加
welcome-pair-hint = アカウントを運営するサービスのリンクまたはコードが必要です。

failure-title = Tegata を起動できませんでした
failure-body = 何も承認されておらず、失われたものもありません。もう一度お試しください。繰り返す場合はアプリを再起動してください。
failure-retry = もう一度試す

countdown-left = 残り { $time }
countdown-spoken = 残り { $seconds } 秒

account-online = 接続中
account-connecting = 接続しています…
account-offline = { $time } からオフライン

notice-offline = { $issuer } に接続できません。接続できるまで新しい要求は届きません。Tegata は自動で再接続します。
notice-retry = 今すぐ試す
notice-clock-skew = このコンピューターの時計が { $seconds } 秒ずれています。{ $account } の要求に答えるには時計を合わせてください。
notice-device-revoked = { $issuer } は、{ $account } についてこの端末を受け付けなくなりました。ここで使うには、アカウントを追加し直してください。
notice-device-suspended = { $issuer } は、{ $account } についてこの端末を停止しています。{ $issuer } の運営者に問い合わせてください。
notice-issuer-changed = { $issuer } の身元が変わり、確認できません。{ $account } への要求を止めています。変更を信頼できる場合は、アカウントを追加し直してください。
notice-key-lost = { $account } の鍵がこのコンピューターから失われました。ここで使うには、アカウントを追加し直してください。
notice-keyring-locked = { $account } の鍵は、このコンピューターのパスワード保管庫でロックされています。アカウントは残っています。
notice-keyring-missing = このコンピューターのパスワード保管庫が動いていないため、{ $account } の鍵を開けません。アカウントは残っています。
notice-keyring-timeout = このコンピューターのパスワード保管庫が応答しませんでした。{ $account } の鍵は残っています。
notice-unlock = ロックを解除
notice-pin-locked = { $account } の PIN の間違いが続いたため、承認用の鍵を破棄しました。拒否はできます。承認するには、アカウントを追加し直してください。
notice-pair-again = 追加し直す

nav-skip = 本文へ移動

lock-title = Tegata はロック中です
lock-lead = ロックを解除するまで、何も見えず、承認も拒否もできません。
lock-help = 要求は引き続き届きます。ほかの端末で拒否することもできます。
lock-open = ロックを解除
lock-pin-locked = PIN の間違いが続いたため、このアカウントの承認用の鍵を破棄しました。何も承認されていません。
lock-failed = PIN を確認できませんでした。もう一度お試しください。

health-clock-skew = 時計がずれています
health-device-revoked = 端末が削除されました
health-device-suspended = 停止中
health-issuer-changed = サーバーが変わりました
health-key-lost = 鍵がありません
health-keyring-locked = 鍵がロックされています
health-keyring-missing = 保管庫がありません
health-keyring-timeout = 保管庫が応答しません
health-pin-locked = 拒否のみ可能
