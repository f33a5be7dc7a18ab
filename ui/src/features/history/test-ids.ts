/** Names by which end-to-end tests find things of the history. */
export const historyIds = {
  list: "history.list",
  /** How many were found, or that none was. */
  found: "history.found",
  error: "history.error",
  search: "history.search",
  account: "history.account",
  filter: "history.filter",
  clear: "history.clear",
  more: "history.more",
  export: "history.export",
  exported: "history.exported",
  /** Carries `data-event` and, for requests, `data-state`. */
  item: "history.item",
  entry: "history.entry",
  outcome: "history.outcome",
  receipt: "history.receipt",
  verify: "history.verify",
  /** Its lines carry `data-good`. */
  verified: "history.verified",
  report: "history.report",
  reportConfirm: "history.report_confirm",
  reportFailed: "history.report_failed",
} as const;
