# 要求：一覧、質問、回答、結果
inbox-title = 確認
inbox-count = { $count ->
    [0] 確認待ちの要求はありません
   *[other] 確認待ちの要求が { $count } 件あります
}
inbox-empty-title = 確認待ちの要求はありません
inbox-empty-body = あなたの代わりの操作が求められると、ここに表示されます。
inbox-pairing = アカウントの追加が途中です。
inbox-pairing-open = 続ける
deny-all = すべて拒否
deny-all-question = ここに表示されている { $count } 件の要求をすべて拒否しますか？このあとに届く要求は残ります。
deny-all-back = いいえ
deny-all-confirm = すべて拒否
deny-all-progress = { $count } 件中 { $done } 件を拒否しました…
deny-all-done = { $count } 件の要求を拒否しました。何も承認されていません。
deny-all-failed = { $count } 件の要求を拒否できませんでした。何も承認されていません。もう一度お試しください。

consent-title-sign-in = { $client } にサインインしますか？
consent-title-grant = { $client } にアクセスを許可しますか？
consent-title-accounts = { $client } に口座へのアクセスを許可しますか？
consent-title-payment = { $payee } に支払いますか？
consent-title-payments = { $count } 件の支払いをしますか？
consent-title-several = { $client } に複数のことを許可しますか？
consent-title-unknown = { $client } からの要求を承認しますか？
consent-title-device-lost = なくした端末を削除しますか？
consent-title-device-move = 別の端末に移行しますか？
consent-title-test = { $client } からのテスト要求
consent-title-device-add = 別の端末を追加しますか？
consent-title-device-grade = 端末の管理を許可しますか？
consent-title-device-key = この端末の鍵を置き換えますか？
consent-title-device-remove = 端末を削除しますか？
consent-when-sign-in = いま { $client } にサインインしようとしている場合だけ承認してください。
consent-when-grant = 自分で { $client } に依頼した場合だけ承認してください。
consent-when-payment = 自分で始めた支払いの場合だけ承認してください。
consent-when-test = これはテストです。承認しても何も起こりません。
consent-when-device-add = 追加した端末でも、あなたとして承認できるようになります。いま追加している場合だけ承認してください。
consent-when-device-move = 別の端末で承認できるようになり、この端末は削除されます。いま移行している場合だけ承認してください。
consent-when-device-grade = その端末で、この端末を含む端末の追加・削除がすぐにできるようになります。自分でここから依頼した場合だけ承認してください。
consent-when-device-key = この端末は新しい鍵で承認するようになり、古い鍵は使えなくなります。自分でここから依頼した場合だけ承認してください。
consent-when-device-remove = その端末では承認できなくなります。削除したい場合だけ承認してください。
consent-again = 前回の回答は送信されていません。まだ何も承認されていません。
consent-provider = { $provider }（{ $host }）が求めています。以下の内容は { $provider } の説明です。
consent-acts = { $actor } があなたの代わりに操作します。
consent-acts-through = { $actor } が { $through } を通じて、あなたの代わりに操作します。
consent-vouched = { $name }（名前の確認元：{ $by }）
consent-place = { $count } 件中 { $position } 件目
consent-next = 次の要求
consent-also-says = そのほかの内容
consent-granted = 許可する内容
consent-detail = 詳細 { $number }
consent-known = { $issuer } が確認した内容
consent-claimed = { $client } の説明（確認されていません）
consent-message = { $client } からのメッセージ
consent-answer = 回答

fact-account = アカウント
fact-issuer = 経由
fact-requested-by = 要求元
fact-registered = 登録日
fact-time = 時刻
fact-place = 場所
fact-screen = もう一方の画面
fact-device = 端末
fact-address = アドレス
fact-resource = 対象
fact-type = 種類
fact-actors = 代わりに操作
fact-platform = システム
fact-paired = 追加日
fact-old-key = これまでの鍵
fact-new-key = 新しい鍵
fact-claims = 知る内容
fact-lasts = 期間
fact-amount = 金額
fact-total = 合計
fact-payee = 支払先
fact-payee-account = 支払先口座
fact-from-account = 引落口座
fact-reference = 摘要
fact-on = 実行日
fact-repeats = 繰り返し
fact-from = 開始日
fact-until = 期限
fact-permissions = できること
fact-accounts = 対象口座
fact-often = 頻度
fact-entries-from = 明細の開始日
fact-entries-to = 明細の終了日

claim = { $name ->
    [name] 名前
    [email] メールアドレス
    [phone_number] 電話番号
    [address] 住所
    [birthdate] 生年月日
   *[other] { $name }
}
lasts-once = { $time }（その後は再び承認が必要です）
lasts-renewable = { $time }ごとに、{ $until } まで承認なしで更新
repeats-daily = 毎日
repeats-weekly = 毎週
repeats-monthly = 毎月
repeats-quarterly = 3 か月ごと
repeats-yearly = 毎年
repeats-endless = 終了日なし
may-list-accounts = 口座の一覧を見る
may-read-balances = 残高を見る
may-read-transactions = 取引明細を見る
all-accounts = すべての口座
often-once = 1 回
often-recurring = 操作なしで繰り返し
often-daily = 1 日 { $count } 回まで

