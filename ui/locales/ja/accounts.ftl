# アカウント：一覧、一つのアカウント、その操作
accounts-title = アカウント
accounts-empty = まだアカウントがありません。
accounts-add = アカウントを追加

health-clock-skew = 時計がずれています
health-device-revoked = 端末が削除されました
health-device-suspended = 停止中
health-issuer-changed = サーバーが変わりました
health-key-lost = 鍵がありません
health-keyring-locked = 鍵がロックされています
health-keyring-missing = 保管庫がありません
health-keyring-timeout = 保管庫が応答しません
health-pin-locked = 拒否のみ可能

account-gone-title = このアカウントはこの端末にありません
account-gone-body = 削除されたか、追加されていません。
account-server = サーバー
account-server-name = 名乗る名称
account-device = この端末
account-since = 追加日時
account-look = 名前・色・しるし
account-pin = PIN を変更
account-move = 新しい端末に移行
account-unpair = この端末から削除
account-fingerprint = サーバーのフィンガープリント
account-fingerprint-help = この鍵を持つサーバーだけが、このアカウントについて要求を送れます。
account-copy = コピー
account-copied = コピーしました
account-cancel = キャンセル
account-save = 保存
account-back = アカウントに戻る

account-look-lead = { $account } の表示です。この端末だけに保存されます。
account-label = 自分で付ける名前
account-label-help = 空欄の場合：{ $account }
account-accent = 色
accent-pine = 緑
accent-sea = 青
accent-plum = 紫
accent-clay = 赤
accent-amber = 茶
accent-slate = 灰色
account-icon = しるし
sign-letter = 頭文字
sign-bank = 銀行
sign-briefcase = 仕事
sign-home = 家
sign-school = 学校
sign-shop = 店

account-pin-lead = この端末での { $account } の PIN です。
account-pin-old = 今の PIN
account-pin-locked = PIN の間違いが続いたため、承認用の鍵を破棄しました。承認するには、アカウントを追加し直してください。
account-pin-done = PIN を変更しました
account-pin-done-body = { $account } の承認には、これから新しい PIN を使います。

unpair-title = { $account } をこの端末から削除しますか？
unpair-body = ここにある鍵と履歴が消えます。
unpair-told = { $issuer } は、この端末に要求を送らなくなります。
unpair-others = ほかの端末のアカウントは残ります。新しい招待があれば、ここにも追加し直せます。
unpair-offline = { $issuer } に接続できません。ここだけで削除すると、{ $issuer } でこの端末を外すまで、この端末に要求が送られ続けます。
unpair-no = 残す
unpair-yes = 削除する
unpair-here = ここだけで削除

refused-device-revoked = { $issuer } は、この端末を受け付けなくなりました。何も変更されていません。
refused-internal = Tegata で問題が起きました。何も変更されていません。
refused-keyring = パスワード保管庫から鍵を取り出せません。ロックを解除して、もう一度お試しください。何も変更されていません。
refused-not-offered = { $issuer } では、この操作ができません。何も変更されていません。
refused-not-yet = この端末でこの操作ができるのは { $time } からです。何も変更されていません。
refused-offline = { $issuer } に接続できません。何も変更されていません。
refused-server = { $issuer } が受け付けませんでした。何も変更されていません。
