/** Names by which end-to-end tests find things of the history. */
export const historyIds = {
  list: "history.list",
  empty: "history.empty",
  /** Carries `data-event` and, for requests, `data-state`. */
  item: "history.item",
  entry: "history.entry",
  outcome: "history.outcome",
  receipt: "history.receipt",
} as const;
