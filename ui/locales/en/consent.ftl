# Requests: the list, the question, the answer, what became of it.
inbox-title = Requests
inbox-count = { $count ->
    [0] No request is waiting
    [one] { $count } request is waiting
   *[other] { $count } requests are waiting
}
inbox-empty-title = Nothing is waiting for you
inbox-empty-body = When somebody asks to act for you, the request appears here.
inbox-pairing = You have started to add an account.
inbox-pairing-open = Continue
deny-all = Deny all
deny-all-question = Deny all { $count } requests that are listed here? What arrives later stays.
deny-all-back = No
deny-all-confirm = Deny all
deny-all-progress = { $done } of { $count } denied…
deny-all-done = { $count ->
    [one] { $count } request denied. Nothing was approved.
   *[other] { $count } requests denied. Nothing was approved.
}
deny-all-failed = { $count ->
    [one] { $count } request could not be denied. Nothing was approved. Try again.
   *[other] { $count } requests could not be denied. Nothing was approved. Try again.
}

consent-title-sign-in = Sign in to { $client }?
consent-title-grant = Give { $client } access?
consent-title-accounts = Give { $client } access to your accounts?
consent-title-payment = Pay { $payee }?
consent-title-payments = Make { $count } payments?
consent-title-several = Allow { $client } several things?
consent-title-unknown = Approve a request from { $client }?
consent-title-device-lost = Remove a lost device?
consent-title-device-move = Move to another device?
consent-title-test = Test request from { $client }
consent-title-device-add = Add another device?
consent-title-device-grade = Let a device manage your devices?
consent-title-device-key = Replace the key of this device?
consent-title-device-remove = Remove a device?
consent-when-sign-in = Only approve if you are signing in to { $client } right now.
consent-when-grant = Only approve if you asked { $client } for this yourself.
consent-when-payment = Only approve if you started this payment.
consent-when-test = This is only a test. Approving it has no effect.
consent-when-device-add = The other device can then approve for you. Only approve if you are adding it right now.
consent-when-device-move = The other device can then approve for you, and this one is removed. Only approve if you are moving right now.
consent-when-device-grade = It can then add and remove your devices at once, this one too. Only approve if you asked for this here.
consent-when-device-key = This device then approves with a new key, and the old one is good for nothing. Only approve if you asked for this here.
consent-when-device-remove = The device can then no longer approve for you. Only approve if you want that.
consent-again = An earlier answer was not sent. Nothing has been approved yet.
consent-provider = { $provider } ({ $host }) asks for this. What follows is its own word.
consent-acts = { $actor } acts for you.
consent-acts-through = { $actor } acts for you, through { $through }.
consent-vouched = { $name } – { $by } vouches for the name
consent-place = Request { $position } of { $count }
consent-next = Next request
consent-also-says = It also says:
consent-granted = This would be allowed
consent-detail = Detail { $number }
consent-known = What { $issuer } knows
consent-claimed = What { $client } says, which nobody has checked
consent-message = Message from { $client }
consent-answer = Your answer

fact-account = Account
fact-issuer = Asked through
fact-requested-by = Requested by
fact-registered = Known since
fact-time = Time
fact-place = Place
fact-screen = Other screen
fact-device = Device
fact-address = Address
fact-resource = For
fact-type = Type
fact-actors = Acts for you
fact-platform = System
fact-paired = Added
fact-old-key = Key until now
fact-new-key = New key
fact-claims = Learns
fact-lasts = Lasts
fact-amount = Amount
fact-total = Total
fact-payee = To
fact-payee-account = Payee account
fact-from-account = From account
fact-reference = Reference
fact-on = On
fact-repeats = Repeats
fact-from = From
fact-until = Until
fact-permissions = May
fact-accounts = Accounts
fact-often = How often
fact-entries-from = Entries from
fact-entries-to = Entries to

claim = { $name ->
    [name] Your name
    [email] Your email address
    [phone_number] Your phone number
    [address] Your postal address
    [birthdate] Your date of birth
   *[other] { $name }
}
lasts-once = { $time }, then it has to ask again
lasts-renewable = { $time } at a time, renewed without asking until { $until }
repeats-daily = Every day
repeats-weekly = Every week
repeats-monthly = Every month
repeats-quarterly = Every three months
repeats-yearly = Every year
repeats-endless = No end date
may-list-accounts = See your accounts
may-read-balances = Read balances
may-read-transactions = Read transactions
all-accounts = All your accounts
often-once = Once
often-recurring = Again and again, without you
often-daily = At most { $count } a day

