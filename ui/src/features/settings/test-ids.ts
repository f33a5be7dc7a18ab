/** Names by which end-to-end tests find things of the settings. */
export const settingsIds = {
  /** Followed by a choice: `settings.language.ja`. */
  language: "settings.language",
  /** Followed by a choice: `settings.theme.dark`. */
  theme: "settings.theme",
  notifications: "settings.notifications",
  sound: "settings.sound",
  quiet: "settings.quiet",
  quietFrom: "settings.quiet_from",
  quietTo: "settings.quiet_to",
  lockAfter: "settings.lock_after",
  lockNow: "settings.lock_now",
  pin: "settings.pin",
  protect: "settings.protect",
  unknownClients: "settings.unknown_clients",
  autostart: "settings.autostart",
  /** Followed by a choice: `settings.on_close.quit`. */
  onClose: "settings.on_close",
  selfTest: "settings.self_test",
  keys: "settings.keys",
  version: "settings.version",
  error: "settings.error",
} as const;
