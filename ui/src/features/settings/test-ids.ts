/** Names by which end-to-end tests find things of the settings. */
export const settingsIds = {
  /** Followed by a choice: `settings.language.ja`. */
  language: "settings.language",
  /** Followed by a choice: `settings.theme.dark`. */
  theme: "settings.theme",
  addAccount: "settings.add_account",
  version: "settings.version",
  error: "settings.error",
} as const;
