# ウィンドウの外での言葉：トレイと通知。要求の内容は決して含めません。
desktop-open = Tegata を開く
desktop-waiting = { $count ->
    [0] 待っている要求はありません
   *[other] { $count } 件の要求が待っています
}
desktop-lock = ロック
desktop-quit = 終了
desktop-note-title = 確認が必要な要求があります
desktop-note-body = { $count ->
    [1] アプリを開いて確認してください。
   *[other] { $count } 件の要求が待っています。アプリを開いて確認してください。
}
desktop-note-open = 開く
desktop-note-deny = 拒否
desktop-devices-title = アカウントのデバイスに変更がありました
desktop-devices-body = アプリを開いて確認してください。