consent-caution-first-request = { $client } がこのアカウントに求めるのは初めてです。
consent-caution-mixed-scripts = 見た目の似た、異なる文字体系の文字が混ざっています。一文字ずつ確かめてください。
consent-caution-self-registered = 「{ $client }」は自分で付けた名前です。確認されていません。
consent-caution-unknown-detail-type = Tegata が知らない種類の要求です。承認する前に、すべての行を読んでください。

consent-deny-only-assurance = この端末の鍵より強い鍵が必要です。ここでは拒否だけができます。
consent-deny-only-key = このアカウントの承認用の鍵が使えません。ここでは拒否だけができます。
consent-deny-only-not-supported = この版の Tegata が知らない方法の要求です。ここでは拒否だけができます。
consent-deny-only-text = 安全に表示できない文字が含まれています。ここでは拒否だけができます。
consent-deny-only-too-long = 安全に表示するには長すぎます。ここでは拒否だけができます。
consent-deny-only-unknown-client = 要求元は確認されていません。設定により、ここでは拒否だけができます。

consent-number-label = もう一方の画面に表示されている番号を入力
consent-number-help = 操作を始めた画面の番号を見てください。電話・チャット・メールで伝えられた番号は絶対に使わないでください。
consent-code-label = もう一方の画面に表示されているコードを入力
consent-code-help = 操作を始めた画面のコードを見てください。電話・チャット・メールで伝えられたコードは絶対に使わないでください。
consent-code-wrong = もう一方の画面の表示と違います。あと { $count } 回入力できます。
consent-code-malformed = もう一方の画面のコードではありません。もう一度見てください。
consent-scan = コードを読み取る
consent-pin-label = PIN
consent-pin-purpose-sign-in = PIN を入力すると、{ $client } へのサインインを承認できます。
consent-pin-purpose-grant = PIN を入力すると、上記のアクセスを { $client } に許可できます。
consent-pin-purpose-payment = PIN を入力すると、{ $payee } に { $amount } を支払えます。
consent-pin-purpose-payments = PIN を入力すると、{ $count } 件、合計 { $amount } を支払えます。
consent-pin-purpose-several = PIN を入力すると、上記のすべてを承認できます。
consent-pin-purpose-test = PIN を入力すると、{ $client } からのテストに答えられます。
consent-pin-purpose-device-add = PIN を入力すると、別の端末を追加できます。
consent-pin-purpose-device-move = PIN を入力すると、アカウントを別の端末に移行できます。
consent-pin-purpose-device-grade = PIN を入力すると、その端末でほかの端末を追加・削除できるようになります。
consent-pin-purpose-device-key = PIN を入力すると、古い鍵が新しい鍵に置き換わります。
consent-pin-purpose-device-remove = PIN を入力すると、端末を削除できます。
consent-pin-wrong = { $count ->
    [1] PIN が違います。あと { $count } 回間違えると、承認用の鍵を破棄します。
   *[other] PIN が違います。あと { $count } 回入力できます。
}
consent-pin-locked = PIN の間違いが続いたため、承認用の鍵を破棄しました。何も承認されていません。

consent-hint-reading = 承認するには最後までスクロールしてください
consent-hint-code = 承認するにはコードを入力してください
consent-hint-pin = 承認するには PIN を入力してください
consent-hint-arming = お待ちください
consent-hint-busy = 回答を送信しています…
consent-approve = 承認
consent-approve-grant = 許可
consent-approve-payment = { $amount } を支払う
consent-approve-several = すべて承認
consent-approve-unknown = 未知の要求を承認
consent-approve-device-add = 端末を追加
consent-approve-device-key = 鍵を置き換え
consent-approve-device-move = 移行
consent-approve-device-remove = 端末を削除
consent-deny = 拒否
consent-not-me = 身に覚えがない
consent-wrong-details = 内容が違う
consent-later = あとで

refusal-busy = 別の回答を送信中です。何も承認されていません。少し待ってから、もう一度お試しください。
refusal-clock-skew = このコンピューターの時計が大きくずれています。合わせてから、もう一度お試しください。何も承認されていません。
refusal-deny-only = この要求は、ここでは拒否だけができます。何も承認されていません。
refusal-device-revoked = { $issuer } はこの端末を受け付けなくなりました。何も承認されていません。ここで使うには、アカウントを追加し直してください。
refusal-internal = Tegata で問題が起きました。何も承認されていません。もう一度お試しください。繰り返す場合は、アプリを再起動してください。
refusal-key-lost = このアカウントの鍵がこのコンピューターから失われました。何も承認されていません。ここで承認するには、アカウントを追加し直してください。
refusal-keyring = このコンピューターのパスワード保管庫から鍵を取り出せませんでした。ロックを解除して、もう一度お試しください。何も承認されていません。
refusal-offline = { $issuer } に接続できません。何も送信されず、何も承認されていません。接続を確認して、もう一度お試しください。
refusal-server = { $issuer } が回答を受け付けませんでした。何も承認されていません。もう一度試すか、元の画面からやり直してください。

