/** Where the navigation and the keyboard lead. */
import type { IconName } from "../components/Icon.svelte";
import type { MessageId } from "../i18n/i18n.svelte";
import type { Route } from "./routes.svelte";
import { appIds } from "./test-ids";

/** `key` is pressed after `g`. */
export const PLACES: Array<{ to: Route; label: MessageId; icon: IconName; key: string; testid: string }> = [
  { to: { name: "inbox" }, label: "nav-inbox", icon: "inbox", key: "i", testid: appIds.navInbox },
  { to: { name: "consents" }, label: "nav-consents", icon: "key", key: "c", testid: appIds.navConsents },
  { to: { name: "history" }, label: "nav-history", icon: "history", key: "h", testid: appIds.navHistory },
  { to: { name: "accounts" }, label: "nav-accounts", icon: "person", key: "a", testid: appIds.navAccounts },
  { to: { name: "settings" }, label: "nav-settings", icon: "settings", key: "s", testid: appIds.navSettings },
];
