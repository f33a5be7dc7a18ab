# 起きたこと
history-title = 履歴
history-lead = この端末に届いた要求と、その結果です。
history-empty = まだ何もありません。
history-gone = この項目はもうありません
history-paired = { $issuer } のアカウントを追加
history-receipt = 受領証
history-receipt-body = この回答をそのまま受け取ったことに { $issuer } が署名しています。署名は Tegata が検証しました。
history-receipt-committed = 記録日時
history-receipt-sha256 = SHA-256