result-loading-body = 開いただけでは、何も承認されません。
result-done = 完了
result-deny-instead = 拒否に変更
result-approved-title = 承認しました
result-approved-sign-in = { $issuer } が確認しました。{ $client } で続けられます。
result-approved-grant = { $issuer } が確認しました。{ $client } は、表示された内容にアクセスできます。
result-approved-payment = { $issuer } が確認しました。支払いの手続きが進みます。
result-not-collected = { $client } はまだ回答を受け取っていません。その画面を開いたままにしてください。
result-check = もう一度確認
result-approved-test = { $issuer } が確認しました。テストは成功し、ほかには何も起こっていません。
result-approved-device-add = { $issuer } が確認しました。続けて、別の端末を設定してください。
result-approved-device-grade = { $issuer } が確認しました。その端末で、ほかの端末を追加・削除できるようになりました。
result-approved-device-key = { $issuer } が確認しました。この端末は、これから新しい鍵で承認します。
result-approved-device-remove = { $issuer } が確認しました。端末は削除されました。
result-denied-title = 拒否しました
result-denied-body = 何も承認されていません。{ $client } には何も渡されていません。
result-not-me-body = 身に覚えがないことを { $issuer } に伝えました。{ $client } は 24 時間、あなたに求めることができません。
result-expired-title = 要求の有効期限が切れました
result-expired-body = 何も承認されていません。必要な場合は、{ $client } でやり直してください。
result-withdrawn-title = 要求は取り下げられました
result-withdrawn-body = { $client } はもう求めていません。何も承認されていません。
result-handled-title = 別の端末で回答済みです
result-handled-approved = { $device } で承認（{ $time }）。
result-handled-denied = { $device } で拒否（{ $time }）。
result-handled-body = 身に覚えがない場合は、アカウントの運営者に知らせてください。
result-handled-report = 身に覚えがない場合は、ここで知らせてください。許可した内容が取り消されます。
result-report = 承認した覚えがない
result-reported-title = 報告しました
result-reported-body = 許可した内容は取り消されました。
result-moved-title = アカウントは移行しました
result-moved-body = このアカウントへの要求は新しい端末に届きます。ここでは何も承認されていません。
result-transfer-failed-title = コードの間違いが続きました
result-transfer-failed-body = 安全のため、要求を終了しました。何も承認されていません。ご自身の操作であれば、{ $client } でやり直してください。
result-sending-title = 回答を送信しています
result-sending-approval = 確認されるまで、何も承認されません。
result-sending-denial = 拒否を送信しています。
result-unsent-title = まだ送信されていません
result-unsent-body = { $issuer } に接続できません。要求が有効な間、Tegata は送信を試み続けます。
result-needs-check-title = 回答は届いていますか？
result-needs-check-body = 回答が確認される前に Tegata が終了しました。{ $issuer } に確認しています。あなたの操作なしに送信することはありません。
result-gone-title = この要求はもうありません
result-gone-body = 回答されたか、有効期限が切れました。結果は履歴で確認できます。

report-title = この承認を報告しますか？
report-body = { $client } に許可した内容を { $issuer } が取り消します。元に戻すことはできません。
report-when = 自分で承認していない場合だけ報告してください。
report-back = いいえ、戻る
report-confirm = はい、報告
report-failed = { $issuer } が報告を確認できませんでした。承認はまだ有効かもしれません。もう一度試すか、アカウントの運営者に知らせてください。

outcome-approved = 承認
outcome-denied = 拒否
outcome-not-me = 拒否（身に覚えがない）
outcome-reported = 承認後に報告（身に覚えがない）
outcome-expired = 期限切れ
outcome-withdrawn = 取り下げ
outcome-handled-approved = { $device } で承認
outcome-handled-denied = { $device } で拒否
outcome-moved = アカウント移行
outcome-transfer-failed = 終了（コードの間違い）
outcome-sending = 回答を送信中
outcome-needs-check = 回答を確認中
outcome-waiting = 確認待ち
outcome-blocked = ブロック
outcome-paired = アカウントを追加

blocked-title = 要求をブロックしました
blocked-body = 送信者を確認できませんでした。内容は開いておらず、何も承認されていません。
blocked-reason-bad-signature = この端末が知っている { $issuer } の署名ではありません。
blocked-reason-malformed = { $issuer } の署名はありますが、安全に開ける形式ではありません。
blocked-reason-not-for-this-device = { $issuer } の署名はありますが、別の端末またはアカウントに宛てたものです。
blocked-reason-out-of-time = { $issuer } の署名はありますが、有効な時間の外です。
blocked-reason-replayed = 以前に届いたものと内容が違います。
blocked-advice = 操作は不要です。繰り返す場合は、{ $issuer } の運営者に知らせてください。
blocked-done = 確認しました
