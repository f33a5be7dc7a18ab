/** Names by which end-to-end tests find things of requests. */
export const consentIds = {
  inbox: "inbox.list",
  /** Carries `data-request-id` and `data-state`. */
  inboxItem: "inbox.item",
  inboxEmpty: "inbox.empty",
  /** Carries `data-request-id`. */
  inboxBlocked: "inbox.blocked",
  /** There only if an earlier answer was lost. */
  again: "approval.again",
  title: "approval.title",
  timeLeft: "approval.time_left",
  facts: "approval.facts",
  claims: "approval.claims",
  message: "approval.message",
  cautions: "approval.cautions",
  denyOnly: "approval.deny_only",
  code: "approval.code",
  codeError: "approval.code_error",
  pin: "approval.pin",
  pinError: "approval.pin_error",
  error: "approval.error",
  hint: "approval.hint",
  /** Carries `data-ready`. */
  approve: "approval.approve",
  deny: "approval.deny",
  notMe: "approval.not_me",
  wrongDetails: "approval.wrong_details",
  /** Carries `data-state`. */
  result: "result.state",
  resultDone: "result.done",
  resultDeny: "result.deny",
  resultReport: "result.report",
  report: "report.ask",
  reportBack: "report.back",
  reportConfirm: "report.confirm",
  reportError: "report.error",
} as const;
