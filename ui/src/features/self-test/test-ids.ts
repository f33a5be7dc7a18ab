/** Names by which end-to-end tests find things of the self-test. */
export const selfTestIds = {
  /** Carries `data-running`. */
  screen: "self_test.screen",
  start: "self_test.start",
  said: "self_test.said",
  /** Carries `data-check` and `data-outcome`. */
  line: "self_test.line",
  answer: "self_test.answer",
  copy: "self_test.copy",
  copied: "self_test.copied",
  error: "self_test.error",
} as const;
