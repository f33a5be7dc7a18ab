# 画面の上に出るもの：閉じるときの確認、キー
close-title = Tegata を閉じますか？
close-body-tray = バックグラウンドで動いていれば、要求は届きます。終了すると、届いても分かりません。
close-body-no-tray = 終了すると、要求が届いても分かりません。このコンピューターには、隠した Tegata を開くアイコンがありません。
close-remember = 次回から同じようにする
close-hide = 動かしておく
close-quit = 終了
close-stay = 閉じない

keys-title = キーボード
keys-lead = 要求に答えるキーはありません。
keys-next = リストの次
keys-previous = リストの前
keys-open = 開く
keys-search = 履歴を検索
keys-lock = Tegata をロック
keys-sheet = この一覧を表示
keys-close = 閉じる
