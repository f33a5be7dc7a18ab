# What the app says outside its window: tray and notifications. Never any detail of a request.
desktop-open = Open Tegata
desktop-waiting = { $count ->
    [0] Nothing is waiting
    [one] { $count } request is waiting
   *[other] { $count } requests are waiting
}
desktop-lock = Lock
desktop-quit = Quit
desktop-note-title = New request to review
desktop-note-body = { $count ->
    [one] Open the app to see it.
   *[other] { $count } requests are waiting. Open the app to see them.
}
desktop-note-open = Open
desktop-note-deny = Deny
desktop-devices-title = The devices of an account have changed
desktop-devices-body = Open the app to see what happened.
