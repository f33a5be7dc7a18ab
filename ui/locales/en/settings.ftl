# Preferences, version.
settings-title = Settings
settings-failed = The change could not be saved.
settings-language = Language
settings-theme = Appearance
settings-theme-light = Light
settings-theme-dark = Dark
settings-auto = As this computer is set
settings-arrival = When a request arrives
settings-notifications = Show a notification
settings-notifications-help = It never says what is asked or by whom.
settings-notifications-missing = Nothing on this computer shows notifications.
settings-sound = Play a sound
settings-quiet = Quiet hours
settings-quiet-help = Requests still arrive, without notification or sound.
settings-quiet-from = From
settings-quiet-to = To
settings-protection = Protection
settings-lock = Lock Tegata when it is not used
settings-lock-never = Never
settings-lock-after = { $count ->
    [one] After { $count } minute
   *[other] After { $count } minutes
}
settings-lock-now = Lock now
settings-protect = Keep out of screen recordings
settings-protect-help = While a request is open or a PIN is entered.
settings-protect-missing = This computer cannot keep a window out of screen recordings.
settings-unknown = Only deny what nobody has checked
settings-unknown-help = Requests from those who chose their name themselves can then only be denied here.
settings-window = Window
settings-autostart = Start when you log in
settings-autostart-missing = Tegata cannot start itself on this computer.
settings-close = When you close the window
settings-close-ask = Ask each time
settings-close-no-tray = Tegata cannot run in the background here: this computer shows no icon from which it could be opened again.
settings-help = Help
settings-version = Tegata { $version }
settings-licence = Free software under the Apache 2.0 or the MIT licence, as you choose. Parts by others are under licences of their own.
