# Preferences, accounts, version.
settings-title = Settings
settings-failed = The change could not be saved.
settings-language = Language
settings-theme = Appearance
settings-theme-light = Light
settings-theme-dark = Dark
settings-auto = As this computer is set
settings-accounts = Accounts
settings-account-details = Details
settings-account-device = This device’s name
settings-account-since = Added
settings-account-fingerprint = Server’s fingerprint
settings-add-account = Add an account
settings-version = Tegata { $version }