consent-caution-first-request = { $client } has never asked for this account before.
consent-caution-mixed-scripts = This text mixes letters from different alphabets that look alike. Read it letter by letter.
consent-caution-self-registered = “{ $client }” is a name that it chose for itself. Nobody has checked it.
consent-caution-unknown-detail-type = Tegata does not know this kind of request. Read every line before you approve.

consent-deny-only-assurance = This needs a stronger key than this device has. It can only be denied here.
consent-deny-only-key = The approval key of this account cannot be used. This can only be denied here.
consent-deny-only-not-supported = This request asks in a way that this version of Tegata does not know. It can only be denied here.
consent-deny-only-text = This request contains text that cannot be shown safely. It can only be denied here.
consent-deny-only-too-long = This request is too long to show safely. It can only be denied here.
consent-deny-only-unknown-client = Nobody has checked who asks, and your settings allow only denying then.

consent-number-label = Enter the number shown on the other screen
consent-number-help = Look at the screen where you started this. Never use a number that someone tells you by phone, chat or email.
consent-code-label = Enter the code shown on the other screen
consent-code-help = Look at the screen where you started this. Never use a code that someone tells you by phone, chat or email.
consent-code-wrong = { $count ->
    [one] That is not what the other screen shows. { $count } try left.
   *[other] That is not what the other screen shows. { $count } tries left.
}
consent-code-malformed = That cannot be the code from the other screen. Look again.
consent-scan = Scan the code instead
consent-pin-label = Your PIN
consent-pin-purpose-sign-in = Your PIN approves signing in to { $client }.
consent-pin-purpose-grant = Your PIN gives { $client } the access shown above.
consent-pin-purpose-payment = Your PIN pays { $amount } to { $payee }.
consent-pin-purpose-payments = Your PIN makes { $count } payments, { $amount } in all.
consent-pin-purpose-several = Your PIN approves everything shown above.
consent-pin-purpose-test = Your PIN answers a test from { $client }.
consent-pin-purpose-device-add = Your PIN adds another device.
consent-pin-purpose-device-move = Your PIN moves the account to the other device.
consent-pin-purpose-device-grade = Your PIN lets the device add and remove others.
consent-pin-purpose-device-key = Your PIN puts the new key in the place of the old one.
consent-pin-purpose-device-remove = Your PIN removes the device.
consent-pin-wrong = { $count ->
    [one] Wrong PIN. { $count } try left before the approval key is destroyed.
   *[other] Wrong PIN. { $count } tries left.
}
consent-pin-locked = The PIN was wrong too often. The approval key was destroyed; nothing was approved.

consent-hint-reading = Scroll to the end to approve
consent-hint-code = Enter the code to approve
consent-hint-pin = Enter your PIN to approve
consent-hint-arming = One moment
consent-hint-busy = Sending your answer…
consent-approve = Approve
consent-approve-grant = Give access
consent-approve-payment = Pay { $amount }
consent-approve-several = Approve all of it
consent-approve-unknown = Approve unknown request
consent-approve-device-add = Add device
consent-approve-device-key = Replace key
consent-approve-device-move = Move
consent-approve-device-remove = Remove device
consent-deny = Deny
consent-not-me = I did not start this
consent-wrong-details = Details are wrong
consent-later = Later

refusal-busy = Another answer is still being sent. Nothing was approved. Try again in a moment.
refusal-clock-skew = This computer’s clock is too far off. Set it right and try again. Nothing was approved.
refusal-deny-only = This request can only be denied here. Nothing was approved.
refusal-device-revoked = { $issuer } no longer accepts this device. Nothing was approved. Add the account again to use it here.
refusal-internal = Something went wrong in Tegata. Nothing was approved. Try again; if it happens again, restart the app.
refusal-key-lost = The keys of this account are gone from this computer. Nothing was approved. Add the account again to approve here.
refusal-keyring = This computer’s password store did not give out the key. Unlock it and try again. Nothing was approved.
refusal-offline = { $issuer } cannot be reached. Nothing was sent and nothing was approved. Check your connection and try again.
refusal-server = { $issuer } did not accept the answer. Nothing was approved. Try again, or start again where you came from.

