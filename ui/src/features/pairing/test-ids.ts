/** Names by which end-to-end tests find things of pairing. */
export const pairingIds = {
  /** Carries `data-stage`. */
  screen: "pair.screen",
  input: "pair.input",
  byCode: "pair.by_code",
  byLink: "pair.by_link",
  byBrowser: "pair.by_browser",
  server: "pair.server",
  code: "pair.code",
  submit: "pair.submit",
  /** Opens the scanner. */
  scan: "pair.scan",
  cancel: "pair.cancel",
  /** Goes on in the browser with the server that an opened link named. */
  browser: "pair.browser",
  /** Types the code instead of waiting for the page in the browser. */
  typeCode: "pair.type_code",
  host: "pair.host",
  account: "pair.account",
  fingerprint: "pair.fingerprint",
  /** There only when nothing but the person's comparison vouches for the fingerprint. */
  firstUse: "pair.first_use",
  confirm: "pair.confirm",
  pinFirst: "pin.first",
  pinSecond: "pin.second",
  pinError: "pin.error",
  pinSubmit: "pin.submit",
  working: "pair.working",
  /** Its text is the six digits and nothing else. */
  digits: "digits.value",
  digitsTimeLeft: "digits.time_left",
  done: "pair.done",
  /** Carries `data-state`, the failure's code. */
  failed: "pair.failed",
  retry: "pair.retry",
  /** Instead of `retry`, where nothing has to be done. */
  toAccounts: "pair.to_accounts",
} as const;
