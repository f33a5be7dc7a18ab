/** Names by which end-to-end tests find things of accounts. */
export const accountIds = {
  /** Carries `data-account-id` and `data-connection`. */
  status: "account.status",
  /** Carries `data-health` or `offline`. */
  notice: "account.notice",
  unlock: "account.unlock",
  retry: "account.retry",
  pairAgain: "account.pair_again",
} as const;
