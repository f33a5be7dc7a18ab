# The self-test: what has to work, what was found, what helps.
self-test-title = Self-test
self-test-lead = Checks what has to work for a request to reach you and your answer to get back.
self-test-start = Start
self-test-again = Test again
self-test-failed = The self-test could not be started. Try again.
self-test-progress = { $done } of { $all } done
self-test-all-good = Everything works.
self-test-troubles = { $count ->
    [one] { $count } thing needs your attention.
   *[other] { $count } things need your attention.
}
self-test-report = Show the report
self-test-report-help = The report is in English, for whoever helps you. It holds no names and no secrets.
self-test-copy = Copy report
self-test-copied = Copied
self-test-not-copied = It could not be copied. Show the report and copy it by hand.

self-test-check-keyring = Password store
self-test-check-notifications = Notifications
self-test-check-connection = Connection
self-test-check-clock = Clock
self-test-check-key = Approval key
self-test-check-delivery = A request there and back

self-test-waiting = Waiting
self-test-running = Checking…
self-test-answer = Waiting for you
self-test-answer-body = A test request has arrived. Approve or deny it; either is right.
self-test-open = Open the request
self-test-good = Works
self-test-warning = Take note
self-test-bad = Does not work

self-test-apart = { $count ->
    [one] { $count } second apart
   *[other] { $count } seconds apart
}
self-test-took = Took { $millis } ms
self-test-software-key = Kept on this computer, protected by your PIN
self-test-hardware-key = Kept in hardware, by its own word

self-test-clock-apart = This computer’s clock is too far off. Let the system set it by itself.
self-test-device-revoked = This device is no longer accepted. Add the account again.
self-test-device-suspended = This device is on hold. Ask whoever runs the account.
self-test-issuer-changed = The server’s identity has changed. If you trust the change, add the account again.
self-test-key-lost = The keys are gone from this computer. Add the account again.
self-test-keyring-locked = It is locked. Unlock it and test again.
self-test-keyring-missing = None is running. Install or start one, such as GNOME Keyring.
self-test-keyring-timeout = It does not answer. Log out and in again.
self-test-not-offered = The server sends no test requests. Nothing is wrong here.
self-test-notifications-missing = Nothing on this computer shows notifications. Keep Tegata in view, or install a notification service.
self-test-notifications-off = They are switched off in the settings of Tegata.
self-test-offline = The server cannot be reached. Check your connection.
self-test-pin-locked = The PIN was wrong too often. You can still deny; add the account again to approve.
self-test-server-error = The server did not answer as it should. Ask whoever runs the account.
self-test-not-answered = The test request was not answered in time. Test again and answer it.
self-test-not-arrived = The test request did not arrive in time. Test again; if it stays so, ask whoever runs the account.