result-loading-body = Nothing is approved by opening it.
result-done = Done
result-deny-instead = Deny instead
result-approved-title = Approved
result-approved-sign-in = { $issuer } has confirmed it. You can go on at { $client }.
result-approved-grant = { $issuer } has confirmed it. { $client } now has the access you saw.
result-approved-payment = { $issuer } has confirmed it and is making the payment.
result-not-collected = { $client } has not collected the answer yet. Keep its screen open.
result-check = Check again
result-approved-test = { $issuer } has confirmed it. The test worked and nothing else happened.
result-approved-device-add = { $issuer } has confirmed it. Now set up the other device.
result-approved-device-grade = { $issuer } has confirmed it. The device can add and remove others now.
result-approved-device-key = { $issuer } has confirmed it. This device approves with its new key now.
result-approved-device-remove = { $issuer } has confirmed it. The device has been removed.
result-denied-title = Denied
result-denied-body = Nothing was approved. { $client } got nothing.
result-not-me-body = { $issuer } was told that you did not start this. { $client } cannot ask you again for 24 hours.
result-expired-title = This request has expired
result-expired-body = Nothing was approved. If you still want it, start again at { $client }.
result-withdrawn-title = This request was taken back
result-withdrawn-body = { $client } no longer asks. Nothing was approved.
result-handled-title = Answered on another device
result-handled-approved = Approved on { $device }, { $time }.
result-handled-denied = Denied on { $device }, { $time }.
result-handled-body = If that was not you, tell whoever runs your account.
result-handled-report = If that was not you, say so here: what was granted is then taken back.
result-report = I did not approve this
result-reported-title = Reported
result-reported-body = What was granted has been taken back.
result-moved-title = This account has moved
result-moved-body = Requests for it now go to your new device. Nothing was approved here.
result-transfer-failed-title = Wrong code too often
result-transfer-failed-body = The request was ended for safety. Nothing was approved. If you started it, start again at { $client }.
result-sending-title = Sending your answer
result-sending-approval = Nothing is approved until the answer is confirmed.
result-sending-denial = Your denial is on its way.
result-unsent-title = Not sent yet
result-unsent-body = { $issuer } cannot be reached. Tegata keeps trying for as long as the request is open.
result-needs-check-title = Was this answered?
result-needs-check-body = Tegata closed before your answer was confirmed. It is asking { $issuer } what it knows. Nothing will be sent without you.
result-gone-title = This request is no longer here
result-gone-body = It was answered or has expired. You find what became of it in the history.

report-title = Report this approval?
report-body = { $issuer } takes back what { $client } was given. This cannot be undone.
report-when = Only report what you did not approve yourself.
report-back = No, go back
report-confirm = Yes, report it
report-failed = { $issuer } did not confirm the report. The approval may still stand. Try again, or tell whoever runs your account.

outcome-approved = Approved
outcome-denied = Denied
outcome-not-me = Denied: not started by you
outcome-reported = Approved, then reported: not by you
outcome-expired = Expired
outcome-withdrawn = Taken back
outcome-handled-approved = Approved on { $device }
outcome-handled-denied = Denied on { $device }
outcome-moved = Account moved
outcome-transfer-failed = Ended: wrong code
outcome-sending = Sending your answer
outcome-needs-check = Checking what was answered
outcome-waiting = Waiting
outcome-blocked = Blocked
outcome-paired = Account added

blocked-title = A request was blocked
blocked-body = We could not check who sent this. It was not opened, and nothing was approved.
blocked-reason-bad-signature = It is not signed by { $issuer } as this device knows it.
blocked-reason-malformed = It is signed by { $issuer }, but not in a form that is safe to open.
blocked-reason-not-for-this-device = It is signed by { $issuer }, but was made for another device or account.
blocked-reason-out-of-time = It is signed by { $issuer }, but its time is over or has not come.
blocked-reason-replayed = It was here before with other content.
blocked-advice = You need not do anything. If this happens again, tell whoever runs { $issuer }.
blocked-done = I have seen this
