# Adding an account.
pairing-title = Add an account
pairing-lead = Open the page where your account lets you add a device. Copy the link that it shows, or type its server and code.
pairing-cancel = Cancel
pairing-step = Step { $step } of { $steps }
pairing-form = How you bring the invitation
pairing-by-link = Paste a link
pairing-by-code = Type a code
pairing-link-label = Link
pairing-link-help = Copy it whole from the page. It starts with https:// or tegata:// and works once, for a few minutes.
pairing-server-label = Server
pairing-server-help = The address shown beside the code, for example id.example.com
pairing-code-label = Code
pairing-code-help = Twelve letters and digits, for example 7K3M-9QTX-V2HC
pairing-submit = Continue
pairing-submit-hint = Nothing is added yet. You will see who it is first.
pairing-scan = Read a picture or use the camera
pairing-checking = Checking the invitation…
pairing-code-lead = You opened a link that names this server. Type the code from the same page. Nothing was sent yet.
pairing-code-warning = If you did not open this link yourself, cancel.

pairing-confirm-title = Is this your account?
pairing-confirm-lead = From now on, this server could ask you to approve things for this account.
pairing-confirm-account = Account
pairing-confirm-host = Server
pairing-confirm-name = It calls itself
pairing-confirm-fingerprint = Show the server’s fingerprint
pairing-confirm-compare = This invitation alone does not prove which server it is from. Compare this fingerprint with the one on the page that shows the invitation:
pairing-confirm-different = If they differ, or if you see none there, say no.
pairing-confirm-warning = If someone sent you this invitation and you did not expect it, say no.
pairing-confirm-no = No, cancel
pairing-confirm-yes = Yes, add it

pin-title = Choose a PIN
pin-lead = You enter it each time you approve something for this account.
pin-first-label = New PIN
pin-help = At least six digits. Not a birthday, not a pattern.
pin-second-label = The same PIN again
pin-forgotten = The PIN stays on this device and cannot be recovered. If you forget it, you add the account again.
pin-submit = Set PIN
pin-different = The two PINs are different. Enter the second one again.
pin-weak-common = This PIN is among the first that anybody would try. Choose another.
pin-weak-not-digits = A PIN has digits only.
pin-weak-too-long = This PIN is too long.
pin-weak-too-short = A PIN has at least six digits.

pairing-working-title = Setting up this device
pairing-working-keys = Making keys and locking them with your PIN
pairing-working-registering = Registering the keys

digits-title = Type this number on the other page
digits-lead = The page where you started is asking for the number shown on { $device }.
digits-warning = Never read this number to anyone and never send it. It only belongs on the page that you opened yourself.
digits-waiting = Waiting for the number to be confirmed…

pairing-done-title = Account added
pairing-done-body = { $account } at { $issuer } can now ask you here.
pairing-done-continue = Go to requests

pairing-failed-title = The account was not added
pairing-again = Start again
pairing-failed-already-paired = This account is already on this device.
pairing-failed-confirmation = The number was not confirmed on the other page.
pairing-failed-expired = The invitation has expired.
pairing-failed-internal = Something went wrong in Tegata.
pairing-failed-keyring-locked = This computer’s password store is locked, and the keys have to be kept there.
pairing-failed-keyring-missing = This computer has no password store running, and the keys have to be kept there.
pairing-failed-keyring-timeout = This computer’s password store did not answer.
pairing-failed-malformed = That is neither an invitation link nor a server with a code.
pairing-failed-offline = The server could not be reached.
pairing-failed-server = The server did not accept the invitation.
pairing-failed-unknown = The server does not know this invitation.
pairing-failed-untrusted = The server is not the one that the invitation is from. Somebody may be between you and it.
pairing-failed-used = This invitation was used before. If that was not you, tell whoever runs the account.
pairing-failed-version = This server and this version of Tegata do not fit together.

pairing-remedy-ask-operator = Ask whoever runs the account.
pairing-remedy-check-connection = Check your connection and start again.
pairing-remedy-install-keyring = Install or start a password store, such as GNOME Keyring, then start again.
pairing-remedy-new-invitation = Get a new invitation and start again.
pairing-remedy-nothing = There is nothing to do.
pairing-remedy-try-again = Start again.
pairing-remedy-unlock-keyring = Unlock it, then start again.
pairing-remedy-update-app = Update Tegata, then start again.
