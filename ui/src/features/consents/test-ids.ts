/** Names by which end-to-end tests find things of what was granted. */
export const consentsIds = {
  /** Leads from one account to all. */
  all: "consents.all",
  account: "consents.account",
  empty: "consents.empty",
  problem: "consents.problem",
  retry: "consents.retry",
  /** Carries `data-consent-id`. */
  item: "consents.item",
  revoke: "consents.revoke",
  dialog: "consents.dialog",
  confirm: "consents.confirm",
  failed: "consents.failed",
  said: "consents.said",
} as const;
