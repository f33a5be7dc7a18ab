/** Names by which end-to-end tests find things of requests. */
export const consentIds = {
  inbox: "inbox.list",
  /** Carries `data-request-id` and `data-state`. */
  inboxItem: "inbox.item",
  inboxEmpty: "inbox.empty",
  denyAll: "inbox.deny_all",
  denyAllBack: "inbox.deny_all_back",
  denyAllConfirm: "inbox.deny_all_confirm",
  denyAllStatus: "inbox.deny_all_status",
  /** Carries `data-request-id`. */
  inboxBlocked: "inbox.blocked",
  loading: "request.loading",
  /** There only if an earlier answer was lost. */
  again: "approval.again",
  title: "approval.title",
  timeLeft: "approval.time_left",
  actors: "approval.actors",
  /** There only if several wait. */
  place: "approval.place",
  next: "approval.next",
  granted: "approval.granted",
  /** Carries `data-kind`. */
  detail: "approval.detail",
  facts: "approval.facts",
  claims: "approval.claims",
  message: "approval.message",
  cautions: "approval.cautions",
  denyOnly: "approval.deny_only",
  code: "approval.code",
  scan: "approval.scan",
  codeError: "approval.code_error",
  pin: "approval.pin",
  pinError: "approval.pin_error",
  error: "approval.error",
  /** Carries `data-missing`: what approving still waits for. */
  hint: "approval.hint",
  /** Carries `data-ready`. */
  approve: "approval.approve",
  deny: "approval.deny",
  notMe: "approval.not_me",
  wrongDetails: "approval.wrong_details",
  later: "approval.later",
  /** Carries `data-state`. */
  result: "result.state",
  resultDone: "result.done",
  resultNext: "result.next",
  resultCheck: "result.check",
  resultDeny: "result.deny",
  resultReport: "result.report",
  report: "report.ask",
  reportBack: "report.back",
  reportConfirm: "report.confirm",
  reportError: "report.error",
} as const;
