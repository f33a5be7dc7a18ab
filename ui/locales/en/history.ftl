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
history-failed = The history could not be read.
history-found = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}
history-none = Nothing fits this search.
history-search = Search
history-outcome = Outcome
history-filter-all = All
history-filter-approved = Approved
history-filter-denied = Denied
history-filter-ended = Ended otherwise
history-filter-security = Security
history-clear = Show all
history-more = Show earlier
history-export = Export evidence
history-export-all = Export all of these
history-exported = { $count ->
    [one] { $count } entry was written to:
   *[other] { $count } entries were written to:
}
history-export-failed = Nothing could be written to your downloads.
history-verify = Verify now
history-verify-failed = The evidence could not be read.
history-prompt-good = The question is signed by { $issuer }.
history-prompt-bad = The question is not signed by { $issuer }.
history-answer-good = This device signed the answer to exactly this question.
history-answer-bad = The answer does not belong to this question.
history-receipt-good = { $issuer } signed that it got exactly this answer.
history-receipt-bad = The receipt is not from { $issuer } for this answer.
history-device-added = { $device } was added
history-device-graded = { $device } can now add and remove devices
history-device-key = { $device } has a new key
history-device-removed = { $device } was removed
history-device-reported = { $device } reported an approval
history-device-advice = If that was not you, tell whoever runs your account.
outcome-device-added = Device added
outcome-device-graded = Device may do more
outcome-device-key = Key replaced
outcome-device-removed = Device removed
outcome-device-reported = Approval reported
