# Accounts: the list, one account, what can be done with it.
accounts-title = Accounts
accounts-empty = No account has been added yet.
accounts-add = Add an account

health-clock-skew = Clock is off
health-device-revoked = Device removed
health-device-suspended = On hold
health-issuer-changed = Server changed
health-key-lost = Keys are gone
health-keyring-locked = Keys are locked
health-keyring-missing = Password store missing
health-keyring-timeout = Password store not answering
health-pin-locked = Can only deny

account-gone-title = This account is not on this device
account-gone-body = It was removed, or was never here.
account-server = Server
account-server-name = It calls itself
account-device = This device
account-since = Added
account-look = Name, colour and sign
account-pin = Change PIN
account-move = Move to a new device
account-unpair = Remove from this device
account-fingerprint = Server’s fingerprint
account-fingerprint-help = Only the server with this key can ask you for this account.
account-copy = Copy
account-copied = Copied
account-cancel = Cancel
account-save = Save
account-back = Back to the account

account-look-lead = How { $account } looks here. It stays on this device.
account-label = Your name for it
account-label-help = Empty: { $account }
account-accent = Colour
accent-pine = Green
accent-sea = Blue
accent-plum = Purple
accent-clay = Red
accent-amber = Brown
accent-slate = Grey
account-icon = Sign
sign-letter = Letter
sign-bank = Bank
sign-briefcase = Work
sign-home = Home
sign-school = School
sign-shop = Shop

account-pin-lead = The PIN for { $account } on this device.
account-pin-old = Your PIN until now
account-pin-locked = The PIN was wrong too often, so the approval key was destroyed. Add the account again to approve.
account-pin-done = PIN changed
account-pin-done-body = From now on, approve for { $account } with the new one.

unpair-title = Remove { $account } from this device?
unpair-body = Its keys and its history here are deleted.
unpair-told = { $issuer } stops asking this device.
unpair-others = Your other devices keep the account. You can add it here again with a new invitation.
unpair-offline = { $issuer } cannot be reached. If you forget the account here only, { $issuer } keeps asking this device until you remove it there.
unpair-no = Keep it
unpair-yes = Remove it
unpair-here = Forget it here only

refused-device-revoked = { $issuer } no longer accepts this device. Nothing was changed.
refused-internal = Something went wrong in Tegata. Nothing was changed.
refused-keyring = This computer’s password store did not give out the keys. Unlock it and try again. Nothing was changed.
refused-not-offered = { $issuer } does not offer this. Nothing was changed.
refused-not-yet = This device can do that from { $time }. Nothing was changed.
refused-offline = { $issuer } cannot be reached. Nothing was changed.
refused-server = { $issuer } did not accept this. Nothing was changed.
