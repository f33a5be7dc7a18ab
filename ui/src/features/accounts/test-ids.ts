/** Names by which end-to-end tests find things of accounts. */
export const accountIds = {
  /** Carries `data-account-id`, `data-connection` and `data-health`. */
  status: "account.status",
  /** Carries `data-health` or `offline`. */
  notice: "account.notice",
  unlock: "account.unlock",
  retry: "account.retry",
  pairAgain: "account.pair_again",
  list: "accounts.list",
  add: "accounts.add",
  screen: "account.screen",
  gone: "account.gone",
  name: "account.name",
  fingerprint: "account.fingerprint",
  copy: "account.copy",
  copied: "account.copied",
  devices: "account.devices",
  consents: "account.consents",
  history: "account.history",
  look: "account.look",
  pin: "account.pin",
  move: "account.move",
  unpair: "account.unpair",
  /** Carries `data-code`. */
  refusal: "account.refusal",
  /** Continued by the colour, as `account.accent.plum`. */
  accent: "account.accent",
  /** Continued by the sign. */
  icon: "account.icon",
  label: "account.label",
  save: "account.save",
  cancel: "account.cancel",
  pinOld: "account.pin_old",
  pinNew: "account.pin_new",
  pinAgain: "account.pin_again",
  pinError: "account.pin_error",
  pinDone: "account.pin_done",
  unpairAsk: "account.unpair_ask",
  unpairYes: "account.unpair_yes",
  unpairHere: "account.unpair_here",
} as const;
