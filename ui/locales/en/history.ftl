# What happened.
history-title = History
history-lead = What was asked on this device and what became of it.
history-empty = Nothing has happened yet.
history-gone = This entry is no longer here
history-paired = Account added at { $issuer }
history-receipt = Receipt
history-receipt-body = { $issuer } signed that it got exactly this answer. Tegata has checked the signature.
history-receipt-committed = Recorded
history-receipt-sha256 = SHA-256
