/** Names by which end-to-end tests find things of the frame. */
export const appIds = {
  failure: "app.failure",
  loading: "app.loading",
  retry: "app.retry",
  navInbox: "nav.inbox",
  navHistory: "nav.history",
  navSettings: "nav.settings",
  welcome: "welcome.screen",
  welcomePair: "welcome.pair",
} as const;
