/** One history entry in a line: icon, what it was about, how it ended. */
import type { IconName } from "../../components/Icon.svelte";
import type { DeviceNotice, HistoryEventView } from "../../generated/contract";
import { t, type MessageId } from "../../i18n/i18n.svelte";
import { outcome, title, waiting } from "../consent";

export interface Summary {
  icon: IconName;
  tone: "accent" | "danger" | "plain" | "warn";
  title: string;
  result: string;
  /** The account that it was about. */
  account: string;
}

const DEVICE_TITLES: Record<DeviceNotice, MessageId> = {
  added: "history-device-added",
  removed: "history-device-removed",
  reported: "history-device-reported",
};
const DEVICE_RESULTS: Record<DeviceNotice, MessageId> = {
  added: "outcome-device-added",
  removed: "outcome-device-removed",
  reported: "outcome-device-reported",
};

export function summarize(event: HistoryEventView): Summary {
  switch (event.event) {
    case "blocked":
      return {
        icon: "shield",
        tone: "danger",
        title: t("blocked-title"),
        result: t("outcome-blocked"),
        account: event.blocked.account_name,
      };
    case "device":
      return {
        icon: event.notice === "added" ? "plus" : event.notice === "removed" ? "leave" : "shield",
        tone: "warn",
        title: t(DEVICE_TITLES[event.notice], { device: event.device_name }),
        result: t(DEVICE_RESULTS[event.notice]),
        account: event.account_name,
      };
    case "paired":
      return {
        icon: "plus",
        tone: "accent",
        title: t("history-paired", { issuer: event.issuer.name }),
        result: t("outcome-paired"),
        account: event.account_name,
      };
    case "request": {
      const ended = event.outcome.state === "pending" ? waiting() : outcome(event.outcome, event.facts);
      const icon = ended.icon === "seal" ? "check" : ended.icon === "spinner" ? "send" : ended.icon;
      return {
        icon,
        tone: ended.tone,
        title: title(event.facts),
        result: ended.label,
        account: event.facts.account_name,
      };
    }
  }
}
