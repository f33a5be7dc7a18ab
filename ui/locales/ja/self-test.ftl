# 動作確認：調べること、結果、対処
self-test-title = 動作確認
self-test-lead = 要求が届き、回答が返るために必要なことを調べます。
self-test-start = 開始
self-test-again = もう一度確認
self-test-failed = 動作確認を開始できませんでした。もう一度お試しください。
self-test-progress = { $all } 件中 { $done } 件が完了
self-test-all-good = すべて正常です。
self-test-troubles = { $count } 件に対処が必要です。
self-test-report = レポートを表示
self-test-report-help = レポートは、助けてくれる人に渡すための英語の文章です。名前や秘密の情報は含みません。
self-test-copy = レポートをコピー
self-test-copied = コピーしました
self-test-not-copied = コピーできませんでした。レポートを表示して、手動でコピーしてください。

self-test-check-keyring = パスワード保管庫
self-test-check-notifications = 通知
self-test-check-connection = 接続
self-test-check-clock = 時計
self-test-check-key = 承認用の鍵
self-test-check-delivery = 要求の往復

self-test-waiting = 待機中
self-test-running = 確認しています…
self-test-answer = 回答待ち
self-test-answer-body = テスト要求が届きました。承認でも拒否でも構いません。
self-test-open = 要求を開く
self-test-good = 正常
self-test-warning = 注意
self-test-bad = 異常

self-test-apart = ずれは { $count } 秒
self-test-took = 所要時間 { $millis } ミリ秒
self-test-software-key = このコンピューターに保存され、PIN で保護されています
self-test-hardware-key = ハードウェアに保存されています（ハードウェアの申告による）

self-test-clock-apart = このコンピューターの時計が大きくずれています。自動で合わせる設定にしてください。
self-test-device-revoked = この端末は受け付けられなくなりました。アカウントを追加し直してください。
self-test-device-suspended = この端末は停止されています。アカウントの運営者に問い合わせてください。
self-test-issuer-changed = サーバーの身元が変わりました。変更を信頼できる場合は、アカウントを追加し直してください。
self-test-key-lost = 鍵がこのコンピューターから失われました。アカウントを追加し直してください。
self-test-keyring-locked = ロックされています。解除して、もう一度確認してください。
self-test-keyring-missing = 動いていません。GNOME Keyring などを導入または起動してください。
self-test-keyring-timeout = 応答しません。ログアウトして、ログインし直してください。
self-test-not-offered = サーバーはテスト要求を送りません。問題ではありません。
self-test-notifications-missing = 通知を表示するものがありません。Tegata を見えるところに置くか、通知サービスを導入してください。
self-test-notifications-off = Tegata の設定でオフになっています。
self-test-offline = サーバーに接続できません。接続を確認してください。
self-test-pin-locked = PIN の間違いが続きました。拒否はできます。承認するには、アカウントを追加し直してください。
self-test-server-error = サーバーが正しく応答しませんでした。アカウントの運営者に問い合わせてください。
self-test-not-answered = テスト要求が時間内に回答されませんでした。もう一度確認し、回答してください。
self-test-not-arrived = テスト要求が時間内に届きませんでした。もう一度確認してください。続く場合は、アカウントの運営者に問い合わせてください。
