# 好み、アカウント、版
settings-title = 設定
settings-failed = 変更を保存できませんでした。
settings-language = 言語
settings-theme = 外観
settings-theme-light = ライト
settings-theme-dark = ダーク
settings-auto = コンピューターの設定に従う
settings-accounts = アカウント
settings-account-details = 詳細
settings-account-device = この端末の名称
settings-account-since = 追加日時
settings-account-fingerprint = サーバーのフィンガープリント
settings-add-account = アカウントを追加
settings-version = Tegata { $version }
