# The frame: name, navigation, start, countdown, states of accounts.
language-name = English
# ltr or rtl
language-direction = ltr

app-name = Tegata
app-loading = Opening…
nav-label = Main
nav-inbox = Requests
nav-consents = Access
nav-history = History
nav-accounts = Accounts
nav-settings = Settings
nav-waiting = { $count ->
    [one] { $count } waiting
   *[other] { $count } waiting
}
back-to-inbox = Requests
back-to-history = History

welcome-title = Your approval, in your hand
welcome-lead = When something asks to act for you, Tegata shows you exactly what, and asks you.
welcome-point-ask = You see who asks, what for, and what nobody has checked.
welcome-point-pin = Nothing is approved without your PIN, every time.
welcome-point-deny = Saying no is always one tap.
welcome-pair = Add an account
welcome-pair-hint = You need a link or a code from the service that runs your account.

failure-title = Tegata could not start
failure-body = Nothing was approved and nothing was lost. Try again; if it happens again, restart the app.
failure-retry = Try again

countdown-left = Expires in { $time }
countdown-spoken = { $seconds ->
    [one] { $seconds } second left
   *[other] { $seconds } seconds left
}

account-online = Connected
account-connecting = Connecting…
account-offline = Offline since { $time }

notice-offline = { $issuer } cannot be reached. New requests cannot arrive until it can. Tegata keeps trying by itself.
notice-retry = Try now
notice-clock-skew = This computer’s clock is { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
} off. Set it right to answer requests for { $account }.
notice-device-revoked = { $issuer } no longer accepts this device for { $account }. Add the account again to use it here.
notice-device-suspended = { $issuer } has put this device on hold for { $account }. Ask whoever runs { $issuer }.
notice-issuer-changed = The identity of { $issuer } has changed and cannot be checked. Requests for { $account } are stopped. Add the account again if you trust the change.
notice-key-lost = The keys for { $account } are gone from this computer. Add the account again to use it here.
notice-keyring-locked = The keys for { $account } are locked in this computer’s password store. The account is still here.
notice-keyring-missing = This computer’s password store is not running, so the keys for { $account } cannot be opened. The account is still here.
notice-keyring-timeout = This computer’s password store did not answer. The keys for { $account } are still there.
notice-unlock = Unlock
notice-pin-locked = The PIN for { $account } was wrong too often, so its approval key was destroyed. You can still deny. Add the account again to approve.
notice-pair-again = Add again

nav-skip = Skip to the content

lock-title = Tegata is locked
lock-lead = Nothing can be seen, approved or denied until you unlock it.
lock-help = Requests still arrive. You can also deny them on your other devices.
lock-open = Unlock
lock-pin-locked = The PIN was wrong too often, so this account’s approval key was destroyed. Nothing was approved.
lock-failed = Tegata could not check the PIN. Try again.

health-clock-skew = Clock is off
health-device-revoked = Device removed
health-device-suspended = On hold
health-issuer-changed = Server changed
health-key-lost = Keys are gone
health-keyring-locked = Keys are locked
health-keyring-missing = Password store missing
health-keyring-timeout = Password store not answering
health-pin-locked = Can only deny
