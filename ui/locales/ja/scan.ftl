# 画像やカメラからコードを読み取る
scan-title = コードを読み取る
scan-drop = コードの画像をここにドロップするか、貼り付けてください。
scan-choose = 画像を選ぶ
scan-reading = お待ちください…
scan-camera = カメラを使う
scan-camera-off = カメラを止める
scan-camera-view = カメラの映像
scan-camera-hint = カメラの前にコードをかざしてください。
scan-cancel = キャンセル
scan-no-code = 画像にコードが見つかりませんでした。コード全体が、まっすぐ鮮明に写った画像を使ってください。
scan-not-a-picture = ここで読み取れる画像ではありません。スクリーンショットをお勧めします。
scan-too-large = 画像が大きすぎます。コードの部分だけを切り取って、もう一度お試しください。
scan-camera-refused = カメラの使用が許可されていません。このコンピューターの設定で許可するか、画像を使ってください。
scan-camera-missing = カメラが見つかりません。代わりに画像を使ってください。
scan-camera-failed = カメラの映像が得られません。ほかのアプリが使っている場合は閉じるか、画像を使ってください。
